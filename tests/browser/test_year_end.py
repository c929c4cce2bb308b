"""A year in the browser: staff compute it, the branch confirms, staff freeze it; and what is
open stands in the way, with whose turn it is."""

import pytest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from members.models import Position
from reviews.models import BranchAnnualResult, Round, YearEnd
from tests.browser.office import in_browsers
from tests.reviews.test_year_steps import YEAR, Department

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
State = YearEnd.State


@pytest.fixture
def department() -> Department:
    found = Department()
    found.committee.name = "厅直属机关党委"
    found.committee.save()
    return found


def button(page, words: str):
    return page.get_by_role("button", name=words, exact=True)


@in_browsers("desk", "phone without JavaScript")
def test_staff_compute_the_branch_confirms_staff_freeze(browsers, department):
    address = f"{browsers.base}/year/{YEAR}/"
    staff = browsers.of(department.staff)
    staff.goto(address)
    button(staff, _("Compute the year")).click()
    assert YearEnd.objects.get().state == State.COMPUTED

    secretary = browsers.of(department.secretary)
    secretary.goto(address)
    button(secretary, _("The figures are right")).click()
    assert BranchAnnualResult.objects.get(branch=department.one).confirmed_at

    member = browsers.of(department.members[0].user)
    member.goto(f"{browsers.base}/results/{YEAR}/")
    assert member.get_by_text(_("Not frozen yet")).is_visible()

    staff.goto(address)
    staff.locator("summary", has_text=pgettext("step of the year", "Freeze")).click()
    button(staff.locator("dialog"), _("Freeze")).click()
    frozen = YearEnd.objects.get()
    assert frozen.state == State.FROZEN
    assert staff.get_by_text(frozen.digest).is_visible()


@in_browsers("phone")
def test_what_is_open_stands_in_the_way(browsers, department):
    Round.objects.filter(branch=department.one, month__month=12).update(
        state=Round.State.REVIEWING, closed_at=None
    )
    staff = browsers.of(department.staff)
    staff.goto(f"{browsers.base}/year/{YEAR}/")

    who = f"{Position.Kind.SECRETARY.label} {department.secretary.member.name}"
    turn = _("%(who)s: conclude the review") % {"who": who}
    assert staff.get_by_text(turn).is_visible()
    assert staff.locator("summary", has_text=_("Freeze")).count() == 0
    button(staff, _("Compute provisionally")).click()
    assert YearEnd.objects.get().state == State.PROVISIONAL
    member = browsers.of(department.members[0].user)
    member.goto(f"{browsers.base}/results/{YEAR}/")
    assert member.get_by_text(_("Year-end result")).count() == 0
