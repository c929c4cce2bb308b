"""Rows out: plain, printable workbooks, written row by row in flat memory."""

from collections.abc import Iterable, Sequence
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
MOST_PLACES: Final = 4
TWO_LINES: Final = 30
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
    """A column of a sheet that is written; ``width`` in characters, else it fits the content.
    What is wider than that, the name too, goes on in a second line."""

    name: str
    kind: Kind = Kind.TEXT
    width: int | None = None


@dataclass(frozen=True, slots=True)
class SheetOut:
    """A sheet that is written; ``rows`` may be any iterable, and is read once."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]


def write_workbook(
    target: str | Path | IO[bytes], sheets: Sequence[SheetOut], *, heading: str = ""
) -> int:
    """Write the sheets, one after the other, and return how many rows they have.

    Rows are streamed: memory does not grow with them. Numbers are numbers, everything else is
    text, so that nothing becomes a formula or a link; a text that starts with = + - @ stays one
    even when it is edited. The header row is frozen, filtered and repeated on every printed page
    of A4 landscape, below the ``heading``, which is on paper only; columns are as wide as their
    content. Source: formats.md §5.
    """
    workbook = xlsxwriter.Workbook(
        str(target) if isinstance(target, Path) else target,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    formats = _Formats(workbook)
    try:
        rows = 0
        for out in sheets:
            sheet = workbook.add_worksheet(out.name)
            count = _write_sheet(sheet, out, formats)
            _set_up_print(sheet, out, count, heading)
            rows += count
        return rows
    finally:
        workbook.close()


class _Formats:
    """The few cell formats of a workbook."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        top = {"valign": "top"}
        self.header = workbook.add_format(
            {
                "bold": True,
                "bg_color": "#F3E9E7",
                "bottom": 1,
                "valign": "vcenter",
                "text_wrap": True,
            }
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
        self.shares = [
            workbook.add_format({**top, "num_format": f"0.{'0' * places}%".replace(".%", "%")})
            for places in range(MOST_PLACES + 1)
        ]

    def of_text(self, text: str, widest: int) -> Format:
        if text.startswith(_FORMULA_STARTS):
            return self.quoted
        return self.wrapped if "\n" in text or _width(text) > widest else self.text

    def of_number(self, kind: Kind, value: float | Decimal | date) -> Format:
        if kind is Kind.PERCENT and not isinstance(value, date):
            return self.shares[_places_of(value)]
        return self.numbers[kind]


def _places_of(share: float | Decimal) -> int:
    """How many decimals a share is shown with: none for a whole percent, and as many as it takes
    for another not to look like one: 30%, but 29.6% and 29.96%."""
    percent = 100 * Decimal(str(share))
    if percent % 1 == 0:
        return 0
    fitting = (places for places in range(1, MOST_PLACES) if round(percent, places) % 1)
    return next(fitting, MOST_PLACES)


def _write_sheet(sheet: Worksheet, out: SheetOut, formats: _Formats) -> int:
    widths = [_width(column.name) + 3 for column in out.columns]  # room for the filter's arrow
    if any(column.width and column.width < _width(column.name) for column in out.columns):
        sheet.set_row(0, TWO_LINES)
    for index, column in enumerate(out.columns):
        sheet.write_string(0, index, column.name, formats.header)
    row = 0
    for row, values in enumerate(out.rows, start=1):
        for index, value in enumerate(values):
            if value is None or value == "":
                continue
            width = _write_cell(sheet, row, index, value, out.columns[index], formats)
            if width > widths[index]:
                widths[index] = width
    for index, column in enumerate(out.columns):
        fitting = min(max(widths[index] + 1, NARROWEST), WIDEST)
        sheet.set_column(index, index, column.width or fitting)
    return row


def _write_cell(
    sheet: Worksheet,
    row: int,
    index: int,
    value: str | int | float | Decimal | date,
    column: Column,
    formats: _Formats,
) -> int:
    """Write one cell and return how wide it is."""
    if isinstance(value, bool):
        raise TypeError("a truth value: write 是 or 否")
    if isinstance(value, str):
        text = value[:LONGEST_TEXT]
        sheet.write_string(row, index, text, formats.of_text(text, column.width or WIDEST))
        return _width(text)
    number_format = formats.of_number(column.kind, value)
    if isinstance(value, date):
        sheet.write_datetime(row, index, value, number_format)
        return 10
    sheet.write_number(row, index, value, number_format)
    return len(str(value)) if isinstance(value, int) else len(f"{value:.2f}")


def _set_up_print(sheet: Worksheet, out: SheetOut, rows: int, heading: str) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, len(out.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.hide_gridlines(0)  # 0: hidden neither on the screen nor on paper
    if heading:
        sheet.set_header(f'&C&14&"-,Bold"{heading.replace("&", "&&")}')
    sheet.set_footer("&L&A&R&P / &N")


def _width(text: str) -> int:
    """Return how many columns a text takes: a Chinese character takes two, as it does in GBK."""
    if "\n" in text:
        return max(map(_width, text.splitlines()), default=0)
    return len(text.encode("gb18030", "replace"))
