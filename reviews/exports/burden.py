"""What the months asked of people: sheets, entries and files of each branch (domain.md §10)."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import IO, Final

from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.months import format_month
from members.rights import Actor
from reviews.exports.asking import Asked, Progress, about_sheet, in_blocks
from reviews.selectors.burden import burden_of

COLUMNS: Final = (
    Column("支部"),
    Column("年月"),
    *(
        Column(name, Kind.INTEGER)
        for name in ("党员人数", "已交申报表", "个人申报条目", "其他登记条目", "佐证文件")
    ),
    Column("人均申报条目", Kind.POINTS),
    Column("人均佐证文件", Kind.POINTS),
)

Line = list[Value]


def write_burden(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write a row for each branch, in the roll's order, and month in which it had members."""
    lines = progress.of(_lines(asked, branches))
    sheets = [SheetOut("填报负担", COLUMNS, lines), about_sheet(branches, by=by, at=at)]
    write_workbook(target, sheets)


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    return len(branches) * len(asked.months)


def _lines(asked: Asked, branches: Collection[int]) -> Iterator[Line]:
    for block in in_blocks(branches):
        for row in burden_of([branch.pk for branch in block], asked.months):
            yield [
                row.branch.name,
                format_month(row.month),
                row.members,
                row.declarations,
                row.declared,
                row.registered,
                row.files,
                row.declared_each,
                row.files_each,
            ]
