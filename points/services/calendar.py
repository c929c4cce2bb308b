"""The working days as this installation knows them: the library's, and the notices entered
by staff for years that it does not know."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Committee
from lib.steps import Refused
from lib.workdays import (
    NamedDay,
    SpecialDays,
    add_workdays,
    is_known,
    is_workday,
    publication_end,
)
from members.notices import record
from members.rights import Actor
from points.models import HolidayNotice, SpecialDay


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


def may_enter_holidays(actor: Actor) -> bool:
    """Whether one keeps the calendar that all committees share: administrators, and staff of
    a committee that has none above it. One query at most."""
    if actor.is_system or actor.is_administrator:
        return True
    return Committee.objects.filter(pk__in=actor.committees, parent=None).exists()


def what_is_wrong(year: int, number: str, days: Sequence[NamedDay]) -> list[str]:
    """What keeps these days from being the notice of a year, each in a sentence; empty if
    nothing does. A notice may name days of the December before, as those of New Year do."""
    wrong = []
    if not number.strip():
        wrong.append(_("Enter the number of the State Council's notice."))
    if all(one.is_workday for one in days):
        wrong.append(_("Enter at least one holiday with its first and last day."))
    for day, count in Counter(one.day for one in days).items():
        if count > 1:
            wrong.append(_("%(day)s stands here twice.") % {"day": words(day)})
    for one in days:
        if one.day.year != year and (one.day.year, one.day.month) != (year - 1, 12):
            wrong.append(
                _("%(day)s does not lie in %(year)s.") % {"day": words(one.day), "year": year}
            )
        if one.is_workday and one.day.weekday() < 5:
            wrong.append(
                _("%(day)s is no weekend day: only a Saturday or a Sunday is made up for.")
                % {"day": words(one.day)}
            )
    return wrong


def words(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


@transaction.atomic
def enter_year(
    *, year: int, number: str, days: Sequence[NamedDay], by: Actor, at: datetime
) -> HolidayNotice:
    """Enter the holidays and make-up workdays of a year by the State Council's notice, in
    place of what was entered or what the library says. Days that were fixed before, of
    publications under way for example, stay. Who, when, and how many days is recorded.

    Raises PermissionDenied, or Refused with everything that is wrong.
    """
    if not may_enter_holidays(by):
        raise PermissionDenied
    if wrong := what_is_wrong(year, number, days):
        raise Refused(" ".join(wrong))
    taken = SpecialDay.objects.exclude(notice__year=year).filter(day__in=[one.day for one in days])
    if other := taken.select_related("notice").first():
        raise Refused(
            _("%(day)s stands in the notice of %(year)s already.")
            % {"day": words(other.day), "year": other.notice.year}
        )
    before = HolidayNotice.objects.filter(year=year).first()
    was = before.number if before else ""
    try:
        with transaction.atomic():
            notice, _created = HolidayNotice.objects.update_or_create(
                year=year,
                defaults={"number": number.strip(), "entered_by": by.user, "entered_at": at},
            )
            notice.days.all().delete()
            SpecialDay.objects.bulk_create(
                SpecialDay(
                    notice=notice, day=one.day, is_workday=one.is_workday, name=one.name[:50]
                )
                for one in days
            )
    except IntegrityError:
        raise Refused(_("Somebody has just entered this year. Look at it again.")) from None
    record(
        by=by.user,
        at=at,
        verb="enter_holidays",
        target=notice,
        year=year,
        number=notice.number,
        before=was,
        holidays=[one.day.isoformat() for one in days if not one.is_workday],
        workdays=[one.day.isoformat() for one in days if one.is_workday],
    )
    return notice
