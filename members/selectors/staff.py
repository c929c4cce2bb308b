"""Who works for which committee on a day."""

from collections import defaultdict
from datetime import date
from typing import Any

from branches.models import Committee
from members.models import StaffAppointment


class StaffOfCommittees:
    """The staff in office on a day, by committee, and the way upwards. Two queries."""

    def __init__(self, on: date) -> None:
        self._parents: dict[int, int | None] = dict(
            Committee.objects.values_list("pk", "parent_id")
        )
        self._staff: dict[int, list[Any]] = defaultdict(list)
        for committee, user in StaffAppointment.objects.on(on).values_list("committee", "user"):
            self._staff[committee].append(user)

    def nearest(self, committee: int) -> int:
        """The committee itself or the nearest one above it that has staff; else itself."""
        current: int | None = committee
        while current is not None:
            if current in self._staff:
                return current
            current = self._parents.get(current)
        return committee

    def superior(self, committee: int) -> int | None:
        """The nearest committee above this one that has staff."""
        parent = self._parents.get(committee)
        if parent is None:
            return None
        found = self.nearest(parent)
        return found if found in self._staff else None

    def up_from(self, committee: int) -> frozenset[int]:
        """The staff of the committee and of all above it."""
        found: set[int] = set()
        current: int | None = committee
        while current is not None:
            found.update(self.of(current))
            current = self._parents.get(current)
        return frozenset(found)

    def of(self, committee: int) -> list[int]:
        return self._staff.get(committee, [])
