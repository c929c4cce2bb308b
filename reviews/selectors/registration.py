"""What the registration page shows: rounds, items, people and what was registered lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from members.models import Member
from members.rights import Actor
from points.models import Criterion, Decision, Entry, Registration
from points.rules import applies_to, is_confidential, may_read_matter
from points.selectors.criteria import choices, grouped, haystack
from points.services.registration import secretaries_on
from reviews.models import Round
from reviews.rules import may_register
from reviews.workflow import Seat

RECENT = 20


def rounds_to_register(actor: Actor) -> list[Round]:
    """The rounds still open to registration that this person may work on: newest month
    first, branches in the roll's order. One query."""
    return list(
        Round.objects.visible_to(actor)
        .filter(state__in=[Round.State.OPEN, Round.State.REVIEWING])
        .select_related("branch", "rule_book")
        .order_by("-month", "branch__roll_order", "branch")
    )


def items_to_register(round_: Round, seat: Seat, *, for_committee: bool = False) -> list[Criterion]:
    """The criteria of a round's rule book that this person may register: those of the branch,
    or those of the committee (党委登记). One query."""
    criteria = Criterion.objects.filter(rule_book=round_.rule_book_id).select_related("rule_book")
    return [
        criterion
        for criterion in criteria
        if is_confidential(criterion) == for_committee
        and may_register(seat.actor, criterion, round_, seat.bench)
    ]


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """A category with its items, each with the text by which it is found."""

    label: Any
    items: Sequence[tuple[Criterion, str]]


def groups(criteria: Sequence[Criterion]) -> list[ItemGroup]:
    """The items by category, in the source's order."""
    return [
        ItemGroup(group.label, [(c.criterion, haystack(c.criterion)) for c in group.choices])
        for group in grouped(choices(criteria, None))
    ]


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the roster, and whether the chosen item applies to them."""

    member: Member
    applies: bool
    is_self: bool


def people(round_: Round, criterion: Criterion, actor: Actor) -> list[Person]:
    """The roster of the round's month, in the roll's order. Two queries."""
    secretaries = secretaries_on(round_.branch_id, round_.month)
    return [
        Person(
            member=member,
            applies=applies_to(criterion, member=member, is_secretary=member.pk in secretaries),
            is_self=member.pk == actor.member_id,
        )
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration with what became of it. ``may_undo`` is this person's right, while the
    round is open to registration. ``is_hidden``: only names and points are shown to this
    person, not what it is about (党委登记)."""

    registration: Registration
    entries: Sequence[Entry]
    may_undo: bool
    actor_member: int | None = None
    is_hidden: bool = False

    @property
    def points(self) -> Decimal:
        """For each member, as registered."""
        return (self.registration.criterion.points * self.registration.times).quantize(
            Decimal("0.01")
        )

    @property
    def standing(self) -> list[Entry]:
        return [entry for entry in self.entries if not is_withdrawn(entry)]

    @property
    def undoable(self) -> list[Entry]:
        """What this person can undo: not their own once it is decided (recusal)."""
        return [entry for entry in self.standing if self.may_undo_entry(entry)]

    def may_undo_entry(self, entry: Entry) -> bool:
        own_decided = entry.member_id == self.actor_member and current_decision(entry) is not None
        return self.may_undo and not is_withdrawn(entry) and not own_decided

    @property
    def rows(self) -> list[tuple[Entry, Decision | None, bool]]:
        return [(e, current_decision(e), self.may_undo_entry(e)) for e in self.entries]


def current_decision(entry: Entry) -> Decision | None:
    """The current decision of an entry whose current decisions were read with it."""
    return next((d for d in entry.decisions.all() if d.is_current), None)


def is_withdrawn(entry: Entry) -> bool:
    decision = current_decision(entry)
    return decision is not None and decision.outcome == Decision.Outcome.WITHDRAWN


def registered(
    round_: Round, seat: Seat, *, may_undo: bool, pk: int | None = None
) -> list[Registered]:
    """What was registered in a round, newest first; ``pk`` for one of them. Three queries."""
    found = Registration.objects.filter(branch=round_.branch_id, month=round_.month)
    if pk is not None:
        found = found.filter(pk=pk)
    current = Decision.objects.filter(is_current=True).select_related("decided_by__member")
    entries = (
        Entry.objects.select_related("member", "criterion")
        .order_by("member__roll_order", "member")
        .prefetch_related(Prefetch("decisions", queryset=current))
    )
    rows = found.select_related(
        "criterion__rule_book", "registered_by__member", "activity"
    ).prefetch_related(Prefetch("entries", queryset=entries))[:RECENT]
    return [
        Registered(
            registration=row,
            entries=list(row.entries.all()),
            may_undo=may_undo and may_register(seat.actor, row.criterion, round_, seat.bench),
            actor_member=seat.actor.member_id,
            is_hidden=not may_read_matter(
                seat.actor, row.criterion, branch_id=row.branch_id, member_id=None
            ),
        )
        for row in rows
    ]
