"""What the month asks of people: sheets, entries and files by branch and month, so that staff
see the burden (domain.md §10). Counts, never points: branches may stand side by side here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet

from branches.models import Branch
from points.models import Declaration, Entry, Evidence, MonthlyResult

TENTH = Decimal("0.1")
UNFILED = (Declaration.State.DRAFT, Declaration.State.MISSING)
Place = tuple[int, date]


@dataclass(frozen=True, slots=True)
class Burden:
    """One branch in one month. ``declared`` and ``registered`` are entries: those that members
    claimed on a sheet they filed, and all others (registered by the branch or the committee,
    proposed by the system, imported). ``files`` are attached to either. An imported month has
    no sheets: what it asked of members nobody knows."""

    branch: Branch
    month: date
    members: int = 0
    declarations: int = 0
    declared: int = 0
    registered: int = 0
    files: int = 0
    has_sheets: bool = True

    @property
    def declared_each(self) -> Decimal | None:
        """Entries that a member claimed, on average."""
        return per_head(self.declared, self.members) if self.has_sheets else None

    @property
    def files_each(self) -> Decimal | None:
        """Files that stand to a member, on average."""
        return per_head(self.files, self.members) if self.has_sheets else None


def each_month(count: str, rows: Iterable[Burden]) -> Decimal | None:
    """So many of ``declared`` or ``files`` to a member and month, over the months with sheets."""
    rows = [row for row in rows if row.has_sheets]
    return per_head(sum(getattr(row, count) for row in rows), sum(row.members for row in rows))


def per_head(count: int, members: int) -> Decimal | None:
    """To one place, half up; None where there is nobody."""
    if not members:
        return None
    return (Decimal(count) / members).quantize(TENTH, ROUND_HALF_UP)


def burden_of(branches: Collection[int], months: Sequence[date]) -> list[Burden]:
    """These branches in the roll's order, each with those of these months in which it had
    members, in the order given. Five queries.

    A branch's members of a month are those who have a sheet or a result in it (an imported
    month has no sheets). What was withdrawn, and what stands on a sheet that was never filed,
    is not counted.
    """
    of_months = Q(branch__in=branches, month__in=months)
    sheets = _by_place(
        Declaration.objects.filter(of_months),
        sheets=Count("pk"),
        filed=Count("pk", filter=~Q(state__in=UNFILED)),
    )
    results = _by_place(MonthlyResult.objects.current().filter(of_months), results=Count("pk"))
    standing = Entry.objects.standing().exclude(
        source=Entry.Source.DECLARED, declaration__state__in=UNFILED
    )
    is_declared = Q(source=Entry.Source.DECLARED)
    entries = _by_place(
        standing.filter(of_months),
        declared=Count("pk", filter=is_declared),
        registered=Count("pk", filter=~is_declared),
    )
    files = {
        (branch, month): count
        for branch, month, count in Evidence.objects.filter(entry__in=standing.filter(of_months))
        .order_by()
        .values_list("entry__branch", "entry__month")
        .annotate(count=Count("pk"))
    }

    def row(branch: Branch, month: date) -> Burden:
        place = (branch.pk, month)
        all_sheets, filed = sheets.get(place, (0, 0))
        declared, registered = entries.get(place, (0, 0))
        members = max(all_sheets, *results.get(place, (0,)))
        return Burden(
            branch=branch,
            month=month,
            members=members,
            declarations=filed,
            declared=declared,
            registered=registered,
            files=files.get(place, 0),
            has_sheets=all_sheets > 0,
        )

    rows = (row(one, month) for one in Branch.objects.filter(pk__in=branches) for month in months)
    return [one for one in rows if one.members]


def _by_place(rows: "QuerySet[Any]", **counts: Count) -> dict[Place, tuple[int, ...]]:
    """These counts by branch and month. One query."""
    found = rows.order_by().values("branch", "month").annotate(**counts)
    return {
        (branch, month): tuple(rest)
        for branch, month, *rest in found.values_list("branch", "month", *counts)
    }
