"""The roll as committee staff keep it: a transfer and an exemption, and what is refused."""

import pytest
from playwright.sync_api import expect

from lib.months import add_months
from members.models import Exemption, Membership, Position
from tests.browser.office import Office, fits, in_browsers, said
from tests.factories import BranchFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    in_browsers("phone without JavaScript", "desk"),
]


def press(page, name: str) -> None:
    page.locator("main form button[type=submit]", has_text=said(name)).first.click()
    page.wait_for_load_state()


def test_a_member_is_transferred_from_the_next_month(browsers):
    office, base = Office(), browsers.base
    new = BranchFactory(name="人事教育处党支部", committee=office.branch.committee)
    staff = browsers.of(office.staff)

    staff.goto(f"{base}/roll/?q=陈文宁")
    staff.locator("main a", has_text="陈文宁").click()
    staff.locator("main a.button", has_text=said("Transfer")).first.click()
    staff.locator("select[name=branch]").select_option(str(new.pk))

    # Into the month that is opened: refused, and what was typed stays.
    staff.locator("input[name=on]").fill(office.month.isoformat())
    staff.locator("input[name=document_no]").fill("组转〔2026〕5号")
    press(staff, "Show what will happen")
    expect(staff.locator("main")).to_contain_text(f"{office.month.month}月2日")
    expect(staff.locator("input[name=document_no]")).to_have_value("组转〔2026〕5号")
    assert fits(staff)

    # From the next one: shown first, then entered.
    following = add_months(office.month, 1)
    staff.locator("input[name=on]").fill(following.isoformat())
    press(staff, "Show what will happen")
    expect(staff.locator("main")).to_contain_text("人事教育处党支部")
    assert not Membership.objects.filter(branch=new).exists()
    assert fits(staff)
    press(staff, "Enter it")
    staff.wait_for_url(f"**/roll/{office.other.pk}/")
    expect(staff.locator("main")).to_contain_text("组转〔2026〕5号")
    assert Membership.objects.get(branch=new).starts_on == following
    assert fits(staff)


def test_a_second_secretary_is_refused_by_name(browsers):
    office, base = Office(), browsers.base
    staff = browsers.of(office.staff)

    staff.goto(f"{base}/roll/{office.other.pk}/changes/position/")
    staff.locator("input[name=kinds][value=SECRETARY]").check()
    press(staff, "Show what will happen")
    expect(staff.locator("main")).to_contain_text("高景江")
    expect(staff.locator("input[name=kinds][value=SECRETARY]")).to_be_checked()

    staff.locator("input[name=replaces]").check()
    press(staff, "Show what will happen")
    press(staff, "Enter it")
    staff.wait_for_url(f"**/roll/{office.other.pk}/")
    in_office = Position.objects.get(branch=office.branch, kind="SECRETARY", ends_on=None)
    assert in_office.member == office.other


def test_the_secretary_asks_for_an_exemption_and_staff_approve(browsers):
    office, base = Office(), browsers.base
    following = f"{add_months(office.month, 1):%Y-%m}"

    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{base}/exemptions/new/")
    secretary.locator("select[name=member]").select_option(str(office.member.pk))
    secretary.locator("input[name=first_month]").fill(following)
    secretary.locator("input[name=last_month]").fill(following)
    secretary.locator("textarea[name=reason]").fill("驻村帮扶")
    press(secretary, "Send for approval")
    made = Exemption.objects.get()
    secretary.wait_for_url(f"**/exemptions/{made.pk}/")
    expect(secretary.locator("main button[name=step]")).to_have_count(0)
    assert fits(secretary)

    staff = browsers.of(office.staff)
    staff.goto(base)
    staff.locator(".todo a[href='/exemptions/']").first.click()
    staff.locator("main a", has_text="杨静").click()

    # Refusing needs a reason.
    staff.locator("button[name=step][value=refuse]").click()
    expect(staff.locator("main form")).to_contain_text(
        said("Say why it is refused: the branch and the member will read it.")
    )
    staff.locator("button[name=step][value=approve]").click()
    expect(staff.locator("main button[value=approve]")).to_have_count(0)
    made.refresh_from_db()
    assert made.state == Exemption.State.APPROVED
    assert fits(staff)
