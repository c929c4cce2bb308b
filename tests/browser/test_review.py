"""The review in the browser: deciding, the meeting and its quorum, and two at once."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from points.models import Decision, Entry
from points.services import declaration as declarations
from points.services.declaration import Line
from reviews.models import Meeting, Publication
from reviews.services import round as rounds
from tests.browser.office import Office, in_browsers, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), in_browsers("desk")]


@pytest.fixture
def office() -> Office:
    """The member and the secretary have filed, and the review has started."""
    office = Office()
    for person in (office.member, office.secretary):
        by = office.actor(person)
        sheet = person.declarations.get(month=office.month)
        line = Line(office.study, Decimal("1.00"), office.today, "领学")
        declarations.add_line(pk=sheet.pk, line=line, seen=0, by=by, at=office.now)
        declarations.submit(pk=sheet.pk, seen=1, by=by, at=office.now)
    rounds.start_review(pk=office.round.pk, by=office.actor(office.secretary), at=office.now)
    return office


def review_url(office, base):
    return f"{base}/rounds/{office.round.pk}/review/"


def meet(page, office, base, *, without=()):
    page.goto(f"{base}/rounds/{office.round.pk}/meeting/")
    for person in without:
        page.locator(f"input[name=attendees][value='{person.pk}']").uncheck()
    page.locator("main form button.button--primary").click()
    page.wait_for_url(f"**/rounds/{office.round.pk}/results/")


def no_quorum() -> str:
    text = said(
        "The meeting had no quorum: %(entitled)s entitled, %(present)s present, at least "
        "%(needed)s needed. Meet again and record that meeting, or complete the attendees."
    )
    return text % {"entitled": 2, "present": 1, "needed": 2}


def test_the_secretary_reads_who_decides_their_own(browsers, office):
    own = Entry.objects.get(member=office.secretary)
    page = browsers.of(office.secretary.user)
    page.goto(review_url(office, browsers.base))

    expect(page.locator(f"#entry-{own.pk} .entry__locked")).to_contain_text(office.deputy.name)


def test_an_assembly_is_offered_to_all_and_a_committee_meeting_to_its_members(browsers, office):
    page = browsers.of(office.secretary.user)
    page.goto(f"{browsers.base}/rounds/{office.round.pk}/meeting/")
    others = page.locator(f"input[name=attendees][value='{office.member.pk}']")

    expect(others).to_be_hidden()
    page.locator("input[name=kind][value=ASSEMBLY]").check()
    expect(others).to_be_visible()


def test_without_a_quorum_the_review_is_not_concluded(browsers, office):
    page = browsers.of(office.secretary.user)
    meet(page, office, browsers.base, without=[office.deputy])

    expect(page.locator(".obstacles")).to_contain_text(no_quorum())
    expect(page.locator(".obstacles")).to_contain_text(office.deputy.name)  # waits for a decision
    expect(page.get_by_role("link", name=said("Conclude and publish"))).to_have_count(0)

    meet_again = page.locator(".obstacles a[href$='/meeting/']").first
    meet_again.click()
    page.locator(f"input[name=attendees][value='{office.deputy.pk}']").check()
    page.locator("main form button.button--primary").click()
    page.wait_for_url("**/results/")
    expect(page.locator(".obstacles")).not_to_contain_text(no_quorum())
    assert Meeting.objects.get().attendees.count() == 2


def test_two_reviewers_decide_one_entry(browsers, office):
    entry = Entry.objects.get(member=office.member)
    first, second = browsers.of(office.secretary.user), browsers.of(office.deputy.user)
    for page in (first, second):
        page.goto(review_url(office, browsers.base))
    first.locator(f"#entry-{entry.pk} form button", has_text=said("Approve")).click()
    expect(first.locator(f"#entry-{entry.pk} form button")).to_have_count(0)

    second.locator(f"#entry-{entry.pk} form button", has_text=said("Approve")).click()

    expect(second.locator(f"#entry-{entry.pk}")).to_contain_text(office.secretary.name)
    assert Decision.objects.filter(entry=entry).count() == 1


def test_the_keys_move_and_approve(browsers, office):
    entry = Entry.objects.get(member=office.member)
    page = browsers.of(office.deputy.user)
    page.goto(review_url(office, browsers.base))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")

    expect(page.locator(f"#entry-{entry.pk} form button")).to_have_count(0)


def test_concluding_twice_publishes_once(browsers, office):
    for entry in Entry.objects.all():
        office.decide(entry)
    first, second = browsers.of(office.secretary.user), browsers.of(office.secretary.user)
    meet(first, office, browsers.base)
    for page in (first, second):
        page.goto(f"{browsers.base}/rounds/{office.round.pk}/conclude/")
    first.locator("main form button.button--primary").click()
    first.wait_for_url("**/publications/*/")
    second.locator("main form button.button--primary").click()

    expect(second.locator("body")).to_contain_text(said("published"))
    assert Publication.objects.count() == 1
    assert second.url.endswith(f"/rounds/{office.round.pk}/")
