"""The round of a branch's month: its lock, registering, and the start of its review
(domain.md §5).

Every step locks the round's row first; steps of one branch follow one another, and the
second of two people is told what the first one did.
"""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import Position
from members.notices import record
from members.rights import Actor
from points.models import (
    Decision,
    Declaration,
    Entry,
    Registration,
)
from points.services import registration as registrations
from reviews.models import Round
from reviews.rules import Bench, may_register
from reviews.workflow import ROUND_STEPS, Seat

# -- locking -----------------------------------------------------------------------------


def bench_of(branch_id: int, day: date) -> Bench:
    """Who sits on the branch committee on that day. One query."""
    seats = Position.objects.on(day).filter(branch=branch_id).values_list("member", "kind")
    return Bench(branch_id=branch_id, seats=frozenset(seats))


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
    round_, seat = lock(pk=pk, step="register", by=by, at=at)
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
    From here on nobody files or takes back (domain.md §5.3, §5.4)."""
    round_, _seat = lock(pk=pk, step="start_review", by=by, at=at)
    sheets = Declaration.objects.filter(branch=round_.branch_id, month=round_.month)
    list(sheets.select_for_update().values_list("pk", flat=True))
    sheets.filter(state=Declaration.State.SUBMITTED).update(state=Declaration.State.IN_REVIEW)
    sheets.filter(state=Declaration.State.DRAFT).update(state=Declaration.State.MISSING)
    round_.state = Round.State.REVIEWING
    round_.review_started_at = at
    round_.save(update_fields=["state", "review_started_at"])
    record(by=by.user, at=at, verb="start_review", target=round_, branch=round_.branch_id)
    return round_


def entries_in_review(round_: Round) -> "list[Entry]":
    """The standing entries of a round that count or wait for a decision: those declared on
    sheets that were filed, and those registered."""
    return list(
        Entry.objects.standing()
        .filter(branch=round_.branch_id, month=round_.month)
        .exclude(
            source=Entry.Source.DECLARED,
            declaration__state__in=[Declaration.State.DRAFT, Declaration.State.MISSING],
        )
        .select_related("criterion", "member", "declaration")
    )


def undecided(round_: Round) -> list[Entry]:
    decided = set(
        Decision.objects.filter(
            is_current=True, entry__branch=round_.branch_id, entry__month=round_.month
        ).values_list("entry", flat=True)
    )
    return [entry for entry in entries_in_review(round_) if entry.pk not in decided]


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
