"""Filling in a declaration (domain.md §5.3).

Every change locks the sheet's row first, so that two browsers, a double click or the start
of the review meet there, and whoever is second is told and loses nothing that was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import Position
from members.notices import record
from members.rights import Actor
from points.models import Criterion, Decision, Declaration, Entry
from points.rules import applies_to
from points.services.decisions import decide
from points.workflow import DECLARATION_STEPS


@dataclass(frozen=True, slots=True)
class Line:
    """What a member says of one item: how often, when and why."""

    criterion: Criterion
    times: Decimal
    occurred_on: date
    reason: str


def lock(*, pk: int, step: str, by: Actor, seen: int | None = None) -> Declaration:
    """Lock a sheet and check that the step is open; ``seen`` is the revision of the sheet
    that the person looked at when they acted.

    Raises Refused if the sheet has changed since (stale form, second browser) or the step
    is no longer possible; PermissionDenied if it never is for this person.
    """
    declaration = (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("member", "branch", "rule_book")
        .get(pk=pk)
    )
    DECLARATION_STEPS.check(step, by, declaration)
    if seen is not None and seen != declaration.revision:
        raise Refused(
            _(
                "This sheet was changed elsewhere at %(time)s. What you typed is kept below: "
                "look at the sheet as it stands now, then save again."
            )
            % {"time": local_time(declaration.saved_at)}
        )
    return declaration


def local_time(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "H:i") if at else ""


def touch(declaration: Declaration, *, at: datetime, **changes: Any) -> None:
    """Save these fields of a locked sheet, and that it was changed."""
    for name, value in changes.items():
        setattr(declaration, name, value)
    declaration.saved_at = at
    declaration.revision += 1
    declaration.save(update_fields=["saved_at", "revision", *changes])


@transaction.atomic
def keep_typed(*, pk: int, typed: Mapping[str, str], by: Actor, at: datetime) -> Declaration:
    """Keep a line as far as it has been typed, whatever state it is in. It does not count
    as a change of the sheet: the same person's other browser is not disturbed by it."""
    declaration = lock(pk=pk, step="write", by=by)
    declaration.typed = dict(typed)
    declaration.saved_at = at
    declaration.save(update_fields=["typed", "saved_at"])
    return declaration


@transaction.atomic
def add_line(*, pk: int, line: Line, seen: int, by: Actor, at: datetime) -> Entry:
    """Add an item to the sheet.

    Raises Refused if the criterion is not of this sheet's rule book, not one that members
    declare, or not one for this member; or if the date lies outside the month.
    """
    declaration = lock(pk=pk, step="write", by=by, seen=seen)
    check_line(declaration, line)
    entry = Entry.objects.create(
        member=declaration.member,
        branch=declaration.branch,
        month=declaration.month,
        declaration=declaration,
        criterion=line.criterion,
        source=Entry.Source.DECLARED,
        times=line.times,
        claimed_points=claimed_points(line),
        occurred_on=line.occurred_on,
        reason=line.reason,
        created_by=by.user,
        created_at=at,
    )
    touch(declaration, at=at, typed={})
    return entry


@transaction.atomic
def change_line(*, pk: int, entry_id: int, line: Line, seen: int, by: Actor, at: datetime) -> Entry:
    """Change an item of the sheet. One that has been decided (the sheet came back from the
    review) is withdrawn and declared anew, so that its history stays readable."""
    declaration = lock(pk=pk, step="write", by=by, seen=seen)
    check_line(declaration, line)
    entry = declaration.entries.standing().get(pk=entry_id)
    if entry.decisions.exists():
        files = list(entry.evidence.all())
        withdraw(entry, reason=_("changed after the sheet was returned"), by=by, at=at)
        entry = add_line(pk=pk, line=line, seen=declaration.revision, by=by, at=at)
        for file in files:
            file.pk, file.entry = None, entry
            file.save(force_insert=True)
        return entry
    entry.criterion, entry.times = line.criterion, line.times
    entry.claimed_points = claimed_points(line)
    entry.occurred_on, entry.reason = line.occurred_on, line.reason
    entry.save(update_fields=["criterion", "times", "claimed_points", "occurred_on", "reason"])
    touch(declaration, at=at, typed={})
    return entry


