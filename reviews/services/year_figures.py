"""The figures of a year: making room, storing them for a part of the branches, and the digest
that names them (domain.md §8)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from django.db.models import Count, Q

from branches.models import Branch
from lib.months import months_of_year
from members.models import Member
from points.models import MonthlyResult, Policy
from points.services.policy import PolicyBook
from reviews.digests import digest_of, line_of
from reviews.models import AnnualResult, BranchAnnualResult, YearEnd
from reviews.ranking import (
    MemberYear,
    MonthFigure,
    is_branch_eligible,
    member_year,
    rank_branch,
)
from reviews.services.year_end_sql import is_possible, member_lines, rank_in_database

CHUNK = 100
Part = tuple[Policy, list[int]]


def take_over(year_end: YearEnd) -> list[Branch]:
    """Make room for new figures; return the branches that nobody else has frozen yet. Figures
    of a committee below that are not frozen give way."""
    below = Branch.objects.below(year_end.committee)
    of_year = {"year": year_end.year, "branch__in": below}
    for model in (AnnualResult, BranchAnnualResult):
        model.objects.filter(year_end=year_end).delete()
        model.objects.filter(**of_year).exclude(year_end__state=YearEnd.State.FROZEN).delete()
    frozen = BranchAnnualResult.objects.filter(**of_year).values("branch")
    return list(below.exclude(pk__in=frozen))


def parts_of(branches: Sequence[Branch], year: int, size: int = CHUNK) -> Iterator[Part]:
    """Parts of branches for which the same numbers hold, in order."""
    policies = PolicyBook()
    under: dict[tuple[int, int], Part] = {}
    for branch in branches:
        policy = policies.of(branch.committee_id, date(year, 12, 1))
        numbers = (policy.candidate_ranks, policy.branch_below_percent)
        under.setdefault(numbers, (policy, []))[1].append(branch.pk)
    for policy, ids in under.values():
        for start in range(0, len(ids), size):
            yield policy, ids[start : start + size]


def store_figures(year_end: YearEnd, branches: Sequence[int], policy: Policy) -> int:
    """Rank the members whose last assessed month was in one of these branches, then say
    which of the branches are eligible; return how many members were ranked."""
    if is_possible():
        members = rank_in_database(year_end=year_end, branches=branches, policy=policy)
    else:
        members = rank_row_by_row(year_end=year_end, branches=branches, policy=policy)
    counted = (
        AnnualResult.objects.filter(year_end=year_end, branch__in=branches)
        .order_by()
        .values_list("branch")
        .annotate(ranked=Count("pk"), low=Count("pk", filter=Q(is_below=True)))
    )
    BranchAnnualResult.objects.bulk_create(
        BranchAnnualResult(
            year_end=year_end,
            year=year_end.year,
            branch_id=branch,
            ranked=ranked,
            below=below,
            is_eligible=is_branch_eligible(ranked, below, policy.branch_below_percent),
        )
        for branch, ranked, below in counted
    )
    return members


def rank_row_by_row(*, year_end: YearEnd, branches: Sequence[int], policy: Policy) -> int:
    """The portable form of ``rank_in_database``, for any database Django knows."""
    years: defaultdict[int, dict[int, MemberYear]] = defaultdict(dict)
    for of_member in _member_years(year_end, branches):
        if of_member.branch is not None and of_member.branch in branches:
            years[of_member.branch][of_member.member] = of_member
    annual = [
        AnnualResult(
            year_end=year_end,
            year=year_end.year,
            member_id=place.member,
            branch_id=branch,
            total=of_branch[place.member].total,
            pass_total=of_branch[place.member].pass_total,
            assessed_months=of_branch[place.member].assessed_months,
            zero_months=of_branch[place.member].zero_months,
            rank=place.rank,
            is_below=place.is_below,
            is_full_member=of_branch[place.member].is_full_member,
            is_candidate=place.is_candidate,
        )
        for branch, of_branch in years.items()
        for place in rank_branch(of_branch.values(), top=policy.candidate_ranks)
    ]
    AnnualResult.objects.bulk_create(annual)
    return len(annual)


def _member_years(year_end: YearEnd, branches: Sequence[int]) -> Iterable[MemberYear]:
    """The years of everybody with a final month in these branches, months elsewhere included.
    Who was frozen in another branch keeps those figures. Two queries."""
    of_year = MonthlyResult.objects.final().filter(month__in=months_of_year(year_end.year))
    here = of_year.filter(branch__in=branches).order_by().values("member")
    frozen = set(
        AnnualResult.objects.filter(year=year_end.year, member__in=here)
        .exclude(year_end=year_end)
        .values_list("member", flat=True)
    )
    rows = (
        of_year.filter(member__in=here)
        .order_by("member")
        .values_list(
            "member",
            "member__category",
            "branch",
            "month",
            "score",
            "pass_line",
            "is_assessed",
            "is_zero",
        )
    )
    for (member, category), months in groupby(rows.iterator(chunk_size=5_000), lambda r: r[:2]):
        if member not in frozen:
            yield member_year(
                member=member,
                months=[MonthFigure(*figures) for _member, _category, *figures in months],
                is_full_member=category == Member.Category.FULL,
            )


# -- the digest --------------------------------------------------------------------------


def figures_digest(year_end: YearEnd) -> str:
    """The digest of the stored figures: members by id, then branches by id. Two queries; the
    rows are streamed, so that memory stays flat."""
    lines = member_lines(year_end) if is_possible() else member_lines_row_by_row(year_end)
    branches = BranchAnnualResult.objects.filter(year_end=year_end).order_by("branch")
    return digest_of(year_end.year, lines, map(line_of_branch, branches.iterator()))


def line_of_branch(row: BranchAnnualResult) -> str:
    return line_of(map(int, (row.branch_id, row.ranked, row.below, row.is_eligible)))


def member_lines_row_by_row(year_end: YearEnd) -> Iterator[str]:
    """The portable form of ``member_lines``."""
    rows = AnnualResult.objects.filter(year_end=year_end).order_by("member")
    yield from map(line_of_member, rows.iterator(chunk_size=5_000))


def line_of_member(row: AnnualResult) -> str:
    return line_of(
        map(
            int,
            (
                row.member_id,
                row.branch_id,
                100 * row.total,
                100 * row.pass_total,
                row.assessed_months,
                row.zero_months,
                row.rank,
                row.is_below,
                row.is_full_member,
                row.is_candidate,
            ),
        )
    )
