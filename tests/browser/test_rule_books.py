"""A rule book's way from a copy to what members read: with scripts and without."""

import pytest
from playwright.sync_api import expect

from lib.months import previous_month
from members.rights import system_actor
from points.models import Criterion, RuleBook, RuleBookReading
from points.services.registration import Item
from reviews.models import Round
from reviews.services import opening
from reviews.services import round as rounds
from reviews.services.month_end import month_end
from tests.access_world import conclude
from tests.browser.office import Office, confirm, fits, in_browsers, said

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    in_browsers("desk", "phone without JavaScript"),
]


def close_the_month_before(office: Office) -> None:
    """A month in which one member falls below the line: 80 − 12 = 68."""
    before, by = previous_month(office.month), system_actor()
    RuleBook.objects.update(effective_from=before)
    opening.open_month(month=before, by=by, at=office.now)
    round_ = Round.objects.get(month=before)
    rounds.register(
        pk=round_.pk,
        token="6d1b7f0e-30dc-4d5e-8f5b-0f3f6c2f6f0a",
        item=Item(office.absence, 1, before, "未请假缺席党员大会"),
        members=[office.other.pk],
        by=by,
        at=office.now,
    )
    rounds.start_review(pk=round_.pk, by=by, at=office.now)
    conclude(round_, by, office.now, office.deputy)
    month_end(on=office.today.replace(year=office.today.year + 1), by=by, at=office.now)


def test_from_a_copy_to_what_members_read(browsers):
    office, base = Office(), browsers.base
    close_the_month_before(office)

    # The secretary copies the version in force and makes a missed meeting cost less.
    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{base}/rules/")
    secretary.locator("a", has_text=said("Draft a new version")).click()
    secretary.locator("button", has_text=said("Copy this one")).first.click()
    secretary.wait_for_url("**/edit/")
    book = RuleBook.objects.in_the_making().get()
    row = book.criteria.get(code="ZZ-01")
    secretary.locator(f"#criterion-{row.pk} a", has_text=said("Edit")).click()
    secretary.locator("input[name=points]").fill("0")
    secretary.locator("main form button.button--primary").click()
    refused = said("Enter plus or minus points; 0 only where it zeroes the month.")
    expect(secretary.locator("main")).to_contain_text(refused)
    secretary.locator("input[name=points]").fill("-6")
    secretary.locator("main form button.button--primary").click()
    secretary.wait_for_url("**/edit/**")
    assert fits(secretary)
    secretary.locator(f"#up-{row.pk}").click()
    expect(secretary.locator(f"#up-{row.pk}")).to_be_enabled()
    expect(secretary.locator("#draft .item").nth(1)).to_contain_text("ZZ-01")

    # Tried out: one member would not have been below the line.
    secretary.goto(f"{base}/rules/{book.pk}/trial/")
    expect(secretary.locator("main")).to_contain_text(said("no longer below the line"))
    expect(secretary.locator("main")).to_contain_text("74")
    assert fits(secretary)

    # Submitted, after a look at what changes.
    secretary.goto(f"{base}/rules/{book.pk}/submit/")
    expect(secretary.locator("main")).to_contain_text(said("Changed criteria"))
    secretary.locator("main form button.button--primary").click()
    secretary.wait_for_url(f"**/rules/{book.pk}/")

    # The committee returns it, with remarks only.
    staff = browsers.of(office.staff)
    staff.goto(f"{base}/rules/{book.pk}/approval/")
    assert fits(staff)
    staff.locator("textarea[name=remarks]").fill("  ")
    staff.locator("button[value=RETURN]").click()
    expect(staff.locator("main")).to_contain_text(
        said("Say what is to be changed: the secretary will read it.")
    )
    staff.locator("textarea[name=remarks]").fill("请说明调整理由")
    staff.locator("button[value=RETURN]").click()
    staff.wait_for_url(f"**/rules/{book.pk}/")

    # The secretary finds the remarks on the home page and sends it again.
    secretary.goto(base)
    expect(secretary.locator(".todo", has_text="请说明调整理由")).to_be_visible()
    secretary.goto(f"{base}/rules/{book.pk}/submit/")
    secretary.locator("main form button.button--primary").click()
    secretary.wait_for_url(f"**/rules/{book.pk}/")

    # Approved for a month that is not open yet.
    staff.goto(base)
    staff.locator(f".todo a[href='/rules/{book.pk}/approval/']").first.click()
    staff.locator("button[value=APPROVE]").click()
    staff.wait_for_url(f"**/rules/{book.pk}/")
    book.refresh_from_db()
    assert (book.state, book.effective_from > office.month) == ("APPROVED", True)

    # A member reads it.
    member = browsers.of(office.member.user)
    member.goto(f"{base}/rules/{book.pk}/")
    assert fits(member)
    member.locator("main button", has_text=said("I have read it")).click()
    expect(member.locator("main button", has_text=said("I have read it"))).to_have_count(0)
    assert RuleBookReading.objects.get().member == office.member
    assert Criterion.objects.get(rule_book=book, code="ZZ-01").points == -6


def test_a_draft_is_discarded_only_when_asked(browsers):
    office, base = Office(), browsers.base
    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{base}/rules/branches/{office.branch.pk}/draft/")
    secretary.locator("button", has_text=said("Start empty")).click()
    secretary.wait_for_url("**/edit/")

    confirm(secretary, "Discard the draft")

    expect(secretary.locator("main")).to_contain_text(said("Draft a new version"))
    assert not RuleBook.objects.in_the_making().exists()
