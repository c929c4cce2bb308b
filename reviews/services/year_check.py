"""Whether the stored figures of a year are still what they were: digests of frozen years, and
months corrected or closed since a year was computed (domain.md §8)."""

from collections.abc import Collection, Iterator

from lib.months import months_of_year
from points.models import MonthlyResult
from reviews.models import Round, YearEnd
from reviews.services.year_figures import figures_digest


def broken_digests() -> Iterator[tuple[YearEnd, str]]:
    """The frozen years whose stored figures do not bear out the digest they were frozen under,
    with the digest they have now. Years frozen before there were digests have none to check."""
    for year_end in (
        YearEnd.objects.filter(state=YearEnd.State.FROZEN)
        .exclude(digest="")
        .select_related("committee")
    ):
        now = figures_digest(year_end)
        if now != year_end.digest:
            yield year_end, now


def is_outdated(year_end: YearEnd, branches: Collection[int]) -> bool:
    """Whether a month was corrected or closed since the figures were computed, so that computing
    again may bring others. Two queries."""
    since = {"month__in": months_of_year(year_end.year), "branch__in": branches}
    at = year_end.computed_at
    return (
        Round.objects.closed().filter(**since, closed_at__gt=at).exists()
        or MonthlyResult.objects.final()
        .filter(**since, revision__gt=1, computed_at__gt=at)
        .exists()
    )
