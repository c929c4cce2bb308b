"""Putting a result right after it was published: one place for answers to objections,
appeals and spot-check findings (domain.md §5, §6, §7).

A correction is a new decision and new revisions of every result that it touches; where
months are closed already, their follow-ups are brought to it in the same transaction.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member, Position
from members.notices import Message, record, tell
from members.rights import Actor
from points.models import Criterion, Decision, Entry, MonthlyResult
from points.rules import applies_to, is_confidential
from points.services.decisions import decide
from points.services.policy import PolicyBook
from points.services.registration import Item
from points.services.results import Revised, compute_results
from reviews.models import FollowUp, Round
from reviews.rules import may_correct
from reviews.services.follow_ups import reconcile_branches
from reviews.services.review import checked_points
from reviews.services.round import bench_of, is_filed, month_label

ZERO = Decimal("0.00")


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
class StreakChange:
    """How many months below the line in a row end with a month: before and after."""

    month: date
    was: int
    becomes: int


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything a correction changes: the decision it writes, results with the earliest month
    first, streaks, and follow-ups."""

    decision: Decision | None = None
    revised: tuple[Revised, ...] = ()
    streaks: tuple[StreakChange, ...] = ()
    follow_ups: tuple[FollowUpChange, ...] = ()

    @property
    def digest(self) -> str:
        """Names the effect: what was shown is what is confirmed. Ids of rows that a preview
        took back again are no part of it."""
        decision = self.decision
        said = [
            decision and (decision.number, decision.outcome, decision.points),
            [
                (one.old and (one.old.revision, one.old.score), one.new.month, one.new.score)
                for one in self.revised
            ],
            [(one.month, one.was, one.becomes) for one in self.streaks],
            sorted(
                (
                    one.follow_up.kind,
                    one.follow_up.member_id or 0,
                    one.follow_up.holder_id or 0,
                    str(one.follow_up.first_month),
                    one.was,
                    one.becomes,
                    one.is_flagged,
                )
                for one in self.follow_ups
            ),
        ]
        return sha256(repr(said).encode()).hexdigest()[:16]


def check_seen(effect: Effect, seen: str | None) -> None:
    """Refuse to confirm an effect other than the one that was shown."""
    if seen is not None and effect.digest != seen:
        raise Refused(
            _("Something was decided meanwhile, and the effect is another one. Look at it again.")
        )


@transaction.atomic
def correct(
    *,
    member: int,
    round_: Round,
    change: Change | Addition,
    reason: str,
    by: Actor,
    at: datetime,
    may_lower: bool = True,
) -> Effect:
    """Decide one entry of a member's published month anew, or add one that was forgotten;
    revise the month's result and those of later months of the year that it touches; and bring
    the follow-ups of closed months to it. Who may do so the caller has checked, except that
    only committee staff change what the committee registered. Without ``may_lower`` the entry's
    points never fall: an objection or an appeal is not answered by taking points.

    Raises Refused where nothing would be corrected. To see the effect without it, call this
    inside a transaction that is rolled back (``effect_of_correction``).
    """
    branches = lock_branches(member, round_)
    before, streaks = _follow_ups(member, branches), _streaks(member)
    if isinstance(change, Addition):
        was, decision = None, _add(member, round_, change, reason=reason, by=by, at=at)
    else:
        was, decision = _decide_anew(member, round_, change, reason=reason, by=by, at=at)
    if not may_lower and is_lower(decision, was):
        raise Refused(
            _(
                "An objection or an appeal never lowers points. Where they are too high, "
                "“Correction” is a decision of its own."
            )
        )
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
        decision=decision,
        revised=tuple(sorted(revised, key=lambda item: item.new.month)),
        streaks=tuple(_streak_changes(streaks, _streaks(member))),
        follow_ups=tuple(_changes(before, after)),
    )


def is_lower(decision: Decision, was: Decision | None) -> bool:
    """Whether a decision gives less than the one before it (none before: less than nothing),
    or lets an entry zero the month that did not."""
    before, now = (was.points if was else None), decision.points
    zeroes = decision.entry.criterion.zeroes_month and before is None and now is not None
    return zeroes or (now or ZERO) < (before or ZERO)


