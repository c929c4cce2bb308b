"""The ledger of a span of months, as ``import_ledger`` reads it (formats.md §3): an interface,
so its Chinese words are fixed here."""

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain
from typing import IO, Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.months import format_month
from members.models import Exemption
from members.rights import Actor
from points.models import Criterion, Decision, MonthlyResult
from reviews.exports.asking import MOST_NAMES, Asked, Progress, about_sheet
from reviews.exports.chunks import row_chunks
from reviews.exports.ledger_people import people_since
from reviews.models import Round

LEDGER_COLUMNS: Final = (
    *map(Column, ("年月", "支部", "工号", "姓名", "编号")),
    Column("次数", Kind.POINTS),
    Column("认定分值", Kind.POINTS),
    Column("发生日期", Kind.DATE),
    Column("事由"),
    # Beside formats.md §3: under a cap it matters which of a day's entries counted first.
    Column("当日次序", Kind.INTEGER),
)
MONTH_COLUMNS: Final = (Column("年月"), Column("支部"))
EXEMPTION_COLUMNS: Final = tuple(map(Column, ("工号", "起始年月", "结束年月", "原因")))
COUNTING: Final = (Decision.Outcome.APPROVED, Decision.Outcome.ADJUSTED)

Line = list[Value]


def write_ledger(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write every entry that counts in the closed months of a span, with its decided points;
    the months themselves; and the exemptions in them. Importing it into the same roll and rule
    books gives the same results; 说明 names whom today's roll does not have in these months.

    Months that are not closed are left out, and so is what the committee registered, unless
    ``by`` works for the committee (domain.md §10); 说明 says how much that is.
    """
    today = timezone.localdate(at)
    remarks = chain(_remarks(asked, branches, by), people_since(branches, asked.span, today))
    sheets = [
        SheetOut("积分台账", LEDGER_COLUMNS, progress.of(_lines(asked, branches, by))),
        SheetOut("参评月份", MONTH_COLUMNS, progress.of(_month_lines(asked, branches))),
        SheetOut("免评", EXEMPTION_COLUMNS, progress.of(_exemption_lines(asked, branches, by))),
        about_sheet(branches, by=by, at=at, more=remarks),
    ]
    write_workbook(target, sheets)


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    """How many rows it has. Three queries."""
    return (
        _shown(asked, branches, by).count()
        + _closed(asked, branches).count()
        + _exemptions(asked, branches, by).count()
    )


def _closed(asked: Asked, branches: Collection[int]) -> "QuerySet[Round]":
    return Round.objects.closed().filter(branch__in=branches, month__range=asked.span)


def _counting(asked: Asked, branches: Collection[int]) -> "QuerySet[Decision]":
    is_closed = Round.objects.closed().filter(
        branch=OuterRef("entry__branch"), month=OuterRef("entry__month")
    )
    return Decision.objects.filter(
        Exists(is_closed),
        is_current=True,
        outcome__in=COUNTING,
        entry__branch__in=branches,
        entry__month__range=asked.span,
    )


def _hidden_from(by: Actor) -> Q:
    """What the committee registered is for its staff (``points.rules.is_confidential``)."""
    if by.is_system:
        return Q(pk__in=[])
    confidential = Q(entry__criterion__registered_by=Criterion.RegisteredBy.COMMITTEE)
    return confidential & ~Q(entry__branch__in=by.branches_below)


def _shown(asked: Asked, branches: Collection[int], by: Actor) -> "QuerySet[Decision]":
    return _counting(asked, branches).exclude(_hidden_from(by))


def _lines(asked: Asked, branches: Collection[int], by: Actor) -> Iterator[Line]:
    listed = _shown(asked, branches, by).order_by(
        "entry__month",
        "entry__branch__roll_order",
        "entry__branch",
        "entry__member__roll_order",
        "entry__member",
        "entry__occurred_on",
        "entry",
    )
    rows = Decision.objects.values_list(
        "pk",
        "entry__month",
        "entry__branch__name",
        "entry__member__staff_no",
        "entry__member__name",
        "entry__criterion__code",
        "entry__times",
        "points",
        "entry__occurred_on",
        "entry__reason",
    )
    before, place = None, 0
    for row in chain.from_iterable(row_chunks(listed, rows)):
        _key, month, branch, staff_no, *rest, day, reason = row
        place = place + 1 if (staff_no, day) == before else 1
        before = staff_no, day
        yield [format_month(month), branch, staff_no, *rest, day, reason, place]


def _month_lines(asked: Asked, branches: Collection[int]) -> Iterator[Line]:
    listed = _closed(asked, branches).order_by("month", "branch__roll_order", "branch")
    rows = Round.objects.values_list("pk", "month", "branch__name")
    for _key, month, branch in chain.from_iterable(row_chunks(listed, rows)):
        yield [format_month(month), branch]


def _exemptions(asked: Asked, branches: Collection[int], by: Actor) -> "QuerySet[Exemption]":
    """Those because of which somebody was not assessed in one of the closed months."""
    first, last = asked.span
    not_assessed = MonthlyResult.objects.final().filter(
        member=OuterRef("member"),
        month__gte=OuterRef("first_month"),
        month__lte=OuterRef("last_month"),
        month__range=(first, last),
        branch__in=branches,
        is_assessed=False,
    )
    return Exemption.objects.approved().visible_to(by).filter(Exists(not_assessed))


def _exemption_lines(asked: Asked, branches: Collection[int], by: Actor) -> Iterator[Line]:
    rows: QuerySet[Any, Any] = _exemptions(asked, branches, by).order_by(
        "member__roll_order", "member", "first_month"
    )
    for staff_no, first, last, reason in rows.values_list(
        "member__staff_no", "first_month", "last_month", "reason"
    ):
        yield [staff_no, format_month(first), format_month(last), reason]


def _remarks(asked: Asked, branches: Collection[int], by: Actor) -> Iterator[tuple[str, str]]:
    first, last = asked.span
    yield "起止年月", f"{format_month(first)} 至 {format_month(last)}"
    hidden = _counting(asked, branches).filter(_hidden_from(by)).count()
    if hidden:
        yield "未列入的党委登记事项", f"{hidden}条，仅党委工作人员可以导出；重新导入时得分会有出入"
    unfinished = Round.objects.unfinished().filter(branch__in=branches, month__range=(first, last))
    if count := unfinished.count():
        names = unfinished.order_by("month", "branch__roll_order").values_list(
            "branch__name", "month"
        )[:MOST_NAMES]
        more = "等" if count > MOST_NAMES else ""
        listed = "、".join(f"{branch} {format_month(month)}" for branch, month in names)
        yield "尚未月结、未列入的月份", f"{count}个：{listed}{more}"
