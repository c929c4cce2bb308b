"""Rows in: sheets by name, columns by header, every cell converted or reported."""

import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

import python_calamine
from django.utils.translation import gettext as _

from lib.excel.archive import Special, open_archive
from lib.excel.problems import Problem, Unreadable
from lib.months import parse_date, parse_month

T = TypeVar("T")
Day = date
Cell = str | float | int | bool | date | datetime | time | timedelta

HEADER_WITHIN: Final = 10
"""A header row may stand below a title, but not lower than this row with something in it."""
EXACT_DIGITS: Final = 15
CENT: Final = Decimal("0.01")

_FULL_WIDTH: Final = {
    code: chr(code - 0xFEE0)
    for start, end in (("０", "９"), ("Ａ", "Ｚ"), ("ａ", "ｚ"))
    for code in range(ord(start), ord(end) + 1)
}
_INVISIBLE: Final = {
    **dict.fromkeys(code for code in range(32) if code not in (9, 10, 13)),
    **dict.fromkeys((0x7F, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),
    0xA0: " ",
    0x3000: " ",
}
_FOLDING: Final = _FULL_WIDTH | _INVISIBLE
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_SEPARATORS: Final = re.compile(r"[；;、，,\n\r]+")
_CHINESE_NAME: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·•\s]+")
_YES: Final = {"是", "Y", "YES", "1", "TRUE", "√"}
_NO: Final = {"否", "N", "NO", "0", "FALSE"}


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """A sheet that an import reads: its required and optional columns, by header."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    is_optional: bool = False


@dataclass(slots=True)
class Sheet:
    """One sheet, ready to be read row by row; what is wrong is added to ``problems``."""

    spec: SheetSpec
    problems: list[Problem]
    notes: list[str] = field(default_factory=list)
    _rows: Iterator[list[Cell]] = field(default_factory=lambda: iter(()))
    _first_row: int = 1
    _columns: Mapping[str, int] = field(default_factory=dict)
    _left: int = 0
    _special: Special = field(default_factory=dict)

    def __iter__(self) -> Iterator["Row"]:
        """Yield every row that is not blank, once: rows are streamed."""
        formulas = {row + 1 for row, column in self._special}
        number = self._first_row - 1
        for number, cells in enumerate(self._rows, start=self._first_row):
            if number in formulas or any(not _is_blank(cell) for cell in cells):
                yield Row(self, number, cells)
        # The parser stops at the last value: a formula without one may stand below it.
        for below in sorted(row for row in formulas if row > number):
            yield Row(self, below, [])

    def has(self, column: str) -> bool:
        """Whether the sheet has this column."""
        return column in self._columns


@dataclass(slots=True)
class Row:
    """One row: read a cell by header and kind. A bad cell is reported and reads as blank."""

    sheet: Sheet
    number: int
    cells: list[Cell]
    is_bad: bool = False

    def refuse(self, column: str, expected: str, value: str | None = None) -> None:
        """Report the cell of ``column``; ``value`` defaults to what stands there."""
        found = shown(self._cell(column)) if value is None else value
        self.is_bad = True
        self.sheet.problems.append(
            Problem(self.sheet.spec.name, self.number, column, found, expected)
        )

    def text(self, column: str, max_length: int | None = None) -> str:
        """Return trimmed text with full-width digits and letters folded; "" where blank.

        A whole number reads as its digits; one of more than 15 digits has already lost its last
        digits in Excel and is refused.
        """
        cell = self._filled(column)
        if cell is None:
            return ""
        if isinstance(cell, (date, time, timedelta)):
            self.refuse(column, _("text; format the cell as text and type it again"))
            return ""
        if isinstance(cell, float | int) and abs(cell) >= 10**EXACT_DIGITS:
            self.refuse(
                column,
                _(
                    "text; Excel keeps only 15 digits of a number: "
                    "format the cell as text and type it again"
                ),
            )
            return ""
        text = shown(cell)
        if max_length is not None and len(text) > max_length:
            self.refuse(column, _("at most %(count)s characters") % {"count": max_length})
            return ""
        return text

    def name(self, column: str, max_length: int | None = None) -> str:
        """Return a name of a person; spaces between Chinese characters go (张 三 is 张三)."""
        text = self.text(column, max_length)
        return re.sub(r"\s+", "", text) if _CHINESE_NAME.fullmatch(text) else text

    def names(self, column: str) -> list[str]:
        """Return the names in one cell, split by ；;、, or a line break, each once, in order."""
        parts = map(str.strip, _SEPARATORS.split(self.text(column)))
        return list(dict.fromkeys(part for part in parts if part))

    def decimal(
        self, column: str, *, low: str = "-9999999.99", high: str = "9999999.99"
    ) -> Decimal | None:
        """Return a number with at most two decimals, exactly; None where blank or bad."""
        cell = self._filled(column)
        if cell is None:
            return None
        number = _exact(cell)
        if number is None:
            self.refuse(column, _("a number"))
        elif number != number.quantize(CENT):
            self.refuse(column, _("a number with at most two decimals"))
        elif not Decimal(low) <= number <= Decimal(high):
            self.refuse(column, _("a number from %(low)s to %(high)s") % {"low": low, "high": high})
        else:
            return number.quantize(CENT)
        return None

    def integer(self, column: str, *, low: int = -9_999_999, high: int = 9_999_999) -> int | None:
        """Return a whole number; None where blank or bad."""
        cell = self._filled(column)
        if cell is None:
            return None
        number = _exact(cell)
        if number is None or number != int(number):
            self.refuse(column, _("a whole number"))
        elif not low <= number <= high:
            self.refuse(column, _("a number from %(low)s to %(high)s") % {"low": low, "high": high})
        else:
            return int(number)
        return None

    def date(self, column: str) -> Day | None:
        """Return a day in any of the written forms of ``months.parse_date``."""
        return self._parsed(column, parse_date, _("a date such as 2026-10-05"))

    def month(self, column: str) -> Day | None:
        """Return a month in any of the written forms of ``months.parse_month``."""
        return self._parsed(column, parse_month, _("a month such as 2026-10"))

    def yes_no(self, column: str) -> bool:
        """Return 是/否, Y/N, 1/0 or true/false as a truth value; blank is no."""
        cell = self._filled(column)
        if cell is None:
            return False
        word = shown(cell).upper()
        if word not in _YES | _NO:
            self.refuse(column, _("是 or 否"))
        return word in _YES

    def choice(self, column: str, choices: Mapping[str, T]) -> T | None:
        """Return what ``choices`` has for the text; None where blank or bad."""
        text = self.text(column)
        if not text:
            return None
        if text not in choices:
            self.refuse(
                column, _("one of %(choices)s") % {"choices": "、".join(filter(None, choices))}
            )
            return None
        return choices[text]

    def _parsed(self, column: str, parse: Callable[[object], Day], expected: str) -> Day | None:
        cell = self._filled(column)
        if cell is None:
            return None
        try:
            return parse(cell)
        except ValueError:
            self.refuse(column, expected)
            return None

    def _cell(self, column: str) -> Cell:
        index = self.sheet._columns.get(column)
        if index is None or index >= len(self.cells):
            return ""
        return self.cells[index]

    def _filled(self, column: str) -> Cell | None:
        """Return the cell; None if blank, which is reported where the column is required."""
        cell = self._cell(column)
        if isinstance(cell, str):
            cell = fold(cell)
        if cell != "":
            return cell
        if special := self._special(column):
            expected = (
                _("a value; the formula has no stored result: paste it as a value")
                if special == "="
                else _("a value instead of Excel's error")
            )
            self.refuse(column, expected, special)
        elif column in self.sheet.spec.required:
            self.refuse(column, _("a value: this column must be filled in"))
        return None

    def _special(self, column: str) -> str | None:
        if not self.sheet._special or column not in self.sheet._columns:
            return None
        place = (self.number - 1, self.sheet._columns[column] + self.sheet._left)
        return self.sheet._special.get(place)


def read_sheets(source: bytes | str | Path, specs: Sequence[SheetSpec]) -> dict[str, Sheet]:
    """Open a workbook and return the sheets asked for, by name; each is then read row by row.

    All sheets share one list of problems. An optional sheet that is missing has no rows.

    Raises Unreadable, with every reason found, for a file that is unsafe or no .xlsx, for a
    missing sheet or required column, for a header that stands twice, and for merged cells.
    Source: formats.md, head.
    """
    archive = open_archive(source)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(archive.content))
        names = {fold(name): name for name in reversed(workbook.sheet_names)}
        problems: list[Problem] = []
        sheets: dict[str, Sheet] = {}
        for spec in specs:
            found = names.get(spec.name)
            if found is not None:
                content = workbook.get_sheet_by_name(found)
                sheets[spec.name] = _open(spec, content, archive.special.get(found, {}), problems)
            else:
                sheets[spec.name] = Sheet(spec, problems)
                if not spec.is_optional:
                    expected = _("the workbook has no such sheet")
                    problems.append(Problem(spec.name, None, "", "", expected))
    except python_calamine.CalamineError as error:
        raise Unreadable.because(
            _("This is no Excel workbook (.xlsx), or it is damaged.")
        ) from error
    if problems:
        raise Unreadable(problems)
    return sheets


def _open(
    spec: SheetSpec,
    content: python_calamine.CalamineSheet,
    special: Special,
    problems: list[Problem],
) -> Sheet:
    rows = content.iter_rows()
    number, header = _find_header(spec, rows)
    names = [header_text(cell) for cell in header]
    known = (*spec.required, *spec.optional)
    columns = {name: index for index, name in reversed(list(enumerate(names))) if name in known}
    left = content.start[1] if content.start else 0
    sheet = Sheet(
        spec,
        problems,
        notes=[
            _("Sheet “%(sheet)s”: the column “%(column)s” is not used.")
            % {"sheet": spec.name, "column": name}
            for name in names
            if name and name not in known
        ],
        _rows=rows,
        _first_row=number + 1,
        _columns=columns,
        _left=left,
        _special={
            (row, column): value
            for (row, column), value in special.items()
            if column - left in columns.values()
        },
    )
    for name in spec.required:
        if name not in columns:
            expected = _("the required column “%(column)s” is missing") % {"column": name}
            problems.append(Problem(spec.name, None, name, "", expected))
    for name in known:
        if names.count(name) > 1:
            expected = _("the column “%(column)s” stands there twice") % {"column": name}
            problems.append(Problem(spec.name, None, name, "", expected))
    for (top, first), (bottom, last) in content.merged_cell_ranges or ():
        if bottom >= number - 1 and any(first <= left + i <= last for i in columns.values()):
            expected = _("the cells %(range)s are merged; unmerge them and fill in every cell") % {
                "range": f"{_letters(first)}{top + 1}:{_letters(last)}{bottom + 1}"
            }
            problems.append(Problem(spec.name, None, "", "", expected))
    return sheet


def _find_header(spec: SheetSpec, rows: Iterator[list[Cell]]) -> tuple[int, list[Cell]]:
    """Return the header row and its number: that with most of the columns asked for."""
    best: tuple[int, int, list[Cell]] = (-1, 1, [])
    seen = 0
    known = {*spec.required, *spec.optional}
    for number, cells in enumerate(rows, start=1):
        names = {header_text(cell) for cell in cells} - {""}
        if not names:
            continue
        if names.issuperset(spec.required):
            return number, cells
        seen += 1
        if len(names & known) > best[0]:
            best = (len(names & known), number, cells)
        if seen == HEADER_WITHIN:
            break
    return best[1], best[2]


def fold(text: str) -> str:
    """Trim text, fold full-width digits and letters, drop what cannot be seen."""
    return text.translate(_FOLDING).strip()


def _is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not fold(cell)


def header_text(cell: Cell) -> str:
    """Return a header as it is compared: without spaces, line breaks or the star of a required
    column."""
    return re.sub(r"[\s*＊]+", "", fold(str(cell)))


def shown(cell: Cell) -> str:
    """Return a cell as Excel shows it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.{EXACT_DIGITS}g}'):f}"
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return fold(str(cell))


def _exact(cell: Cell) -> Decimal | None:
    """Return the number that Excel shows: a float holds at most 15 digits that mean anything."""
    if isinstance(cell, bool) or not isinstance(cell, str | float | int):
        return None
    if isinstance(cell, str):
        text = unicodedata.normalize("NFKC", cell).replace("−", "-").strip()
        return Decimal(text) if _NUMBER.fullmatch(text) and len(text) <= EXACT_DIGITS else None
    if abs(cell) >= 10**EXACT_DIGITS:
        return None
    return Decimal(f"{cell:.{EXACT_DIGITS}g}")


def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
