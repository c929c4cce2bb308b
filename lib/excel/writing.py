"""Rows out: plain, printable workbooks, written row by row in flat memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import IO, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

NARROWEST: Final = 6
WIDEST: Final = 60
LONGEST_TEXT: Final = 32_767
_A4: Final = 9
_FORMULA_STARTS: Final = ("=", "+", "-", "@")

Value = str | int | float | Decimal | date | None


class Kind(Enum):
    """How a column's numbers are shown; a text is text in any column."""

    TEXT = "@"
    INTEGER = "0"
    POINTS = "0.00"
    PERCENT = "0%"
    DATE = "yyyy-mm-dd"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet that is written; ``width`` in characters, else it fits the content."""

    name: str
    kind: Kind = Kind.TEXT
    width: int | None = None


@dataclass(frozen=True, slots=True)
class SheetOut:
    """A sheet that is written; ``rows`` may be any iterable, and is read once."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]


def write_workbook(target: str | Path | IO[bytes], sheets: Sequence[SheetOut]) -> int:
    """Write the sheets, one after the other, and return how many rows they have.

    Rows are streamed: memory does not grow with them. Numbers are numbers, everything else is
    text, so that nothing becomes a formula or a link; a text that starts with = + - @ stays one
    even when it is edited. The header row is frozen, filtered and repeated on every printed page
    of A4 landscape; columns are as wide as their content. Source: formats.md §5.
    """
    workbook = xlsxwriter.Workbook(
        str(target) if isinstance(target, Path) else target,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    formats = _Formats(workbook)
    try:
        return sum(_write_sheet(workbook.add_worksheet(s.name), s, formats) for s in sheets)
    finally:
        workbook.close()


class _Formats:
    """The few cell formats of a workbook."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        top = {"valign": "top"}
        self.header = workbook.add_format(
            {"bold": True, "bg_color": "#F3E9E7", "bottom": 1, "valign": "vcenter"}
        )
        self.text = workbook.add_format({**top, "num_format": "@"})
        self.wrapped = workbook.add_format({**top, "num_format": "@", "text_wrap": True})
        self.quoted = workbook.add_format({**top, "num_format": "@", "quote_prefix": True})
        self.numbers = {
            kind: workbook.add_format(
                top if kind is Kind.TEXT else {**top, "num_format": kind.value}
            )
            for kind in Kind
        }

    def of_text(self, text: str) -> Format:
        if text.startswith(_FORMULA_STARTS):
            return self.quoted
        return self.wrapped if "\n" in text or _width(text) > WIDEST else self.text


def _write_sheet(sheet: Worksheet, out: SheetOut, formats: _Formats) -> int:
    widths = [_width(column.name) + 3 for column in out.columns]  # room for the filter's arrow
    number_formats = [formats.numbers[column.kind] for column in out.columns]
    for index, column in enumerate(out.columns):
        sheet.write_string(0, index, column.name, formats.header)
    row = 0
    for row, values in enumerate(out.rows, start=1):
        for index, value in enumerate(values):
            if value is None or value == "":
                continue
            width = _write_cell(sheet, row, index, value, number_formats[index], formats.of_text)
            if width > widths[index]:
                widths[index] = width
    for index, column in enumerate(out.columns):
        fitting = min(max(widths[index] + 1, NARROWEST), WIDEST)
        sheet.set_column(index, index, column.width or fitting)
    _set_up_print(sheet, out, row)
    return row


def _write_cell(
    sheet: Worksheet,
    row: int,
    column: int,
    value: str | int | float | Decimal | date,
    number_format: Format,
    format_of: Callable[[str], Format],
) -> int:
    """Write one cell and return how wide it is."""
    if isinstance(value, bool):
        raise TypeError("a truth value: write 是 or 否")
    if isinstance(value, str):
        text = value[:LONGEST_TEXT]
        sheet.write_string(row, column, text, format_of(text))
        return _width(text)
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, number_format)
        return 10
    sheet.write_number(row, column, value, number_format)
    return len(str(value)) if isinstance(value, int) else len(f"{value:.2f}")


def _set_up_print(sheet: Worksheet, out: SheetOut, rows: int) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, len(out.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer("&L&A&R&P / &N")


def _width(text: str) -> int:
    """Return how many columns a text takes: a Chinese character takes two, as it does in GBK."""
    if "\n" in text:
        return max(map(_width, text.splitlines()), default=0)
    return len(text.encode("gb18030", "replace"))
