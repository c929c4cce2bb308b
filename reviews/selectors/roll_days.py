"""Up to which month the roll is settled: what the members floor has to be told."""

from datetime import date

from django.db.models import Exists, Max, OuterRef, QuerySet

from points.models import MonthlyResult
from reviews.models import Round

UNFINISHED = [Round.State.OPEN, Round.State.REVIEWING]


def opened_until(*branches: int) -> date | None:
    """The latest month that is opened in one of these branches. One query."""
    return _latest(Round.objects.filter(branch__in=branches))


def concluded_until(*branches: int) -> date | None:
    """The latest month that one of these branches has reviewed. One query."""
    return _latest(Round.objects.filter(branch__in=branches).exclude(state__in=UNFINISHED))


def results_until(member: int) -> date | None:
    """The member's latest month with a concluded result, in whichever branch. One query."""
    unfinished = Round.objects.filter(
        branch=OuterRef("branch"), month=OuterRef("month"), state__in=UNFINISHED
    )
    return _latest(MonthlyResult.objects.current().filter(~Exists(unfinished), member=member))


def _latest(rows: "QuerySet[Round] | QuerySet[MonthlyResult]") -> date | None:
    latest: date | None = rows.aggregate(latest=Max("month"))["latest"]
    return latest
