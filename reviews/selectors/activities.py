"""What the pages of activities show: who is expected, what can be registered for being there or
not, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import Member
from points.models import Activity, Attendance, Criterion, Decision, Entry, Registration
from points.services.activities import suits
from reviews.models import Round
from reviews.rules import may_work_on
from reviews.selectors.registration import current_decision, is_withdrawn, items_to_register
from reviews.workflow import Seat

Kind, State = Activity.Kind, Attendance.State

# Everybody is expected unless it is a meeting of the few.
OF_THE_FEW: Final = (Kind.COMMITTEE, Kind.GROUP)
NOT_EXPECTED: Final = ""
WORDS: Final[Mapping[str, Any]] = dict(State.choices)
WORDS_OF_DUES: Final[Mapping[str, Any]] = {
    State.PRESENT: pgettext_lazy("dues", "paid"),
    State.ON_LEAVE: pgettext_lazy("dues", "deferred"),
    State.ABSENT: pgettext_lazy("dues", "not paid"),
}
RECENT: Final = 20


def words_of(kind: str) -> Mapping[str, Any]:
    """How an attendance is called: dues are paid, deferred or not paid."""
    return WORDS_OF_DUES if kind == Kind.DUES else WORDS


def choices_of(kind: str) -> list[tuple[str, Any]]:
    """What can be said of a member, the first for most of them."""
    words = words_of(kind)
    not_concerned = _("not concerned") if kind == Kind.DUES else _("not expected")
    return [*words.items(), (NOT_EXPECTED, not_concerned)]


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the roster, and what is assumed of their attendance."""

    member: Member
    is_self: bool
    default: str


def roster_of(round_: Round, kind: str, seat: Seat) -> list[Person]:
    """The roster of the round's month, in the roll's order: all present, or at a meeting of the
    branch committee only its members. One query."""
    return [
        Person(member, member.pk == seat.actor.member_id, _assumed(kind, member.pk, seat))
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]


def _assumed(kind: str, member_id: int, seat: Seat) -> str:
    if kind == Kind.COMMITTEE:
        return State.PRESENT if member_id in seat.bench.members else NOT_EXPECTED
    return NOT_EXPECTED if kind == Kind.GROUP else State.PRESENT


def offers(round_: Round, seat: Seat) -> dict[str, list[Criterion]]:
    """The criteria that each attendance can bring: those the branch registers, by their sign.
    One query."""
    mine = items_to_register(round_, seat)
    return {state: [c for c in mine if suits(c, state)] for state in State.values}


def may_record(seat: Seat, round_: Round) -> bool:
    """The branch records what it held; staff only in place of a secretary that is missing."""
    return may_work_on(seat.actor, round_, seat.bench)


# -- what was recorded -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attended:
    """A member of an activity: there or not, and the entry that it brought, if any."""

    member: Member
    state: str
    label: Any
    entry: Entry | None

    @property
    def decision(self) -> Decision | None:
        return current_decision(self.entry) if self.entry else None

    @property
    def points(self) -> Decimal | None:
        """What it brings as things stand; None for nothing."""
        if self.entry is None or is_withdrawn(self.entry):
            return None
        decision = self.decision
        return decision.points if decision else self.entry.claimed_points


@dataclass(frozen=True, slots=True)
class Recorded:
    """An activity with its attendance, in the roll's order, and its registrations."""

    activity: Activity
    rows: Sequence[Attended]
    registrations: Sequence[Registration]

    @property
    def counts(self) -> list[tuple[str, Any, int]]:
        """How many were there, on leave and away, in the words of this kind."""
        return [
            (state, label, sum(row.state == state for row in self.rows))
            for state, label in words_of(self.activity.kind).items()
        ]

    @property
    def names(self) -> list[tuple[str, Any, list[str]]]:
        """Who was there, on leave and away, by name; what nobody was is left out."""
        grouped = [
            (state, label, [row.member.name for row in self.rows if row.state == state])
            for state, label in words_of(self.activity.kind).items()
        ]
        return [group for group in grouped if group[2]]

    @property
    def with_points(self) -> list[Attended]:
        """Those to whom it brought an entry, undone ones among them."""
        return [row for row in self.rows if row.entry]

    @property
    def is_undone(self) -> bool:
        return self.activity.undone_at is not None

    @property
    def standing(self) -> list[Attended]:
        return [row for row in self.rows if row.points is not None]

    @property
    def left_out(self) -> list[Attended]:
        """Those in whose state others have points, to whom the item does not apply."""
        states = {row.state for row in self.rows if row.entry}
        return [row for row in self.rows if row.entry is None and row.state in states]


def recorded(activities: Iterable[Activity]) -> list[Recorded]:
    """Activities with their attendance and entries, in the order given. Five queries."""
    current = Decision.objects.filter(is_current=True).select_related("decided_by__member")
    entries = Entry.objects.select_related("criterion").prefetch_related(
        Prefetch("decisions", queryset=current)
    )
    rows = list(activities)
    attendances = _by_activity(
        Attendance.objects.filter(activity__in=rows)
        .select_related("member")
        .order_by("member__roll_order", "member")
    )
    registrations = _by_activity(
        Registration.objects.filter(activity__in=rows)
        .select_related("criterion")
        .prefetch_related(Prefetch("entries", queryset=entries))
        .order_by("pk")
    )
    return [
        _recorded(activity, attendances.get(activity.pk, []), registrations.get(activity.pk, []))
        for activity in rows
    ]


def _by_activity(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.activity_id, []).append(row)
    return found


def _recorded(
    activity: Activity, attendances: Collection[Attendance], registrations: list[Registration]
) -> Recorded:
    entry_of = {entry.member_id: entry for made in registrations for entry in made.entries.all()}
    words = words_of(activity.kind)
    rows = [
        Attended(row.member, row.state, words[row.state], entry_of.get(row.member_id))
        for row in attendances
    ]
    return Recorded(activity, rows, registrations)


def activities_of(round_: Round) -> list[Recorded]:
    """The latest activities of a round's month, newest first. Five queries."""
    found = Activity.objects.filter(branch=round_.branch_id, month=round_.month)
    return recorded(found.select_related("recorded_by__member")[:RECENT])
