"""年终总评: what is still open, the figures of a year, and freezing them (domain.md §8)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from branches.models import Branch, Committee
from lib.months import months_of_year
from lib.steps import Refused
from members.models import Member, Membership
from members.notices import record
from members.rights import Actor
from points.models import MonthlyResult, Policy, RuleBook
from points.services.policy import PolicyBook
from reviews.models import AnnualResult, BranchAnnualResult, Round, YearEnd
from reviews.ranking import (
    MemberYear,
    MonthFigure,
    is_branch_eligible,
    member_year,
    rank_branch,
)
from reviews.rules import may_close_year
from reviews.services.year_end_sql import is_possible, rank_in_database

CHUNK = 100


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A month of a branch that is not closed; ``state`` is None where no round was opened."""

    branch: Branch
    month: date
    state: str | None


class RoundsOpen(Refused):
    """The year cannot be closed yet: ``rounds`` are still open."""

    def __init__(self, rounds: Sequence[OpenRound]) -> None:
        super().__init__(_("%(count)s months are not closed yet.") % {"count": len(rounds)})
        self.rounds = tuple(rounds)


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a year did. ``was_frozen``: it was closed before, nothing changed."""

    year_end: YearEnd
    was_frozen: bool
    branches: int
    members: int
    open_rounds: tuple[OpenRound, ...] = ()


def open_rounds(committee: Committee, year: int) -> list[OpenRound]:
    """Return the months of the year that a committee's branches still have to close.

    A month is due where a round was opened, or where an active branch had members and a rule book
    in force on its first day. In the roll's order, month by month. Five queries.
    Source: domain.md §8.
    """
    months = months_of_year(year)
    complete = (
        Round.objects.closed()
        .filter(month__in=months)
        .order_by()
        .values("branch")
        .annotate(months=Count("pk"))
        .filter(months=len(months))
        .values("branch")
    )
    branches = list(Branch.objects.below(committee).exclude(pk__in=complete))
    if not branches:
        return []
    states = {
        (branch, month): state
        for branch, month, state in Round.objects.filter(
            branch__in=branches, month__in=months
        ).values_list("branch", "month", "state")
    }
    ruled_since = dict(
        RuleBook.objects.filter(branch__in=branches, state=RuleBook.State.APPROVED)
        .order_by()
        .values_list("branch")
        .annotate(Min("effective_from"))
    )
    peopled = _peopled(branches)
    found = []
    for branch in branches:
        for month in months:
            state = states.get((branch.pk, month))
            is_due = (
                branch.is_active
                and ruled_since.get(branch.pk, date.max) <= month
                and any(first <= month <= last for first, last in peopled[branch.pk])
            )
            if state != Round.State.CLOSED and (state is not None or is_due):
                found.append(OpenRound(branch, month, state))
    return found


def _peopled(branches: Collection[Branch]) -> defaultdict[int, set[tuple[date, date]]]:
    """The spans in which each branch had members."""
    spans: defaultdict[int, set[tuple[date, date]]] = defaultdict(set)
    rows = Membership.objects.filter(branch__in=branches).order_by()
    for branch, first, last in rows.values_list("branch", "starts_on", "ends_on").distinct():
        spans[branch].add((first or date.min, last or date.max))
    return spans


@transaction.atomic
def close_year(
    *, committee: Committee, year: int, provisional: bool, by: Actor, at: datetime
) -> Closing:
    """Compute and store the figures of a year for all branches below a committee, and freeze them.

    Provisional figures are computed from the months closed so far, and are computed anew each
    time; frozen figures never change, so closing a frozen year does nothing. A branch that another
    committee froze already keeps its figures. Branches are taken in chunks, with a fixed number
    of statements each. Source: domain.md §8.

    Raises PermissionDenied for whoever does not work for the committee or one above it;
    RoundsOpen, with the list, if rounds of the year are open and it is not provisional.
    """
    if not may_close_year(by, Committee.objects.subtree_ids(by.committees), committee):
        raise PermissionDenied
    committee = Committee.objects.select_for_update().get(pk=committee.pk)
    year_end = YearEnd.objects.filter(committee=committee, year=year).first()
    if year_end is not None and year_end.state == YearEnd.State.FROZEN:
        return Closing(
            year_end,
            was_frozen=True,
            branches=year_end.branch_results.count(),
            members=year_end.results.count(),
        )
    still_open = open_rounds(committee, year)
    if still_open and not provisional:
        raise RoundsOpen(still_open)
    state = YearEnd.State.PROVISIONAL if provisional else YearEnd.State.FROZEN
    year_end, _created = YearEnd.objects.update_or_create(
        committee=committee,
        year=year,
        defaults={
            "state": state,
            "computed_by": by.user,
            "computed_at": at,
            "frozen_by": None if provisional else by.user,
            "frozen_at": None if provisional else at,
        },
    )
    members = sum(
        _store_figures(year_end, branches, policy)
        for policy, branches in _chunks(_take_over(year_end), year)
    )
    ranked_branches = year_end.branch_results.count()
    record(
        by=by.user,
        at=at,
        verb="close_year",
        target=year_end,
        year=year,
        state=state.value,
        branches=ranked_branches,
        members=members,
    )
    return Closing(
        year_end,
        was_frozen=False,
        branches=ranked_branches,
        members=members,
        open_rounds=tuple(still_open),
    )


def _take_over(year_end: YearEnd) -> list[Branch]:
    """Make room for new figures; return the branches that nobody has frozen yet."""
    below = Branch.objects.below(year_end.committee)
    of_year = {"year": year_end.year, "branch__in": below}
    provisional = {"year_end__state": YearEnd.State.PROVISIONAL}
    for model in (AnnualResult, BranchAnnualResult):
        model.objects.filter(year_end=year_end).delete()
        model.objects.filter(**of_year, **provisional).delete()
    frozen = BranchAnnualResult.objects.filter(**of_year).values("branch")
    return list(below.exclude(pk__in=frozen))


def _chunks(branches: Sequence[Branch], year: int) -> Iterable[tuple[Policy, list[int]]]:
    """Chunks of branches for which the same numbers hold, in order."""
    policies = PolicyBook()
    under: dict[tuple[int, int], tuple[Policy, list[int]]] = {}
    for branch in branches:
        policy = policies.of(branch.committee_id, date(year, 12, 1))
        numbers = (policy.candidate_ranks, policy.branch_below_percent)
        under.setdefault(numbers, (policy, []))[1].append(branch.pk)
    for policy, ids in under.values():
        for start in range(0, len(ids), CHUNK):
            yield policy, ids[start : start + CHUNK]


def _store_figures(year_end: YearEnd, branches: Sequence[int], policy: Policy) -> int:
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
