"""Explanations in a browser: a leading cadre gives one on the phone; staff judge it serious and
enter the decision, without JavaScript."""

import pytest
from playwright.sync_api import expect

from reviews.models import FollowUpRecord, Judgement
from tests.browser.office import DESK, PHONE, Browsers, said
from tests.reviews.test_explanations import SAID, Unit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KIND = "LIFE_MEETING_EXPLANATION"


@pytest.fixture
def opened(browser, live_server):
    """Opens browsers of one width, and looks afterwards at what they complained of."""
    made = []

    def open_(viewport, *, java_script=True):
        made.append(Browsers(browser, live_server.url, viewport, java_script))
        return made[-1]

    yield open_
    for context in browser.contexts:
        context.close()
    assert [one.complaints for one in made] == [[]] * len(made)


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_leader_explains_on_the_phone(opened):
    unit = Unit()
    browsers = opened(PHONE)
    page = browsers.of(unit.users["leader"])
    page.goto(f"{browsers.base}/")
    page.locator(f'a[href="{unit.of(KIND).get_absolute_url()}"]').first.click()
    expect(page.locator("main")).to_contain_text("张伟")
    assert fits(page)
    page.get_by_role("link", name=said("Give the explanation")).click()
    assert fits(page)

    page.locator("[name=held_on]").fill(SAID.held_on.isoformat())
    page.locator("[name=place]").fill(SAID.place)
    page.locator("[name=measures]").fill("逐月谈话")
    page.locator("[name=said]").evaluate("field => field.removeAttribute('required')")
    page.get_by_role("button", name=said("Record the explanation")).click()
    expect(page.locator("[name=said][aria-invalid=true]")).to_be_visible()
    expect(page.locator("[name=measures]")).to_have_value("逐月谈话")
    assert not FollowUpRecord.objects.exists()

    page.locator("[name=said]").fill(SAID.said)
    page.get_by_role("button", name=said("Record the explanation")).click()

    expect(page.locator("main")).to_contain_text(SAID.said)
    page.get_by_role("link", name=said("Form on A4")).click()
    expect(page.locator(".paper")).to_contain_text(SAID.said)
    assert fits(page)


def test_staff_judge_it_serious_and_enter_the_decision(opened):
    unit = Unit()
    unit.explain()
    browsers = opened(DESK, java_script=False)
    page = browsers.of(unit.users["staff"])
    page.goto(f"{browsers.base}/")
    page.locator(f'a[href="{unit.of().get_absolute_url()}"]').first.click()
    page.get_by_role("link", name=said("Judge the explanation")).click()

    page.locator("[name=outcome][value=SERIOUS]").check()
    page.get_by_role("button", name=said("Record the judgement")).click()
    expect(page.locator("[name=reason][aria-invalid=true]")).to_be_visible()
    page.locator("[name=reason]").fill("长期放任不管")
    page.get_by_role("button", name=said("Record the judgement")).click()

    page.get_by_role("link", name=said("Enter the decision on accountability")).click()
    page.locator("[name=decision]").fill("批评教育")
    page.locator("[name=number]").fill("机党〔2026〕3号")
    page.locator("[name=decided_on]").fill("2026-01-20")
    page.get_by_role("button", name=said("Record the decision and close")).click()

    expect(page.locator("main")).to_contain_text("机党〔2026〕3号")
    assert Judgement.objects.get().decision == "批评教育"
    assert unit.of().state == "CLOSED"
