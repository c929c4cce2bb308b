"""What the analysis of a branch says of its months: bands of scores, runs, shares. Pure.

Bands and words say how many, never who; members are not ranked, months are not judged
(issue “use of results”, 6; domain.md §8, §10).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from lib.months import previous_month

STEP = Decimal(5)
# From so many months in a row on, a run is worth a sentence.
WORTH_SAYING = 3

Row = TypeVar("Row")


class Band(StrEnum):
    """Where a score stands to the month's pass line; a lower bound belongs to its band."""

    ZERO = "ZERO"
    BELOW = "BELOW"
    LINE = "LINE"  # from the line on, less than five points above it
    FIVE = "FIVE"  # from five points above on, less than ten
    TEN = "TEN"  # from ten points above on, less than fifteen
    FIFTEEN = "FIFTEEN"  # fifteen points above the line, and more


UNDER_THE_LINE = (Band.ZERO, Band.BELOW)
UP_FROM_THE_LINE = (Band.LINE, Band.FIVE, Band.TEN, Band.FIFTEEN)


def band_of(score: Decimal, pass_line: Decimal) -> Band:
    """A score of zero is ZERO whatever the line; one that equals the line is no longer below
    (domain.md §4)."""
    if score == 0:
        return Band.ZERO
    if score < pass_line:
        return Band.BELOW
    steps = int((score - pass_line) / STEP)
    return UP_FROM_THE_LINE[min(steps, len(UP_FROM_THE_LINE) - 1)]


@dataclass(frozen=True, slots=True)
class MonthBands:
    """How many members stood in each band of a month, and how many were exempt."""

    month: date
    counts: Mapping[Band, int] = field(default_factory=dict)
    exempt: int = 0

    @property
    def assessed(self) -> int:
        return sum(self.counts.values())

    @property
    def under(self) -> int:
        """Below the line, the zeros included."""
        return sum(self.counts.get(band, 0) for band in UNDER_THE_LINE)


def count_bands(
    results: Iterable[tuple[date, Decimal | None, Decimal]], months: Sequence[date]
) -> list[MonthBands]:
    """The bands of these months, from rows of (month, score, pass line); no score: exempt."""
    counts: dict[date, dict[Band, int]] = {month: {} for month in months}
    exempt = dict.fromkeys(months, 0)
    for month, score, pass_line in results:
        if score is None:
            exempt[month] += 1
        else:
            band = band_of(score, pass_line)
            counts[month][band] = counts[month].get(band, 0) + 1
    return [MonthBands(month, counts[month], exempt[month]) for month in months]


def with_results(months: Sequence[MonthBands]) -> list[MonthBands]:
    """Those in which anybody was assessed."""
    return [one for one in months if one.assessed]


def run_under_the_line(months: Sequence[MonthBands]) -> list[date]:
    """The months in a row, up to the last one with results, in each of which somebody stood
    below the line; a month without results interrupts them."""
    run: list[date] = []
    for one in reversed(with_results(months)):
        if not one.under or (run and previous_month(run[0]) != one.month):
            break
        run.insert(0, one.month)
    return run


def highest(rows: Iterable[Row], value: Callable[[Row], Decimal]) -> list[Row]:
    """The rows with the highest value, in the order given: several where they are equal, none
    where nothing is above zero."""
    rows = list(rows)
    top = max((value(row) for row in rows), default=Decimal(0))
    return [row for row in rows if value(row) == top] if top > 0 else []


def share(part: int, whole: int) -> Decimal | None:
    """A part of a whole, exact; None of nothing."""
    return Decimal(part) / whole if whole else None
