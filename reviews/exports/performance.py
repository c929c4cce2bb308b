"""The year's points for the unit's own performance assessment, by 工号. Only final figures: a
provisional one would be taken for the result."""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP
from itertools import chain
from typing import IO, Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.steps import Refused
from members.rights import Actor
from reviews.exports.asking import Asked, Progress, about_sheet, names_of
from reviews.exports.chunks import row_chunks
from reviews.exports.year import CENT
from reviews.models import AnnualResult, Appraisal, BranchAnnualResult, YearEnd

COLUMNS: Final = (
    *map(Column, ("工号", "姓名", "支部")),
    Column("年度总分", Kind.POINTS),
    Column("平均分", Kind.POINTS),
    Column("名次", Kind.INTEGER),
    Column("等次"),
)
GRADES: Final = {
    Appraisal.Grade.EXCELLENT: "优秀",
    Appraisal.Grade.QUALIFIED: "合格",
    Appraisal.Grade.BASIC: "基本合格",
    Appraisal.Grade.UNQUALIFIED: "不合格",
}

Line = list[Value]


def write_performance(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write the members of branches whose year is computed or frozen: grouped by branch in the
    roll's order, within a branch by rank, then 工号. The rank is that inside the branch; the
    grade is what the branch entered from its 民主评议."""
    more = [
        ("年度", str(asked.the_year)),
        ("名次", "支部内名次，不作支部之间的比较"),
        ("等次", "民主评议等次，由支部评定，不由积分产生"),
    ]
    if left_out := _without_final_year(asked, branches):
        more.append(("年终总评尚未完成、未列入的支部", names_of(left_out)))
    sheets = [
        SheetOut("绩效考核数据", COLUMNS, progress.of(_lines(asked, branches))),
        about_sheet(branches, by=by, at=at, more=more),
    ]
    write_workbook(target, sheets)


def check(asked: Asked, branches: Collection[int], by: Actor) -> None:
    """Raises Refused where no figure of the year is final."""
    if not _results(asked, branches).exists():
        raise Refused(
            _("The year-end of %(year)s is not final yet: there are no figures to give out.")
            % {"year": asked.the_year}
        )


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    return _results(asked, branches).count()


def _results(asked: Asked, branches: Collection[int]) -> "QuerySet[AnnualResult]":
    return AnnualResult.objects.filter(
        year=asked.the_year, branch__in=branches, year_end__state__in=YearEnd.FINAL
    )


def _without_final_year(asked: Asked, branches: Collection[int]) -> set[int]:
    final = BranchAnnualResult.objects.filter(
        year=asked.the_year, branch__in=branches, year_end__state__in=YearEnd.FINAL
    )
    return set(branches) - set(final.values_list("branch", flat=True))


def _lines(asked: Asked, branches: Collection[int]) -> Iterator[Line]:
    grade = Appraisal.objects.filter(
        member=OuterRef("member"), year=asked.the_year, is_current=True
    ).values("grade")
    listed = _results(asked, branches).order_by(
        "branch__roll_order", "branch", "rank", "member__staff_no"
    )
    rows = AnnualResult.objects.annotate(grade=Subquery(grade)).values_list(
        "pk",
        "member__staff_no",
        "member__name",
        "branch__name",
        "total",
        "assessed_months",
        "rank",
        "grade",
    )
    for row in chain.from_iterable(row_chunks(listed, rows)):
        _key, staff_no, name, branch, total, months, rank, given = row
        average = (total / months).quantize(CENT, ROUND_HALF_UP)
        yield [staff_no, name, branch, total, average, rank, GRADES.get(given)]
