"""A spot check in a browser: drawn, inspected with the effect shown first, told to the member,
and repeated."""

import pytest
from playwright.sync_api import expect

from members.models import Membership
from points.models import Decision, MonthlyResult
from reviews.models import SpotCheck
from tests.browser.office import said
from tests.factories import MemberFactory
from tests.reviews.spot_checking import closed_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_spot_check_from_draw_to_repetition(browsers):
    month, base = closed_month("member"), browsers.base
    staff = browsers.of(month.users["staff"])

    # Nothing is drawn before the pool was shown.
    staff.goto(f"{base}/spot-checks/new/")
    staff.locator("input[name=size]").fill("5")
    staff.locator("form.form button.button--primary").click()
    expect(staff.locator("main .stats")).to_contain_text(said("Will be drawn"))
    assert not SpotCheck.objects.exists()
    staff.locator("summary", has_text=said("Draw")).first.click()
    staff.locator("dialog button[type=submit]:visible").first.click()
    expect(staff.locator("main code").first).to_be_visible()
    spot_check = SpotCheck.objects.get()
    expect(staff.locator("main")).to_contain_text(spot_check.seed)

    # A finding without a note is refused and keeps what was typed.
    staff.locator("tbody th a").first.click()
    staff.locator("input[value=POINTS_WRONG]").check()
    staff.locator("input[name=right_points]").fill("0.5")
    staff.locator("form.form button.button--primary").first.click()
    refusal = said("Say what was found: the member will read it.")
    expect(staff.locator("main")).to_contain_text(refusal)
    expect(staff.locator("input[name=right_points]")).to_have_value("0.5")

    # Then what it changes is shown, and recorded.
    staff.locator("textarea[name=note]").fill("只参加半天")
    staff.locator("form.form button.button--primary").first.click()
    expect(staff.locator("main table")).to_contain_text("80.5")
    assert Decision.objects.filter(entry__member=month.member).count() == 1
    staff.locator("button[name=confirmed]").click()
    expect(staff.locator("main .said")).to_contain_text("只参加半天")
    assert MonthlyResult.objects.current().get(member=month.member).score == 80.5

    # The member is told, and may appeal.
    member = browsers.of(month.users["member"])
    member.goto(base)
    member.locator("main a, main button", has_text=said("spot check")).first.click()
    expect(member.locator("main .said")).to_contain_text("只参加半天")
    expect(member.locator("main a[href*='/appeals/new/finding/']")).to_be_visible()

    # The draw comes out the same.
    staff.goto(f"{base}/spot-checks/{spot_check.pk}/")
    staff.get_by_role("link", name=said("Repeat the draw")).click()
    expect(staff.locator("main .callout")).to_contain_text(said("Identical"))


def test_nobody_inspects_an_entry_of_their_own_branch(browsers):
    month = closed_month("member")
    member = MemberFactory(name="田学林", user=month.users["staff"])
    Membership.objects.create(member=member, branch=month.branch)
    staff = browsers.of(month.users["staff"])
    staff.goto(f"{browsers.base}/spot-checks/new/")
    staff.locator("form.form button.button--primary").click()
    staff.locator("summary", has_text=said("Draw")).first.click()
    staff.locator("dialog button[type=submit]:visible").first.click()
    staff.locator("tbody th a").first.click()

    expect(staff.locator("main")).to_contain_text(said("belongs to this branch"))
    expect(staff.locator("input[name=finding]")).to_have_count(0)
