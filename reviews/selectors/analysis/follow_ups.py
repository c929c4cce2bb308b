"""The follow-ups that are open today, by kind and state: how many, never whose and never what
was said in them (domain.md §10)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Q

from reviews.models import FollowUp

Kind, State = FollowUp.Kind, FollowUp.State
OPEN_STATES = tuple(state for state in State if state not in FollowUp.DONE)


@dataclass(frozen=True, slots=True)
class OpenFollowUps:
    """Counts by (kind, state), and how many of a kind are overdue."""

    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    overdue: Mapping[str, int] = field(default_factory=dict)

    def of_kind(self, kind: str) -> int:
        return sum(count for (one, _state), count in self.counts.items() if one == kind)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def total_overdue(self) -> int:
        return sum(self.overdue.values())

    @property
    def rows(self) -> list["KindRow"]:
        """Every kind of which something is open, by state."""
        return [
            KindRow(
                kind.label,
                [(state.label, self.counts.get((kind, state), 0)) for state in OPEN_STATES],
                self.of_kind(kind),
                self.overdue.get(kind, 0),
            )
            for kind in Kind
            if self.of_kind(kind)
        ]


@dataclass(frozen=True, slots=True)
class KindRow:
    label: Any
    cells: list[tuple[Any, int]]
    total: int
    overdue: int


def open_follow_ups(branches: Collection[int], today: date) -> dict[int, OpenFollowUps]:
    """What is open in these branches, by branch. One query."""
    rows = (
        FollowUp.objects.filter(branch__in=branches, state__in=OPEN_STATES)
        .order_by()
        .values("branch", "kind", "state")
        .annotate(count=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=today)))
        .values_list("branch", "kind", "state", "count", "overdue")
    )
    counts: dict[int, dict[tuple[str, str], int]] = {}
    late: dict[int, dict[str, int]] = {}
    for branch, kind, state, count, overdue in rows:
        counts.setdefault(branch, {})[kind, state] = count
        of_branch = late.setdefault(branch, {})
        of_branch[kind] = of_branch.get(kind, 0) + overdue
    return {branch: OpenFollowUps(found, late[branch]) for branch, found in counts.items()}
