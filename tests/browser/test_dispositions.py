"""A disposition case in a browser: opinion, filing, approval, and its correction; and what is
refused."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from reviews.models import FollowUp
from tests.browser.office import DESK, PHONE, Browsers, said
from tests.reviews.case_world import DEADLINE, FILED, MET, CaseWorld

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[(PHONE, True), (DESK, False)], ids=["phone", "desk without JavaScript"])
def browsers(request, browser, live_server):
    viewport, java_script = request.param
    browsers = Browsers(browser, live_server.url, viewport, java_script)
    yield browsers
    for context in browser.contexts:
        context.close()
    assert browsers.complaints == []


def open_case(browsers, world, who):
    page = browsers.of(world.users[who])
    page.goto(f"{browsers.base}{world.case.get_absolute_url()}")
    return page


def fill(page, **values):
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(str(value))


def send(page):
    page.locator("#case-form .button--primary").click()


def test_a_case_from_the_opinion_to_its_correction(browsers):
    world = CaseWorld()
    secretary = open_case(browsers, world, "secretary")
    secretary.get_by_role("link", name=said("Give the branch's opinion")).click()

    # The deadline is asked for once a measure has one.
    expect(secretary.locator("[name=deadline]")).to_be_hidden()
    secretary.locator("[name=measure][value=CORRECTION]").check()
    fill(secretary, facts="两次无故不参加支部党员大会", statement="愿意改正")
    fill(secretary, deadline=DEADLINE, conditions="按时参加组织生活")
    fill(secretary, held_on=MET, number="支〔2026〕7号")

    # Without a ground it is refused, and nothing that was typed is lost.
    send(secretary)
    refusal = said("A disposition needs a ground: low points alone are none.")
    expect(secretary.locator("main")).to_contain_text(refusal)
    expect(secretary.locator("[name=facts]")).to_have_value("两次无故不参加支部党员大会")
    secretary.locator("[name=ground]").select_option("DUTIES")
    send(secretary)

    secretary.get_by_role("link", name=said("File with the committee")).click()
    fill(secretary, filed_on=FILED, number="支〔2026〕8号")
    send(secretary)
    expect(secretary.locator("main")).to_contain_text("支〔2026〕8号")

    staff = open_case(browsers, world, "staff")
    staff.get_by_role("link", name=said("Decide the case")).click()
    staff.locator("[name=verdict][value=APPROVE]").check()
    fill(staff, decided_on=FILED + timedelta(days=5), number="机党〔2026〕21号")
    send(staff)
    correction = FollowUp.objects.get(kind="CORRECTION")
    expect(staff.locator(f"main a[href='{correction.get_absolute_url()}']")).to_be_visible()

    member = browsers.of(world.users["member"])
    member.goto(f"{browsers.base}{correction.get_absolute_url()}")
    expect(member.locator("main")).to_contain_text(f"{DEADLINE.year}年{DEADLINE.month}月")
    member.goto(f"{browsers.base}{world.case.get_absolute_url()}")
    expect(member.locator("main")).to_contain_text("机党〔2026〕21号")


def test_a_probationary_member_is_not_removed(browsers):
    world = CaseWorld(category="PROBATIONARY")
    secretary = open_case(browsers, world, "secretary")
    secretary.get_by_role("link", name=said("Give the branch's opinion")).click()

    expect(secretary.locator("[name=measure][value=EXTENSION]")).to_be_visible()
    expect(secretary.locator("[name=measure][value=REMOVAL]")).to_have_count(0)
    expect(secretary.locator("main .callout").first).to_contain_text(
        said(
            "This member is on probation: only extending the probation or cancelling the "
            "probationary membership is possible."
        )
    )
