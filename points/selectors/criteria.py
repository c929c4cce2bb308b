"""The items that can be chosen from a rule book, found by text, code or pinyin initials."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from lib.pinyin import initials
from points.models import Category, Criterion, Declaration
from points.rules import applies_to
from points.selectors.estimate import Estimate, Left
from points.services.declaration import is_secretary


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of the picker. ``left`` says what it can still bring under its caps."""

    criterion: Criterion
    left: Left | None = None
    concerns_me: bool = False

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


def declarable(declaration: Declaration) -> list[Criterion]:
    """What this member can declare on this sheet, in the rule book's order. Two queries."""
    secretary = is_secretary(declaration)
    criteria: QuerySet[Criterion] = Criterion.objects.declarable().filter(
        rule_book=declaration.rule_book_id
    )
    return [
        criterion
        for criterion in criteria
        if applies_to(criterion, member=declaration.member, is_secretary=secretary)
    ]


def choices(criteria: Iterable[Criterion], estimate: Estimate | None) -> list[Choice]:
    """Each item with what it can still bring; nothing is said of it in an exempt month."""
    return [
        Choice(criterion, estimate.left(criterion) if estimate else None) for criterion in criteria
    ]


def grouped(found: Iterable[Choice]) -> list[Group]:
    """The choices by category, in the source's order; empty categories are left out."""
    groups = {value: Group(value, label) for value, label in Category.choices}
    for choice in found:
        groups[choice.criterion.category].choices.append(choice)
    return [group for group in groups.values() if group.choices]


def search(criteria: Sequence[Criterion], query: str) -> list[Criterion]:
    """The items that match every word of the query: part of the text, of the code, of the
    category, or the pinyin initials of successive characters. Nothing asked: everything."""
    words = query.lower().split()
    return [c for c in criteria if all(word in haystack(c) for word in words)]


def haystack(criterion: Criterion) -> str:
    category = str(criterion.get_category_display())
    parts = (criterion.code, criterion.text, category)
    return " ".join([*parts, initials(criterion.text), initials(category)]).lower()
