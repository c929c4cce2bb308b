"""Over which months an analysis goes."""

from collections.abc import Collection
from datetime import date

from lib.months import add_months, month_of
from reviews.models import Round

MONTHS = 12


def known_months(branches: Collection[int], today: date) -> list[date]:
    """The months, up to this one, in which one of these branches has a round; the newest
    first. One query."""
    rounds = Round.objects.filter(branch__in=branches, month__lte=month_of(today))
    return list(rounds.order_by("-month").values_list("month", flat=True).distinct())


def usual_span(known: Collection[date], today: date) -> tuple[date, date]:
    """The last twelve months, or as many of them as there are."""
    last = max(known, default=month_of(today))
    first = add_months(last, 1 - MONTHS)
    return max(first, min(known, default=last)), last
