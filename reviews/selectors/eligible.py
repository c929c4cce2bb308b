"""The list of the following year's eligible members and branches, for the year after (domain.md
§8): who may be proposed for commendation on the ground of a year's points. Names and staff
numbers, no points. By branch in the roll's order; a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from branches.models import Branch
from members.models import Member, Position
from reviews.models import AnnualResult, BranchAnnualResult, YearEnd
from reviews.selectors.year_end import Eligibility, eligibilities


@dataclass(frozen=True, slots=True)
class EligibleBranch:
    """A branch's candidates by staff number, its secretaries on the year's last day, and whether
    it may stand for 五好党支部 and they for 优秀党支部书记, with the arithmetic."""

    eligibility: Eligibility
    candidates: tuple[Member, ...]
    secretaries: tuple[Member, ...]

    @property
    def branch(self) -> Branch:
        return self.eligibility.result.branch

    @property
    def is_eligible(self) -> bool:
        return self.eligibility.result.is_eligible

    @property
    def arithmetic(self) -> str:
        return self.eligibility.arithmetic


@dataclass(frozen=True, slots=True)
class EligibleList:
    """Everybody eligible by the points of ``year``. ``is_frozen``: no figure can change any
    more; without branches, no year is computed yet."""

    year: int
    branches: tuple[EligibleBranch, ...]
    is_frozen: bool

    @property
    def year_after(self) -> int:
        return self.year + 1

    @property
    def members(self) -> int:
        return sum(len(one.candidates) for one in self.branches)

    @property
    def eligible(self) -> tuple[EligibleBranch, ...]:
        return tuple(one for one in self.branches if one.is_eligible)

    @property
    def out(self) -> tuple[EligibleBranch, ...]:
        """Branches that may not stand, and their secretaries."""
        return tuple(one for one in self.branches if not one.is_eligible)


def eligible_list(year: int, branches: Collection[int]) -> EligibleList:
    """The eligible of some branches, from when their year is computed. Five queries at most."""
    final = set(
        BranchAnnualResult.objects.filter(
            year=year, branch__in=branches, year_end__state__in=YearEnd.FINAL
        ).values_list("branch", flat=True)
    )
    found = eligibilities(year, final)
    candidates = _candidates(year, final)
    secretaries = _secretaries(year, final)
    return EligibleList(
        year=year,
        branches=tuple(
            EligibleBranch(
                one,
                tuple(candidates[one.result.branch_id]),
                tuple(secretaries[one.result.branch_id]),
            )
            for one in found
        ),
        is_frozen=all(one.result.year_end.state == YearEnd.State.FROZEN for one in found),
    )


def _candidates(year: int, branches: Collection[int]) -> Mapping[int, list[Member]]:
    found: dict[int, list[Member]] = defaultdict(list)
    results = AnnualResult.objects.filter(year=year, branch__in=branches, is_candidate=True)
    for result in results.select_related("member").order_by("member__staff_no"):
        found[result.branch_id].append(result.member)
    return found


def _secretaries(year: int, branches: Collection[int]) -> Mapping[int, list[Member]]:
    """Those in office on the last day of the year: the year is theirs to answer for."""
    found: dict[int, list[Member]] = defaultdict(list)
    held = Position.objects.on(date(year, 12, 31)).filter(
        branch__in=branches, kind=Position.Kind.SECRETARY
    )
    for position in held.select_related("member").order_by("member__roll_order", "pk"):
        found[position.branch_id].append(position.member)
    return found
