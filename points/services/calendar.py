"""The working days as this installation knows them: the library's, and the notices entered
by staff for years that it does not know."""

from dataclasses import dataclass
from datetime import date

from lib.workdays import SpecialDays, add_workdays, is_known, is_workday, publication_end
from points.models import HolidayNotice


@dataclass(frozen=True, slots=True)
class Workdays:
    """Load it once for a page, a step or a run, whatever its size: one query."""

    entered: SpecialDays

    @classmethod
    def load(cls) -> "Workdays":
        """The days in force now, with every notice that staff have entered."""
        rows = list(HolidayNotice.objects.values_list("year", "days__day", "days__is_workday"))
        return cls(
            SpecialDays(
                years=frozenset(year for year, _day, _is_workday in rows),
                days={day: works for _year, day, works in rows if day is not None},
            )
        )

    def is_workday(self, day: date) -> bool:
        return is_workday(day, self.entered)

    def is_known(self, year: int) -> bool:
        return is_known(year, self.entered)

    def add(self, start: date, days: int) -> tuple[date, frozenset[int]]:
        """The ``days``-th working day after ``start``, and the years whose holidays nobody
        knows. Raises ValueError when negative."""
        return add_workdays(start, days, self.entered)

    def publication_end(self, start: date, days: int) -> tuple[date, frozenset[int]]:
        """The last day of a publication (domain.md §5.5), and the years nobody knows."""
        return publication_end(start, days, self.entered)
