"""A draft as the page to edit it shows it, and what two versions differ in."""

from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from lib.display import points
from points.models import Category, Criterion, RuleBook
from points.selectors.criteria import Choice, Group, grouped
from points.services.rule_book.draft import CRITERION_FIELDS, HEAD_FIELDS

RegisteredBy = Criterion.RegisteredBy


# -- a draft -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row(Choice):
    """One criterion of a draft, with what is unusual about it and how it differs from the
    version that the draft was copied from."""

    warnings: tuple[str, ...] = ()
    is_new: bool = False
    is_changed: bool = False
    is_restorable: bool = False
    is_first: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """The rows of a draft by category (every category, even an empty one), and the criteria
    that it no longer has."""

    groups: list[Group]
    retired: list[Criterion]
    total: int
    warned: int


def draft_of(book: RuleBook) -> Draft:
    """A draft as it is edited. Three queries."""
    criteria = list(book.criteria.all())
    caps = {cap.category: cap.max_plus_month for cap in book.category_caps.all()}
    originals = {one.code: one for one in Criterion.objects.filter(rule_book=book.based_on_id or 0)}
    rows = []
    for category in Category.values:
        of_category = [one for one in criteria if one.category == category]
        for place, criterion in enumerate(of_category):
            original = originals.get(criterion.code)
            rows.append(
                Row(
                    criterion,
                    warnings=tuple(warnings_of(criterion, caps)),
                    is_new=bool(originals) and original is None,
                    is_changed=original is not None and bool(_changes(original, criterion)),
                    is_restorable=original is not None,
                    is_first=place == 0,
                    is_last=place == len(of_category) - 1,
                )
            )
    groups = {group.category: group for group in grouped(rows)}
    every = [groups.get(category) or Group(category, label) for category, label in Category.choices]
    for group in every:
        group.max_plus_month = caps.get(group.category)
    there = {criterion.code for criterion in criteria}
    return Draft(
        groups=every,
        retired=[one for code, one in originals.items() if code not in there],
        total=len(rows),
        warned=sum(1 for row in rows if row.warnings),
    )


def warnings_of(criterion: Criterion, caps: Mapping[str, Decimal]) -> Iterable[str]:
    """What is unusual about a criterion, though it is allowed."""
    by, amount = criterion.registered_by, criterion.points
    if criterion.zeroes_month and by != RegisteredBy.COMMITTEE:
        yield _(
            "What zeroes a month usually rests on a decision of the committee: “registered by the committee”."
        )
    elif amount < 0 and by == RegisteredBy.MEMBER:
        yield _(
            "A deduction that only the member can declare is seldom declared: let the branch register it."
        )
    if by == RegisteredBy.SYSTEM and not criterion.trigger:
        yield _("The system proposes it only when an occasion is chosen.")
    is_for_all = criterion.applies_to == Criterion.AppliesTo.EVERYONE
    if criterion.category == Category.LEADERSHIP and is_for_all:
        yield _("This category usually applies to leading cadres or branch secretaries only.")
    limit = criterion.max_points_month
    if limit is not None and limit < abs(amount):
        yield _("The cap per month is less than the points for one time.")
    limits = (criterion.max_times_month, limit, criterion.max_points_year)
    if amount > 0 and criterion.category not in caps and not any(one is not None for one in limits):
        yield _(
            "Nothing limits these plus points: neither a cap of its own nor one of the category."
        )


# -- differences -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value, as it was and as it is, in words."""

    label: Any
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class CriterionChange:
    criterion: Criterion
    fields: list[FieldChange]


@dataclass(frozen=True, slots=True)
class Differences:
    """What a version says otherwise than an earlier one."""

    old: RuleBook
    new: RuleBook
    head: list[FieldChange] = field(default_factory=list)
    caps: list[FieldChange] = field(default_factory=list)
    added: list[Criterion] = field(default_factory=list)
    changed: list[CriterionChange] = field(default_factory=list)
    retired: list[Criterion] = field(default_factory=list)

    @property
    def count(self) -> int:
        parts: tuple[Sized, ...] = (self.head, self.caps, self.added, self.changed, self.retired)
        return sum(len(part) for part in parts)


def differences(old: RuleBook, new: RuleBook) -> Differences:
    """Compare two versions, criterion by criterion. Four queries."""
    before = {one.code: one for one in old.criteria.all()}
    after = {one.code: one for one in new.criteria.all()}
    changed = [
        CriterionChange(criterion, fields)
        for code, criterion in after.items()
        if code in before and (fields := _changes(before[code], criterion))
    ]
    caps_before = {cap.category: cap.max_plus_month for cap in old.category_caps.all()}
    caps_after = {cap.category: cap.max_plus_month for cap in new.category_caps.all()}
    return Differences(
        old=old,
        new=new,
        head=_fields(old, new, HEAD_FIELDS),
        caps=[
            FieldChange(label, said(caps_before.get(value)), said(caps_after.get(value)))
            for value, label in Category.choices
            if caps_before.get(value) != caps_after.get(value)
        ],
        added=[one for code, one in after.items() if code not in before],
        changed=changed,
        retired=[one for code, one in before.items() if code not in after],
    )


def _changes(old: Criterion, new: Criterion) -> list[FieldChange]:
    return _fields(old, new, CRITERION_FIELDS)


def _fields(old: Any, new: Any, names: Iterable[str]) -> list[FieldChange]:
    return [
        FieldChange(new._meta.get_field(name).verbose_name, shown(old, name), shown(new, name))
        for name in names
        if getattr(old, name) != getattr(new, name)
    ]


def shown(row: Any, name: str) -> str:
    """A field's value in words."""
    display = getattr(row, f"get_{name}_display", None)
    return said(display() if display is not None else getattr(row, name))


def said(value: object) -> str:
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if isinstance(value, Decimal):
        return points(value)
    return str(value) if value not in (None, "") else _("none")
