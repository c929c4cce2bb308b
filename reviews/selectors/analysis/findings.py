"""What spot checks found in the months of branches, by finding. Entries that are drawn but not
inspected yet are not counted: nobody below the committee knows of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count

from reviews.models import SpotCheckItem

Finding = SpotCheckItem.Finding


@dataclass(frozen=True, slots=True)
class Findings:
    """How many inspected entries there are of each finding."""

    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def inspected(self) -> int:
        return sum(self.counts.values())

    @property
    def in_order(self) -> int:
        return self.counts.get(Finding.IN_ORDER, 0)

    @property
    def rows(self) -> list[tuple[str, Any, int]]:
        """Every kind of finding: its value, its name, how many."""
        return [(value, label, self.counts.get(value, 0)) for value, label in Finding.choices]


def findings_of(branches: Collection[int], months: Sequence[date]) -> dict[int, Findings]:
    """The findings about entries of these months, by branch. One query."""
    rows = (
        SpotCheckItem.objects.filter(entry__branch__in=branches, entry__month__in=months)
        .exclude(finding="")
        .order_by()
        .values_list("entry__branch", "finding")
        .annotate(count=Count("pk"))
    )
    counts: dict[int, dict[str, int]] = {}
    for branch, finding, count in rows:
        counts.setdefault(branch, {})[finding] = count
    return {branch: Findings(found) for branch, found in counts.items()}
