"""Year-end as committee staff and branch committees see it (domain.md §8): the years, how far
one has come, eligibility branch by branch in the roll's order. A fixed number of queries each."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count

from branches.models import Committee
from lib.months import months_of_year
from members.rights import Actor
from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.models import BranchAnnualResult, Round, YearEnd

TENTH = Decimal("0.1")


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


# -- what a closing concerns ------------------------------------------------------------


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
        .select_related("branch", "year_end", "confirmed_by__member")
        .order_by("branch__roll_order", "branch")
    )
    december = date(year, 12, 1)
    return [
        Eligibility(result, policies.of(result.branch.committee_id, december).branch_below_percent)
        for result in results
    ]


# -- the committee whose year it is ------------------------------------------------------


def committees_of(actor: Actor) -> list[Committee]:
    """The committees that somebody works for, in the roll's order. One query."""
    return list(Committee.objects.filter(pk__in=actor.committees))
