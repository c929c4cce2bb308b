"""Decisions on entries: rows of their own, never overwritten (architecture, rule 6)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from members.rights import Actor
from points.models import Decision, Entry


@transaction.atomic
def decide(
    *,
    entry: Entry,
    outcome: str,
    points: Decimal | None,
    reason: str,
    by: Actor,
    at: datetime,
) -> Decision:
    """Write a new current decision on an entry; the one before it stays readable.

    Who may decide and when is the caller's question: the caller holds the lock.
    """
    previous = entry.decisions.order_by("-number").first()
    if previous is not None and previous.is_current:
        previous.is_current = False
        previous.save(update_fields=["is_current"])
    return Decision.objects.create(
        entry=entry,
        number=previous.number + 1 if previous else 1,
        outcome=outcome,
        points=points,
        reason=reason,
        decided_by=by.user,
        decided_at=at,
    )


def approve_as_claimed(*, entries: Iterable[Entry], by: Actor, at: datetime) -> int:
    """Approve entries that have no decision yet, as they were claimed. One statement."""
    rows = [
        Decision(
            entry=entry,
            outcome=Decision.Outcome.APPROVED,
            points=entry.claimed_points,
            decided_by=by.user,
            decided_at=at,
        )
        for entry in entries
    ]
    Decision.objects.bulk_create(rows)
    return len(rows)


@transaction.atomic
def withdraw_all(*, entries: Collection[Entry], reason: str, by: Actor, at: datetime) -> int:
    """Withdraw entries by a decision row each; what was decided before stays readable.
    Three statements, however many entries."""
    before = Decision.objects.filter(entry__in=entries)
    numbers = dict(
        before.order_by().values("entry").annotate(last=Max("number")).values_list("entry", "last")
    )
    before.filter(is_current=True).update(is_current=False)
    rows = [
        Decision(
            entry=entry,
            number=numbers.get(entry.pk, 0) + 1,
            outcome=Decision.Outcome.WITHDRAWN,
            reason=reason,
            decided_by=by.user,
            decided_at=at,
        )
        for entry in entries
    ]
    Decision.objects.bulk_create(rows)
    return len(rows)
