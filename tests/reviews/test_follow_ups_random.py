"""Whatever a year brings, and in whatever order it comes to light: the stored follow-ups are
those that the pure function demands of the final results (domain.md §6)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.months import last_day, months_between
from members.models import LeadershipDuty, Member, Position
from members.rights import system_actor
from points.models import MonthlyResult, RuleBook
from points.services.policy import PolicyBook
from reviews.models import FollowUp, Round
from reviews.services import explanations
from reviews.services.explanations import Explanation
from reviews.services.follow_ups import Reconciled, reconcile_branches
from reviews.thresholds import FinalResult, follow_ups_demanded, streaks
from tests.factories import BranchFactory, CommitteeFactory, MemberFactory, RuleBookFactory
from tests.reviews.final_results import closed_round, final, row_of

MONTHS = months_between(date(2025, 11, 1), date(2026, 6, 1))
AT = datetime(2027, 1, 15, 2, tzinfo=UTC)
SCORES = {"passed": 80, "below": 60, "zero": 0, "exempt": None}
State = FollowUp.State


class Unit:
    """Two branches under one committee with their rule books and closed rounds, three members
    who are reviewed, two more who hold office, and two leading cadres."""

    def __init__(self) -> None:
        committee = CommitteeFactory()
        self.branches = [BranchFactory(committee=committee) for _ in range(2)]
        self.books: list[RuleBook] = [RuleBookFactory(branch=one) for one in self.branches]
        self.people = [MemberFactory(user=None) for _ in range(5)]
        self.leaders = [MemberFactory(user=None) for _ in range(2)]
        Round.objects.bulk_create(
            closed_round(book.branch, month, book=book, at=AT, thresholds_checked_at=None)
            for book in self.books
            for month in MONTHS
        )
        self.rounds = {(one.branch_id, one.month): one.pk for one in Round.objects.all()}


@pytest.fixture
def unit(db):
    return Unit()


# -- what may happen -----------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Some more months are closed, some results revised, some follow-ups carried out; then
    follow-ups are brought to what is demanded, by the rounds concerned or of everybody."""

    months: int
    revisions: list[tuple[int, int, str]]  # member, month, outcome or "first", as it was
    carried_out: list[tuple[int, str]]
    is_by_rounds: bool


@dataclass(frozen=True)
class Year:
    outcomes: list[list[str]]  # by member and month
    moves: list[tuple[int, int]]  # by member: the branch they begin in, the month they leave it
    secretaries: list[tuple[int, int | None, int | None]]  # by branch: until a month one, then
    leaders: list[tuple[int, int, int, int]]  # leader, branch, first and last month
    steps: list[Step]


OUTCOMES = ["passed", "below", "below", "below", "below", "zero", "exempt", "absent"]
REVISED = ["passed", "passed", "passed", "below", "zero", "exempt"]
CARRIED_OUT = ["RECORDED", "CONFIRMED", "DISPUTED", "RECTIFYING", "CLOSED"]


def year_of(dice: Random) -> Year:
    """A year dense with trouble: hypothesis, left alone, prefers years in which little happens,
    and those prove nothing."""
    last = len(MONTHS) - 1
    months, office = partial(dice.randint, 0, last), partial(dice.choice, [None, 0, 1, 3, 4])
    return Year(
        outcomes=[[dice.choice(OUTCOMES) for _ in MONTHS] for _ in range(3)],
        moves=[(dice.randint(0, 1), months()) for _ in range(3)],
        secretaries=[(months(), office(), office()) for _ in range(2)],
        leaders=[
            (dice.randint(0, 1), dice.randint(0, 1), months(), months())
            for _ in range(dice.randint(0, 3))
        ],
        steps=[one for _ in range(3) for one in there_and_back(dice)],
    )


