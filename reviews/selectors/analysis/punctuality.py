"""Whether sheets were filed, months reviewed and results published in time. Counts and days,
never points: branches may stand side by side here, in the roll's order."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lib.bars import Series, stacked
from points.models import Declaration
from reviews.analysis import share
from reviews.models import Round

UNFILED = (Declaration.State.DRAFT, Declaration.State.MISSING)
SERIES = (
    Series("in_time", _("filed in time"), "solid"),
    Series("late", _("filed late"), "hatch"),
    Series("unfiled", _("not filed"), "cross"),
    Series("waiting", _("not due yet"), "dots"),
)
Place = tuple[int, date]


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of some months: filed in time, late, not filed, and not due yet."""

    in_time: int = 0
    late: int = 0
    unfiled: int = 0
    waiting: int = 0

    @property
    def due(self) -> int:
        return self.in_time + self.late + self.unfiled

    @property
    def in_time_share(self) -> Any:
        return share(self.in_time, self.due)

    @property
    def counts(self) -> dict[str, int]:
        return {one.key: getattr(self, one.key) for one in SERIES}

    @property
    def cells(self) -> list[tuple[Any, int]]:
        return [(one.label, getattr(self, one.key)) for one in SERIES]

    def __add__(self, other: "Sheets") -> "Sheets":
        return Sheets(
            self.in_time + other.in_time,
            self.late + other.late,
            self.unfiled + other.unfiled,
            self.waiting + other.waiting,
        )


@dataclass(frozen=True, slots=True)
class MonthInTime:
    """A branch's month: its sheets, its review, its publication. ``was_in_time`` is None while
    the review is not due; ``reviewed_on`` None until the review is concluded. A month without
    sheets was imported: when it was reviewed nobody knows."""

    branch: int
    month: date
    sheets: Sheets
    review_by: date
    reviewed_on: date | None
    was_in_time: bool | None
    published_on: date | None


def punctuality_of(
    branches: Collection[int], months: Sequence[date], today: date
) -> list[MonthInTime]:
    """The months of these branches that were not imported, by month. Two queries."""
    rounds = (
        Round.objects.filter(branch__in=branches, month__in=months)
        .annotate(
            first_published_at=Min("publications__published_at"),
            shown_from=Min(
                "publications__starts_on", filter=Q(publications__withdrawn_at__isnull=True)
            ),
        )
        .order_by("month", "branch")
    )
    sheets = _sheets(branches, months)
    found = []
    for one in rounds:
        counts = sheets.get((one.branch_id, one.month))
        if counts is None:
            continue
        in_time, late, unfiled = counts
        is_due = one.state != Round.State.OPEN or one.declare_by < today
        reviewed_on = _first_day(one.concluded_at, one.first_published_at)
        found.append(
            MonthInTime(
                branch=one.branch_id,
                month=one.month,
                sheets=Sheets(in_time, late, unfiled if is_due else 0, 0 if is_due else unfiled),
                review_by=one.review_by,
                reviewed_on=reviewed_on,
                was_in_time=_in_time(reviewed_on, one.review_by, today),
                published_on=one.shown_from,
            )
        )
    return found


def _sheets(branches: Collection[int], months: Sequence[date]) -> dict[Place, tuple[int, int, int]]:
    filed = ~Q(state__in=UNFILED)
    rows = (
        Declaration.objects.filter(branch__in=branches, month__in=months)
        .order_by()
        .values("branch", "month")
        .annotate(
            in_time=Count("pk", filter=filed & Q(is_late=False)),
            late=Count("pk", filter=filed & Q(is_late=True)),
            unfiled=Count("pk", filter=~filed),
        )
        .values_list("branch", "month", "in_time", "late", "unfiled")
    )
    return {(branch, month): (i, late, u) for branch, month, i, late, u in rows}


def _first_day(*moments: datetime | None) -> date | None:
    """The day on which a month was first reviewed: a review that was reopened was held before."""
    known = [moment for moment in moments if moment is not None]
    return timezone.localdate(min(known)) if known else None


def _in_time(reviewed_on: date | None, review_by: date, today: date) -> bool | None:
    if reviewed_on is None:
        return None if today <= review_by else False
    return reviewed_on <= review_by


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Some months taken together: sheets, reviews in time and late (held or not), months
    published, and months in all."""

    sheets: Sheets = Sheets()
    reviews_in_time: int = 0
    reviews_late: int = 0
    published: int = 0
    months: int = 0

    @property
    def reviews_due(self) -> int:
        return self.reviews_in_time + self.reviews_late


def together(months: Iterable[MonthInTime]) -> Punctuality:
    months = list(months)
    return Punctuality(
        sheets=sum((one.sheets for one in months), Sheets()),
        reviews_in_time=sum(one.was_in_time is True for one in months),
        reviews_late=sum(one.was_in_time is False for one in months),
        published=sum(one.published_on is not None for one in months),
        months=len(months),
    )


def drawn(rows: Sequence[MonthInTime]) -> dict[str, Any]:
    return stacked([(one.month, one.sheets.counts) for one in rows], SERIES)
