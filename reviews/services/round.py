"""The round of a branch's month: its lock, registering, and the start of its review
(domain.md §5).

Every step locks the round's row first; steps of one branch follow one another, and the
second of two people is told what the first one did.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import quarter_of
from lib.steps import Refused
from members.models import Position
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from members.selectors.staff import StaffOfCommittees
from points.models import (
    Activity,
    Declaration,
    Entry,
    EntryQuerySet,
    Registration,
)
from points.rules import is_confidential
from points.services import activities
from points.services import registration as registrations
from points.services.activities import Held
from reviews.models import Round
from reviews.rules import Bench, may_register, may_work_on
from reviews.services.proposals import propose
from reviews.workflow import ROUND_STEPS, Seat

# -- locking -----------------------------------------------------------------------------


def bench_of(branch_id: int, day: date) -> Bench:
    """Who sits on the branch committee on that day. One query."""
    return benches_of([branch_id], day)[branch_id]


def benches_of(branches: Collection[int], day: date) -> dict[int, Bench]:
    """Who sits on the committees of these branches on that day. One query."""
    seats: dict[int, set[tuple[int, str]]] = defaultdict(set)
    names: dict[int, dict[int, str]] = defaultdict(dict)
    held = Position.objects.on(day).filter(branch__in=branches)
    rows = held.order_by("member__roll_order", "pk")
    for branch, member, kind, name in rows.values_list("branch", "member", "kind", "member__name"):
        seats[branch].add((member, kind))
        names[branch][member] = name
    return {branch: Bench(branch, frozenset(seats[branch]), names[branch]) for branch in branches}


def decider_for(bench: Bench, member_id: int) -> str:
    """Who is to decide what concerns this member of the branch committee, by post and name;
    the committee's staff where nobody is left."""
    for stand_in, kind in bench.stand_ins_for(member_id):
        return f"{Position.Kind(kind).label} {bench.names.get(stand_in, '')}".strip()
    return _("staff of the committee above")


def seat_of(actor: Actor, branch_id: int, day: date) -> Seat:
    return Seat(actor=actor, bench=bench_of(branch_id, day))


def lock(*, pk: int, step: str, by: Actor, at: datetime) -> tuple[Round, Seat]:
    """Lock a round and check that the step is open to this person.

    Raises Refused or PermissionDenied, see ``Steps.check``.
    """
    round_ = (
        Round.objects.select_for_update(of=("self",))
        .select_related("branch__committee", "rule_book")
        .get(pk=pk)
    )
    seat = seat_of(by, round_.branch_id, timezone.localdate(at))
    ROUND_STEPS.check(step, seat, round_)
    return round_, seat


def lock_quarter(*, pk: int, step: str, by: Actor, at: datetime) -> tuple[Round, Seat, list[Round]]:
    """The same, with the other rounds of the branch in its quarter locked too, for steps that
    may publish or withdraw several months at once: always in one order, so that two of them
    wait for each other instead of locking each other out."""
    branch, month = Round.objects.values_list("branch", "month").get(pk=pk)
    rounds = list(
        Round.objects.select_for_update(of=("self",))
        .filter(branch=branch, month__in=quarter_of(month))
        .select_related("branch__committee", "rule_book")
        .order_by("pk")
    )
    round_ = next(one for one in rounds if one.pk == pk)
    seat = seat_of(by, branch, timezone.localdate(at))
    ROUND_STEPS.check(step, seat, round_)
    return round_, seat, [one for one in rounds if one.pk != pk]


# -- registering -------------------------------------------------------------------------


@transaction.atomic
def register(
    *,
    pk: int,
    token: UUID,
    item: registrations.Item,
    members: Collection[int],
    by: Actor,
    at: datetime,
) -> Registration:
    """Register an item for many members, until the review is concluded (domain.md §5.2)."""
    round_, seat = lock(pk=pk, step="register", by=by, at=at)
    mine = may_register(by, item.criterion, round_, seat.bench)
    if item.criterion.rule_book_id != round_.rule_book_id or not mine:
        raise Refused(_("This item cannot be registered here. Choose one from the list."))
    return registrations.register(
        token=token,
        branch=round_.branch,
        month=round_.month,
        item=item,
        members=members,
        by=by,
        at=at,
    )


@transaction.atomic
def record_activity(*, pk: int, token: UUID, held: Held, by: Actor, at: datetime) -> Activity:
    """Record an activity with its attendance and points in one act, until the review is
    concluded (domain.md §5.2). The branch's own doing: committee staff record one only in
    place of a secretary that is missing."""
    round_, seat = lock(pk=pk, step="register", by=by, at=at)
    if not may_work_on(by, round_, seat.bench):
        raise PermissionDenied
    for criterion in held.items.values():
        mine = may_register(by, criterion, round_, seat.bench) and not is_confidential(criterion)
        if criterion.rule_book_id != round_.rule_book_id or not mine:
            raise Refused(_("This item cannot be registered here. Choose one from the list."))
    return activities.record_activity(
        token=token, branch=round_.branch, month=round_.month, held=held, by=by, at=at
    )


@transaction.atomic
def undo_activity(*, pk: int, activity: Activity, reason: str, by: Actor, at: datetime) -> int:
    """Undo an activity with all that was registered for it, while the round is open to it."""
    round_, seat = _lock_to_undo(pk=pk, by=by, at=at)
    if (activity.branch_id, activity.month) != (round_.branch_id, round_.month):
        raise Refused(_("This activity belongs to another month."))
    if not may_work_on(by, round_, seat.bench):
        raise PermissionDenied
    return activities.undo(activity=activity, reason=reason, by=by, at=at)


