"""What addresses and forms may say of years, months, ids and words; importing it teaches Django's
addresses ``<year:year>``, ``<month:month>`` and ``<id:member>``, so that no view is asked for
what there cannot be.
"""

from typing import Final

from django.urls import register_converter

from lib.months import YEARS

# What fits into an id of any database.
_ID_DIGITS: Final = 18
_MOST_WORDS: Final = 50


def id_from(text: str) -> int:
    """The id that somebody's words name; 0, which no row has, where they name none."""
    is_id = text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS
    return int(text) if is_id else 0


def words_from(text: str) -> str:
    """What somebody looks for: trimmed, of a sensible length, without the character that no
    database takes."""
    return text.replace("\x00", "").strip()[:_MOST_WORDS]


class YearConverter:
    """A year that can be meant (``lib.months.YEARS``)."""

    regex = "[0-9]{4}"

    def to_python(self, value: str) -> int:
        if int(value) not in YEARS:
            raise ValueError(f"year out of range: {value}")
        return int(value)

    def to_url(self, value: int) -> str:
        return f"{value:04d}"


class MonthConverter:
    """A month of the year, 1 to 12."""

    regex = "[0-9]{1,2}"

    def to_python(self, value: str) -> int:
        if not 1 <= int(value) <= 12:
            raise ValueError(f"no month: {value}")
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class IdConverter:
    """An id that is looked for as a foreign key: there Django hands on what no database takes."""

    regex = f"[0-9]{{1,{_ID_DIGITS}}}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(YearConverter, "year")
register_converter(IdConverter, "id")
register_converter(MonthConverter, "month")
