"""The year-end workbook as an export that somebody asks for: which years, and whose."""

from collections.abc import Collection
from datetime import datetime
from typing import IO

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.rights import Actor
from reviews.exports.asking import Asked, Progress
from reviews.exports.year import export_year
from reviews.models import AnnualResult, BranchAnnualResult, YearEnd


def write_year(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    export_year(target, year=asked.the_year, branches=branches, by=by, at=at, progress=progress)


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    return AnnualResult.objects.filter(year=asked.the_year, branch__in=branches).count()


def check(asked: Asked, branches: Collection[int], by: Actor) -> None:
    """Raises Refused for figures that somebody does not see yet: a branch sees its own once
    they are final, as on the page of the year; committee staff see provisional ones too."""
    found = _readable(by).filter(year=asked.the_year, branch__in=branches)
    own = set(branches) - by.branches_below
    if not own <= set(found.values_list("branch", flat=True)):
        raise Refused(
            _("The year-end of %(year)s is not final yet: there are no figures to give out.")
            % {"year": asked.the_year}
        )


def years(branches: Collection[int], by: Actor) -> list[int]:
    """The years with figures that one may see, the latest first."""
    return _years_of(_readable(by).filter(branch__in=branches))


def final_years(branches: Collection[int], by: Actor) -> list[int]:
    """The years whose figures are final somewhere, the latest first."""
    final = BranchAnnualResult.objects.filter(year_end__state__in=YearEnd.FINAL)
    return _years_of(final.filter(branch__in=branches))


def _years_of(found: "QuerySet[BranchAnnualResult]") -> list[int]:
    return sorted(set(found.order_by().values_list("year", flat=True).distinct()), reverse=True)


def _readable(by: Actor) -> "QuerySet[BranchAnnualResult]":
    final = Q(year_end__state__in=YearEnd.FINAL)
    return BranchAnnualResult.objects.filter(final | Q(branch__in=by.branches_below))