def _lock_to_undo(*, pk: int, by: Actor, at: datetime) -> tuple[Round, Seat]:
    """The lock for undoing; after the conclusion it says what can be done instead."""
    try:
        return lock(pk=pk, step="register", by=by, at=at)
    except Refused:
        raise Refused(
            _(
                "The review of this month has been concluded, so nothing can be undone any more. "
                "What is wrong is corrected by answering an objection, an appeal or a spot check."
            )
        ) from None


@transaction.atomic
def undo_registration(
    *,
    pk: int,
    registration: Registration,
    reason: str,
    by: Actor,
    at: datetime,
    entry_id: int | None = None,
) -> int:
    """Undo a registration, or one member's entry of it, while the round is open to it."""
    round_, seat = _lock_to_undo(pk=pk, by=by, at=at)
    if (registration.branch_id, registration.month) != (round_.branch_id, round_.month):
        raise Refused(_("This registration belongs to another month."))
    if not may_register(by, registration.criterion, round_, seat.bench):
        raise PermissionDenied
    return registrations.undo(
        registration=registration, reason=reason, by=by, at=at, entry_id=entry_id
    )


# -- entries of a round ----------------------------------------------------------------


@transaction.atomic
def start_review(*, pk: int, by: Actor, at: datetime) -> Round:
    """Start the review: submitted sheets go into it, unfinished ones count as not filed.
    From here on nobody files or takes back (domain.md §5.3, §5.4). What the system notices by
    itself is put before the reviewers."""
    round_, seat = lock(pk=pk, step="start_review", by=by, at=at)
    sheets = Declaration.objects.filter(branch=round_.branch_id, month=round_.month)
    list(sheets.select_for_update().values_list("pk", flat=True))
    sheets.filter(state=Declaration.State.SUBMITTED).update(state=Declaration.State.IN_REVIEW)
    sheets.filter(state=Declaration.State.DRAFT).update(state=Declaration.State.MISSING)
    round_.state = Round.State.REVIEWING
    round_.review_started_at = at
    round_.save(update_fields=["state", "review_started_at"])
    record(by=by.user, at=at, verb="start_review", target=round_, branch=round_.branch_id)
    propose([round_], at=at)
    _tell_stand_ins(round_, seat.bench, at=at)
    return round_


def _tell_stand_ins(round_: Round, bench: Bench, *, at: datetime) -> None:
    """Whoever is to decide what the secretary may not (recusal) is told once; the secretary
    decides the others' anyway."""
    waiting = Counter(entry.member_id for entry in undecided(round_))
    for member in sorted(bench.members & waiting.keys()):
        key, url = f"recusal:{round_.pk}:{member}", reverse("review", args=[round_.pk])
        subject = _("%(name)s is recused: please decide the entries of %(name)s for %(month)s.") % {
            "name": bench.names.get(member, ""),
            "month": month_label(round_.month),
        }
        stand_ins = [stand_in for stand_in, _kind in bench.stand_ins_for(member)]
        if not stand_ins:
            office = StaffOfCommittees(timezone.localdate(at))
            staff = office.up_from(round_.branch.committee_id)
            tell_users(staff, key=key, subject=subject, url=url, at=at)
        elif stand_ins[0] not in bench.secretaries:
            tell([Message(stand_ins[0], key, subject, url)], at=at)


@transaction.atomic
def propose_before_concluding(*, pk: int, by: Actor, at: datetime) -> int:
    """Put before the reviewers what the system has noticed since the review started, such as
    that it is late. Stands even where concluding is then refused, so that people see what
    they have to decide; return how many proposals are new."""
    round_, _seat = lock(pk=pk, step="conclude", by=by, at=at)
    return propose([round_], at=at)


def _filed(round_: Round) -> EntryQuerySet:
    """The entries of a round but for those on sheets that were never filed."""
    return (
        Entry.objects.filter(branch=round_.branch_id, month=round_.month)
        .exclude(
            source=Entry.Source.DECLARED,
            declaration__state__in=[Declaration.State.DRAFT, Declaration.State.MISSING],
        )
        .select_related("criterion", "member", "declaration", "registration")
    )


def entries_in_review(round_: Round) -> list[Entry]:
    """The standing entries of a round that count or wait for a decision: those declared on
    sheets that were filed, and those registered. One query."""
    return list(_filed(round_).standing())


def undecided(round_: Round) -> list[Entry]:
    """Those of them that wait for a decision. One query."""
    return list(_filed(round_).undecided())


def is_filed(entry: Entry) -> bool:
    """Whether an entry takes part in the review: what was declared on a sheet that was never
    filed does not."""
    sheet = entry.declaration
    return entry.source != Entry.Source.DECLARED or (
        sheet is not None
        and sheet.state not in (Declaration.State.DRAFT, Declaration.State.MISSING)
    )


def is_returned(entry: Entry) -> bool:
    sheet = entry.declaration
    return (
        entry.source == Entry.Source.DECLARED
        and sheet is not None
        and sheet.state == Declaration.State.RETURNED
    )


def month_label(month: date) -> str:
    return date_format(month, "YEAR_MONTH_FORMAT")
