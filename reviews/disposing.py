"""What a disposition case allows (domain.md §6): which measures, which deadlines, and of what
the people who decide it are warned. Pure: values in, values out.

The system only opens the case. Three regimes are kept apart: talks and interviews, the
organisational disposition decided here, and Party discipline, which has no word in it.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from lib.months import add_months, month_of

NONE: Final = "NONE"
CORRECTION: Final = "CORRECTION"
PERSUASION: Final = "PERSUASION"
REMOVAL: Final = "REMOVAL"
EXTENSION: Final = "EXTENSION"
CANCELLATION: Final = "CANCELLATION"

LONGEST_CORRECTION: Final = 12
SHORTEST_EXTENSION: Final = 6
LONGEST_EXTENSION: Final = 12

NO_CASE: Final = ""
STEPS: Final[Mapping[str, frozenset[str]]] = {
    # an opinion that is not filed may be given anew; one that came back is given again
    "give_opinion": frozenset({NO_CASE, "PREPARED", "APPROVED", "RETURNED"}),
    "file_case": frozenset({"PREPARED"}),
    "decide_case": frozenset({"FILED"}),
}
"""From which state of the case's current row each step goes on. An approved row goes on only
where its correction failed: the follow-up's own state says whether it did."""


class Warned(StrEnum):
    """Of what the people who decide a case are warned."""

    ALREADY_PUNISHED = "ALREADY_PUNISHED"
    BASIS_CHANGED = "BASIS_CHANGED"
    APPEAL_OPEN = "APPEAL_OPEN"
    PROBATIONARY = "PROBATIONARY"
    NOT_HEARD = "NOT_HEARD"
    NO_GRADE = "NO_GRADE"
    GOOD_GRADE = "GOOD_GRADE"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case. ``measure`` and ``is_heard`` are those of the opinion; without
    an opinion the measure is "" and nobody is warned that the member was not heard. ``grade``
    is that of the year's 民主评议, "" while there is none."""

    has_zero_month: bool = False
    is_basis_changed: bool = False
    has_open_appeal: bool = False
    is_probationary: bool = False
    measure: str = ""
    is_heard: bool = False
    grade: str = ""


def measures_for(*, is_probationary: bool) -> tuple[str, ...]:
    """The measures that can be chosen: a probationary member's probation is extended or the
    membership cancelled, nothing else; a full member corrects within a deadline, is persuaded
    to leave, or removed. Nothing at all is always possible. Source: domain.md §6."""
    if is_probationary:
        return NONE, EXTENSION, CANCELLATION
    return NONE, CORRECTION, PERSUASION, REMOVAL


def later_by(day: date, months: int) -> date:
    """The same day so many months later, or the month's last day where it has no such day."""
    month = add_months(month_of(day), months)
    return month.replace(day=min(day.day, monthrange(month.year, month.month)[1]))


def deadlines(
    measure: str, *, on: date, probation_ends: date | None = None
) -> tuple[date, date] | None:
    """The first and the last day on which the measure's deadline may lie; None where it has
    none. A correction takes at most a year from the meeting; an extension six to twelve months
    from the end of the probation, or from the meeting where that is later or unknown."""
    if measure == CORRECTION:
        return on + timedelta(days=1), later_by(on, LONGEST_CORRECTION)
    if measure == EXTENSION:
        start = max(on, probation_ends or on)
        return later_by(start, SHORTEST_EXTENSION), later_by(start, LONGEST_EXTENSION)
    return None


def warnings(facts: Facts) -> tuple[Warned, ...]:
    """Of what a case warns, the gravest first. None of it forbids a decision: what is
    forbidden is refused by the services. Source: domain.md §6."""
    acts = facts.measure not in ("", NONE)
    found = {
        Warned.ALREADY_PUNISHED: facts.has_zero_month,
        Warned.BASIS_CHANGED: facts.is_basis_changed,
        Warned.APPEAL_OPEN: facts.has_open_appeal,
        Warned.PROBATIONARY: facts.is_probationary,
        Warned.NOT_HEARD: acts and not facts.is_heard,
        Warned.NO_GRADE: not facts.grade,
        Warned.GOOD_GRADE: acts and facts.grade in ("EXCELLENT", "QUALIFIED"),
    }
    return tuple(one for one, applies in found.items() if applies)


def must_acknowledge(*, measure: str, has_zero_month: bool) -> bool:
    """Whether an approval needs the word that it is not about what was punished already: a
    matter already punished is not disposed of again (domain.md §6)."""
    return has_zero_month and measure != NONE
