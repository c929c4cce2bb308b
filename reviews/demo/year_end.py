"""The year-ends of the demonstration: last year is frozen in its January (reviews.demo.scenes);
what is closed of this year is computed provisionally, as staff do before the end of a year."""

from branches.models import Committee
from reviews.demo import story
from reviews.demo.roll import Department
from reviews.models import Round, YearEnd
from reviews.services.year_end import compute_year


def play_year_end(department: Department) -> None:
    """Nothing where no month of the year is closed yet."""
    calendar = department.calendar
    year = calendar.frozen_year + 1
    if not Round.objects.closed().filter(month__year=year).exists():
        return
    committee = Committee.objects.get(name=story.COMMITTEE)
    if YearEnd.objects.filter(committee=committee, year=year).exists():
        return
    compute_year(
        committee=committee,
        year=year,
        by=department.staff(calendar.today),
        at=calendar.now,
    )
