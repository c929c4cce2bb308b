"""Working days of mainland China: public holidays and make-up workdays (调休)."""

from datetime import date, timedelta

import chinese_calendar


def is_workday(day: date) -> bool:
    """Whether people work on ``day``, by the State Council's notice of that year.

    A year the library does not know is counted Monday to Friday; ask ``is_known`` to tell people.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_known(year: int) -> bool:
    """Whether the holidays of ``year`` are known, so that ``is_workday`` is more than a guess."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def add_workdays(start: date, days: int) -> tuple[date, frozenset[int]]:
    """Return the ``days``-th working day after ``start``, and the years whose holidays are unknown.

    ``start`` itself is never counted; zero days give ``start``. Raises ValueError when negative.
    """
    if days < 0:
        raise ValueError(f"negative number of working days: {days}")
    day, touched = start, {start.year}
    while days:
        day += timedelta(days=1)
        touched.add(day.year)
        if is_workday(day):
            days -= 1
    return day, frozenset(year for year in touched if not is_known(year))


def publication_end(start: date, days: int) -> tuple[date, frozenset[int]]:
    """Return the last day (inclusive) of a publication of ``days`` working days.

    It starts on the day of publishing, counts ``days`` working days after that day, and ends when
    the last of them ends: published on a Wednesday for 3 working days, it ends on Monday evening.
    The second value names the years counted Monday to Friday for want of a holiday notice.
    Source: domain.md §5.5.
    """
    return add_workdays(start, days)
