"""The follow-ups that must exist, as a pure function of final results (domain.md §6).

People are told apart by the ids the caller passes in; nothing here reads a database or a clock.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from lib.months import next_month

TALK: Final = "TALK"
INTERVIEW: Final = "INTERVIEW"
DISPOSITION: Final = "DISPOSITION"
REPORT_EXPLANATION: Final = "REPORT_EXPLANATION"
LIFE_MEETING_EXPLANATION: Final = "LIFE_MEETING_EXPLANATION"

STREAK_KINDS: Final = (TALK, INTERVIEW, DISPOSITION)
EXPLANATION_KINDS: Final = (REPORT_EXPLANATION, LIFE_MEETING_EXPLANATION)


@dataclass(frozen=True, slots=True)
class FinalResult:
    """What thresholds need to know of one member's final month; ``month`` is its first day."""

    member: int
    branch: int
    month: date
    is_assessed: bool
    is_below: bool
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Thresholds:
    """After how many consecutive months below the line each follow-up is due."""

    talk: int = 1
    interview: int = 2
    disposition: int = 3

    def of(self, kind: str) -> int:
        """Return the length of streak at which ``kind`` is due."""
        return {TALK: self.talk, INTERVIEW: self.interview, DISPOSITION: self.disposition}[kind]


ThresholdsOf = Callable[[int, date], Thresholds]
"""The thresholds that a branch's committee set for a month: ``(branch, month) -> Thresholds``."""

