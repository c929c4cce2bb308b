"""A declaration as a member and a reviewer live it: copied from last month, proved with a
picture, returned with remarks, corrected; and what is most likely to be refused."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from lib.months import last_day, previous_month
from members.rights import actor_on, system_actor
from points.models import Declaration, Entry, Evidence, Remark
from points.services import declaration as declarations
from points.services.declaration import Line
from reviews.demo.files import sign_in_sheet
from reviews.services import opening
from tests.browser.office import Office, confirm, fits, in_browsers, said

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    in_browsers("phone", "desk", "phone without JavaScript"),
]


@pytest.fixture
def office() -> Office:
    """The member declared two items last month, one of which needs evidence."""
    office = Office()
    last = previous_month(office.month)
    office.branch.rule_books.update(effective_from=last)
    opening.open_month(month=last, by=system_actor(), at=office.now)
    sheet = Declaration.objects.get(member=office.member, month=last)
    for seen, criterion in enumerate((office.study, office.task_force)):
        declarations.add_line(
            pk=sheet.pk,
            line=Line(criterion, Decimal(1), min(last.replace(day=1), last_day(last)), "上月所做"),
            seen=seen,
            by=actor_on(office.member.user, office.today),
            at=office.now,
        )
    return office


def item(page: Page, code: str):
    return page.locator("#lines .item", has_text=code)


def attach(page: Page, code: str, name: str, content: bytes) -> None:
    """Choose a file; without JavaScript it is sent by a button."""
    row = item(page, code)
    row.locator("input[name=papers]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    button = row.locator("details button", has_text=said("Attach"))
    if button.count():
        button.click()
    page.wait_for_load_state()


def test_a_sheet_is_copied_proved_returned_and_corrected(browsers, office):
    base, month = browsers.base, office.month
    member = browsers.of(office.member.user)
    member.goto(f"{base}/declarations/{month.year}/{month.month}/")

    # Last month's items stand here with one tap; the second lacks its evidence.
    member.locator("form[action$='/copy/'] button").first.click()
    expect(member.locator("#lines .item")).to_have_count(2)
    expect(member.locator("form[action$='/copy/']")).to_have_count(0)
    expect(member.locator(".submit-card button").first).to_be_disabled()
    assert fits(member)

    # A file of a wrong kind is refused, whatever it is called; a picture is taken.
    attach(member, "YW-07", "证明.pdf", b"MZ a program")
    expect(member.locator(".toast", has_text="证明.pdf")).to_be_visible()
    assert not Evidence.objects.exists()
    photo = sign_in_sheet(name="签到表", on=office.today, number=7)
    attach(member, "YW-07", "签到表.png", photo.content)
    small = item(member, "YW-07").locator("img")
    expect(small).to_have_count(1)
    expect(small).to_have_attribute("src", Evidence.objects.get().thumbnail_url)
    assert member.request.get(base + Evidence.objects.get().thumbnail_url).status == 200

    # One of them is put right, and the sheet is submitted.
    item(member, "XX-05").locator("a.button").first.click()
    member.locator("#line-form textarea[name=reason]").fill("领学党章")
    member.locator("#line-form button.button--primary").click()
    expect(item(member, "XX-05")).to_contain_text("领学党章")
    confirm(member, "Submit the sheet")
    sheet = Declaration.objects.get(member=office.member, month=month)
    assert sheet.state == "SUBMITTED"

    # The secretary returns it with a remark on one item; saying nothing is refused.
    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{base}/rounds/{office.round.pk}/")
    confirm(secretary, "Start the review")
    secretary.goto(f"{base}/rounds/{office.round.pk}/review/")
    secretary.locator(f"#member-{office.member.pk} .sheet__return a").click()
    secretary.locator("main form button.button--primary").click()
    expect(secretary.locator(".error-summary")).to_be_visible()
    entry = Entry.objects.get(declaration=sheet, criterion=office.study)
    secretary.locator(f"[name=remark-{entry.pk}]").fill("请写明领学的篇目")
    assert fits(secretary)
    secretary.locator("main form button.button--primary").click()
    secretary.wait_for_url("**/review/")
    assert Remark.objects.get().entry == entry

    # The member finds the remark beside the line, corrects it and submits again.
    member.goto(base)
    member.locator(f"main a[href='{sheet.get_absolute_url()}']").first.click()
    expect(item(member, "XX-05")).to_contain_text("请写明领学的篇目")
    item(member, "XX-05").locator("a.button").first.click()
    member.locator("#line-form textarea[name=reason]").fill("领学党章总纲")
    member.locator("#line-form button.button--primary").click()
    expect(item(member, "XX-05")).to_contain_text("领学党章总纲")
    confirm(member, "Submit the sheet")
    sheet.refresh_from_db()
    assert sheet.state == "IN_REVIEW"

    # The reviewers still read what was asked for.
    secretary.goto(f"{base}/rounds/{office.round.pk}/review/")
    expect(secretary.locator(f"#entry-{entry.pk}")).to_contain_text("请写明领学的篇目")


def test_a_paper_form_is_printed_and_entered_on_behalf(browsers, office):
    base = browsers.base
    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{base}/rounds/{office.round.pk}/")
    sheet = Declaration.objects.get(member=office.other, month=office.month)
    secretary.locator(f"a[href='/declarations/{sheet.pk}/']").click()

    # A blank form for the member, by name.
    printed = secretary.request.get(f"{base}/declarations/{sheet.pk}/print/").text()
    assert office.other.name in printed
    assert office.task_force.text in printed

    # What stands on the paper is entered; the member reads by whom and may take it back.
    secretary.locator("summary", has=secretary.locator(".badge")).first.click()
    secretary.locator("a.pick", has_text="XX-05").click()
    secretary.locator("#line-form input[name=occurred_on]").fill(office.today.isoformat())
    secretary.locator("#line-form textarea[name=reason]").fill("支部学习发言")
    secretary.locator("#line-form button.button--primary").click()
    expect(secretary.locator("#lines")).to_contain_text("支部学习发言")
    confirm(secretary, "Submit the sheet")
    sheet.refresh_from_db()
    assert (sheet.state, sheet.entered_by) == ("SUBMITTED", office.secretary.user)
    secretary.locator(".breadcrumbs a").first.click()
    secretary.wait_for_url(f"**/rounds/{office.round.pk}/")

    other = browsers.of(office.other.user)
    other.goto(base + sheet.get_absolute_url())
    expect(other.locator("main")).to_contain_text(office.secretary.name)
    assert fits(other)
    confirm(other, "Take back")
    sheet.refresh_from_db()
    assert sheet.state == "DRAFT"
