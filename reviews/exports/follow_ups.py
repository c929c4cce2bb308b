"""The follow-ups of a year as a list: who, what, until when and how far. Nothing of what was
said, found or decided in them (domain.md §10)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import IO, Final

from django.db.models import F, QuerySet
from django.utils import timezone, translation

from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.months import format_month
from members.rights import Actor
from reviews.exports.asking import Asked, Progress, about_sheet, day_of
from reviews.exports.chunks import row_chunks
from reviews.exports.year import KINDS, yes_no
from reviews.models import FollowUp, FollowUpMonth
from reviews.services.holders import name_of_holder, with_secretary

NAMES: Final = KINDS | {FollowUp.Kind.CORRECTION: "限期改正"}
COLUMNS: Final = (
    *map(Column, ("支部", "事项", "工号", "姓名")),
    Column("年度", Kind.INTEGER),
    *map(Column, ("连续起始年月", "触发年月", "涉及党员", "责任人工号", "责任人", "状态")),
    Column("办理期限", Kind.DATE),
    Column("是否逾期"),
    Column("依据已变更"),
    Column("提出日期", Kind.DATE),
    Column("办结日期", Kind.DATE),
    Column("撤销日期", Kind.DATE),
)

Line = list[Value]


def write_follow_ups(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write the follow-ups of a year that ``by`` may see, withdrawn ones included, in the
    roll's order. An explanation names those it is about by 工号."""
    today = timezone.localdate(at)
    with translation.override("zh-hans"):
        lines = progress.of(_lines(_follow_ups(asked, branches, by), today))
        more = [("年度", str(asked.the_year)), ("内容", "不含谈话、约谈、处置的记录和整改材料")]
        sheets = [
            SheetOut("结果运用事项", COLUMNS, lines),
            about_sheet(branches, by=by, at=at, more=more),
        ]
        write_workbook(target, sheets)


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    return _follow_ups(asked, branches, by).count()


def years(branches: Collection[int], by: Actor) -> list[int]:
    """The years with a follow-up that one may see, the latest first."""
    found = (
        FollowUp.objects.visible_to(by)
        .filter(branch__in=branches)
        .order_by()
        .values_list("year", flat=True)
    )
    return sorted(set(found.distinct()), reverse=True)


def _follow_ups(asked: Asked, branches: Collection[int], by: Actor) -> "QuerySet[FollowUp]":
    return (
        FollowUp.objects.visible_to(by)
        .filter(year=asked.the_year, branch__in=branches)
        .order_by(
            "branch__roll_order",
            "branch",
            F("member__roll_order").asc(nulls_last=True),
            "member",
            F("trigger_month").asc(nulls_last=True),
            "pk",
        )
    )


def _lines(listed: "QuerySet[FollowUp]", today: date) -> Iterator[Line]:
    whole = FollowUp.objects.select_related("branch", "member", "holder")
    for block in row_chunks(listed, with_secretary(whole, today)):
        yield from _block(block, today)


def _block(rows: Collection[FollowUp], today: date) -> Iterator[Line]:
    concerned = _concerned(rows)
    for row in rows:
        is_overdue = row.due_on is not None and row.due_on < today and row.state not in row.DONE
        yield [
            row.branch.name,
            NAMES[FollowUp.Kind(row.kind)],
            row.member.staff_no if row.member else None,
            row.member.name if row.member else None,
            row.year,
            format_month(row.first_month) if row.first_month else None,
            format_month(row.trigger_month) if row.trigger_month else None,
            "、".join(sorted(concerned[row.pk])),
            row.holder.staff_no if row.holder else getattr(row, "secretary_no", None),
            name_of_holder(row),
            str(row.get_state_display()),
            row.due_on,
            yes_no(is_overdue),
            yes_no(row.is_basis_changed),
            day_of(row.opened_at),
            day_of(row.closed_at),
            day_of(row.withdrawn_at),
        ]


def _concerned(rows: Iterable[FollowUp]) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    ids = [row.pk for row in rows if row.is_explanation]
    months = FollowUpMonth.objects.filter(follow_up__in=ids)
    for follow_up, staff_no in months.values_list("follow_up", "member__staff_no"):
        found[follow_up].add(staff_no)
    return found
