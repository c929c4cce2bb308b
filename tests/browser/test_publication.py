"""Publishing in the browser: from the preview to the notice, taking back, extending."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from reviews.models import Publication, Round
from reviews.services import conclusion as concluding
from reviews.services import meeting as meetings
from reviews.services import round as rounds
from reviews.services.meeting import MeetingRecord
from tests.browser.office import Office, fits, in_browsers, said

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    in_browsers("phone", "desk"),
]


@pytest.fixture
def office() -> Office:
    """Everything is decided and the meeting was held."""
    office = Office()
    office.register_absence()
    by = office.actor(office.secretary)
    rounds.start_review(pk=office.round.pk, by=by, at=office.now)
    bench = (office.secretary.pk, office.deputy.pk)
    record = MeetingRecord("COMMITTEE", office.today, "会议室", bench[0], bench, "")
    meetings.record_meeting(pk=office.round.pk, meeting=record, by=by, at=office.now)
    return office


def publish(office) -> Publication:
    publication = concluding.conclude(
        pk=office.round.pk, by=office.actor(office.secretary), at=office.now
    )
    assert publication is not None
    return publication


def test_from_the_preview_to_the_notice(browsers, office):
    page = browsers.of(office.secretary.user)
    page.goto(f"{browsers.base}/rounds/{office.round.pk}/results/")
    assert fits(page)
    expect(page.locator("main")).to_contain_text(office.other.name)
    page.get_by_role("link", name=said("Conclude and publish")).first.click()
    text = page.locator("textarea[name=text]")
    expect(text).to_have_value(re.compile(office.branch.name))
    text.fill("经支部评审，现予公示。")
    assert fits(page)
    page.locator("main form button.button--primary").click()
    page.wait_for_url("**/publications/*/")

    expect(page.locator("main")).to_contain_text("经支部评审，现予公示。")
    assert fits(page)
    page.locator("a[href$='/notice/']").first.click()
    expect(page.locator(".paper, main").first).to_contain_text("经支部评审，现予公示。")


def test_a_publication_is_taken_back_and_the_member_reads_why(browsers, office):
    publication = publish(office)
    page = browsers.of(office.secretary.user)
    page.goto(browsers.base + publication.get_absolute_url())
    page.locator(f"a[href='/rounds/{office.round.pk}/reopen/']").first.click()
    assert fits(page)
    page.locator("textarea[name=reason]").fill("漏登一次领学")
    page.locator("main form button.button--danger").click()
    page.wait_for_url(f"**/rounds/{office.round.pk}/")
    assert Round.objects.get().state == "REVIEWING"

    member = browsers.of(office.member.user)
    member.goto(browsers.base + publication.get_absolute_url())
    expect(member.locator("main")).to_contain_text("漏登一次领学")
    expect(member.locator("form[action$='/confirm/']")).to_have_count(0)
    assert fits(member)


def test_after_the_end_it_is_not_taken_back(browsers, office):
    publication = publish(office)
    Publication.objects.update(starts_on=date(2020, 1, 1), ends_on=date(2020, 1, 6))
    page = browsers.of(office.secretary.user)
    page.goto(browsers.base + publication.get_absolute_url())
    expect(page.locator("a[href$='/reopen/']")).to_have_count(0)

    page.goto(f"{browsers.base}/rounds/{office.round.pk}/reopen/")
    expect(page.locator("main")).to_contain_text(said("The publication has ended"))
    expect(page.locator("textarea[name=reason]")).to_have_count(0)


def test_two_secretaries_take_back_and_extend_at_once(browsers, office):
    publication = publish(office)
    first, second = browsers.of(office.secretary.user), browsers.of(office.secretary.user)
    first.goto(f"{browsers.base}/rounds/{office.round.pk}/reopen/")
    second.goto(f"{browsers.base}/publications/{publication.pk}/extend/")
    first.locator("textarea[name=reason]").fill("漏登一次领学")
    first.locator("main form button.button--danger").click()
    first.wait_for_url(f"**/rounds/{office.round.pk}/")

    until = publication.ends_on + timedelta(days=3)
    second.locator("input[name=until]").fill(until.isoformat())
    second.locator("textarea[name=reason]").fill("部分党员出差")
    second.locator("main form button.button--primary").click()

    expect(second.locator("textarea[name=reason]")).to_have_value("部分党员出差")
    expect(second.locator(".error-summary, .callout").first).to_be_visible()
    assert Publication.objects.get().ends_on == publication.ends_on
