"""How far each branch was in each month: states, days and counts, never a score."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import IO, Final

from django.utils import timezone, translation

from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.months import format_month
from members.rights import Actor
from reviews.exports.asking import Asked, Progress, about_sheet, day_of, in_blocks
from reviews.exports.year import yes_no
from reviews.models import Round
from reviews.selectors.progress import branch_rows
from reviews.selectors.rounds import Row

COLUMNS: Final = (
    *map(Column, ("支部", "年月", "状态")),
    Column("是否逾期"),
    *(Column(name, Kind.INTEGER) for name in ("应报人数", "已报人数", "迟报人数", "待答复异议")),
    *(
        Column(name, Kind.DATE)
        for name in ("申报截止", "评审截止", "评审结束", "公示开始", "公示结束", "月结日期")
    ),
)
NOT_OPENED: Final = "未开启"

Line = list[Value]


def write_progress(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write a row for each branch, in the roll's order, and month. A month without a round says
    so; one that was imported had no sheets, so it has no counts."""
    with translation.override("zh-hans"):
        lines = progress.of(_lines(asked, branches, timezone.localdate(at)))
        sheets = [SheetOut("工作进度", COLUMNS, lines), about_sheet(branches, by=by, at=at)]
        write_workbook(target, sheets)


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    return len(branches) * len(asked.months)


def _lines(asked: Asked, branches: Collection[int], today: date) -> Iterator[Line]:
    for block in in_blocks(branches):
        for of_branch in branch_rows(block, asked.months, today):
            for month, row, _word in of_branch.cells:
                head: Line = [of_branch.branch.name, format_month(month)]
                yield [*head, *(_cells(row, row.round) if row and row.round else [NOT_OPENED])]


def _cells(row: Row, round_: Round) -> Line:
    publication, counts = round_.publication, row.progress
    return [
        str(round_.get_state_display()),
        yes_no(row.is_overdue),
        counts.members or None,
        counts.filed if counts.members else None,
        counts.late if counts.members else None,
        counts.open_objections,
        round_.declare_by,
        round_.review_by,
        day_of(round_.concluded_at),
        publication.starts_on if publication else None,
        publication.ends_on if publication else None,
        day_of(round_.closed_at),
    ]
