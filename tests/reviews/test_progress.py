"""The page of progress: what is late first, then branches by months, and reminding from it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains

from branches.models import Branch
from lib.months import add_months, month_of
from members.models import Notice, Position
from members.rights import actor_on, system_actor
from reviews.models import Round
from reviews.selectors.progress import (
    SHORT_WORDS,
    branch_rows,
    late_rows,
    legend,
    months_shown,
)
from reviews.services.opening import open_month
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
LATE = date(2026, 11, 9)


def test_the_months_of_the_page():
    last = months_shown(date(2026, 11, 22), None)

    assert (last[0], last[-1], len(last)) == (NOVEMBER, date(2025, 12, 1), 12)
    assert months_shown(date(2026, 2, 3), 2026) == [date(2026, 2, 1), date(2026, 1, 1)]


def test_a_branch_stands_with_its_rounds_and_without_a_score():
    month = BranchMonth().to("REVIEWING")

    (row,) = branch_rows([month.branch], [NOVEMBER, OCTOBER], LATE)

    (november, october) = row.cells
    assert november == (NOVEMBER, None, "")
    assert (october.month, october.row.round) == (OCTOBER, month.round)
    assert (october.row.progress.filed, october.row.progress.members) == (1, 5)
    assert october.row.is_overdue
    assert october.word == str(SHORT_WORDS["REVIEWING"])


def test_every_state_has_a_short_word_of_its_own_that_the_page_explains():
    assert [state for state, _short, _whole in legend()] == Round.State.values
    assert len({short for _state, short, _whole in legend()}) == len(Round.State)


def test_late_matters_name_whose_turn_it_is():
    month = BranchMonth()
    staff = actor_on(month.users["staff"], LATE)

    (row,) = late_rows(staff, LATE)

    assert (row.branch, row.since) == (month.branch, date(2026, 10, 31))
    assert (row.names, row.more) == ([month.secretary.name], 0)
    assert (row.has_secretary, row.is_staffs, row.is_reminded) == (True, False, False)
    assert row.url == month.round.get_absolute_url()


def test_without_a_secretary_it_is_the_committees_turn():
    month = BranchMonth(bench=("organiser",))

    (row,) = late_rows(actor_on(month.users["staff"], LATE), LATE)

    assert (row.has_secretary, row.is_staffs) == (False, True)
    assert row.names == [month.users["staff"].display_name]


def test_many_who_have_not_filed_are_not_all_named():
    month = BranchMonth()

    (row,) = late_rows(actor_on(month.users["staff"], LATE), date(2026, 10, 27))

    assert (len(row.names), row.more) == (3, 2)


# -- the page ----------------------------------------------------------------------------------


class Below:
    """A committee with staff, and branches whose last month was never reviewed."""

    def __init__(self, count: int = 1) -> None:
        self.committee = CommitteeFactory()
        self.staff = StaffAppointmentFactory(committee=self.committee).user
        self.month = add_months(month_of(timezone.localdate()), -2)
        for _ in range(count):
            self.add()

    def add(self) -> Branch:
        branch = BranchFactory(committee=self.committee)
        RuleBookFactory(branch=branch)
        MemberFactory(branch=branch, position=(branch, Position.Kind.SECRETARY))
        opened = datetime(self.month.year, self.month.month, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        open_month(month=self.month, by=system_actor(), at=opened, branches=[branch])
        return branch


def test_staff_remind_from_the_page(client):
    below = Below()
    client.force_login(below.staff)
    (row,) = client.get(reverse("progress")).context["late"]

    for _press in range(2):
        response = client.post(reverse("remind_late"), {"matter": row.key})

    assert response.url == reverse("progress")
    assert Notice.objects.filter(key__contains=":by-hand:").count() == 1
    assert client.get(reverse("progress")).context["late"][0].is_reminded


def test_what_is_settled_is_not_reminded_of(client):
    below = Below()
    client.force_login(below.staff)
    (row,) = client.get(reverse("progress")).context["late"]
    Round.objects.update(state=Round.State.CLOSED, closed_at=timezone.now())

    client.post(reverse("remind_late"), {"matter": row.key})

    assert not Notice.objects.filter(key__contains=":by-hand:").exists()


def test_a_cell_says_the_state_short_and_whole(client):
    below = Below()
    client.force_login(below.staff)

    page = client.get(reverse("progress"))

    state = Round.State.OPEN
    assertContains(
        page, f'<span class="short" aria-hidden="true">{SHORT_WORDS[state]}</span>', html=True
    )
    assertContains(page, f'<span class="whole">{state.label}</span>', html=True)


def test_a_year_can_be_chosen(client):
    below = Below()
    client.force_login(below.staff)

    page = client.get(reverse("progress"), {"year": below.month.year})

    assert {month.year for month in page.context["months"]} == {below.month.year}
    assert client.get(reverse("progress"), {"year": "1066"}).context["months"] != []


def test_the_page_costs_the_same_for_one_branch_and_three(client, django_assert_num_queries):
    below = Below()
    client.force_login(below.staff)
    for _more in (0, 2):
        for _branch in range(_more):
            below.add()
        with django_assert_num_queries(35):
            client.get(reverse("progress"))
