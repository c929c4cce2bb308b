"""Working days of mainland China: public holidays and make-up workdays (调休).

A library knows the State Council's notices of past years and of this one. What it does not
know yet, or has wrong, staff enter by hand; those days come in as ``SpecialDays``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import chinese_calendar
from chinese_calendar import constants


class NamedDay(NamedTuple):
    """A day that is not what its weekday says: a holiday, or a workday that makes up for one."""

    day: date
    is_workday: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """Notices entered by hand: the years they are of, and the days that are not what their
    weekday says, each with whether people work on it. A notice may name days of the December
    before its year."""

    years: frozenset[int] = frozenset()
    days: Mapping[date, bool] = field(default_factory=dict)


NONE_ENTERED = SpecialDays()


def is_workday(day: date, entered: SpecialDays = NONE_ENTERED) -> bool:
    """Whether people work on ``day``, by the State Council's notice of that year.

    A day that was entered by hand is what it was entered as; every other day of a year entered
    by hand is what its weekday says; the library knows other years. A year that nobody knows is
    counted Monday to Friday; ask ``is_known`` to tell people.
    """
    if day in entered.days:
        return entered.days[day]
    if day.year in entered.years:
        return day.weekday() < 5
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_known(year: int, entered: SpecialDays = NONE_ENTERED) -> bool:
    """Whether the holidays of ``year`` are known, so that ``is_workday`` is more than a guess."""
    if year in entered.years:
        return True
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def add_workdays(
    start: date, days: int, entered: SpecialDays = NONE_ENTERED
) -> tuple[date, frozenset[int]]:
    """Return the ``days``-th working day after ``start``, and the years whose holidays are unknown.

    ``start`` itself is never counted; zero days give ``start``. Raises ValueError when negative.
    """
    if days < 0:
        raise ValueError(f"negative number of working days: {days}")
    day, touched = start, {start.year}
    while days:
        day += timedelta(days=1)
        touched.add(day.year)
        if is_workday(day, entered):
            days -= 1
    return day, frozenset(year for year in touched if not is_known(year, entered))


def publication_end(
    start: date, days: int, entered: SpecialDays = NONE_ENTERED
) -> tuple[date, frozenset[int]]:
    """Return the last day (inclusive) of a publication of ``days`` working days.

    It starts on the day of publishing, counts ``days`` working days after that day, and ends when
    the last of them ends: published on a Wednesday for 3 working days, it ends on Monday evening.
    The second value names the years counted Monday to Friday for want of a holiday notice.
    Source: domain.md §5.5.
    """
    return add_workdays(start, days, entered)


def library_years() -> range:
    """The years whose notices the library knows."""
    years = {day.year for day in constants.holidays}
    return range(min(years), max(years) + 1)


def library_days(year: int) -> list[NamedDay]:
    """The holidays and make-up workdays of a year as the library knows them, in order; a
    weekend within a holiday is part of it. Empty for a year it does not know."""
    days = [
        NamedDay(day, works, constants.Holiday(name).chinese)
        for works, table in ((False, constants.holidays), (True, constants.workdays))
        for day, name in table.items()
        if day.year == year
    ]
    return sorted(days)


class Span(NamedTuple):
    """A holiday from a day to a day, both included."""

    name: str
    first: date
    last: date


def spans(days: Iterable[NamedDay]) -> list[Span]:
    """The holidays among these days, each run of days under one name as one span."""
    found: list[Span] = []
    for one in sorted(days):
        if one.is_workday:
            continue
        last = found[-1] if found else None
        if last and last.name == one.name and one.day - last.last == timedelta(days=1):
            found[-1] = last._replace(last=one.day)
        else:
            found.append(Span(one.name, one.day, one.day))
    return found


def days_of(spans: Iterable[Span], made_up: Iterable[date]) -> list[NamedDay]:
    """The days of these holidays, and the make-up workdays, in order."""
    holidays = [
        NamedDay(span.first + timedelta(days=count), False, span.name)
        for span in spans
        for count in range((span.last - span.first).days + 1)
    ]
    return sorted([*holidays, *(NamedDay(day, True) for day in made_up)])
