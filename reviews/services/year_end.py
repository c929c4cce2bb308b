"""年终总评: what is still open; computing, confirming and freezing a year (domain.md §8).

A year is computed while months are open (provisional) or when all are closed (computed), shown
inside each branch, confirmed by the branches, and frozen for good under a digest.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch, Committee
from lib.months import months_of_year
from lib.steps import Refused
from members.models import Membership
from members.notices import Message, record, tell
from members.rights import Actor
from points.models import MonthlyResult, RuleBook
from reviews.models import Round, YearEnd
from reviews.rules import may_close_year
from reviews.services.kept_confirmations import give_back_confirmations, keep_confirmations
from reviews.services.nominations import withdraw_those_no_longer_candidates
from reviews.services.round import benches_of
from reviews.services.year_figures import (
    CHUNK,
    Part,
    figures_digest,
    parts_of,
    store_figures,
    take_over,
)
from reviews.workflow import YEAR_END_STEPS, YearSeat

State = YearEnd.State
# How many members are told in one go.
MEMBERS_TOLD = 2_000


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


# -- computing ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """A computation that has begun: the year, emptied and provisional until it is finished, and
    the parts of branches whose figures are to be stored. Others are told by ``at`` whose it is."""

    year_end: YearEnd
    parts: tuple[Part, ...]
    by: Actor
    at: datetime

    @property
    def branches(self) -> int:
        return sum(len(branches) for _policy, branches in self.parts)


def seat_at(actor: Actor, committee: Committee) -> YearSeat:
    """Whether the actor works for this committee or one above it. One query."""
    return YearSeat(
        actor,
        closes=may_close_year(actor, Committee.objects.subtree_ids(actor.committees), committee),
    )


def lock_year(committee: Committee, year: int) -> YearEnd:
    """The committee's year, under the committee's lock; unsaved where nobody computed it."""
    committee = Committee.objects.select_for_update(of=("self",)).get(pk=committee.pk)
    found = YearEnd.objects.filter(committee=committee, year=year).first()
    return found or YearEnd(committee=committee, year=year, state=State.PROVISIONAL)


@transaction.atomic(savepoint=False)
def begin_computing(
    *, committee: Committee, year: int, by: Actor, at: datetime, size: int = CHUNK
) -> Work:
    """Empty the year and cut its branches into parts. Whatever happens afterwards, it stays
    provisional until ``finish_computing``, and can be begun again; what branches confirmed is
    put aside.

    Raises PermissionDenied for whoever does not work for the committee or one above it; Refused
    where the year is frozen or has not begun; NothingToCompute.
    """
    year_end = lock_year(committee, year)
    YEAR_END_STEPS.check("compute", seat_at(by, committee), year_end)
    check_there_are_figures(committee, year, at=at)
    keep_confirmations(year_end)
    year_end.state, year_end.digest = State.PROVISIONAL, ""
    _save_computed(year_end, by=by, at=at)
    parts = tuple(parts_of(take_over(year_end), year, size))
    return Work(year_end, parts, by, at)


class NothingToCompute(Refused):
    """Nobody has a closed month in the year."""


def _check_begun(year: int, at: datetime) -> None:
    if year > timezone.localdate(at).year:
        raise Refused(_("The year %(year)s has not begun.") % {"year": year})


def check_there_are_figures(committee: Committee, year: int, *, at: datetime) -> None:
    """Raise Refused for a year that has not begun, NothingToCompute where nobody was assessed in
    a closed month. One query."""
    _check_begun(year, at)
    assessed = MonthlyResult.objects.final().filter(
        month__in=months_of_year(year), branch__in=Branch.objects.below(committee), is_assessed=True
    )
    if not assessed.exists():
        raise NothingToCompute(
            _("No month of %(year)s with assessed members is closed: there is nothing to compute.")
            % {"year": year}
        )


def _save_computed(year_end: YearEnd, *, by: Actor, at: datetime) -> None:
    year_end.computed_by, year_end.computed_at = by.user, at
    fields = ["state", "digest", "computed_by", "computed_at"]
    year_end.save(update_fields=fields if year_end.pk else None)


@transaction.atomic(savepoint=False)
def compute_part(work: Work, part: Part) -> int:
    """Store the figures of one part of the branches; return how many members were ranked.

    Raises Refused where somebody else has begun anew, or frozen the year, meanwhile.
    """
    _lock_own(work)
    policy, branches = part
    return store_figures(work.year_end, branches, policy)


def _lock_own(work: Work) -> YearEnd:
    year_end = lock_year(work.year_end.committee, work.year_end.year)
    if (year_end.state, year_end.computed_at) != (State.PROVISIONAL, work.at):
        raise Refused(_("Somebody else has computed this year meanwhile."))
    return year_end


@dataclass(frozen=True, slots=True)
class Closing:
    """What computing or closing a year did. ``confirmed``: branches whose confirmation holds.
    ``was_frozen``: it was closed before, nothing changed."""

    year_end: YearEnd
    was_frozen: bool
    branches: int
    members: int
    confirmed: int
    open_rounds: tuple[OpenRound, ...] = ()


@transaction.atomic(savepoint=False)
def finish_computing(work: Work) -> Closing:
    """Say how far the figures reach: provisional while months are open; else computed, with
    their digest. What a branch confirmed before stays confirmed if it came out the same; the
    secretaries of the others are asked to look at it, and every member ranked is told that the
    figures are there.
    """
    year_end = _lock_own(work)
    still_open = tuple(open_rounds(year_end.committee, year_end.year))
    if not still_open:
        year_end.state, year_end.digest = State.COMPUTED, figures_digest(year_end)
        year_end.save(update_fields=["state", "digest"])
        give_back_confirmations(year_end)
        withdraw_those_no_longer_candidates(year_end=year_end, by=work.by, at=work.at)
        _tell_branches(year_end, at=work.at)
        _tell_members(year_end, at=work.at)
    closing = _closing(year_end, open_rounds=still_open)
    _record("compute_year", closing, by=work.by, at=work.at)
    return closing


@transaction.atomic
def compute_year(*, committee: Committee, year: int, by: Actor, at: datetime) -> Closing:
    """Compute the figures of a year at once: provisional while months are open, else computed,
    to be shown in the branches, confirmed and frozen. Computing again replaces them, and asks
    those branches again whose figures changed. Source: domain.md §8.

    Raises what ``begin_computing`` raises.
    """
    work = begin_computing(committee=committee, year=year, by=by, at=at)
    for part in work.parts:
        compute_part(work, part)
    return finish_computing(work)


def _closing(
    year_end: YearEnd, *, was_frozen: bool = False, open_rounds: tuple[OpenRound, ...] = ()
) -> Closing:
    return Closing(
        year_end,
        was_frozen=was_frozen,
        branches=year_end.branch_results.count(),
        members=year_end.results.count(),
        confirmed=year_end.branch_results.exclude(confirmed_at=None).count(),
        open_rounds=open_rounds,
    )


def _record(verb: str, closing: Closing, *, by: Actor, at: datetime) -> None:
    record(
        by=by.user,
        at=at,
        verb=verb,
        target=closing.year_end,
        year=closing.year_end.year,
        state=str(closing.year_end.state),
        branches=closing.branches,
        members=closing.members,
    )


def _tell_branches(year_end: YearEnd, *, at: datetime) -> None:
    """Each computation asks those who have not confirmed these figures. Three queries."""
    asked = year_end.branch_results.filter(confirmed_at=None)
    branches = list(asked.values_list("branch", flat=True))
    benches = benches_of(branches, timezone.localdate(at))
    subject = _("Year-end %(year)s: look at your branch's figures and confirm them")
    key = f"confirm_year:{year_end.pk}:{at:%Y%m%d%H%M%S}"
    url = year_end.get_absolute_url()
    tell(
        [
            Message(member, key, subject % {"year": year_end.year}, url)
            for branch in branches
            for member in sorted(benches[branch].secretaries)
        ],
        at=at,
    )


def _tell_members(year_end: YearEnd, *, at: datetime) -> None:
    """Once, however often it is computed. Three statements for each two thousand members."""
    subject = _("Your year-end figures of %(year)s can be looked at") % {"year": year_end.year}
    url = reverse("year_results", args=[year_end.year])
    members = list(year_end.results.values_list("member", flat=True))
    for start in range(0, len(members), MEMBERS_TOLD):
        tell(
            [
                Message(member, f"year_end:{year_end.pk}", subject, url)
                for member in members[start : start + MEMBERS_TOLD]
            ],
            at=at,
        )


# -- freezing ----------------------------------------------------------------------------


@transaction.atomic
def freeze_year(*, committee: Committee, year: int, seen: str, by: Actor, at: datetime) -> Closing:
    """Freeze the computed figures for good. They are computed again in the same transaction and
    must come out as they were shown: ``seen`` is the digest of those. Freezing a frozen year
    does nothing. Source: domain.md §8.

    Raises PermissionDenied; RoundsOpen where a month is open; Refused where the year is not
    computed, or a figure has changed since it was shown.
    """
    seat = seat_at(by, committee)
    year_end = lock_year(committee, year)
    if seat.closes and year_end.state == State.FROZEN:
        return _closing(year_end, was_frozen=True)
    YEAR_END_STEPS.check("freeze", seat, year_end)
    _compute_all(year_end, by=by, at=at)
    if year_end.digest != seen:
        raise Refused(
            _(
                "A figure has changed since the year was computed. "
                "Compute it again, look at the figures, then freeze them."
            )
        )
    return _freeze(year_end, by=by, at=at, verb="freeze_year")


def _compute_all(year_end: YearEnd, *, by: Actor, at: datetime) -> None:
    """Compute every closed month anew, with the branches locked: a correction that is being made
    comes before or after, never in between. What branches confirmed stays confirmed if it comes
    out the same. Raises RoundsOpen, NothingToCompute, or Refused for a year that has not begun."""
    _check_begun(year_end.year, at)
    below = Branch.objects.below(year_end.committee)
    list(below.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
    still_open = open_rounds(year_end.committee, year_end.year)
    if still_open:
        raise RoundsOpen(still_open)
    check_there_are_figures(year_end.committee, year_end.year, at=at)
    keep_confirmations(year_end)
    _save_computed(year_end, by=by, at=at)
    for policy, branches in parts_of(take_over(year_end), year_end.year):
        store_figures(year_end, branches, policy)
    year_end.digest = figures_digest(year_end)
    give_back_confirmations(year_end)


def _freeze(year_end: YearEnd, *, by: Actor, at: datetime, verb: str) -> Closing:
    year_end.state, year_end.frozen_by, year_end.frozen_at = State.FROZEN, by.user, at
    year_end.save(update_fields=["state", "digest", "frozen_by", "frozen_at"])
    withdraw_those_no_longer_candidates(year_end=year_end, by=by, at=at)
    closing = _closing(year_end)
    _record(verb, closing, by=by, at=at)
    return closing


@transaction.atomic
def close_year(
    *, committee: Committee, year: int, provisional: bool, by: Actor, at: datetime
) -> Closing:
    """Compute and store the figures of a year for all branches below a committee, and freeze them
    in one act, as the command does.

    Provisional figures are computed from the months closed so far, and are computed anew each
    time; frozen figures never change, so closing a frozen year does nothing. A branch that another
    committee froze already keeps its figures. Branches are taken in chunks, with a fixed number
    of statements each. Source: domain.md §8.

    Raises PermissionDenied for whoever does not work for the committee or one above it;
    RoundsOpen, with the list, if rounds of the year are open and it is not provisional; Refused
    for a year that has not begun; NothingToCompute.
    """
    seat = seat_at(by, committee)
    year_end = lock_year(committee, year)
    if seat.closes and year_end.state == State.FROZEN:
        return _closing(year_end, was_frozen=True)
    if not provisional:
        YEAR_END_STEPS.check("compute", seat, year_end)
        _compute_all(year_end, by=by, at=at)
        return _freeze(year_end, by=by, at=at, verb="close_year")
    work = begin_computing(committee=committee, year=year, by=by, at=at)
    for part in work.parts:
        compute_part(work, part)
    closing = _closing(work.year_end, open_rounds=tuple(open_rounds(committee, year)))
    _record("close_year", closing, by=by, at=at)
    return closing
