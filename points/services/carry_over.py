"""Copying what was declared last month onto this month's sheet (沿用上月事项).

Most members do much the same every month. What is copied is a start to correct, not a claim:
the evidence is not copied, and the page asks to check dates and reasons.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.months import last_day
from members.rights import Actor
from points.models import Criterion, Decision, Declaration, Entry
from points.services.declaration import Line, declarable, lock, new_entry, touch


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be copied, and what would not, each with the reason."""

    lines: tuple[Line, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


@transaction.atomic
def copy_previous(*, pk: int, by: Actor, at: datetime) -> Plan:
    """Copy the declared items of the member's previous sheet onto this one, without their
    evidence. What stands here already is not copied again, so a second click copies nothing.

    Raises Refused or PermissionDenied where the sheet cannot be written.
    """
    declaration = lock(pk=pk, step="write", by=by)
    plan = plan_of(
        declaration,
        criteria=declarable(declaration),
        here=standing_on(declaration),
        today=timezone.localdate(at),
    )
    for line in plan.lines:
        new_entry(declaration, line, by=by, at=at)
    if plan.lines:
        touch(declaration, at=at)
    return plan


def plan_of(
    declaration: Declaration,
    *,
    criteria: Collection[Criterion],
    here: Collection[Entry],
    today: date,
) -> Plan:
    """Which items of the member's previous sheet can be copied: those whose criterion, by its
    code, this member can declare on this sheet (``criteria``), that were not rejected, and
    that do not stand ``here`` already. Two queries."""
    previous = (
        Declaration.objects.filter(member=declaration.member_id, month__lt=declaration.month)
        .order_by("-month")
        .first()
    )
    if previous is None:
        return Plan()
    entries = previous.entries.standing().filter(source=Entry.Source.DECLARED)
    return copied(
        list(entries.select_related("criterion")),
        rejected=rejected_on(previous),
        criteria={criterion.code: criterion for criterion in criteria},
        here=here,
        month=declaration.month,
        today=today,
    )


def copied(
    entries: Iterable[Entry],
    *,
    rejected: Collection[int],
    criteria: Mapping[str, Criterion],
    here: Iterable[Entry],
    month: date,
    today: date,
) -> Plan:
    """The plan, from values alone. The date is the same day of this month, at the latest its
    last day and today: what is declared has happened."""
    standing, entries = list(here), list(entries)
    days = {entry.occurred_on.day for entry in entries}
    dates = {(entry.criterion.code, entry.occurred_on) for entry in standing}
    # One that was copied on an earlier day, when its date was cut to that day.
    moved = Counter(
        (entry.criterion.code, entry.reason)
        for entry in standing
        if entry.source == Entry.Source.DECLARED and entry.occurred_on.day not in days
    )
    lines: list[Line] = []
    left_out: list[tuple[str, str]] = []
    for entry in entries:
        code, item = entry.criterion.code, str(entry.criterion.text)
        criterion = criteria.get(code)
        day = min(month.replace(day=min(entry.occurred_on.day, last_day(month).day)), today)
        if entry.pk in rejected:
            left_out.append((item, _("it was not recognised last time")))
        elif criterion is None:
            left_out.append((item, _("this month's rule book has no such item for you")))
        elif (code, day) in dates or moved[code, entry.reason]:
            moved[code, entry.reason] -= (code, day) not in dates
            left_out.append((item, _("it stands on this sheet already")))
        else:
            lines.append(Line(criterion, entry.times, day, entry.reason))
            dates.add((code, day))
    return Plan(tuple(lines), tuple(left_out))


def rejected_on(sheet: Declaration) -> set[int]:
    """The items of a sheet that the review rejected, as far as its result is out."""
    if sheet.state != Declaration.State.REVIEWED:
        return set()
    rejected = Decision.objects.filter(
        entry__declaration=sheet, is_current=True, outcome=Decision.Outcome.REJECTED
    )
    return set(rejected.values_list("entry", flat=True))


def standing_on(declaration: Declaration) -> list[Entry]:
    """Everything that stands in the member's month in this branch, declared or registered."""
    entries = Entry.objects.standing().filter(
        member=declaration.member_id, month=declaration.month, branch=declaration.branch_id
    )
    return list(entries.select_related("criterion"))
