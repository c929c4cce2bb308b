"""The branches somebody works on: read once, for all that is to be done there."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef

from branches.models import Branch
from members.models import Position
from members.rights import Actor
from reviews.models import Objection
from reviews.rules import Bench


@dataclass(frozen=True, slots=True)
class Desk:
    """The branches somebody works on today, and who sits on their committees.

    ``thin`` are branches below one's committee without a secretary, or with so few on the
    branch committee that the committee above may have to decide.
    """

    actor: Actor
    today: date
    branches: frozenset[int]
    benches: Mapping[int, Bench] = field(repr=False)
    without_secretary: tuple[Branch, ...] = ()
    objections: tuple[Objection, ...] = ()

    @classmethod
    def of(cls, actor: Actor, *, today: date) -> "Desk":
        """Three queries."""
        thin = _thin_branches(actor, today)
        objections = tuple(
            Objection.objects.filter(
                state=Objection.State.OPEN,
                publication__round__branch__in=actor.committee_branches | actor.branches_below,
            ).select_related("member", "publication__round__branch", "line__entry__criterion")
        )
        branches = actor.committee_branches | {branch.pk for branch in thin}
        asked = branches | {one.publication.round.branch_id for one in objections}
        seats: dict[int, set[tuple[int, str]]] = defaultdict(set)
        for branch, member, kind in (
            Position.objects.on(today)
            .filter(branch__in=asked)
            .values_list("branch", "member", "kind")
        ):
            seats[branch].add((member, kind))
        benches = {branch: Bench(branch, frozenset(seats[branch])) for branch in asked}
        vacant = tuple(branch for branch in thin if not benches[branch.pk].has_secretary)
        return cls(actor, today, branches, benches, vacant, objections)


def _thin_branches(actor: Actor, today: date) -> list[Branch]:
    if not actor.is_staff:
        return []
    seats = Position.objects.on(today).filter(branch=OuterRef("pk"))
    secretaries = seats.filter(kind=Position.Kind.SECRETARY)
    others = seats.exclude(kind=Position.Kind.SECRETARY)
    return list(
        Branch.objects.active()
        .filter(~Exists(secretaries) | ~Exists(others), pk__in=actor.branches_below)
        .order_by("roll_order", "pk")
    )
