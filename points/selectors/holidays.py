"""The special days of a year, where they are known from, and what a month of them looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lib.workdays import NamedDay, Span, library_days, library_years, spans
from points.models import HolidayNotice


@dataclass(frozen=True, slots=True)
class MonthOfYear:
    month: date
    holidays: Sequence[Span]
    made_up: Sequence[date]


@dataclass(frozen=True, slots=True)
class Year:
    """A year's special days; without a notice they are the library's, if it knows any."""

    year: int
    notice: HolidayNotice | None
    days: Sequence[NamedDay]

    @property
    def is_known(self) -> bool:
        return self.notice is not None or bool(self.days)

    @property
    def months(self) -> list[MonthOfYear]:
        """Its months that have a special day, a holiday in the month in which it begins."""
        found = spans(self.days)
        made_up = [one.day for one in self.days if one.is_workday]
        firsts = {day.replace(day=1) for day in (*(span.first for span in found), *made_up)}
        return [
            MonthOfYear(
                month,
                [span for span in found if span.first.replace(day=1) == month],
                [day for day in made_up if day.replace(day=1) == month],
            )
            for month in sorted(firsts)
        ]


def year_of(year: int) -> Year:
    """Two queries at most."""
    notice = HolidayNotice.objects.filter(year=year).select_related("entered_by__member").first()
    if notice is None:
        return Year(year, None, library_days(year))
    days = notice.days.values_list("day", "is_workday", "name")
    return Year(year, notice, [NamedDay(*row) for row in days])


def years_around(today: date) -> list[int]:
    """Last year, this one, the next, and every year with a notice. One query."""
    entered = HolidayNotice.objects.values_list("year", flat=True)
    return sorted({today.year - 1, today.year, today.year + 1, *entered})


def known_to_library() -> tuple[int, int]:
    years = library_years()
    return years[0], years[-1]
