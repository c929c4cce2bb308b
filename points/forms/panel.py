"""Which form stands open on a sheet: of the item that was sent, picked, is being changed, or
was being typed when the person left. None: the picker stands there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lib.months import last_day
from points.forms.line import LineForm, initial_of
from points.models import Criterion
from points.selectors.sheet import Row, Sheet

ASKING = ("item", "entry", "pick", "q")


@dataclass(frozen=True, slots=True)
class Panel:
    """The open form, its item, the row that it changes, and whether it was restored."""

    form: LineForm | None = None
    criterion: Criterion | None = None
    row: Row | None = None
    is_restored: bool = False


def sent_panel(
    sheet: Sheet, criteria: Sequence[Criterion], form: LineForm, entry_id: int | None
) -> Panel:
    """A form that could not be saved stands open again, as it was typed."""
    criterion = _named(criteria, form.data.get("criterion"))
    return Panel(form, criterion, _row(sheet, entry_id)) if criterion else Panel()


def open_panel(
    sheet: Sheet,
    criteria: Sequence[Criterion],
    *,
    asked: Mapping[str, str],
    typed: Mapping[str, Any],
    today: date,
) -> Panel:
    """What the address asks for; where it asks for nothing, what was being typed."""
    is_restored = bool(typed) and not any(name in asked for name in ASKING)
    wanted = typed if is_restored else {"criterion": asked.get("item"), **asked}
    row = _row(sheet, wanted.get("entry"))
    criterion = _named(criteria, wanted.get("criterion") or (row and row.entry.criterion_id))
    if criterion is None:
        return Panel()
    initial = _initial(sheet, criterion, row, typed=typed, today=today)
    month = sheet.declaration.month
    form = LineForm(criteria=criteria, month=month, today=today, initial=initial)
    return Panel(form, criterion, row, is_restored)


def _named(criteria: Sequence[Criterion], pk: object) -> Criterion | None:
    return next((criterion for criterion in criteria if str(criterion.pk) == str(pk)), None)


def _row(sheet: Sheet, entry_id: object) -> Row | None:
    return next((row for row in sheet.declared if str(row.entry.pk) == str(entry_id)), None)


def _initial(
    sheet: Sheet,
    criterion: Criterion,
    row: Row | None,
    *,
    typed: Mapping[str, Any],
    today: date,
) -> dict[str, Any]:
    """Today within the month, once; over it the item as it stands; over it what was typed."""
    month = sheet.declaration.month
    initial: dict[str, Any] = {"occurred_on": min(max(today, month), last_day(month)), "times": 1}
    if row is not None:
        initial |= initial_of(row.entry)
    entry = str(row.entry.pk) if row else ""
    if (typed.get("criterion"), typed.get("entry", "")) == (str(criterion.pk), entry):
        initial |= typed
    return initial | {"criterion": criterion.pk}
