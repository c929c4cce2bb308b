from datetime import date
from decimal import Decimal

import pytest

from reviews.analysis import (
    Band,
    MonthBands,
    band_of,
    count_bands,
    highest,
    run_under_the_line,
    share,
)

D = Decimal
MONTHS = [date(2026, number, 1) for number in range(1, 6)]


@pytest.mark.parametrize(
    ("score", "line", "band"),
    [
        ("0", "70", Band.ZERO),
        ("0", "0", Band.ZERO),
        ("0.01", "70", Band.BELOW),
        ("69.99", "70", Band.BELOW),
        ("70", "70", Band.LINE),
        ("74.99", "70", Band.LINE),
        ("75", "70", Band.FIVE),
        ("79.99", "70", Band.FIVE),
        ("80", "70", Band.TEN),
        ("84.99", "70", Band.TEN),
        ("85", "70", Band.FIFTEEN),
        ("120", "60", Band.FIFTEEN),
    ],
)
def test_a_score_stands_in_one_band_relative_to_its_line(score, line, band):
    assert band_of(D(score), D(line)) == band


def test_bands_count_members_and_leave_the_exempt_apart():
    january, february, march = MONTHS[:3]
    rows = [
        (january, D("0"), D("70")),
        (january, D("60"), D("70")),
        (january, D("70"), D("70")),
        (january, None, D("70")),
        (march, D("60"), D("60")),
    ]
    found = count_bands(rows, [january, february, march])
    assert found == [
        MonthBands(january, {Band.ZERO: 1, Band.BELOW: 1, Band.LINE: 1}, exempt=1),
        MonthBands(february),
        MonthBands(march, {Band.LINE: 1}),
    ]
    assert [(one.assessed, one.under) for one in found] == [(3, 2), (0, 0), (1, 0)]


def months(text: str) -> list[MonthBands]:
    """x: somebody below; o: nobody; -: no results."""
    counts = {"x": {Band.BELOW: 1, Band.LINE: 2}, "o": {Band.LINE: 3}, "-": {}}
    return [MonthBands(month, counts[one]) for month, one in zip(MONTHS, text, strict=True)]


@pytest.mark.parametrize(
    ("pattern", "run"),
    [
        ("ooooo", []),
        ("xxxxo", []),
        ("oooox", [5]),
        ("oxxxx", [2, 3, 4, 5]),
        ("xxx--", [1, 2, 3]),
        ("xx-xx", [4, 5]),
        ("-----", []),
    ],
)
def test_a_run_under_the_line_ends_with_the_last_results(pattern, run):
    assert [month.month for month in run_under_the_line(months(pattern))] == run


@pytest.mark.parametrize(
    ("values", "found"),
    [([], []), ([0, 0], []), ([1, 3, 2], [3]), ([3, 1, 3], [3, 3])],
)
def test_the_highest_are_several_where_they_are_equal(values, found):
    assert highest([D(value) for value in values], lambda value: value) == found


def test_a_share_of_nothing_is_none():
    assert (share(0, 0), share(1, 8)) == (None, D("0.125"))
