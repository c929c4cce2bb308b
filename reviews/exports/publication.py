"""The table of one publication (月度公示表): names, points and matters as the branch sees them,
and nothing else (domain.md §10)."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import IO, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from lib.display import signed_points
from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.months import format_month
from lib.steps import Refused
from members.rights import Actor
from points.models import MonthlyResult
from reviews.exports.asking import Asked, Progress, about_sheet
from reviews.exports.year import yes_no
from reviews.models import Publication
from reviews.selectors.publications import Matter, PublicationPage, PublishedRow, publication_page
from reviews.services.publication import months_of

RESULT_COLUMNS: Final = (
    Column("年月"),
    Column("序号", Kind.INTEGER),
    Column("姓名"),
    *(Column(name, Kind.POINTS) for name in ("基础分", "加分", "减分", "月度积分", "合格分值")),
    Column("公示后有更正"),
    Column("公示事项", width=60),
)
MATTER_COLUMNS: Final = (
    *map(Column, ("年月", "姓名", "事项")),
    Column("次数", Kind.POINTS),
    Column("计分", Kind.POINTS),
)
# As the page and the notice say it.
NOT_PUBLIC: Final = "按规定不公开的事项"
EXEMPT: Final = "免评"

Line = list[Value]


def write_publication(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write a publication, of a month or of a quarter, in the roll's order: what the notice
    shows, with confidential matters hidden as they are there."""
    found = publication_of(asked, by)
    page = publication_page(found, by, timezone.localdate(at))
    period = f"{found.starts_on:%Y-%m-%d} 至 {found.ends_on:%Y-%m-%d}"
    sheets = [
        SheetOut("月度公示表", RESULT_COLUMNS, progress.of(_result_lines(page))),
        SheetOut("公示事项", MATTER_COLUMNS, _matter_lines(page)),
        about_sheet(branches, by=by, at=at, more=[("公示期", period)]),
    ]
    write_workbook(target, sheets)


def publication_of(asked: Asked, by: Actor) -> Publication:
    """The publication asked for. Raises Refused where it is out of one's sight by now."""
    visible = Publication.objects.visible_to(by).select_related("round__branch__committee")
    found = visible.filter(pk=asked.publication or 0).first()
    if found is None:
        raise Refused(_("This publication is not to be seen any more."))
    return found


def check(asked: Asked, branches: Collection[int], by: Actor) -> None:
    """Raises Refused for a publication of another branch than the one that is exported: one
    sees those of one's former branch too."""
    if {publication_of(asked, by).round.branch_id} != set(branches):
        raise Refused(_("This publication is not to be seen any more."))


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    found = publication_of(asked, by)
    months = [one.round.month for one in months_of(found)]
    return (
        MonthlyResult.objects.current()
        .filter(branch=found.round.branch_id, month__in=months)
        .count()
    )


def _result_lines(page: PublicationPage) -> Iterator[Line]:
    for month in page.months:
        name = format_month(month.publication.round.month)
        for number, row in enumerate(month.rows, start=1):
            yield [name, number, row.name, *_figures(row), yes_no(row.is_corrected), _said(row)]


def _figures(row: PublishedRow) -> Line:
    result = row.result
    if not result.is_assessed:
        return [None, None, None, None, None]
    return [result.base, result.plus, result.minus, result.score, result.pass_line]


def _said(row: PublishedRow) -> str:
    if not row.result.is_assessed:
        return EXEMPT
    return "；".join(f"{_text(one)} {signed_points(one.credited)}" for one in row.matters)


def _text(matter: Matter) -> str:
    return matter.text or NOT_PUBLIC


def _matter_lines(page: PublicationPage) -> Iterator[Line]:
    for month in page.months:
        name = format_month(month.publication.round.month)
        for row in month.rows:
            if row.result.is_assessed:
                for one in row.matters:
                    yield [name, row.name, _text(one), one.times, one.credited]
