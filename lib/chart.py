"""Where the bars of a chart of months stand: geometry for an SVG, no markup."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lib.display import decimal_of

CENT = Decimal("0.01")
# Pixels from the top: the highest bar's end, the axis, the months' and years' names.
CHART = {"height": 206, "top": 28, "base": 164, "label_y": 183, "year_y": 201}


def drawing(months: Sequence[Mapping[str, Any]], ceiling: object = 100) -> dict[str, Any]:
    """The columns of a chart of months, scaled to the ceiling or whatever stands above it.

    Each month: `month` (first day), `score` and `pass_line` (points, or None), and where true
    `is_below`, `is_zero`, `is_exempt`. Across, places are percentages, so that the chart is as
    wide as its page without stretching its text; down, they are pixels.
    """
    scores = [value for month in months if (value := decimal_of(month.get("score"))) is not None]
    lines = [value for month in months if (value := decimal_of(month.get("pass_line"))) is not None]
    top = max([decimal_of(ceiling) or Decimal(100), *scores, *lines])
    return {
        "columns": [column(month, place, len(months), top) for place, month in enumerate(months)],
        "pass_line": lines[-1] if lines else None,
        "chart": CHART,
    }


def column(month: Mapping[str, Any], place: int, count: int, top: Decimal) -> dict[str, object]:
    """Where a month's bar, figure and piece of the line stand: x in percent, y in pixels."""
    score = decimal_of(month.get("score"))
    line = decimal_of(month.get("pass_line"))
    width = Decimal(100) / (count or 1)
    left = width * place
    room = Decimal(CHART["base"] - CHART["top"])
    height = (room * (score or 0) / top).quantize(CENT)
    state = "none"
    if month.get("is_exempt"):
        state = "exempt"
    elif score is not None:
        is_below = month.get("is_below", line is not None and score < line)
        state = "zero" if month.get("is_zero", score == 0) else ("below" if is_below else "passed")
    first_day = month["month"]
    return {
        **month,
        "score": score,
        "pass_line": line,
        "state": state,
        "left": f"{left:.2f}%",
        "right": f"{left + width:.2f}%",
        "bar_left": f"{left + width * Decimal('0.22'):.2f}%",
        "bar_width": f"{width * Decimal('0.56'):.2f}%",
        "middle": f"{left + width / 2:.2f}%",
        "height": str(height),
        "bar_top": str(CHART["base"] - height),
        "figure_y": str(CHART["base"] - height - 8),
        "line_y": None if line is None else str(CHART["base"] - (room * line / top).quantize(CENT)),
        "label": first_day.month,
        "year": first_day.year if place == 0 or first_day.month == 1 else None,
    }