def there_and_back(dice: Random) -> list[Step]:
    """Something comes to light and some results are revised; what was wrong with that is mostly
    put right again, while somebody acted on it or not."""
    revisions = [
        (dice.randint(0, 2), dice.randrange(len(MONTHS)), dice.choice(REVISED))
        for _ in range(dice.randint(1, 4))
    ]
    back = [(who, index, "first") for who, index, _outcome in revisions if dice.random() < 0.7]
    return [step_of(dice, revisions), step_of(dice, back)]


def step_of(dice: Random, revisions: list[tuple[int, int, str]]) -> Step:
    return Step(
        months=dice.randint(0, 4),
        revisions=revisions,
        carried_out=[
            (dice.randint(0, 20), dice.choice(CARRIED_OUT)) for _ in range(dice.randint(0, 2))
        ],
        is_by_rounds=dice.random() < 0.7,
    )


class Played:
    """A year as it comes to light, beside what it should have led to."""

    def __init__(self, unit: Unit, year: Year) -> None:
        self.unit, self.year = unit, year
        self.known: dict[tuple[Member, date], tuple[int, str]] = {}
        self.secretaries: dict[tuple[int, date], tuple[int, ...]] = {}
        self.leaders: defaultdict[tuple[int, date], tuple[int, ...]] = defaultdict(tuple)
        self.touched: set[tuple[int, date]] = set()
        self.closed = 0
        for branch, (change, *people) in zip(unit.branches, year.secretaries, strict=True):
            self._seat(branch, change, *people)
        for leader, branch, *span in year.leaders:
            self._lead(unit.leaders[leader], unit.branches[branch], min(span), max(span))

    def _seat(self, branch, change: int, first: int | None, then: int | None) -> None:
        for person, months in ((first, MONTHS[:change]), (then, MONTHS[change:])):
            if person is None or not months:
                continue
            member = self.unit.people[person]
            Position.objects.create(
                member=member,
                branch=branch,
                kind=Position.Kind.SECRETARY,
                starts_on=months[0],
                ends_on=last_day(months[-1]),
            )
            self.secretaries |= {(branch.pk, month): (member.pk,) for month in months}

    def _lead(self, leader: Member, branch, first: int, last: int) -> None:
        LeadershipDuty.objects.create(
            leader=leader,
            branch=branch,
            kind=LeadershipDuty.Kind.IN_CHARGE,
            starts_on=MONTHS[first],
            ends_on=last_day(MONTHS[last]),
        )
        for month in MONTHS[first : last + 1]:
            places = self.leaders[branch.pk, month]
            self.leaders[branch.pk, month] = tuple(dict.fromkeys([*places, leader.pk]))

    def close(self, months: int) -> None:
        """The next months come to be final."""
        until = min(self.closed + months, len(MONTHS))
        MonthlyResult.objects.bulk_create(
            row_of(*where, **what)
            for index in range(self.closed, until)
            for who in range(3)
            if (outcome := self.year.outcomes[who][index]) != "absent"
            for where, what in [self.told(who, index, outcome)]
        )
        self.closed = until

    def revise(self, who: int, index: int, outcome: str) -> None:
        """A closed month comes to be another, or again what it was; what was absent stays."""
        first = self.year.outcomes[who][index]
        if index < self.closed and first != "absent":
            where, what = self.told(who, index, first if outcome == "first" else outcome)
            final(*where, **what)

    def told(self, who: int, index: int, outcome: str):
        """Note what is known from now on; return what is to be stored of it."""
        member, month = self.unit.people[who], MONTHS[index]
        begins_in, leaves = self.year.moves[who]
        place = begins_in if index < leaves else 1 - begins_in
        branch = self.unit.branches[place]
        self.known[member, month] = (place, outcome)
        self.touched.add((branch.pk, month))
        score = SCORES[outcome]
        more = {"score": score} if score is not None else {"is_assessed": False}
        return (member, branch, month), {"book": self.unit.books[place], "at": AT, **more}

    def carry_out(self, which: int, state: str) -> None:
        """Somebody carries out one of the open follow-ups."""
        rows = list(FollowUp.objects.filter(state=State.OPEN).order_by("pk"))
        if not rows:
            return
        row = rows[which % len(rows)]
        if row.is_explanation:
            said = Explanation(date(2027, 1, 10), "会议室", "说明")
            who = self.unit.people[4].staff_no
            explanations.explain(pk=row.pk, explanation=said, who=who, by=system_actor(), at=AT)
            return
        row.state = state
        if state == State.CLOSED:
            row.closed_by, row.closed_at = system_actor().user, AT
        row.save(update_fields=["state", "closed_by", "closed_at"])

    def bring_about(self, *, is_by_rounds: bool) -> Reconciled:
        touched, self.touched = self.touched, set()
        everybody = {branch.pk for branch in self.unit.branches}
        return reconcile_branches(
            branches={branch for branch, month in touched} if is_by_rounds else everybody,
            rounds={self.unit.rounds[place] for place in touched} if is_by_rounds else None,
            policies=PolicyBook(),
            at=AT,
        )

    def results(self) -> list[FinalResult]:
        return [
            FinalResult(
                member=member.pk,
                branch=self.unit.branches[where].pk,
                month=month,
                is_assessed=outcome != "exempt",
                is_below=outcome in ("below", "zero"),
                is_zero=outcome == "zero",
            )
            for (member, month), (where, outcome) in self.known.items()
        ]

    def demanded(self):
        demands = follow_ups_demanded(
            results=self.results(), secretaries=self.secretaries, leaders=self.leaders
        )
        return {demand.key: demand for demand in demands}