@transaction.atomic
def drop_line(*, pk: int, entry_id: int, seen: int, by: Actor, at: datetime) -> None:
    """Take an item off the sheet; a decided one stays in the ledger as withdrawn."""
    declaration = lock(pk=pk, step="write", by=by, seen=seen)
    entry = declaration.entries.standing().get(pk=entry_id)
    if entry.decisions.exists():
        withdraw(entry, reason=_("removed after the sheet was returned"), by=by, at=at)
    else:
        entry.delete()
    touch(declaration, at=at)


@transaction.atomic
def submit(*, pk: int, seen: int, by: Actor, at: datetime) -> Declaration:
    """Submit the sheet; after the due day it is accepted and marked late, until the review
    starts. One that was returned goes straight back into the review.

    Raises Refused if an item lacks the evidence that its criterion needs.
    """
    declaration = Declaration.objects.get(pk=pk)
    is_returned = declaration.state == Declaration.State.RETURNED
    name = "resubmit" if is_returned else "submit"
    declaration = lock(pk=pk, step=name, by=by, seen=seen)
    if missing := lines_without_evidence(declaration):
        raise Refused(
            _("Evidence is missing for: %(items)s. Attach it, or remove the item.")
            % {"items": "、".join(str(entry.criterion.text) for entry in missing)}
        )
    on_behalf = by.member_id != declaration.member_id
    touch(
        declaration,
        at=at,
        state=DECLARATION_STEPS[name].target,
        submitted_at=at,
        is_late=declaration.is_late or timezone.localdate(at) > declaration.declare_by,
        entered_by=by.user if on_behalf else None,
        return_reason="",
        typed={},
    )
    record(by=by.user, at=at, verb=name, target=declaration, **whose(declaration))
    return declaration


@transaction.atomic
def take_back(*, pk: int, seen: int, by: Actor, at: datetime) -> Declaration:
    """Take a submitted sheet back to a draft, as long as its review has not started."""
    declaration = lock(pk=pk, step="take_back", by=by, seen=seen)
    touch(declaration, at=at, state=Declaration.State.DRAFT, submitted_at=None, is_late=False)
    record(by=by.user, at=at, verb="take_back", target=declaration, **whose(declaration))
    return declaration


def whose(declaration: Declaration) -> dict[str, Any]:
    return {"branch": declaration.branch_id, "member": declaration.member_id}


def check_line(declaration: Declaration, line: Line) -> None:
    criterion = line.criterion
    allowed = criterion.rule_book_id == declaration.rule_book_id and criterion.registered_by in (
        Criterion.RegisteredBy.MEMBER,
        Criterion.RegisteredBy.EITHER,
    )
    if not allowed or not applies_to(
        criterion, member=declaration.member, is_secretary=is_secretary(declaration)
    ):
        raise Refused(_("This item cannot be declared on this sheet. Choose one from the list."))
    on = line.occurred_on
    if (on.year, on.month) != (declaration.month.year, declaration.month.month):
        raise Refused(
            _("The date must lie in %(month)s.")
            % {"month": date_format(declaration.month, "YEAR_MONTH_FORMAT")}
        )


def is_secretary(declaration: Declaration) -> bool:
    return (
        Position.objects.on(declaration.month)
        .filter(
            member=declaration.member_id,
            branch=declaration.branch_id,
            kind=Position.Kind.SECRETARY,
        )
        .exists()
    )


def claimed_points(line: Line) -> Decimal:
    return (line.criterion.points * line.times).quantize(Decimal("0.01"))


def lines_without_evidence(declaration: Declaration) -> list[Entry]:
    """The standing items of a sheet that cannot be submitted as they are."""
    return list(
        declaration.entries.standing()
        .filter(criterion__needs_evidence=True, evidence__isnull=True)
        .select_related("criterion")
    )


def withdraw(entry: Entry, *, reason: str, by: Actor, at: datetime) -> Decision:
    """Write the decision row by which an entry no longer stands."""
    return decide(
        entry=entry, outcome=Decision.Outcome.WITHDRAWN, points=None, reason=reason, by=by, at=at
    )
