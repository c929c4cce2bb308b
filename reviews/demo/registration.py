"""What one branch of the demonstration held and recorded, and how its people decide what the
system proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from points.models import Activity, Attendance, Criterion, Decision, Entry
from points.services.activities import Held
from reviews.demo import story
from reviews.services import proposals
from reviews.services import round as rounds

if TYPE_CHECKING:
    from members.models import Member
    from reviews.demo.month import BranchMonth
    from reviews.demo.roll import Department

Kind, State = Activity.Kind, Attendance.State
EXCUSED = "出差在外，已提交纸质申报表，不予扣分"


@dataclass(frozen=True, slots=True)
class Meeting:
    """Something held every month: on which day, what, where and about what. ``absence`` is
    the item for whoever is away without leave."""

    day: int
    kind: str
    place: str
    texts: tuple[str, ...]
    absence: str = ""


MEETINGS = (
    Meeting(3, Kind.COMMITTEE, "支部会议室", ("研究本月支部工作和党员教育安排",)),
    Meeting(6, Kind.DUES, "", ("收缴本月党费",)),
    Meeting(
        9,
        Kind.THEME_DAY,
        "社区就业服务站",
        ("走进社区送岗位、送政策", "重温入党誓词，参观革命旧址", "“我为群众办实事”座谈"),
        "ZZ-01",
    ),
    Meeting(
        13,
        Kind.ASSEMBLY,
        "三楼会议室",
        ("学习《中国共产党纪律处分条例》", "通报上月积分和整改情况", "讨论年度工作总结"),
        "ZZ-01",
    ),
    Meeting(19, Kind.LECTURE, "三楼会议室", ("党支部书记讲专题党课", "青年党员讲微党课")),
)


def hold_activities(month: BranchMonth, until: int) -> None:
    """Record what the branch of the secretary's account held so far this month."""
    if month.plan.key != story.ACCOUNTS["secretary"][0]:
        return
    # Dice of its own: the rest of the story falls as it would without.
    dice = Random(f"held {month.plan.key} {month.month:%Y-%m}")  # noqa: S311
    for meeting in MEETINGS:
        if meeting.day <= until:
            rounds.record_activity(
                pk=month.round.pk,
                token=UUID(int=dice.getrandbits(128)),
                held=_held(month, meeting, dice),
                by=month.secretary(meeting.day),
                at=month.at(meeting.day, 17),
            )


def _held(month: BranchMonth, meeting: Meeting, dice: Random) -> Held:
    bench = month.department.bench(month.plan, month.on(meeting.day))
    expected = bench if meeting.kind == Kind.COMMITTEE else month.roster
    attendance = {member.pk: str(State.PRESENT) for member in expected}
    ordinary = list(_ordinary(month))
    if meeting.kind != Kind.COMMITTEE:
        attendance[dice.choice(ordinary).pk] = State.ON_LEAVE
    items: dict[str, Criterion] = {}
    if meeting.absence and dice.random() < 0.5:
        attendance[dice.choice(ordinary).pk] = State.ABSENT
        items[State.ABSENT] = month.criteria[meeting.absence]
    return Held(
        kind=meeting.kind,
        held_on=month.day(meeting.day),
        place=meeting.place,
        text=dice.choice(meeting.texts),
        attendance=attendance,
        items=items,
    )


def _ordinary(month: BranchMonth) -> Iterator[Member]:
    """Members without an office or an account, about whom the story says nothing else."""
    for member in month.roster[month.plan.seats :]:
        username = member.user.username if member.user else ""
        if not month.is_plain(member) and username not in story.ACCOUNTS:
            yield member


def decide_proposals(month: BranchMonth, number: int) -> None:
    """Confirm every second proposal of the system and reject the others with a reason; nobody
    decides their own. A review that is late by then is noticed first."""
    rounds.propose_before_concluding(
        pk=month.round.pk, by=month.secretary(number), at=month.at(number, 13)
    )
    waiting = [e for e in rounds.undecided(month.round) if e.source == Entry.Source.PROPOSED]
    for turn, entry in enumerate(waiting):
        someone = month.second(number)
        by = month.third(number) if entry.member_id == someone.member_id else someone
        if turn % 2:
            month.decide(entry, Decision.Outcome.REJECTED, number, by=by, reason=EXCUSED)
        else:
            month.decide(entry, Decision.Outcome.APPROVED, number, by=by)


def propose_overdue(department: Department) -> dict[str, int]:
    """What the daily job puts before the reviewers this morning."""
    calendar = department.calendar
    branches = [branch.pk for branch in department.branches.values()]
    at = calendar.moment(calendar.today, hour=1)
    return {
        "entries": proposals.propose_overdue(on=calendar.today, branches=branches, at=at),
    }
