"""What a ledger workbook says, whatever is stored (formats.md §3)."""

import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from lib.excel import Problem, Sheet, SheetSpec, Unreadable, read_sheets
from lib.months import last_day, month_of

LEDGER: Final = SheetSpec(
    "积分台账",
    required=("年月", "支部", "工号", "编号"),
    optional=("姓名", "次数", "认定分值", "发生日期", "事由", "当日次序"),
)
MONTHS: Final = SheetSpec("参评月份", required=("年月", "支部"), is_optional=True)
EXEMPTIONS: Final = SheetSpec(
    "免评", required=("工号", "起始年月", "结束年月"), optional=("原因",), is_optional=True
)
ONE: Final = Decimal("1.00")


class LedgerRow(NamedTuple):
    """One approved entry; ``points`` None is the criterion's points × times. ``place`` says
    which of the member's entries of a day counted first, 0 where the file does not say."""

    number: int
    month: date
    branch: str
    staff_no: str
    name: str
    code: str
    times: Decimal
    points: Decimal | None
    occurred_on: date
    reason: str
    place: int = 0


class MonthRow(NamedTuple):
    """A month of a branch that is to be closed even without a row."""

    number: int
    month: date
    branch: str


class ExemptionRow(NamedTuple):
    """A member who is not assessed in a span of months, both included."""

    number: int
    staff_no: str
    first_month: date
    last_month: date
    reason: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger workbook, read, and what is wrong with it."""

    rows: tuple[LedgerRow, ...] = ()
    months: tuple[MonthRow, ...] = ()
    exemptions: tuple[ExemptionRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def parse_ledger(source: bytes | str | Path) -> Ledger:
    """Read a ledger workbook. Every bad cell is in ``problems``; nothing is compared with what is
    stored. Source: formats.md §3."""
    try:
        sheets = read_sheets(source, [LEDGER, MONTHS, EXEMPTIONS])
    except Unreadable as error:
        return Ledger(problems=error.problems)
    rows = _read_rows(sheets[LEDGER.name])
    months = _read_months(sheets[MONTHS.name])
    exemptions = _read_exemptions(sheets[EXEMPTIONS.name])
    return Ledger(
        rows=tuple(rows),
        months=tuple(months),
        exemptions=tuple(exemptions),
        problems=tuple(sheets[LEDGER.name].problems),
        notes=tuple(note for sheet in sheets.values() for note in sheet.notes),
    )


def _read_rows(sheet: Sheet) -> list[LedgerRow]:
    rows: list[LedgerRow] = []
    for row in sheet:
        month = row.month("年月")
        branch, staff_no, code = row.text("支部"), row.text("工号"), row.text("编号")
        name = row.name("姓名")
        times = row.decimal("次数", low="0.01", high="9999.99")
        points = row.decimal("认定分值")
        occurred_on = row.date("发生日期")
        reason = row.text("事由", max_length=500)
        place = row.integer("当日次序", low=0) or 0
        if month and occurred_on and month_of(occurred_on) != month:
            row.refuse("发生日期", _("a date in the month 年月 of the row"))
        if month and not row.is_bad:
            rows.append(
                LedgerRow(
                    number=row.number,
                    month=month,
                    # A hundred thousand rows name the same few branches, people and criteria.
                    branch=sys.intern(branch),
                    staff_no=sys.intern(staff_no),
                    name=sys.intern(name),
                    code=sys.intern(code),
                    times=ONE if times is None else times,
                    points=points,
                    occurred_on=occurred_on or last_day(month),
                    reason=sys.intern(reason),
                    place=place,
                )
            )
    return rows


def _read_months(sheet: Sheet) -> list[MonthRow]:
    rows: list[MonthRow] = []
    for row in sheet:
        month, branch = row.month("年月"), row.text("支部")
        if month and not row.is_bad:
            rows.append(MonthRow(row.number, month, branch))
    return rows


def _read_exemptions(sheet: Sheet) -> list[ExemptionRow]:
    rows: list[ExemptionRow] = []
    for row in sheet:
        staff_no = row.text("工号")
        first, last = row.month("起始年月"), row.month("结束年月")
        reason = row.text("原因", max_length=200)
        if first and last and last < first:
            row.refuse("结束年月", _("a month not before 起始年月"))
        if first and last and not row.is_bad:
            rows.append(ExemptionRow(row.number, staff_no, first, last, reason))
    return rows
