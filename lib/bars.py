"""Where the parts of stacked and of diverging bars stand: geometry for an SVG, no markup.

Across, places are percentages, so that a chart is as wide as its page without stretching its
text; down, they are pixels. What a part means is said by its texture and its figure, never by
colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

HUNDREDTH = Decimal("0.01")
# Pixels from the top: where the highest stack ends, where the lowest does, months and years.
STACKS = {"height": 254, "top": 18, "foot": 194, "label_y": 228, "year_y": 247}
# As many months as have room for a figure in every part, on a phone too.
FIGURES_UP_TO = 12
LEAST_FOR_FIGURE = 15
WIDEST = Decimal(7)
# A row of a diverging chart: its name, and below it the bar, in pixels.
ROW = {"height": 46, "label": 15, "bar": 22, "thickness": 15, "figure": 34}
# Percent that are kept free on either side for the figures at a bar's ends.
MARGIN = Decimal(17)


@dataclass(frozen=True, slots=True)
class Series:
    """One part of every stack. ``hangs``: it stands below the axis, the first next to it."""

    key: str
    label: Any
    texture: str
    hangs: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle: x and width in percent, y and height in pixels, and its figure."""

    key: str
    texture: str
    count: int
    x: str
    width: str
    y: str
    height: str
    figure_y: str
    has_figure: bool


def stacked(
    months: Sequence[tuple[date, Mapping[str, int]]], series: Sequence[Series]
) -> dict[str, Any]:
    """The stacks of these months, to one scale. Figures stand in the parts of up to twelve
    months, or at the stack's end where its last part is too low for one; of more months, only
    each quarter's first is named."""
    rises = max((_total(counts, series, hangs=False) for _month, counts in months), default=0)
    falls = max((_total(counts, series, hangs=True) for _month, counts in months), default=0)
    room = Decimal(STACKS["foot"] - STACKS["top"])
    unit = room / (rises + falls or 1)
    axis = STACKS["foot"] - unit * falls
    return {
        "series": list(series),
        "columns": [
            _column(month, counts, series, place, len(months), axis, unit)
            for place, (month, counts) in enumerate(months)
        ],
        "axis": _pixels(axis),
        "has_line": any(one.hangs for one in series),
        **STACKS,
    }


def _total(counts: Mapping[str, int], series: Sequence[Series], *, hangs: bool) -> int:
    return sum(counts.get(one.key, 0) for one in series if one.hangs == hangs)


def _column(
    month: date,
    counts: Mapping[str, int],
    series: Sequence[Series],
    place: int,
    columns: int,
    axis: Decimal,
    unit: Decimal,
) -> dict[str, Any]:
    share = Decimal(100) / columns
    middle = share * place + share / 2
    width = min(share * Decimal("0.64"), WIDEST)
    is_short = columns <= FIGURES_UP_TO
    shown = [one for one in series if counts.get(one.key)]
    ends = {one.hangs: one.key for one in shown}
    up = down = axis
    parts = []
    for one in shown:
        height = unit * counts[one.key]
        if one.hangs:
            top, down = down, down + height
        else:
            top = up = up - height
        is_low = height < LEAST_FOR_FIGURE
        outside = top + height + 14 if one.hangs else top - 4
        parts.append(
            Part(
                key=one.key,
                texture=one.texture,
                count=counts[one.key],
                x=_percent(middle - width / 2),
                width=_percent(width),
                y=_pixels(top),
                height=_pixels(height),
                figure_y=_pixels(outside if is_low else top + height / 2 + 5),
                has_figure=is_short and (not is_low or ends[one.hangs] == one.key),
            )
        )
    begins_a_quarter = month.month % 3 == 1
    # Beside a January there is no room for the year before it.
    has_room = month.month < (12 if is_short else 10)
    begins_a_year = month.month == 1 or (place == 0 and has_room)
    return {
        "month": month,
        "parts": parts,
        "middle": _percent(middle),
        "label": month.month if is_short or begins_a_quarter else None,
        "year": month.year if begins_a_year else None,
    }


def diverging(rows: Sequence[tuple[Any, Decimal, Decimal]]) -> dict[str, Any]:
    """Rows of (name, plus, minus), both without sign: plus to the right of the axis, minus to
    the left of it, to one scale."""
    plus = max((row[1] for row in rows), default=Decimal(0))
    minus = max((row[2] for row in rows), default=Decimal(0))
    unit = (100 - 2 * MARGIN) / (plus + minus or 1)
    axis = MARGIN + unit * minus
    return {
        "rows": [_row(row, place, axis, unit) for place, row in enumerate(rows)],
        "axis": _percent(axis),
        "height": ROW["height"] * len(rows),
        "thickness": ROW["thickness"],
    }


def _row(
    row: tuple[Any, Decimal, Decimal], place: int, axis: Decimal, unit: Decimal
) -> dict[str, Any]:
    label, plus, minus = row
    top = ROW["height"] * place
    return {
        "label": label,
        "plus": plus,
        "minus": minus,
        "label_y": top + ROW["label"],
        "bar_y": top + ROW["bar"],
        "figure_y": top + ROW["figure"],
        "plus_x": _percent(axis),
        "plus_width": _percent(unit * plus),
        "plus_end": _percent(axis + unit * plus),
        "minus_x": _percent(axis - unit * minus),
        "minus_width": _percent(unit * minus),
    }


def _percent(value: Decimal) -> str:
    return f"{value:.2f}%"


def _pixels(value: Decimal) -> str:
    return str(value.quantize(HUNDREDTH))
