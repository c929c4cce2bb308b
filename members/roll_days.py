"""From which day a change of the roll may count, so that none rewrites the past. Pure.

A month belongs to the branch in which the member was on its first day (domain.md §4). So
who is on a branch's roll may change from the day after the first day of its latest opened
month on; and who holds an office, from the month after its latest concluded one on (zero
months are explained by those who were in office then, domain.md §6).
"""

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import add_months, month_of, months_between, next_month
from lib.steps import Refused

LONG_AHEAD_MONTHS = 12


def check_roster_day(on: date, opened_until: date | None) -> None:
    """A membership may begin on this day: after the first day of the latest opened month.

    Raises Refused, naming the month and the earliest day.
    """
    if opened_until is not None and on <= opened_until:
        raise Refused(
            _(
                "%(month)s is opened already, and its roll no longer changes. "
                "The earliest possible day is %(day)s; for whole months choose %(next)s."
            )
            % {
                "month": date_format(opened_until, "YEAR_MONTH_FORMAT"),
                "day": shown(opened_until + timedelta(days=1)),
                "next": shown(next_month(opened_until)),
            }
        )


def joins_on(on: date, opened_until: date | None) -> date:
    """That day, or the first day of the month after the latest opened one if it is too early."""
    if opened_until is None or on > opened_until:
        return on
    return next_month(opened_until)


def check_office_day(on: date, concluded_until: date | None) -> None:
    """An office may change on this day: after the branch's latest concluded month.

    Raises Refused, naming the month and the earliest day.
    """
    if concluded_until is not None and month_of(on) <= concluded_until:
        raise Refused(
            _(
                "%(month)s is concluded: who was in office then stays as it is. "
                "The earliest possible day is %(day)s; write the real day into the note."
            )
            % {
                "month": date_format(concluded_until, "YEAR_MONTH_FORMAT"),
                "day": shown(next_month(concluded_until)),
            }
        )


def check_has_come(on: date, today: date) -> None:
    """What takes effect at once cannot be entered ahead. Raises Refused."""
    if on > today:
        raise Refused(
            _("%(day)s has not come yet. Enter it on that day or after.") % {"day": shown(on)}
        )


def check_not_long_ahead(on: date, today: date) -> None:
    """A day more than a year ahead is a slip of the pen. Raises Refused."""
    if on >= add_months(next_month(month_of(today)), LONG_AHEAD_MONTHS):
        raise Refused(_("%(day)s is more than a year ahead. Check the year.") % {"day": shown(on)})


def last_day_on_roll(on: date, opened_until: date | None) -> date:
    """The last day of a membership that really ended on ``on``: the roll of an opened month
    is kept, so it reaches at least that month's first day."""
    return on if opened_until is None else max(on, opened_until)


def unassessed_months(
    on: date, *, has_died: bool, opened_until: date | None, concluded_until: date | None
) -> list[date]:
    """The opened months, not yet concluded, in which somebody whose membership ended on
    ``on`` is not assessed: those after that day and, for the dead, the month of that day."""
    if opened_until is None:
        return []
    first = month_of(on) if has_died else next_month(month_of(on))
    if concluded_until is not None:
        first = max(first, next_month(concluded_until))
    return months_between(first, opened_until)


def shown(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
