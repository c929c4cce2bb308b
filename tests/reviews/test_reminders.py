"""Reminders: whoever is waited for hears of it once, and the committee of what stays late."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from members.models import Notice, Position
from members.rights import system_actor
from points.models import Declaration
from reviews.models import FollowUp, Round
from reviews.services.opening import open_month
from reviews.services.reminders import (
    Escalated,
    Reminded,
    branches_to_look_at,
    escalate,
    remind,
)
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

OCTOBER = date(2026, 10, 1)

pytestmark = pytest.mark.django_db


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


class World:
    """A branch below a committee with staff; a secretary and two members; October is open."""

    def __init__(self) -> None:
        self.committee = CommitteeFactory()
        self.staff = StaffAppointmentFactory(committee=self.committee).user
        self.branch = self.add_branch()

    def add_branch(self):
        branch = BranchFactory(committee=self.committee)
        RuleBookFactory(branch=branch)
        self.secretary = MemberFactory(branch=branch, position=(branch, Position.Kind.SECRETARY))
        self.members = [MemberFactory(branch=branch) for _ in range(2)]
        open_month(month=OCTOBER, by=system_actor(), at=at(10, 1), branches=[branch])
        return branch

    def remind(self, day: date) -> Reminded:
        moment = at(day.month, day.day)
        return remind(on=day, branches=list(branches_to_look_at(on=day)), at=moment)

    def escalate(self, day: date) -> Escalated:
        return escalate(on=day, at=at(day.month, day.day))


@pytest.fixture
def world():
    return World()


def subjects(user) -> list[str]:
    return [str(notice.subject) for notice in Notice.objects.filter(user=user).order_by("pk")]


def test_members_with_a_draft_hear_three_days_and_a_day_before_and_once_after(world):
    submitted = Declaration.objects.get(member=world.members[0])
    submitted.state, submitted.submitted_at = Declaration.State.SUBMITTED, at(10, 20)
    submitted.save()

    assert world.remind(date(2026, 10, 21)) == Reminded()
    for day in (22, 23, 24, 25, 26, 27):
        assert world.remind(date(2026, 10, day)).members == 2

    assert subjects(world.members[0].user) == []
    assert subjects(world.members[1].user) == [
        "您2026年10月的个人申报表请于2026年10月25日前提交。",
        "您2026年10月的个人申报表请于2026年10月25日前提交。",
        "2026年10月个人申报表应于2026年10月25日前提交，现已逾期；评审开始前仍可补报。",
    ]


def test_the_secretary_hears_of_a_late_review_even_days_later(world):
    before = subjects(world.secretary.user)

    world.remind(date(2026, 11, 9))
    world.remind(date(2026, 11, 10))

    assert [one for one in subjects(world.secretary.user) if "月度评审" in one] == [
        f"{world.branch.name}：2026年10月的月度评审应于2026年10月31日前完成，现已逾期。"
    ]
    assert before == []


def test_the_committee_hears_after_the_policy_s_days_once_for_all_branches(world):
    world.add_branch()

    assert world.escalate(date(2026, 11, 3)) == Escalated()
    assert world.escalate(date(2026, 11, 4)) == Escalated(committees=1, matters=2)
    world.escalate(date(2026, 11, 5))

    assert subjects(world.staff) == ["所属党支部逾期事项：2 项。"]


def test_a_committee_without_staff_leaves_it_to_the_one_above():
    above = CommitteeFactory()
    staff = StaffAppointmentFactory(committee=above).user
    world = World()
    world.committee.parent = above
    world.committee.save()
    world.committee.appointments.all().delete()

    world.escalate(date(2026, 11, 9))

    assert subjects(staff) == ["所属党支部逾期事项：1 项。"]


def test_an_overdue_talk_is_told_to_whoever_holds_it(world):
    Round.objects.update(state=Round.State.CLOSED, closed_at=at(11, 5))
    follow_up = FollowUp.objects.create(
        kind=FollowUp.Kind.TALK,
        branch=world.branch,
        member=world.members[0],
        holder=world.members[1],
        first_month=OCTOBER,
        trigger_month=OCTOBER,
        year=2026,
        due_on=date(2026, 11, 19),
        opened_at=at(11, 5),
    )

    assert world.remind(date(2026, 11, 19)) == Reminded()
    assert world.remind(date(2026, 11, 20)) == Reminded(duty_holders=1)

    (notice,) = Notice.objects.filter(user=world.members[1].user)
    assert notice.url == follow_up.get_absolute_url()
    assert world.members[0].name in notice.subject
    assert world.escalate(date(2026, 11, 23)) == Escalated(committees=1, matters=1)


@pytest.mark.parametrize("count", [1, 3])
def test_reminding_takes_the_same_statements_for_one_branch_and_many(
    world, count, django_assert_num_queries
):
    for _ in range(count - 1):
        world.add_branch()
    branches = list(branches_to_look_at(on=date(2026, 11, 9)))
    assert len(branches) == count

    with django_assert_num_queries(10):
        remind(on=date(2026, 11, 9), branches=branches, at=at(11, 9))