# -- what must hold --------------------------------------------------------------------------


def key_of(row: FollowUp):
    if row.kind in FollowUp.STREAK_KINDS:
        return row.kind, row.member_id, row.first_month
    if row.kind == FollowUp.Kind.REPORT_EXPLANATION:
        return row.kind, row.branch_id, row.year
    return row.kind, row.holder_id, row.branch_id, row.year


def check(played: Played) -> None:
    demanded = played.demanded()
    rows = {key_of(row): row for row in FollowUp.objects.prefetch_related("zero_months")}
    assert set(demanded) <= set(rows)
    for key, row in rows.items():
        demand = demanded.get(key)
        listed = tuple(sorted((zero.member_id, zero.month) for zero in row.zero_months.all()))
        basis = (row.branch_id, row.trigger_month, listed)
        is_right = demand is not None and basis == (
            demand.branch,
            demand.trigger_month,
            demand.members,
        )
        if row.state == State.OPEN:
            assert is_right, f"{row.kind} is open on another basis"
            assert not row.is_basis_changed
            assert demand.holder in (None, row.holder_id)
            assert row.holder_id is None or row.is_explanation
        elif row.state == State.WITHDRAWN:
            assert demand is None, f"{row.kind} is withdrawn, yet demanded"
        else:
            assert row.is_basis_changed == (not is_right), f"{row.kind} was carried out"
    lengths = streaks(played.results())
    stored = MonthlyResult.objects.final().values_list("member", "month", "streak")
    assert {(m, month): n for m, month, n in stored if n} == lengths


def snapshot():
    return list(FollowUp.objects.order_by("pk").values()), sorted(
        MonthlyResult.objects.values_list("pk", "streak")
    )


@given(seed=st.integers(10**6, 10**9))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_stored_follow_ups_are_those_demanded(unit, seed):
    year = year_of(Random(seed))
    with transaction.atomic():
        played = Played(unit, year)
        for step in [*year.steps, Step(len(MONTHS), [], [], is_by_rounds=True)]:
            played.close(step.months)
            for who, index, outcome in step.revisions:
                played.revise(who, index, outcome)
            played.bring_about(is_by_rounds=step.is_by_rounds)
            check(played)
            for which, state in step.carried_out:
                played.carry_out(which, state)
        before = snapshot()

        assert played.bring_about(is_by_rounds=False) == Reconciled()
        assert snapshot() == before
        transaction.set_rollback(True)
