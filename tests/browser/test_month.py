"""A month as its people live it: on a phone, at a desk, and without JavaScript."""

from datetime import timedelta

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from members.rights import system_actor
from points.models import Declaration, Entry, MonthlyResult
from reviews.demo.files import sign_in_sheet
from reviews.models import FollowUp, Objection, Publication
from reviews.services.month_end import month_end
from tests.browser.office import Office, confirm, fits, in_browsers, said

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    in_browsers("phone", "desk", "phone without JavaScript"),
]


def declare(page: Page, office: Office, base: str, *, code: str, with_file: bool) -> None:
    month = office.month
    page.goto(f"{base}/declarations/{month.year}/{month.month}/")
    page.locator("summary", has=page.locator("xpath=..").locator(".badge")).first.click()
    page.locator("a.pick", has_text=code).click()
    form = page.locator("#line-form")
    form.locator("input[name=occurred_on]").fill(office.today.isoformat())
    form.locator("textarea[name=reason]").fill("参加防汛突击队两天")
    if with_file:
        photo = sign_in_sheet(name="签到表", on=office.today, number=7)
        form.locator("input[name=papers]").set_input_files(
            {"name": "签到表.png", "mimeType": "image/png", "buffer": photo.content}
        )
    form.locator("button.button--primary").click()
    expect(page.locator("#lines")).to_contain_text("参加防汛突击队两天")
    confirm(page, "Submit the sheet")


def test_a_month_from_declaration_to_talk(browsers, tmp_path):
    office, base = Office(), browsers.base
    office.register_absence()

    # The member files with a picture as evidence; the secretary files too.
    member = browsers.of(office.member.user)
    member.goto(base)
    month = office.month
    sheet_url = f"/declarations/{month.year}/{month.month}/"
    expect(member.locator(f"main a[href='{sheet_url}']").first).to_be_visible()
    declare(member, office, base, code="YW-07", with_file=True)
    assert fits(member)
    secretary = browsers.of(office.secretary.user)
    declare(secretary, office, base, code="XX-05", with_file=False)
    states = Declaration.objects.filter(submitted_at__isnull=False).values_list("state", flat=True)
    assert list(states) == ["SUBMITTED", "SUBMITTED"]

    # The secretary starts the review, and is refused the own sheet.
    secretary.goto(f"{base}/rounds/{office.round.pk}/")
    confirm(secretary, "Start the review")
    own, entry = Entry.objects.get(member=office.secretary), Entry.objects.get(member=office.member)
    review_url = f"{base}/rounds/{office.round.pk}/review/"
    secretary.goto(review_url)
    line = secretary.locator(f"#entry-{own.pk}")
    expect(line.locator(".entry__locked")).to_be_visible()
    expect(line.locator("button, a.button")).to_have_count(0)
    refused = secretary.request.get(f"{base}/rounds/{office.round.pk}/entries/{own.pk}/")
    assert refused.status == 403

    # Adjusting needs a reason; what was typed stays.
    secretary.locator(f"#entry-{entry.pk} a[href$='outcome=ADJUSTED']").click()
    form = secretary.locator("form.entry__form")
    form.locator("input[name=points]").fill("2")
    form.locator("button.button--primary").click()
    expect(form).to_contain_text(said("Give a reason: the member will read it."))
    expect(form.locator("input[name=points]")).to_have_value("2")
    form.locator("[name=reason]").fill("第二天未到，按一天认定")
    form.locator("button.button--primary").click()
    expect(secretary.locator("body")).to_contain_text("第二天未到，按一天认定")

    # The deputy decides the secretary's.
    deputy = browsers.of(office.deputy.user)
    deputy.goto(review_url)
    deputy.locator(f"#entry-{own.pk} form button", has_text=said("Approve")).click()
    expect(deputy.locator(f"#entry-{own.pk} form button")).to_have_count(0)

    # Meeting, conclusion, publication.
    secretary.goto(f"{base}/rounds/{office.round.pk}/meeting/")
    secretary.locator("main form button.button--primary").click()
    secretary.wait_for_url(f"**/rounds/{office.round.pk}/results/")
    secretary.get_by_role("link", name=said("Conclude and publish")).first.click()
    secretary.locator("main form button.button--primary").click()
    secretary.wait_for_url("**/publications/*/")
    publication = Publication.objects.get()
    assert secretary.url.endswith(f"/publications/{publication.pk}/")
    assert fits(secretary)

    # The member objects to the line.
    result = MonthlyResult.objects.get(member=office.member)
    assert result.score == 82
    member.goto(f"{base}/results/{month.year}/{month.month}/")
    objection_form = member.locator("#object form")
    line = result.lines.get()
    objection_form.locator("select[name=line]").select_option(str(line.pk))
    objection_form.locator("textarea").fill("两天都有签到，请核对")
    objection_form.locator("button[type=submit]").click()
    expect(member.locator("body")).to_contain_text("两天都有签到，请核对")

    # The secretary decided it: the deputy answers; what changes is shown first.
    objection = Objection.objects.get()
    deputy.goto(f"{base}/objections/{objection.pk}/")
    deputy.locator("input[name=verdict][value=CORRECT]").check()
    deputy.locator("select[name=entry]").select_option(str(entry.pk))
    deputy.locator("select[name=outcome]").select_option("APPROVED")
    deputy.locator("textarea#id_text").fill("签到表属实，按两天认定")
    deputy.locator("main form button.button--primary").click()
    expect(deputy.locator("main")).to_contain_text("84")
    assert Objection.objects.get().state == Objection.State.OPEN
    deputy.locator("button[name=confirmed]").click()
    expect(deputy.locator("main")).to_contain_text("签到表属实，按两天认定")
    assert MonthlyResult.objects.current().get(member=office.member).score == 84

    # Time passes, the month closes, and the talk is due.
    closing = publication.ends_on + timedelta(days=1)
    done = month_end(on=closing, by=system_actor(), at=office.now + timedelta(days=9))
    assert (done.rounds_closed, done.created) == (1, 1)
    talk = FollowUp.objects.get()
    for user in (office.other.user, office.secretary.user):
        page = browsers.of(user)
        page.goto(base)
        to_do = page.locator(f".todo a[href='{talk.get_absolute_url()}']").first
        expect(to_do).to_be_visible()
        to_do.click()
        expect(page.locator("h1").first).to_contain_text(office.other.name)
        assert fits(page)

    # Committee staff compute the year and download the workbook.
    staff = browsers.of(office.staff)
    year_url = f"{base}/year/{month.year}/"
    staff.goto(year_url)
    staff.locator(f"form[action='/year/{month.year}/compute/'] button:visible").first.click()
    staff.wait_for_load_state()
    with staff.expect_download() as download:
        staff.locator(f"form[action='/year/{month.year}/workbook/'] button").click()
    path = tmp_path / "year.xlsx"
    download.value.save_as(path)
    rows = openpyxl.load_workbook(path)["年度汇总"].iter_rows(values_only=True)
    header = next(rows)
    totals = {row[header.index("姓名")]: row[header.index("年度总分")] for row in rows}
    assert totals[office.member.name] == 84
    assert totals[office.other.name] == 68
