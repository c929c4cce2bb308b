from datetime import date

import pytest

from lib.workdays import (
    SpecialDays,
    add_workdays,
    is_known,
    is_workday,
    publication_end,
)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 11, 2), 3, date(2026, 11, 5)),  # Monday to Thursday
        (date(2026, 11, 4), 3, date(2026, 11, 9)),  # over a weekend
        (date(2026, 11, 7), 3, date(2026, 11, 11)),  # published on a Saturday
        (
            date(2025, 9, 30),
            3,
            date(2025, 10, 11),
        ),  # National Day week, make-up Saturday 11 October
        (date(2026, 11, 2), 0, date(2026, 11, 2)),
    ],
)
def test_publication_end_counts_working_days_after_the_day_of_publishing(start, days, end):
    assert publication_end(start, days) == (end, frozenset())


def test_a_make_up_sunday_is_a_workday():
    assert is_workday(date(2025, 9, 28))
    assert not is_workday(date(2025, 10, 1))


def test_an_unknown_year_is_counted_monday_to_friday_and_reported():
    assert not is_known(2099)
    assert add_workdays(date(2099, 1, 2), 1) == (date(2099, 1, 5), frozenset({2099}))


def test_a_negative_number_of_days_is_refused():
    with pytest.raises(ValueError):
        add_workdays(date(2026, 11, 2), -1)


ENTERED = SpecialDays(
    years=frozenset({2099}),
    days={
        date(2026, 12, 31): False,  # named by the notice of the year after
        date(2099, 1, 1): False,
        date(2099, 1, 2): False,
        date(2099, 1, 3): True,  # a Saturday made up for
    },
)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 12, 31), False),  # a Thursday
        (date(2026, 12, 30), True),  # the rest of the library's year
        (date(2026, 10, 10), True),  # the library's make-up Saturday
        (date(2099, 1, 2), False),  # a Friday
        (date(2099, 1, 3), True),
        (date(2099, 1, 4), False),
        (date(2099, 1, 5), True),
    ],
)
def test_a_day_entered_by_hand_goes_before_the_library_and_the_weekday(day, works):
    assert is_workday(day, ENTERED) == works


def test_a_year_entered_by_hand_replaces_the_library_s():
    assert is_workday(date(2026, 10, 1), SpecialDays(years=frozenset({2026})))


def test_an_entered_year_is_known_and_counted():
    assert is_known(2099, ENTERED)
    assert add_workdays(date(2099, 1, 1), 2, ENTERED) == (date(2099, 1, 5), frozenset())
