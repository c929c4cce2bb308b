"""Year-end as committee staff and branch committees see it (domain.md §8): what is still
open, eligibility branch by branch in the roll's order, members of one branch at a time.
A fixed number of queries each."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count

from branches.models import Branch, Committee
from lib.months import months_of_year
from members.rights import Actor
from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.exports.year import figures_of, remarks_on
from reviews.models import AnnualResult, BranchAnnualResult, Round, YearEnd
from reviews.services.year_end import OpenRound

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
MOST_BRANCHES = 30


def branches_of(actor: Actor) -> frozenset[int]:
    """The branches whose year-end somebody may see."""
    return actor.committee_branches | actor.branches_below


# -- years -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class YearRow:
    """A year in the list; ``year_ends`` are those of the committees one works for."""

    year: int
    rounds: int
    closed: int
    year_ends: tuple[YearEnd, ...] = ()


def years_of(actor: Actor) -> list[YearRow]:
    """The years in which one's branches had rounds, the latest first. Two queries."""
    rounds: dict[int, list[str]] = defaultdict(list)
    for month, state in Round.objects.filter(branch__in=branches_of(actor)).values_list(
        "month", "state"
    ):
        rounds[month.year].append(state)
    year_ends: dict[int, list[YearEnd]] = defaultdict(list)
    for year_end in YearEnd.objects.filter(
        branch_results__branch__in=branches_of(actor)
    ).distinct():
        year_ends[year_end.year].append(year_end)
    return [
        YearRow(
            year,
            len(states),
            sum(state == Round.State.CLOSED for state in states),
            tuple(year_ends[year]),
        )
        for year, states in sorted(rounds.items(), reverse=True)
    ]


# -- what is still open ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenBranch:
    """The months that one branch still has to close."""

    branch: Branch
    months: tuple[OpenRound, ...]


@dataclass(frozen=True, slots=True)
class StillOpen:
    """What keeps a year from being closed; only the first branches are listed."""

    count: int
    branches: tuple[OpenBranch, ...]
    more: int


def still_open(rounds: Sequence[OpenRound]) -> StillOpen:
    """Open months by branch, in the roll's order. No query."""
    by_branch: dict[int, list[OpenRound]] = defaultdict(list)
    for one in rounds:
        by_branch[one.branch.pk].append(one)
    grouped = [OpenBranch(ones[0].branch, tuple(ones)) for ones in by_branch.values()]
    return StillOpen(len(rounds), tuple(grouped[:MOST_BRANCHES]), len(grouped[MOST_BRANCHES:]))


@dataclass(frozen=True, slots=True)
class Scope:
    """How many branches and members a closing concerns."""

    branches: int
    members: int


def scope_of(year: int, branches: Collection[int]) -> Scope:
    """Those with an assessed final month in the year. One query."""
    figures = (
        MonthlyResult.objects.final()
        .filter(month__in=months_of_year(year), branch__in=branches, is_assessed=True)
        .order_by()
        .aggregate(branches=Count("branch", distinct=True), members=Count("member", distinct=True))
    )
    return Scope(**figures)


# -- eligibility -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A branch's eligibility with its arithmetic: 3 ÷ 17 = 17.6% < 30%."""

    result: BranchAnnualResult
    percent: int

    @property
    def arithmetic(self) -> str:
        result = self.result
        if not result.ranked:
            return ""
        exact = Decimal(100 * result.below) / result.ranked
        shown = exact.quantize(TENTH, ROUND_HALF_UP)
        about = "=" if shown == exact else "≈"
        sign = "<" if result.below * 100 < self.percent * result.ranked else "≥"
        return f"{result.below} ÷ {result.ranked} {about} {shown.normalize():f}% {sign} {self.percent}%"


def eligibilities(year: int, branches: Collection[int]) -> list[Eligibility]:
    """In the roll's order; branches are never ordered by a figure. Three queries."""
    policies = PolicyBook()
    results = (
        BranchAnnualResult.objects.filter(year=year, branch__in=branches)
        .select_related("branch", "year_end")
        .order_by("branch__roll_order", "branch")
    )
    december = date(year, 12, 1)
    return [
        Eligibility(result, policies.of(result.branch.committee_id, december).branch_below_percent)
        for result in results
    ]


# -- members of one branch ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member's year inside the branch."""

    result: AnnualResult
    average: Decimal
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BranchYear:
    """The members of one branch, ranked; ``third`` is the usual ceiling of 优秀, a reminder."""

    branch: Branch
    lines: tuple[MemberLine, ...]
    candidates: int
    third: int


def branch_year(branch: Branch, year: int) -> BranchYear:
    """One branch at a time: ranks exist inside a branch only. Two queries."""
    results = list(
        AnnualResult.objects.filter(year=year, branch=branch)
        .select_related("member", "year_end")
        .order_by("rank", "member__staff_no")
    )
    lines = tuple(_lines(results, months_of_year(year)))
    return BranchYear(
        branch=branch,
        lines=lines,
        candidates=sum(line.result.is_candidate for line in lines),
        third=len(lines) // 3,
    )


def _lines(results: Sequence[AnnualResult], months: Sequence[date]) -> Iterable[MemberLine]:
    figures = figures_of(results, months)
    for result in results:
        yield MemberLine(
            result,
            (result.total / result.assessed_months).quantize(CENT, ROUND_HALF_UP),
            tuple(remarks_on(result, figures[result.member_id])),
        )


# -- the committee whose year it is ------------------------------------------------------


def committees_of(actor: Actor) -> list[Committee]:
    """The committees that somebody works for, in the roll's order. One query."""
    return list(Committee.objects.filter(pk__in=actor.committees))
