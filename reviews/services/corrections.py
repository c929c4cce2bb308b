"""Putting a result right after it was published: one place for answers to objections,
appeals and spot-check findings (domain.md §5, §6, §7).

A correction is a new decision and new revisions of every result that it touches; where
months are closed already, their follow-ups are brought to it in the same transaction.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.notices import Message, tell
from members.rights import Actor
from points.models import Decision, Entry, MonthlyResult
from points.rules import is_confidential
from points.services.decisions import decide
from points.services.policy import PolicyBook
from points.services.registration import Item
from points.services.results import Revised, compute_results
from reviews.models import FollowUp, Round
from reviews.services.follow_ups import reconcile_branches
from reviews.services.review import checked_points
from reviews.services.round import is_filed, month_label


@dataclass(frozen=True, slots=True)
class Change:
    """How an entry of the member's month is decided now; without points: as claimed."""

    entry_id: int
    outcome: str
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Addition:
    """An entry that was forgotten: it is registered now, and counts."""

    item: Item


@dataclass(frozen=True, slots=True)
class FollowUpChange:
    """What a correction does to a follow-up; states are empty where it does not exist."""

    follow_up: FollowUp
    was: str
    becomes: str
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything a correction changes: results, the earliest month first, and follow-ups."""

    revised: tuple[Revised, ...] = ()
    follow_ups: tuple[FollowUpChange, ...] = ()


@transaction.atomic
def correct(
    *,
    member: int,
    round_: Round,
    change: Change | Addition,
    reason: str,
    by: Actor,
    at: datetime,
) -> Effect:
    """Decide one entry of a member's published month anew, or add one that was forgotten;
    revise the month's result and those of later months of the year that it touches; and bring
    the follow-ups of closed months to it. Who may do so the caller has checked, except that
    only committee staff change what the committee registered.

    Raises Refused where nothing would be corrected. To see the effect without it, call this
    inside a transaction that is rolled back (``preview_of``).
    """
    branches = _lock_branches(member, round_)
    if isinstance(change, Addition):
        _add(member, round_, change, reason=reason, by=by, at=at)
    else:
        _decide_anew(member, round_, change, reason=reason, by=by, at=at)
    before = _follow_ups(member, branches)
    revised = compute_results(
        branch=round_.branch,
        rule_book=round_.rule_book,
        month=round_.month,
        members=[member],
        at=at,
        reason=reason[:300],
    )
    tell_revised([item for item in revised if item.new.month != round_.month], at=at)
    _reconcile(revised, reason=reason, at=at)
    after = _follow_ups(member, branches)
    return Effect(
        revised=tuple(sorted(revised, key=lambda item: item.new.month)),
        follow_ups=tuple(_changes(before, after)),
    )


def preview_of(
    *,
    member: int,
    round_: Round,
    change: Change | Addition,
    reason: str,
    by: Actor,
    at: datetime,
) -> Effect:
    """What ``correct`` would change: worked out by the same rules and taken back again.
    Raises what ``correct`` raises."""
    with transaction.atomic():
        effect = correct(member=member, round_=round_, change=change, reason=reason, by=by, at=at)
        transaction.set_rollback(True)
    return effect


def _lock_branches(member: int, round_: Round) -> set[int]:
    """Lock the branches whose months this correction can touch, as month-end does."""
    later = MonthlyResult.objects.current().filter(
        member=member, month__gte=round_.month, month__year=round_.month.year
    )
    branches = {round_.branch_id, *later.values_list("branch", flat=True)}
    rows = Branch.objects.select_for_update(no_key=True).filter(pk__in=branches).order_by("pk")
    list(rows.values_list("pk"))
    return branches


def _decide_anew(
    member: int, round_: Round, change: Change, *, reason: str, by: Actor, at: datetime
) -> None:
    entry = (
        Entry.objects.standing()
        .filter(pk=change.entry_id, member=member, month=round_.month)
        .select_related("criterion", "declaration")
        .first()
    )
    if entry is None or not is_filed(entry):
        raise Refused(_("Choose which entry is corrected."))
    if is_confidential(entry.criterion) and not by.is_staff_over(round_.branch_id):
        raise Refused(_("The committee registered this item: only the committee corrects it."))
    points = checked_points(entry, change.outcome, change.points, reason)
    current = entry.decisions.filter(is_current=True).first()
    if current and (current.outcome, current.points) == (change.outcome, points):
        raise Refused(_("This is what was decided before: nothing would be corrected."))
    decide(entry=entry, outcome=change.outcome, points=points, reason=reason[:500], by=by, at=at)


def _add(
    member: int, round_: Round, addition: Addition, *, reason: str, by: Actor, at: datetime
) -> None:
    item = addition.item
    if item.criterion.rule_book_id != round_.rule_book_id:
        raise Refused(_("This item is not in the month's rule book. Choose one from the list."))
    if is_confidential(item.criterion) and not by.is_staff_over(round_.branch_id):
        raise Refused(_("The committee registered this item: only the committee corrects it."))
    if (item.occurred_on.year, item.occurred_on.month) != (round_.month.year, round_.month.month):
        raise Refused(_("The date must lie in the month of the round."))
    entry = Entry.objects.create(
        member_id=member,
        branch=round_.branch,
        month=round_.month,
        criterion=item.criterion,
        source=Entry.Source.REGISTERED,
        times=item.times,
        claimed_points=(item.criterion.points * item.times).quantize(Decimal("0.01")),
        occurred_on=item.occurred_on,
        reason=item.reason,
        created_by=by.user,
        created_at=at,
    )
    decide(
        entry=entry,
        outcome=Decision.Outcome.APPROVED,
        points=entry.claimed_points,
        reason=reason[:500],
        by=by,
        at=at,
    )


def _follow_ups(member: int, branches: Collection[int]) -> dict[int, FollowUp]:
    """The follow-ups that a correction can touch. One query."""
    return (
        FollowUp.objects.filter(
            Q(member=member) | Q(kind__in=FollowUp.EXPLANATION_KINDS, branch__in=branches)
        )
        .select_related("member", "holder", "branch")
        .in_bulk()
    )


def _changes(before: dict[int, FollowUp], after: dict[int, FollowUp]) -> Iterable[FollowUpChange]:
    for pk, row in after.items():
        old = before.get(pk)
        was, was_flagged = (old.state, old.is_basis_changed) if old else ("", False)
        if (was, was_flagged) != (row.state, row.is_basis_changed):
            yield FollowUpChange(row, was, row.state, row.is_basis_changed)


def _reconcile(revised: Iterable[Revised], *, reason: str, at: datetime) -> None:
    """Check the thresholds again of the closed months among the revised ones. The caller
    holds the locks of their branches."""
    sheets = {(item.new.branch_id, item.new.month) for item in revised}
    wanted = Q(pk__in=[])
    for branch, month in sheets:
        wanted |= Q(branch=branch, month=month)
    closed = list(Round.objects.filter(wanted, state=Round.State.CLOSED))
    if closed:
        reconcile_branches(
            branches={round_.branch_id for round_ in closed},
            policies=PolicyBook(),
            at=at,
            rounds={round_.pk for round_ in closed},
            reason=reason,
        )


def follow_revisions(revised: Iterable[Revised], *, at: datetime) -> None:
    """What follows from results of months already published that were revised by a review
    concluded later: closed months are due for another check of thresholds (domain.md §6), and
    their members are told."""
    later = [item for item in revised if item.old is not None]
    for branch, month in {(item.new.branch_id, item.new.month) for item in later}:
        Round.objects.filter(branch=branch, month=month, state=Round.State.CLOSED).update(
            thresholds_checked_at=None
        )
    tell_revised(later, at=at)


def tell_revised(revised: Iterable[Revised], *, at: datetime) -> None:
    """Tell members that a result they may have seen was revised."""
    tell(
        [
            Message(
                item.new.member_id,
                f"revised:{item.new.pk}",
                _("Your points of %(month)s were revised. Please look at them.")
                % {"month": month_label(item.new.month)},
                item.new.get_absolute_url(),
            )
            for item in revised
            if item.old is not None
        ],
        at=at,
    )
