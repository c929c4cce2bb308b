"""What follows from a year in a browser: a branch nominates and enters grades, a member answers
an opinion on the phone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from members.rights import actor_on
from reviews.models import Appraisal, Nomination, Opinion
from reviews.services import opinions as opining
from reviews.services.opinions import Wording
from tests.browser.office import in_browsers, said
from tests.reviews.branch_year import YEAR, BranchYear

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@in_browsers("desk", "phone without JavaScript")
def test_a_branch_nominates_and_enters_the_grades_of_its_meeting(browsers):
    year = BranchYear()
    page = browsers.of(year.users["secretary"])
    page.goto(f"{browsers.base}/year/{YEAR}/")

    # A candidate is nominated from the year's page.
    row = page.locator("#awards tr", has_text=year.people["first"].name)
    row.get_by_role("link", name=said("Nominate"), exact=True).click()
    page.locator("input[value=EXCELLENT]").check()
    page.locator("textarea[name=reason]").fill("牵头完成重点任务")
    page.locator("form.form button.button--primary").click()
    expect(page.locator("#awards")).to_contain_text(str(Nomination.Award.EXCELLENT.label))
    assert Nomination.objects.get().member == year.people["first"]

    # 优秀 for somebody who is no candidate is refused at that row; nothing typed is lost.
    page.locator(f"#awards a[href*='/year/{YEAR}/appraisals/']").click()
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    held_on = (timezone.localdate() - timedelta(days=1)).isoformat()
    page.locator("input[name=held_on]").fill(held_on)
    for name, grade in (("first", "EXCELLENT"), ("second", "QUALIFIED"), ("last", "EXCELLENT")):
        choose(page, year.pk(name), grade)
    page.locator("form.stack button.button--primary").click()
    refused = page.locator(f"#member-{year.pk('last')}")
    expect(refused).to_contain_text(said("Only a candidate of the year can be graded excellent."))
    expect(page.locator("input[type=radio]:checked")).to_have_count(3)
    expect(page.locator("input[name=held_on]")).to_have_value(held_on)
    assert not Appraisal.objects.exists()

    choose(page, year.pk("last"), "BASIC")
    page.locator("form.stack button.button--primary").click()
    expect(page.locator(".toast").first).to_be_visible()
    expect(page.locator("input[type=radio]:checked")).to_have_count(3)
    assert Appraisal.objects.count() == 3


def choose(page, member: int, grade: str) -> None:
    page.locator(f"input[name=m{member}-grade][value={grade}]").check()


@in_browsers("phone")
def test_a_member_confirms_an_opinion_on_the_phone(browsers):
    year = BranchYear()
    now = timezone.now()
    opinion = opining.issue(
        member=year.pk("first"),
        wording=Wording("AWARD", YEAR, "通报表扬", "全年带头参加志愿服务"),
        by=actor_on(year.users["secretary"], timezone.localdate(now)),
        at=now,
    )
    page = browsers.of(year.users["first"])
    page.goto(browsers.base)
    page.locator(f"main a[href='{opinion.get_absolute_url()}']").first.click()
    expect(page.locator("main")).to_contain_text("全年带头参加志愿服务")

    page.locator("details.confirm summary").first.click()
    page.locator("dialog button[type=submit]:visible").click()

    expect(page.locator("main .page-head, .page-head").first).to_contain_text(
        str(Opinion.State.CONFIRMED.label)
    )
    expect(page.locator("main a[href*='/appeals/new/']")).to_have_count(0)
