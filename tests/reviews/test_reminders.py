"""Reminders: whoever is waited for hears of it once, and the committee of what stays late."""

from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from lib.steps import Refused
from members.models import Event, Notice, Position
from members.rights import actor_on, system_actor
from points.models import Declaration
from reviews.models import Appeal, FollowUp, Publication, Round, SpotCheck, SpotCheckItem
from reviews.services.opening import open_month
from reviews.services.reminders import (
    Escalated,
    Reminded,
    branches_to_look_at,
    escalate,
    late_below,
    remind,
    remind_now,
)
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
    UserFactory,
)
from tests.reviews.branch_month import BranchMonth

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

    assert world.remind(date(2026, 11, 15)) == Reminded()
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

    with django_assert_num_queries(22):
        remind(on=date(2026, 11, 9), branches=branches, at=at(11, 9))


# -- everything that has a day -----------------------------------------------------------------

DUE = date(2026, 11, 19)


def everything_due(month: BranchMonth) -> None:
    """A review, an objection, follow-ups, an appeal and an inspection, all due on one day."""
    month.object("member")
    Publication.objects.update(ends_on=DUE)
    open_month(month=date(2026, 11, 1), by=system_actor(), at=at(11, 1), branches=[month.branch])
    Round.objects.filter(state=Round.State.OPEN).update(review_by=DUE)
    Declaration.objects.update(declare_by=date(2026, 12, 31))
    kinds = FollowUp.Kind
    rows = {
        kind: FollowUp.objects.create(
            kind=kind,
            branch=month.branch,
            member=month.other,
            holder=holder,
            first_month=OCTOBER,
            trigger_month=OCTOBER,
            year=2026,
            due_on=DUE,
            opened_at=at(11, 5),
        )
        for kind, holder in (
            (kinds.TALK, month.organiser),
            (kinds.INTERVIEW, None),
            (kinds.DISPOSITION, None),
        )
    }
    Appeal.objects.create(
        member=month.other,
        branch=month.branch,
        follow_up=rows[kinds.TALK],
        text="请复核",
        raised_at=at(11, 6),
        decide_by=DUE,
    )
    check = SpotCheck.objects.create(
        token=uuid4(),
        committee=month.committee,
        first_month=OCTOBER,
        last_month=OCTOBER,
        share=Decimal("5.00"),
        seed="1",
        algorithm="a",
        pool_size=1,
        pool_digest="d",
        inspect_by=DUE,
        drawn_by=month.users["staff"],
        drawn_at=at(11, 6),
    )
    SpotCheckItem.objects.create(
        spot_check=check, number=1, entry=month.entry("member"), inspector=month.users["inspector"]
    )


@pytest.fixture
def month():
    month = BranchMonth().to("PUBLISHED")
    month.users["inspector"] = UserFactory()
    return month


def heard(month: BranchMonth, day: date) -> dict[str, set[str]]:
    """What everybody is told by the reminders of a day: the keys, without the ids."""
    moment = at(day.month, day.day)
    remind(on=day, branches=list(branches_to_look_at(on=day)), at=moment)
    told: dict[str, set[str]] = {}
    for name, user in month.users.items():
        for notice in Notice.objects.filter(user=user, created_at=moment):
            what, *rest = notice.key.split(":")
            stage = "" if what.startswith("late-") else f":{rest[-1]}"
            told.setdefault(name, set()).add(f"{what}{stage}")
    return told


def whose_turn(name: str) -> dict[str, set[str]]:
    """``name`` is how a stage calls a matter, as in ``late-{}``."""
    return {
        "secretary": {name.format(what) for what in ("review", "answer", "follow-up")},
        "organiser": {name.format("follow-up")},
        "staff": {name.format(what) for what in ("follow-up", "appeal")},
        "inspector": {name.format("inspection")},
    }


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (15, {}),
        (16, whose_turn("{}-due:3")),
        (17, whose_turn("{}-due:3")),
        (18, whose_turn("{}-due:1")),
        (19, whose_turn("{}-due:1")),
        (20, whose_turn("late-{}")),
        (27, whose_turn("late-{}")),
    ],
)
def test_who_hears_on_which_day(month, day, told):
    everything_due(month)

    assert heard(month, date(2026, 11, day)) == told


