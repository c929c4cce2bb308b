"""Whole months of one branch, from open to close, with what can happen on the way."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from lib.months import last_day
from members.models import Position
from members.rights import actor_on, system_actor
from points.models import Criterion, Declaration, Entry, MonthlyResult
from points.services import declaration as declarations
from points.services.declaration import Line
from points.services.registration import Item
from reviews.models import FollowUp, Round
from reviews.services import conclusion as concluding
from reviews.services import corrections, opening
from reviews.services import objections as objecting
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.conclusion import MeetingRecord
from reviews.services.corrections import Change
from reviews.services.ledger import check_ledger
from reviews.services.month_end import month_end
from tests.factories import BranchFactory, CriterionFactory, MemberFactory, RuleBookFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)

pytestmark = pytest.mark.django_db


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


class Branch:
    """A branch of four with base 80 and line 70, that goes through its months."""

    def __init__(self) -> None:
        self.branch = BranchFactory()
        book = RuleBookFactory(branch=self.branch)
        self.bonus = CriterionFactory(
            rule_book=book, points=Decimal("3.00"), max_points_year=Decimal("5.00")
        )
        self.absence = CriterionFactory(
            rule_book=book,
            points=Decimal("-12.00"),
            registered_by=Criterion.RegisteredBy.BRANCH,
        )
        secretary, deputy = Position.Kind.SECRETARY, Position.Kind.DEPUTY_SECRETARY
        self.secretary = MemberFactory(branch=self.branch, position=(self.branch, secretary))
        self.deputy = MemberFactory(branch=self.branch, position=(self.branch, deputy))
        self.member = MemberFactory(branch=self.branch)
        self.other = MemberFactory(branch=self.branch)

    def actor(self, member):
        return actor_on(member.user, OCTOBER)

    def open(self, month: date) -> Round:
        opening.open_month(month=month, by=system_actor(), at=at(month))
        return Round.objects.get(month=month)

    def declare(self, round_: Round, member) -> Entry:
        sheet = Declaration.objects.get(member=member, month=round_.month)
        by, day = self.actor(member), round_.month + timedelta(days=9)
        line = Line(self.bonus, Decimal("1.00"), day, "学习")
        entry = declarations.add_line(
            pk=sheet.pk, line=line, seen=sheet.revision, by=by, at=at(day)
        )
        declarations.submit(pk=sheet.pk, seen=sheet.revision + 1, by=by, at=at(day))
        return entry

    def absent(self, round_: Round, *members) -> None:
        day = round_.month + timedelta(days=10)
        rounds.register(
            pk=round_.pk,
            token=uuid4(),
            item=Item(self.absence, Decimal("1.00"), day, "缺席"),
            members=[member.pk for member in members],
            by=self.actor(self.secretary),
            at=at(day),
        )

    def publish(self, round_: Round, on: date):
        secretary = self.actor(self.secretary)
        rounds.start_review(pk=round_.pk, by=secretary, at=at(on))
        reviewing.approve_all_in_order(pk=round_.pk, by=secretary, at=at(on, 11))
        bench = (self.secretary.pk, self.deputy.pk)
        meeting = MeetingRecord("COMMITTEE", on, "会议室", self.secretary.pk, bench, "")
        concluding.record_meeting(pk=round_.pk, meeting=meeting, by=secretary, at=at(on, 12))
        return concluding.conclude(pk=round_.pk, by=secretary, at=at(on, 13))

    def close(self, on: date):
        return month_end(on=on, by=system_actor(), at=at(on, 2))

    def month_below(self, month: date, *members) -> None:
        """A month in which these members fall below the line, closed soon after."""
        round_ = self.open(month)
        self.absent(round_, *members)
        self.publish(round_, last_day(month) - timedelta(days=2))
        self.close(last_day(month) + timedelta(days=12))

    def results(self, member) -> list[tuple[date, int, Decimal, bool]]:
        rows = MonthlyResult.objects.filter(member=member).order_by("month", "revision")
        return list(rows.values_list("month", "revision", "score", "is_final"))


@pytest.fixture
def branch() -> Branch:
    return Branch()


def follow_ups() -> list[tuple[str, str, date, date]]:
    rows = FollowUp.objects.order_by("trigger_month", "pk")
    return list(rows.values_list("kind", "state", "first_month", "trigger_month"))


def test_corrected_objection_saves_the_member_from_a_talk(branch):
    round_ = branch.open(OCTOBER)
    branch.absent(round_, branch.member)
    publication = branch.publish(round_, date(2026, 10, 28))
    result = MonthlyResult.objects.get(member=branch.member)
    assert (result.score, result.is_below, publication.ends_on) == (
        Decimal("68.00"),
        True,
        date(2026, 11, 2),
    )

    objection = objecting.object_to(
        pk=publication.pk,
        line=result.lines.get(),
        text="当日已请假",
        by=branch.actor(branch.member),
        at=at(date(2026, 10, 29)),
    )
    assert branch.close(date(2026, 11, 3)).rounds_closed == 0
    objecting.answer(
        objection_id=objection.pk,
        text="请假条属实",
        correction=Change(result.lines.get().entry_id, "REJECTED", None),
        by=branch.actor(branch.deputy),
        at=at(date(2026, 11, 4)),
    )
    done = branch.close(date(2026, 11, 4))

    assert (done.rounds_closed, done.created) == (1, 0)
    assert branch.results(branch.member) == [
        (OCTOBER, 1, Decimal("68.00"), False),
        (OCTOBER, 2, Decimal("80.00"), True),
    ]
    assert follow_ups() == []


def test_correction_gives_a_later_month_what_the_years_cap_had_taken(branch):
    september = branch.open(SEPTEMBER)
    entry = branch.declare(september, branch.member)
    branch.publish(september, date(2026, 9, 28))
    october = branch.open(OCTOBER)
    branch.declare(october, branch.member)
    branch.publish(october, date(2026, 10, 28))
    # Five points a year: three in September leave two for October.
    assert branch.results(branch.member) == [
        (SEPTEMBER, 1, Decimal("83.00"), False),
        (OCTOBER, 1, Decimal("82.00"), False),
    ]

    corrections.correct_published(
        pk=september.pk,
        member=branch.member.pk,
        change=Change(entry.pk, "ADJUSTED", Decimal("1.00")),
        reason="按一次的一半认定",
        by=branch.actor(branch.secretary),
        at=at(date(2026, 10, 29)),
    )

    assert branch.results(branch.member) == [
        (SEPTEMBER, 1, Decimal("83.00"), False),
        (SEPTEMBER, 2, Decimal("81.00"), False),
        (OCTOBER, 1, Decimal("82.00"), False),
        (OCTOBER, 2, Decimal("83.00"), False),
    ]
    assert list(check_ledger()) == []


def test_month_end_twice_is_once(branch):
    round_ = branch.open(OCTOBER)
    branch.absent(round_, branch.member)
    branch.publish(round_, date(2026, 10, 28))

    first = branch.close(date(2026, 11, 3))
    opened = follow_ups()
    second = branch.close(date(2026, 11, 3))

    assert (first.rounds_closed, first.created) == (1, 1)
    assert (second.rounds_closed, second.created, second.updated, second.withdrawn) == (0, 0, 0, 0)
    assert follow_ups() == opened == [("TALK", "OPEN", OCTOBER, OCTOBER)]


def test_three_days_late_comes_to_the_same(branch):
    round_ = branch.open(OCTOBER)
    branch.absent(round_, branch.member)
    branch.publish(round_, date(2026, 10, 28))

    done = branch.close(date(2026, 11, 6))

    assert (done.rounds_closed, done.created) == (1, 1)
    assert follow_ups() == [("TALK", "OPEN", OCTOBER, OCTOBER)]


def test_streak_runs_over_the_turn_of_the_year(branch):
    december, january, february = date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
    for month in (december, january, february):
        branch.month_below(month, branch.member)

    assert follow_ups() == [
        ("TALK", "OPEN", december, december),
        ("INTERVIEW", "OPEN", december, january),
        ("DISPOSITION", "OPEN", december, february),
    ]
    streaks = MonthlyResult.objects.filter(member=branch.member).order_by("month")
    assert list(streaks.values_list("streak", flat=True)) == [1, 2, 3]


def test_month_published_late_joins_the_streak_that_is_there(branch):
    october = branch.open(OCTOBER)
    branch.absent(october, branch.member)
    branch.month_below(NOVEMBER, branch.member)
    assert follow_ups() == [("TALK", "OPEN", NOVEMBER, NOVEMBER)]

    branch.publish(october, date(2026, 12, 15))
    assert branch.close(date(2026, 12, 18)).rounds_closed == 0
    done = branch.close(date(2026, 12, 19))

    assert done.rounds_closed == 1
    assert follow_ups() == [
        ("TALK", "OPEN", OCTOBER, OCTOBER),
        ("TALK", "WITHDRAWN", NOVEMBER, NOVEMBER),
        ("INTERVIEW", "OPEN", OCTOBER, NOVEMBER),
    ]
