"""The one door for workbooks: hostile ones come in, plain ones go out."""

from lib.excel.archive import MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS, MAX_UNPACKED_BYTES
from lib.excel.problems import Problem, Unreadable
from lib.excel.reading import Row, Sheet, SheetSpec, read_sheets
from lib.excel.writing import Column, Kind, SheetOut, write_workbook

__all__ = [
    "MAX_COLUMNS",
    "MAX_FILE_BYTES",
    "MAX_ROWS",
    "MAX_UNPACKED_BYTES",
    "Column",
    "Kind",
    "Problem",
    "Row",
    "Sheet",
    "SheetOut",
    "SheetSpec",
    "Unreadable",
    "read_sheets",
    "write_workbook",
]
