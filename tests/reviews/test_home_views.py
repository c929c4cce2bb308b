"""The home page: whatever one is, with the same number of queries for little and for much."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from lib.months import add_months, month_of
from members.models import Notice
from members.rights import actor_on, system_actor
from reviews.models import Round
from reviews.selectors.home import twelve_months
from reviews.selectors.month_steps import five_steps
from reviews.services.opening import open_month
from reviews.services.round import start_review
from tests.access_world import conclude
from tests.factories import (
    BranchFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(db):
    branch = BranchFactory(name="办公室党支部")
    RuleBookFactory(branch=branch)
    return branch


def publish(branch, month, chair):
    open_month(month=month, by=system_actor(), at=timezone.now(), branches=[branch])
    round_ = Round.objects.get(branch=branch, month=month)
    start_review(pk=round_.pk, by=system_actor(), at=timezone.now())
    conclude(round_, system_actor(), timezone.now(), chair)


def test_home_shows_to_dos_steps_chart_and_notices(client, branch):
    member = MemberFactory(branch=branch, name="张伟")
    today = timezone.localdate()
    publish(branch, add_months(month_of(today), -1), member)
    open_month(month=month_of(today), by=system_actor(), at=timezone.now())
    client.force_login(member.user)

    page = client.get(reverse("home"))

    assert [to_do.action for to_do in page.context["to_dos"]].count("去填报") == 1
    assert len(page.context["months"]) == 2
    assert len(page.context["chart"]) == 12
    assert page.context["unread"] == 1
    assert "张伟，您好" in page.content.decode()


def test_home_of_an_account_without_anything_says_so(client):
    client.force_login(UserFactory())

    page = client.get(reverse("home")).content.decode()

    assert "暂无待办事项" in page
    assert "暂无通知" in page


def test_staff_see_how_many_branches_are_where_and_no_score(client, branch):
    staff = StaffAppointmentFactory(committee=branch.committee).user
    open_month(month=month_of(timezone.localdate()), by=system_actor(), at=timezone.now())
    client.force_login(staff)

    page = client.get(reverse("home"))

    assert [(row.opened, row.closed) for row in page.context["progress"]] == [(1, 0), (0, 0)]
    assert page.context["chart"] == []


@pytest.mark.parametrize("months", [1, 3])
def test_home_asks_the_same_for_one_month_and_for_three(
    client, branch, django_assert_num_queries, months
):
    member = MemberFactory(branch=branch)
    this = month_of(timezone.localdate())
    for back in range(1, months + 1):
        publish(branch, add_months(this, -back), member)
    Notice.objects.create(user=member.user, key="k", subject="通知", created_at=timezone.now())
    client.force_login(member.user)

    with django_assert_num_queries(21):
        client.get(reverse("home"))


def test_results_under_review_do_not_show(branch):
    member = MemberFactory(branch=branch)
    today = timezone.localdate()
    open_month(month=month_of(today), by=system_actor(), at=timezone.now())
    assert twelve_months(actor_on(member.user, today), today=today) == []


STEPS = ["登记", "申报", "评审", "公示核实", "月结"]


@pytest.mark.parametrize(
    ("state", "day", "objections", "expected"),
    [
        ("OPEN", 20, 0, "done current upcoming upcoming upcoming"),
        ("OPEN", 26, 0, "done done current upcoming upcoming"),
        ("REVIEWING", 26, 0, "done done current upcoming upcoming"),
        ("REVIEWING", 33, 0, "done done late upcoming upcoming"),
        ("PUBLISHED", 33, 0, "done done done current upcoming"),
        ("PUBLISHED", 40, 0, "done done done done current"),
        ("PUBLISHED", 40, 1, "done done done late upcoming"),
        ("CLOSED", 40, 0, "done done done done done"),
    ],
)
def test_five_steps(state, day, objections, expected):
    first = date(2026, 10, 1)
    round_ = Round(
        state=state,
        month=first,
        declare_by=date(2026, 10, 25),
        review_by=date(2026, 10, 31),
        publication_days=3,
    )

    steps = five_steps(
        round_,
        registered=2,
        filed=1,
        sheets=3,
        ends_on=date(2026, 11, 5) if state in ("PUBLISHED", "CLOSED") else None,
        objections=objections,
        today=first + timedelta(days=day - 1),
    )

    assert [step["label"] for step in steps] == STEPS
    assert " ".join(step["state"] for step in steps) == expected
