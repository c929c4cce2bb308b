"""Editing a draft: its head, category caps and criteria (domain.md §3).

Every change names the revision of the draft that the page showed: a stale page is told, and
nothing is lost or done twice.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.notices import record
from members.rights import Actor
from points.models import CategoryCap, Criterion, RuleBook
from points.services.rule_book.draft import copy_criteria, lock

Values = Mapping[str, Any]


@transaction.atomic
def change_head(
    *,
    pk: int,
    values: Values,
    caps: Mapping[str, Decimal | None],
    seen: int,
    by: Actor,
    at: datetime,
) -> RuleBook:
    """Change base, pass line, ceiling, goals and procedure, and the plus points that each
    category may bring a month (None: no cap)."""
    book = lock(pk=pk, step="edit", by=by, at=at, seen=seen)
    for name, value in values.items():
        setattr(book, name, value)
    book.save(update_fields=list(values))
    book.category_caps.all().delete()
    CategoryCap.objects.bulk_create(
        CategoryCap(rule_book=book, category=category, max_plus_month=limit)
        for category, limit in caps.items()
        if limit is not None
    )
    return _changed(book, "head", by, at)


@transaction.atomic
def save_criterion(
    *,
    pk: int,
    values: Values,
    seen: int,
    by: Actor,
    at: datetime,
    criterion_id: int | None = None,
) -> Criterion:
    """Add a criterion at the end of its category, or change one."""
    book = lock(pk=pk, step="edit", by=by, at=at, seen=seen)
    if criterion_id is None:
        last = book.criteria.aggregate(last=Max("sort_order"))["last"] or 0
        criterion = Criterion.objects.create(rule_book=book, sort_order=last + 1, **values)
    else:
        criterion = _criterion(book, criterion_id)
        for name, value in values.items():
            setattr(criterion, name, value)
        criterion.save(update_fields=list(values))
    _changed(book, criterion.code, by, at)
    return criterion


@transaction.atomic
def move_criterion(
    *, pk: int, criterion_id: int, up: bool, seen: int, by: Actor, at: datetime
) -> Criterion:
    """Move a criterion one place up or down within its category; the first and the last stay
    where they are."""
    book = lock(pk=pk, step="edit", by=by, at=at, seen=seen)
    criteria = list(book.criteria.all())
    moved = next((one for one in criteria if one.pk == criterion_id), None)
    if moved is None:
        raise Refused(_gone())
    category = [one for one in criteria if one.category == moved.category]
    place = category.index(moved) + (-1 if up else 1)
    if 0 <= place < len(category):
        here, there = criteria.index(moved), criteria.index(category[place])
        criteria[here], criteria[there] = criteria[there], criteria[here]
        for number, one in enumerate(criteria, start=1):
            one.sort_order = number
        Criterion.objects.bulk_update(criteria, ["sort_order"], batch_size=500)
        _changed(book, moved.code, by, at)
    return moved


@transaction.atomic
def retire_criterion(
    *, pk: int, criterion_id: int, seen: int, by: Actor, at: datetime
) -> Criterion:
    """Take a criterion out of the draft. The version it was copied from keeps it, from where
    it can be restored."""
    book = lock(pk=pk, step="edit", by=by, at=at, seen=seen)
    criterion = _criterion(book, criterion_id)
    code = criterion.code
    criterion.delete()
    _changed(book, code, by, at)
    return criterion


@transaction.atomic
def restore_criterion(*, pk: int, code: str, seen: int, by: Actor, at: datetime) -> Criterion:
    """Put a retired criterion back as it stood in the version that the draft was copied from."""
    book = lock(pk=pk, step="edit", by=by, at=at, seen=seen)
    if book.criteria.filter(code=code).exists():
        raise Refused(_("“%(code)s” is in the draft.") % {"code": code})
    original = Criterion.objects.filter(rule_book=book.based_on_id, code=code).first()
    if original is None:
        raise Refused(_gone())
    copy_criteria([original], book)
    _changed(book, code, by, at)
    return book.criteria.get(code=code)


def _criterion(book: RuleBook, criterion_id: int) -> Criterion:
    criterion = book.criteria.filter(pk=criterion_id).first()
    if criterion is None:
        raise Refused(_gone())
    return criterion


def _gone() -> str:
    return _("This criterion is no longer there. Look at the draft as it stands now.")


def _changed(book: RuleBook, what: str, by: Actor, at: datetime) -> RuleBook:
    book.revision += 1
    book.save(update_fields=["revision"])
    record(by=by.user, at=at, verb="edit_rule_book", target=book, branch=book.branch_id, what=what)
    return book
