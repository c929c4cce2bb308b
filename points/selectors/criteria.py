"""The items that can be chosen from a rule book, found by text, code or pinyin initials."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lib.pinyin import initials
from points.models import Category, Criterion
from points.scoring import CATEGORY_MONTH
from points.selectors.cuts import explain_room, explain_room_briefly
from points.selectors.estimate import Estimate, Left


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of the picker. ``left`` says what it can still bring under all its caps,
    ``rooms`` what is left under each of its own, in words."""

    criterion: Criterion
    left: Left | None = None
    concerns_me: bool = False
    rooms: Sequence[str] = ()

    @property
    def is_used_up(self) -> bool:
        return self.left is not None and self.left.points == 0


@dataclass(slots=True)
class Group:
    """A category, in the source's order, with what can be chosen from it."""

    category: str
    label: Any
    choices: list[Choice] = field(default_factory=list)
    max_plus_month: Decimal | None = None
    room: str = ""


def choices(criteria: Iterable[Criterion], estimate: Estimate | None) -> list[Choice]:
    """Each item with what it can still bring; nothing is said of it in an exempt month."""
    if estimate is None:
        return [Choice(criterion) for criterion in criteria]
    return [
        Choice(
            criterion,
            estimate.left(criterion),
            rooms=[
                explain_room_briefly(room.cap, room.left)
                for room in estimate.rooms(criterion)
                if room.cap != CATEGORY_MONTH
            ],
        )
        for criterion in criteria
    ]


def grouped(found: Iterable[Choice], estimate: Estimate | None = None) -> list[Group]:
    """The choices by category, in the source's order, with what is left of each category's
    cap; empty categories are left out."""
    groups = {value: Group(value, label) for value, label in Category.choices}
    for choice in found:
        groups[choice.criterion.category].choices.append(choice)
    shown = [group for group in groups.values() if group.choices]
    for group in shown:
        if estimate and (room := estimate.category_room(group.category)):
            group.room = explain_room(room.cap, room.limit, room.left)
    return shown


def search(criteria: Sequence[Criterion], query: str) -> list[Criterion]:
    """The items that match every word of the query: part of the text, of the code, of the
    category, or the pinyin initials of successive characters. Nothing asked: everything."""
    words = query.lower().split()
    return [c for c in criteria if all(word in haystack(c) for word in words)]


def haystack(criterion: Criterion) -> str:
    category = str(criterion.get_category_display())
    parts = (criterion.code, criterion.text, category)
    return " ".join([*parts, initials(criterion.text), initials(category)]).lower()