@transaction.atomic
def correct_published(
    *,
    pk: int,
    member: int,
    change: Change | Addition,
    reason: str,
    by: Actor,
    at: datetime,
    seen: str | None = None,
) -> Effect:
    """Correct a member's result while it is published, in either direction, by a decision of
    its own: with a reason, and told to the member, who can object to it (domain.md §5.6).
    ``seen`` is the digest of the effect that was shown.

    Raises PermissionDenied (see ``may_correct``), or Refused once the round is not published.
    """
    where = Round.objects.select_related("branch").get(pk=pk)
    lock_branches(member, where)
    round_ = (
        Round.objects.select_for_update(of=("self",))
        .select_related("branch", "rule_book")
        .get(pk=pk)
    )
    bench = bench_of(round_.branch_id, timezone.localdate(at))
    criterion = _criterion_of(change)
    if not may_correct(
        by, member_id=member, branch_id=round_.branch_id, bench=bench, criterion=criterion
    ):
        raise PermissionDenied
    if round_.state != Round.State.PUBLISHED:
        raise Refused(
            _(
                "A result is corrected here only while it is published; the state is now “%(state)s”."
            )
            % {"state": round_.get_state_display()}
        )
    if not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    effect = correct(member=member, round_=round_, change=change, reason=reason, by=by, at=at)
    check_seen(effect, seen)
    assert effect.decision is not None
    record(
        by=by.user,
        at=at,
        verb="correct_published",
        target=round_,
        branch=round_.branch_id,
        member=member,
        entry=effect.decision.entry_id,
        decision=effect.decision.number,
    )
    month = round_.month
    url = reverse("result", args=[month.year, month.month])
    subject = _("Your result of %(month)s was corrected: %(reason)s") % {
        "month": month_label(month),
        "reason": reason,
    }
    tell([Message(member, f"corrected:{effect.decision.pk}", subject, url)], at=at)
    return effect


def effect_of_correction(
    *, pk: int, member: int, change: Change | Addition, reason: str, by: Actor, at: datetime
) -> Effect:
    """What ``correct_published`` would change; raises what it raises."""
    with transaction.atomic():
        effect = correct_published(pk=pk, member=member, change=change, reason=reason, by=by, at=at)
        transaction.set_rollback(True)
    return effect


def _criterion_of(change: Change | Addition) -> Criterion | None:
    if isinstance(change, Addition):
        return change.item.criterion
    entry = Entry.objects.filter(pk=change.entry_id).select_related("criterion").first()
    return entry.criterion if entry else None


def lock_branches(member: int, round_: Round) -> set[int]:
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
) -> tuple[Decision | None, Decision]:
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
    new = decide(
        entry=entry, outcome=change.outcome, points=points, reason=reason[:500], by=by, at=at
    )
    return current, new


def _add(
    member: int, round_: Round, addition: Addition, *, reason: str, by: Actor, at: datetime
) -> Decision:
    item = addition.item
    if item.criterion.rule_book_id != round_.rule_book_id:
        raise Refused(_("This item is not in the month's rule book. Choose one from the list."))
    if is_confidential(item.criterion) and not by.is_staff_over(round_.branch_id):
        raise Refused(_("The committee registered this item: only the committee corrects it."))
    if (item.occurred_on.year, item.occurred_on.month) != (round_.month.year, round_.month.month):
        raise Refused(_("The date must lie in the month of the round."))
    _check_forgotten(member, round_, item)
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
    return decide(
        entry=entry,
        outcome=Decision.Outcome.APPROVED,
        points=entry.claimed_points,
        reason=reason[:500],
        by=by,
        at=at,
    )


def _check_forgotten(member: int, round_: Round, item: Item) -> None:
    """The member has a result in this month, the item applies to them, and is not there yet:
    that is also what the second click of a double click is told."""
    person = Member.objects.get(pk=member)
    here = {"branch": round_.branch_id, "month": round_.month}
    if not MonthlyResult.objects.current().filter(member=member, **here).exists():
        raise Refused(
            _("%(name)s has no result in this month of the branch.") % {"name": person.name}
        )
    is_secretary = (
        Position.objects.on(round_.month)
        .filter(branch=round_.branch_id, kind=Position.Kind.SECRETARY, member=member)
        .exists()
    )
    if not applies_to(item.criterion, member=person, is_secretary=is_secretary):
        raise Refused(_("This item does not apply to: %(names)s.") % {"names": person.name})
    same = Entry.objects.standing().filter(
        member=member, criterion=item.criterion, occurred_on=item.occurred_on, **here
    )
    if same.exists():
        raise Refused(
            _("An entry of this item on this day is there already: correct that one instead.")
        )


def _streaks(member: int) -> dict[date, int]:
    """The streaks that end with a member's months. One query."""
    rows = MonthlyResult.objects.current().filter(member=member)
    return dict(rows.order_by("month").values_list("month", "streak"))


def _streak_changes(before: dict[date, int], after: dict[date, int]) -> Iterable[StreakChange]:
    for month, length in after.items():
        if before.get(month, 0) != length:
            yield StreakChange(month, before.get(month, 0), length)


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
