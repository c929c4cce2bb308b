"""The committee's desk: reminding from the page of progress, a new policy, a year's holidays."""

import pytest
from playwright.sync_api import expect

from lib.months import add_months
from members.models import Notice
from points.models import HolidayNotice, Policy
from reviews.models import Round
from tests.browser.office import Office, fits, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_late_review_is_reminded_of_once_a_day(browsers):
    office = Office()
    Round.objects.update(
        declare_by=add_months(office.month, -1), review_by=add_months(office.month, -1)
    )
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}/progress/")
    assert fits(page)

    page.get_by_role("button", name=said("Remind")).click()

    expect(page.locator("main")).to_contain_text(said("reminded today"))
    expect(page.get_by_role("button", name=said("Remind"))).to_have_count(0)
    assert Notice.objects.filter(user=office.secretary.user, key__contains=":by-hand:").count() == 1


def test_a_policy_for_next_month_and_none_for_an_open_one(browsers):
    office = Office()
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}/policy/")
    page.get_by_role("link", name=said("Enter a new version")).click()
    assert fits(page)

    # The branch below has opened this month: only later ones can be chosen.
    months = page.locator("select[name=effective_from] option").evaluate_all(
        "options => options.map(option => option.value)"
    )
    assert months[0] == add_months(office.month, 1).isoformat()
    page.locator("input[name=interview_after]").fill("1")
    page.locator("input[name=appeal_days]").fill("8")
    page.get_by_role("button", name=said("Set the policy")).click()
    expect(page.locator("[name=interview_after][aria-invalid=true]")).to_be_visible()
    expect(page.locator("input[name=appeal_days]")).to_have_value("8")

    page.locator("input[name=interview_after]").fill("2")
    page.get_by_role("button", name=said("Set the policy")).click()

    expect(page.locator("main table")).to_contain_text(said("changed"))
    assert list(Policy.objects.values_list("effective_from", "appeal_days")) == [
        (add_months(office.month, 1), 8)
    ]
    assert fits(page)


def test_the_holidays_of_a_year_need_the_notices_number(browsers):
    office = Office()
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}/holidays/2099/")
    assert fits(page)
    page.locator("[name=row-0-first]").fill("2099-01-01")
    page.locator("[name=row-0-last]").fill("2099-01-03")
    page.locator("[name=made_up]").fill("2099-01-10")

    page.locator("[name=number]").evaluate("field => field.removeAttribute('required')")
    page.get_by_role("button", name=said("Save the year")).click()
    expect(page.locator("[name=row-0-last]")).to_have_value("2099-01-03")
    assert not HolidayNotice.objects.exists()

    page.locator("[name=number]").fill("国办发明电〔2098〕7号")
    page.get_by_role("button", name=said("Save the year")).click()

    expect(page.locator("main")).to_contain_text("国办发明电〔2098〕7号")
    assert HolidayNotice.objects.get().days.count() == 4
