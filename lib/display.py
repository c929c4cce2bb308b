"""How points, days and months are written, in pages, notices and problems alike."""

import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils import formats, timezone

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EM DASH}"
CENT = Decimal("0.01")


def points(value: object) -> str:
    """Points without needless zeros: 3, 2.5, 1.25; a true minus sign; a dash for nothing.

    Exact to two places, half up (domain.md §8: compared exactly, displayed to two places).
    """
    number = decimal_of(value)
    if number is None:
        return NOTHING
    return _plain(number).replace("-", MINUS)


def signed_points(value: object) -> str:
    """Points that are added or taken: +3, −2.5, and 0 without a sign."""
    number = decimal_of(value)
    if number is None:
        return NOTHING
    text = points(number)
    return f"+{text}" if number > 0 and text != "0" else text


def percent(value: object) -> str:
    """A share as a percentage with at most two decimals: 0.3 is 30%, 0.2996 is 29.96%."""
    number = decimal_of(value)
    if number is None:
        return NOTHING
    return f"{_plain(number * 100)}%"


def zh_date(value: datetime.date | datetime.datetime | None) -> str:
    """A day: 2026年10月25日 (in English: Oct. 25, 2026)."""
    return _formatted(value, "DATE_FORMAT")


def zh_month(value: datetime.date | None) -> str:
    """A month, given as its first day: 2026年10月."""
    return _formatted(value, "YEAR_MONTH_FORMAT")


def zh_datetime(value: datetime.datetime | None) -> str:
    """A moment in the office's time zone: 2026年10月25日 14:03."""
    if value is None:
        return ""
    return f"{_formatted(value, 'DATE_FORMAT')} {clock(value)}"


def short_date(value: datetime.date | datetime.datetime | None) -> str:
    """A day whose year is plain from where it stands: 10月25日."""
    return _formatted(value, "MONTH_DAY_FORMAT")


def clock(value: datetime.datetime | None) -> str:
    """The time of day in the office's time zone: 14:03."""
    return "" if value is None else formats.date_format(_local(value), "H:i")


def number(value: object) -> str:
    """A count with separators for thousands: 100,000."""
    plain = decimal_of(value)
    return NOTHING if plain is None else f"{plain.normalize():,f}"


def decimal_of(value: object) -> Decimal | None:
    """The number that a value stands for, or None for nothing and for what is no number."""
    if value is None or value == "":
        return None
    try:
        plain = Decimal(str(value))
    except InvalidOperation:
        return None
    return plain if plain.is_finite() else None


def _plain(value: Decimal) -> str:
    """At most two decimals, half up, no trailing zeros, no negative zero."""
    rounded = value.quantize(CENT, rounding=ROUND_HALF_UP).normalize()
    return format(rounded or Decimal(0), "f")


def _local(value: datetime.datetime) -> datetime.datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _formatted(value: datetime.date | datetime.datetime | None, style: str) -> str:
    if value is None or value == "":
        return ""
    return formats.date_format(
        _local(value) if isinstance(value, datetime.datetime) else value, style
    )
