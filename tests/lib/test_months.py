from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.months import (
    add_months,
    format_month,
    last_day,
    month_of,
    months_between,
    months_of_year,
    next_month,
    parse_date,
    parse_month,
    previous_month,
    quarter_of,
)

MONTHS = st.dates(date(1950, 1, 1), date(2150, 12, 31)).map(month_of)


@pytest.mark.parametrize(
    "value",
    [
        "2026-10",
        "2026年10月",
        "202610",
        202610,
        202610.0,
        "2026-10-05",
        "2026/10/5",
        "2026.10.5",
        "2026年10月5日",
        "２０２６－１０",
        "２０２６年１０月",
        " 2026-10 ",
        "2026-10-05T00:00:00",
        "2026-10-05 08:30:00",
        date(2026, 10, 31),
        datetime(2026, 10, 5, 23, 59),
    ],
)
def test_parse_month_reads_every_written_form(value):
    assert parse_month(value) == date(2026, 10, 1)


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        "2026",
        "2026-13",
        "2026-00",
        "十月",
        2026.1,
        202613.0,
        date.max,
        True,
        "2026-02-30",
        "99999",
        45931.0,
    ],
)
def test_parse_month_refuses_anything_else(value):
    with pytest.raises(ValueError):
        parse_month(value)


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-05",
        "2026/10/5",
        "2026.10.5",
        "2026年10月5日",
        "２０２６年１０月５日",
        "2026-10-05 00:00:00",
        date(2026, 10, 5),
        datetime(2026, 10, 5, 12),
    ],
)
def test_parse_date_reads_every_written_form(value):
    assert parse_date(value) == date(2026, 10, 5)


@pytest.mark.parametrize(
    "value",
    [
        "2026-10",
        "202610",
        "",
        None,
        "2026-02-29",
        "05/10/2026",
        3.5,
        "0026-10-05",
        date.max,
        datetime.max,
        date.min,
    ],
)
def test_parse_date_refuses_anything_else(value):
    with pytest.raises(ValueError):
        parse_date(value)


def test_months_cross_the_turn_of_the_year():
    assert next_month(date(2025, 12, 1)) == date(2026, 1, 1)
    assert previous_month(date(2026, 1, 1)) == date(2025, 12, 1)
    assert add_months(date(2026, 1, 1), -13) == date(2024, 12, 1)
    assert months_between(date(2025, 11, 1), date(2026, 2, 1)) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert months_between(date(2026, 2, 1), date(2026, 1, 1)) == []
    assert months_of_year(2026) == months_between(date(2026, 1, 1), date(2026, 12, 1))


def test_last_day_knows_leap_years():
    assert last_day(date(2024, 2, 1)) == date(2024, 2, 29)
    assert last_day(date(2025, 2, 1)) == date(2025, 2, 28)
    assert last_day(date(2025, 12, 1)) == date(2025, 12, 31)


@given(MONTHS, st.integers(-600, 600))
def test_adding_and_taking_away_months_are_inverse(month, count):
    assert add_months(add_months(month, count), -count) == month


@given(MONTHS)
def test_a_formatted_month_reads_back(month):
    assert parse_month(format_month(month)) == month


@pytest.mark.parametrize(("month", "first"), [(1, 1), (3, 1), (4, 4), (9, 7), (10, 10), (12, 10)])
def test_a_quarter_has_three_months(month, first):
    assert quarter_of(date(2026, month, 1)) == [
        date(2026, number, 1) for number in range(first, first + 3)
    ]
