"""Months and dates: a month is the ``datetime.date`` of its first day, everywhere."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Final

_SEPARATED = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*(?:[-/.月]\s*(?P<day>\d{1,2})\s*日?|月)?"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_COMPACT_MONTH = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})")
# Years that can be meant; anything else is a slip of the keys.
YEARS: Final = range(1900, 2200)


def month_of(day: date) -> date:
    """Return the month in which ``day`` lies."""
    return date(day.year, day.month, 1)


def add_months(month: date, count: int) -> date:
    """Return the month ``count`` calendar months after ``month`` (before it, when negative)."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def next_month(month: date) -> date:
    """Return the month after ``month``."""
    return add_months(month, 1)


def previous_month(month: date) -> date:
    """Return the month before ``month``."""
    return add_months(month, -1)


def months_between(first: date, last: date) -> list[date]:
    """Return every month from ``first`` to ``last``, both included; empty when ``last`` is earlier."""
    span = (last.year - first.year) * 12 + last.month - first.month
    return [add_months(first, count) for count in range(span + 1)]


def months_of_year(year: int) -> list[date]:
    """Return January to December of ``year``."""
    return [date(year, number, 1) for number in range(1, 13)]


def quarter_of(month: date) -> list[date]:
    """Return the three months of the calendar quarter in which ``month`` lies."""
    first = date(month.year, month.month - (month.month - 1) % 3, 1)
    return [add_months(first, count) for count in range(3)]


def last_day(month: date) -> date:
    """Return the last day of ``month``."""
    return next_month(month) - timedelta(days=1)


def format_month(month: date) -> str:
    """Return ``month`` as ``YYYY-MM``."""
    return f"{month.year:04d}-{month.month:02d}"


def parse_month(value: object) -> date:
    """Read a month as people write it in a workbook or on a command line.

    Accepts ``2026-10``, ``2026年10月``, ``202610`` (text or number), or any date in the month
    (see ``parse_date``); full-width digits are folded. Source: formats.md, head.

    Raises ValueError for anything else.
    """
    if isinstance(value, date):
        return month_of(_within(value))
    text = _text(value)
    match = _SEPARATED.fullmatch(text) or _COMPACT_MONTH.fullmatch(text)
    if match is None:
        raise ValueError(f"not a month: {value!r}")
    day = match.groupdict().get("day")
    return month_of(_date(match["year"], match["month"], day or "1"))


def parse_date(value: object) -> date:
    """Read a day: a real date, ``2026-10-05``, ``2026/10/5``, ``2026.10.5`` or ``2026年10月5日``.

    Full-width digits are folded, a time of day is dropped. Source: formats.md, head.

    Raises ValueError for anything else.
    """
    if isinstance(value, datetime):
        return _within(value.date())
    if isinstance(value, date):
        return _within(value)
    match = _SEPARATED.fullmatch(_text(value))
    if match is None or match["day"] is None:
        raise ValueError(f"not a date: {value!r}")
    return _date(match["year"], match["month"], match["day"])


def _text(value: object) -> str:
    if isinstance(value, bool):
        raise ValueError(f"not a date: {value!r}")
    if isinstance(value, float):
        # 2026.1 may have been typed as 2026.10: nobody can tell any more.
        if not value.is_integer():
            raise ValueError(f"not a date: {value!r}")
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip()


def _date(year: str, month: str, day: str) -> date:
    return _within(date(int(year), int(month), int(day)))


def _within(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"year out of range: {day.year}")
    return day