def test_nobody_hears_twice_of_a_stage(month):
    everything_due(month)

    days = [heard(month, date(2026, 11, day)) for day in range(14, 29)]

    assert [bool(told) for told in days] == [day in (16, 18, 20) for day in range(14, 29)]


@pytest.mark.parametrize(
    ("bench", "hears"),
    [
        (("secretary", "deputy", "organiser"), "secretary"),
        (("deputy", "organiser"), "deputy"),
        (("organiser",), "staff"),
    ],
)
def test_without_a_secretary_the_deputy_hears_and_then_the_committee(bench, hears):
    month = BranchMonth(bench=bench)
    Declaration.objects.update(declare_by=date(2026, 12, 31))

    assert heard(month, date(2026, 11, 2)) == {hears: {"late-review"}}


def test_the_secretarys_own_objection_is_for_the_others(month):
    month.object("secretary")
    Publication.objects.update(ends_on=DUE)

    assert heard(month, DUE) == {name: {"answer-due:1"} for name in ("deputy", "organiser")}


def test_what_is_the_committees_own_goes_to_the_superior(month):
    everything_due(month)
    Round.objects.update(review_by=date(2026, 12, 31))
    FollowUp.objects.all().update(due_on=None)
    Publication.objects.update(ends_on=date(2026, 12, 31))
    assert escalate(on=date(2026, 11, 25), at=at(11, 25)) == Escalated()

    above = CommitteeFactory()
    superior = StaffAppointmentFactory(committee=above).user
    month.committee.parent = above
    month.committee.save()

    assert escalate(on=date(2026, 11, 25), at=at(11, 25)) == Escalated(committees=1, matters=2)
    assert subjects(superior) == ["所属党支部逾期事项：2 项。"]


# -- by hand -----------------------------------------------------------------------------------


def test_staff_remind_by_hand_once_a_day(world):
    staff = actor_on(world.staff, date(2026, 11, 9))
    (matter,) = late_below(staff, on=date(2026, 11, 9))
    key = matter.key(date(2026, 11, 9))

    for _press in range(2):
        assert remind_now(key=key, by=staff, at=at(11, 9)) == 1
    assert Notice.objects.filter(key__contains=":by-hand:", user=world.secretary.user).count() == 1
    remind_now(key=key, by=staff, at=at(11, 10))

    assert Notice.objects.filter(key__contains=":by-hand:").count() == 2
    assert Event.objects.filter(verb="remind", by=world.staff).count() == 3


def test_members_who_have_not_filed_are_reminded_by_hand(world):
    staff = actor_on(world.staff, date(2026, 10, 27))
    (matter,) = late_below(staff, on=date(2026, 10, 27))

    assert matter.what == "declaration"
    told = remind_now(key=matter.key(date(2026, 10, 27)), by=staff, at=at(10, 27))

    assert told == 3


@pytest.mark.parametrize("who", ["staff elsewhere", "settled"])
def test_what_is_not_late_below_cannot_be_reminded_of(world, who):
    key = late_below(actor_on(world.staff, date(2026, 11, 9)), on=date(2026, 11, 9))[0].key(
        date(2026, 11, 9)
    )
    user = world.staff
    if who == "staff elsewhere":
        user = StaffAppointmentFactory().user
    else:
        Round.objects.update(state=Round.State.CLOSED, closed_at=at(11, 8))

    with pytest.raises(Refused):
        remind_now(key=key, by=actor_on(user, date(2026, 11, 9)), at=at(11, 9))


def test_nobody_with_an_account_is_said(world):
    Position.objects.all().delete()
    world.committee.appointments.all().delete()
    above = CommitteeFactory()
    world.committee.parent = above
    world.committee.save()
    staff = actor_on(StaffAppointmentFactory(committee=above).user, date(2026, 11, 9))
    above.appointments.all().delete()
    key = late_below(staff, on=date(2026, 11, 9))[0].key(date(2026, 11, 9))

    with pytest.raises(Refused):
        remind_now(key=key, by=staff, at=at(11, 9))
    assert not Event.objects.filter(verb="remind").exists()