Holders = Mapping[tuple[int, date], tuple[int, ...]]
"""Who held an office for a branch in a month, the one who answers for it first."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One follow-up that must exist.

    A talk, interview or disposition has ``member``, ``first_month`` and ``trigger_month``; an
    explanation has ``year`` and ``members``, the zero months it must explain, in order. Only an
    explanation has a ``holder``: who answers for those months. A talk is held by the secretary of
    the day on which it is held, or by whom the committee names.
    """

    kind: str
    branch: int
    member: int | None = None
    holder: int | None = None
    first_month: date | None = None
    trigger_month: date | None = None
    year: int | None = None
    members: tuple[tuple[int, date], ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What the follow-up is unique by."""
        return _key(self)


@dataclass(frozen=True, slots=True)
class Stored:
    """A follow-up as it is stored; exactly one of open, carried out and withdrawn is true."""

    id: int
    kind: str
    branch: int
    member: int | None = None
    holder: int | None = None
    first_month: date | None = None
    trigger_month: date | None = None
    year: int | None = None
    members: tuple[tuple[int, date], ...] = ()
    is_open: bool = True
    is_carried_out: bool = False
    is_withdrawn: bool = False
    is_flagged: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What the follow-up is unique by."""
        return _key(self)


@dataclass(frozen=True, slots=True)
class Changes:
    """What brings the stored follow-ups to those that must exist.

    ``reinstate`` and ``update`` pair a stored id with the content it is to have; its holder is
    already the right one (a person whom the committee named is kept).
    """

    create: tuple[Demand, ...] = ()
    withdraw: tuple[int, ...] = ()
    reinstate: tuple[tuple[int, Demand], ...] = ()
    update: tuple[tuple[int, Demand], ...] = ()
    flag: tuple[int, ...] = ()
    unflag: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return any(
            (self.create, self.withdraw, self.reinstate, self.update, self.flag, self.unflag)
        )


def streaks(results: Iterable[FinalResult]) -> dict[tuple[int, date], int]:
    """Return, for every month below the line, how many consecutive ones end at it.

    Consecutive are calendar months, across the turn of the year and from branch to branch; a month
    that is exempt, passed or absent interrupts. Months that are not below have no entry.
    Source: domain.md §4, §6.
    """
    below = {(r.member, r.month) for r in results if r.is_assessed and r.is_below}
    lengths: dict[tuple[int, date], int] = {}
    for member, month in sorted(below, key=lambda pair: pair[1]):
        following = (member, next_month(month))
        lengths[member, month] = lengths.get((member, month), 1)
        if following in below:
            lengths[following] = lengths[member, month] + 1
    return lengths


def follow_ups_demanded(
    *,
    results: Iterable[FinalResult],
    secretaries: Holders,
    leaders: Holders,
    thresholds: Thresholds | ThresholdsOf = Thresholds(),
) -> set[Demand]:
    """Return every follow-up that the final results demand.

    Only months that are below or zero matter; passing others as well changes nothing. A talk, an
    interview and a disposition need all below months of the member, whatever the branch; an
    explanation needs all zero months of the branch's year. Source: domain.md §6.
    """
    results = [r for r in results if r.is_assessed and (r.is_below or r.is_zero)]
    limits: ThresholdsOf = thresholds if callable(thresholds) else lambda branch, month: thresholds
    return {
        *_by_streak(results, limits),
        *_report_explanations(results, secretaries),
        *_life_meeting_explanations(results, leaders),
    }


def reconcile(should: Iterable[Demand], stored: Iterable[Stored]) -> Changes:
    """Return what brings the stored follow-ups to those that should exist.

    What is missing is created, or reinstated if it had been withdrawn; what is no longer justified
    is withdrawn while it is open, and flagged once it was carried out; what is open follows its
    basis (branch, trigger month, members), what was carried out on another basis is flagged until
    the basis agrees again. A stored holder is kept unless the basis changes or nobody was named.
    Doing the changes and asking again gives no changes. Source: domain.md §6.
    """
    demands = {demand.key: demand for demand in should}
    withdraw: list[int] = []
    flag: list[int] = []
    unflag: list[int] = []
    reinstate: list[tuple[int, Demand]] = []
    update: list[tuple[int, Demand]] = []
    for row in sorted(stored, key=lambda row: row.id):
        demand = demands.pop(row.key, None)
        if row.is_carried_out:
            is_revised = demand is None or _basis(demand) != _basis(row)
            if is_revised != row.is_flagged:
                (flag if is_revised else unflag).append(row.id)
        elif demand is None:
            if not row.is_withdrawn:
                withdraw.append(row.id)
        else:
            wanted = _with_holder(demand, row)
            if row.is_withdrawn:
                reinstate.append((row.id, wanted))
            elif _content(wanted) != _content(row):
                update.append((row.id, wanted))
    return Changes(
        create=tuple(sorted(demands.values(), key=_order)),
        withdraw=tuple(withdraw),
        reinstate=tuple(reinstate),
        update=tuple(update),
        flag=tuple(flag),
        unflag=tuple(unflag),
    )


def _by_streak(results: list[FinalResult], thresholds: ThresholdsOf) -> Iterator[Demand]:
    """Yield a talk, an interview and a disposition once for each streak that reaches its length."""
    lengths = streaks(results)
    branches = {(r.member, r.month): r.branch for r in results}
    first: dict[int, date] = {}
    reached: dict[int, set[str]] = {}
    for (member, month), length in sorted(lengths.items(), key=lambda item: item[0][1]):
        if length == 1:
            first[member], reached[member] = month, set()
        branch = branches[member, month]
        limits = thresholds(branch, month)
        for kind in STREAK_KINDS:
            if length >= limits.of(kind) and kind not in reached[member]:
                reached[member].add(kind)
                yield Demand(
                    kind=kind,
                    branch=branch,
                    member=member,
                    first_month=first[member],
                    trigger_month=month,
                )


def _report_explanations(results: list[FinalResult], secretaries: Holders) -> Iterator[Demand]:
    """Yield one explanation for each branch and year with a zero month.

    Where the secretary changed between two zero months, the one of the latest answers for both:
    the explanation is given once, at the year's meeting.
    """
    zeros: defaultdict[tuple[int, int], set[tuple[int, date]]] = defaultdict(set)
    for result in results:
        if result.is_zero:
            zeros[result.branch, result.month.year].add((result.member, result.month))
    for (branch, year), members in zeros.items():
        latest = max(month for _, month in members)
        holders = secretaries.get((branch, latest), ())
        yield Demand(
            kind=REPORT_EXPLANATION,
            branch=branch,
            holder=holders[0] if holders else None,
            year=year,
            members=tuple(sorted(members)),
        )


def _life_meeting_explanations(results: list[FinalResult], leaders: Holders) -> Iterator[Demand]:
    """Yield one explanation for each leader, branch and year with a zero month in their duty."""
    zeros: defaultdict[tuple[int, int, int], set[tuple[int, date]]] = defaultdict(set)
    for result in results:
        if result.is_zero:
            for leader in leaders.get((result.branch, result.month), ()):
                zeros[leader, result.branch, result.month.year].add((result.member, result.month))
    for (leader, branch, year), members in zeros.items():
        yield Demand(
            kind=LIFE_MEETING_EXPLANATION,
            branch=branch,
            holder=leader,
            year=year,
            members=tuple(sorted(members)),
        )


def _key(row: Demand | Stored) -> tuple[object, ...]:
    if row.kind in STREAK_KINDS:
        return row.kind, row.member, row.first_month
    if row.kind == REPORT_EXPLANATION:
        return row.kind, row.branch, row.year
    return row.kind, row.holder, row.branch, row.year


def _basis(row: Demand | Stored) -> tuple[object, ...]:
    return row.branch, row.trigger_month, tuple(sorted(row.members))


def _content(row: Demand | Stored) -> tuple[object, ...]:
    return (row.holder, *_basis(row))


def _with_holder(demand: Demand, row: Stored) -> Demand:
    """Return ``demand`` with the holder the follow-up is to have: people's choice goes first."""
    is_kept = row.holder is not None and (demand.holder is None or _basis(demand) == _basis(row))
    return replace(demand, holder=row.holder) if is_kept else demand


def _order(demand: Demand) -> tuple[object, ...]:
    return (
        demand.kind,
        demand.branch,
        demand.member or 0,
        demand.first_month or date.min,
        demand.year or 0,
        demand.holder or 0,
    )
