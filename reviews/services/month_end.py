"""月结: close what has been published long enough, and check the thresholds (domain.md §5.7).

The work is done in chunks of branches, one transaction a chunk, with a fixed number of
statements: branches never need each other's rows. A chunk that was done already, by this
worker or another, changes nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from branches.models import Branch
from members.notices import record
from members.rights import Actor
from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.models import Objection, Round
from reviews.services.follow_ups import Reconciled, reconcile_branches

CHUNK = 100


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What a month-end did, in rows."""

    branches: int = 0
    rounds_closed: int = 0
    created: int = 0
    withdrawn: int = 0
    reinstated: int = 0
    updated: int = 0
    flagged: int = 0

    def __add__(self, other: "MonthEnd") -> "MonthEnd":
        return MonthEnd(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def due_rounds(on: date) -> Q:
    """Rounds whose publication has ended before that day with no objection open."""
    objected = Objection.objects.filter(
        publication__round=OuterRef("pk"), state=Objection.State.OPEN
    )
    return Q(
        ~Exists(objected),
        state=Round.State.PUBLISHED,
        publications__withdrawn_at__isnull=True,
        publications__ends_on__lt=on,
    )


def due_branches(*, on: date, every_closed: bool = False) -> list[int]:
    """The ids of the branches that month-end has something to do for: rounds to close, or
    closed months whose thresholds are not checked yet. With ``every_closed`` all branches
    that have a closed month, whether or not they were checked before."""
    unchecked = Q(state=Round.State.CLOSED)
    if not every_closed:
        unchecked &= Q(thresholds_checked_at__isnull=True)
    return sorted(
        set(
            Round.objects.filter(due_rounds(on) | unchecked)
            .order_by()
            .values_list("branch", flat=True)
        )
    )


def chunks(branches: list[int], size: int = CHUNK) -> Iterator[list[int]]:
    for start in range(0, len(branches), size):
        yield branches[start : start + size]


def month_end(*, on: date, by: Actor, at: datetime, every_closed: bool = True) -> MonthEnd:
    """Close every publication that has ended by that day, and bring the follow-ups of every
    closed month to what its results demand. Safe at any time, twice, late, or from two
    processes at once."""
    policies = PolicyBook()
    done = MonthEnd()
    for chunk in chunks(due_branches(on=on, every_closed=every_closed)):
        done += close_chunk(
            branches=chunk, on=on, by=by, at=at, policies=policies, every_closed=every_closed
        )
    return done


@transaction.atomic
def close_chunk(
    *,
    branches: Collection[int],
    on: date,
    by: Actor,
    at: datetime,
    policies: PolicyBook | None = None,
    every_closed: bool = False,
) -> MonthEnd:
    """Close the due rounds of these branches and reconcile their follow-ups, in one
    transaction: those that these rounds and other unchecked ones can change, or, with
    ``every_closed``, those of every closed month. The branches' rows are locked first: a
    second worker waits, finds nothing left to close, and changes nothing."""
    list(
        Branch.objects.select_for_update(no_key=True)
        .filter(pk__in=branches)
        .order_by("pk")
        .values_list("pk")
    )
    locked = list(
        Round.objects.select_for_update(of=("self",))
        .filter(due_rounds(on), branch__in=branches)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    # Asked again under the lock: an objection raised at the last minute held it before us.
    due = dict(Round.objects.filter(due_rounds(on), pk__in=locked).values_list("pk", "month"))
    if due:
        # The branches and months lead to the rows through the index; without them SQLite
        # reads every result there is for each chunk (9 s of 13 for 100,000 members).
        MonthlyResult.objects.current().filter(
            Exists(
                Round.objects.filter(pk__in=due, branch=OuterRef("branch"), month=OuterRef("month"))
            ),
            branch__in=branches,
            month__in=set(due.values()),
        ).update(is_final=True)
        Round.objects.filter(pk__in=due).update(state=Round.State.CLOSED, closed_at=at)
    # Locked, so that a revision that asks for another check comes before this one or after it.
    unchecked = list(
        Round.objects.select_for_update()
        .filter(branch__in=branches, state=Round.State.CLOSED, thresholds_checked_at__isnull=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    changed: Reconciled = reconcile_branches(
        branches=branches,
        policies=policies or PolicyBook(),
        at=at,
        rounds=None if every_closed else unchecked,
    )
    Round.objects.filter(pk__in=unchecked).update(thresholds_checked_at=at)
    if due:
        record(by=by.user, at=at, verb="close", rounds=len(due))
    return MonthEnd(
        branches=len(branches),
        rounds_closed=len(due),
        created=changed.created,
        withdrawn=changed.withdrawn,
        reinstated=changed.reinstated,
        updated=changed.updated,
        flagged=changed.flagged,
    )
