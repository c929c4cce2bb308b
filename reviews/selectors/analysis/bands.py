"""Bands of scores over the months: how many, never who."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from lib.bars import Series, stacked
from points.models import MonthlyResult
from reviews.analysis import Band, MonthBands, count_bands
from reviews.selectors.results import published

LABELS = {
    Band.FIFTEEN: _("line +15 and more"),
    Band.TEN: _("line +10 to under +15"),
    Band.FIVE: _("line +5 to under +10"),
    Band.LINE: _("line to under +5"),
    Band.BELOW: _("below the line"),
    Band.ZERO: _("zero"),
}
# From the axis outwards: what stands on the line, and what hangs under it.
SERIES = (
    Series(Band.LINE, LABELS[Band.LINE], "dots"),
    Series(Band.FIVE, LABELS[Band.FIVE], "lines"),
    Series(Band.TEN, LABELS[Band.TEN], "grid"),
    Series(Band.FIFTEEN, LABELS[Band.FIFTEEN], "solid"),
    Series(Band.BELOW, LABELS[Band.BELOW], "hatch", hangs=True),
    Series(Band.ZERO, LABELS[Band.ZERO], "cross", hangs=True),
)


def bands_of(branch: Branch, months: Sequence[date]) -> list[MonthBands]:
    """The bands of the branch's published results, month by month. One query."""
    results = published(MonthlyResult.objects.current()).filter(branch=branch, month__in=months)
    rows = results.order_by().values_list("month", "score", "pass_line")
    return count_bands(rows, months)


def drawn(bands: Sequence[MonthBands]) -> dict[str, Any]:
    months = [(one.month, {band.value: n for band, n in one.counts.items()}) for one in bands]
    return stacked(months, SERIES)


def rows_of(bands: Sequence[MonthBands]) -> list[tuple[MonthBands, list[tuple[Any, int]]]]:
    """The same numbers for a table: each month with its (label, count), the highest first."""
    return [
        (one, [(label, one.counts.get(band, 0)) for band, label in LABELS.items()]) for one in bands
    ]
