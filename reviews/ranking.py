"""Year-end figures, ranks inside a branch and eligibility (domain.md §8): values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class MonthFigure:
    """A member's final month as year-end sees it; ``score`` may be None where not assessed."""

    branch: int
    month: date
    score: Decimal | None
    pass_line: Decimal
    is_assessed: bool
    is_zero: bool


@dataclass(frozen=True, slots=True)
class MemberYear:
    """A member's year. ``branch`` is that of the last assessed month, None without any."""

    member: int
    branch: int | None
    total: Decimal
    assessed_months: int
    pass_total: Decimal
    zero_months: int
    is_full_member: bool

    @property
    def average(self) -> Decimal | None:
        """Total ÷ assessed months, two places, half up; None without an assessed month."""
        if not self.assessed_months:
            return None
        return (self.total / self.assessed_months).quantize(CENT, ROUND_HALF_UP)

    @property
    def is_below(self) -> bool:
        """Whether the total is less than the months' pass lines together, compared exactly."""
        return self.total < self.pass_total


@dataclass(frozen=True, slots=True)
class Ranked:
    """A member's place in the branch, and whether they can be nominated for 优秀."""

    member: int
    rank: int
    is_below: bool
    is_candidate: bool


def member_year(*, member: int, months: Iterable[MonthFigure], is_full_member: bool) -> MemberYear:
    """Add up a member's final months of one year.

    Only assessed months count; those earned in an earlier branch come along. Source: domain.md §8.
    """
    assessed = [month for month in months if month.is_assessed and month.score is not None]
    last = max(assessed, key=lambda figure: figure.month, default=None)
    return MemberYear(
        member=member,
        branch=last.branch if last else None,
        total=sum((month.score for month in assessed if month.score is not None), ZERO),
        assessed_months=len(assessed),
        pass_total=sum((month.pass_line for month in assessed), ZERO),
        zero_months=sum(month.is_zero for month in assessed),
        is_full_member=is_full_member,
    )


def rank_branch(years: Iterable[MemberYear], top: int = 3) -> list[Ranked]:
    """Rank the members of one branch by total, highest first; equal totals share a rank.

    After a shared rank the next is skipped (1, 2, 2, 4). A member without an assessed month is not
    ranked. A candidate has a rank of at most ``top``, is not below the line, has no zero month and
    is a full member. Returned by rank, then member. Source: domain.md §8.
    """
    ordered = sorted(
        (year for year in years if year.assessed_months),
        key=lambda year: (-year.total, year.member),
    )
    ranked: list[Ranked] = []
    rank = 0
    for place, year in enumerate(ordered, start=1):
        if place == 1 or year.total < ordered[place - 2].total:
            rank = place
        is_candidate = (
            rank <= top and not year.is_below and not year.zero_months and year.is_full_member
        )
        ranked.append(Ranked(year.member, rank, year.is_below, is_candidate))
    return ranked


def is_branch_eligible(ranked: int, below: int, percent: int = 30) -> bool:
    """Whether a branch may stand for 五好党支部, and its secretary for 优秀党支部书记.

    It is out if at least ``percent`` of its ranked members are below the line, compared without
    rounding (``below × 100 ≥ percent × ranked``); nobody ranked is no ground. Source: domain.md §8.
    """
    return ranked == 0 or below * 100 < percent * ranked
