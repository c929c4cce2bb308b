"""Filling in a declaration (domain.md §5.3).

Every change locks the sheet's row first, so that two browsers, a double click or the start
of the review meet there, and whoever is second is told and loses nothing that was typed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import month_of
from lib.steps import Refused
from members.models import Position
from members.notices import Message, record, tell
from members.rights import Actor
from points.files import Accepted
from points.models import Criterion, Decision, Declaration, Entry, Evidence
from points.rules import applies_to, may_write
from points.services.decisions import decide
from points.services.evidence import forget, keep
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
        raise changed_elsewhere(declaration)
    return declaration


def changed_elsewhere(declaration: Declaration) -> Refused:
    return Refused(
        _(
            "This sheet was changed elsewhere at %(time)s. What you typed is kept below: "
            "look at the sheet as it stands now, then save again."
        )
        % {"time": local_time(declaration.saved_at)}
    )


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
    """Keep a line as far as this person has typed it, whatever state it is in. It does not
    count as a change of the sheet: other browsers are not disturbed by it, and what the
    member and a helper (代填) type at the same time is kept apart."""
    declaration = lock(pk=pk, step="write", by=by)
    declaration.typed = {**declaration.typed, str(by.user.pk): dict(typed)}
    declaration.saved_at = at
    declaration.save(update_fields=["typed", "saved_at"])
    return declaration


def typed_by(declaration: Declaration, by: Actor) -> dict[str, str]:
    """The line that this person was typing when they were last here."""
    return dict(declaration.typed.get(str(by.user.pk), {}))


def without_typed(declaration: Declaration, by: Actor) -> dict[str, Any]:
    return {key: line for key, line in declaration.typed.items() if key != str(by.user.pk)}


@transaction.atomic
def add_line(
    *,
    pk: int,
    line: Line,
    seen: int,
    by: Actor,
    at: datetime,
    files: Sequence[Accepted] = (),
) -> Entry:
    """Add an item to the sheet, with its evidence. The same item twice from the same page
    (a double click) is one.

    Raises Refused if the criterion is not of this sheet's rule book, not one that members
    declare, or not one for this member; or if the date lies outside the month.
    """
    declaration = lock(pk=pk, step="write", by=by)
    if seen != declaration.revision:
        if twin := just_added(declaration, line, seen=seen, by=by):
            return twin
        raise changed_elsewhere(declaration)
    check_line(declaration, line, today=timezone.localdate(at))
    entry = new_entry(declaration, line, by=by, at=at)
    touch(declaration, at=at, typed=without_typed(declaration, by))
    keep(entry=entry, files=files, by=by, at=at)
    return entry


def just_added(declaration: Declaration, line: Line, *, seen: int, by: Actor) -> Entry | None:
    """The entry that the same page made a moment ago, if this is its second click."""
    if declaration.revision != seen + 1:
        return None
    last = declaration.entries.filter(source=Entry.Source.DECLARED).order_by("pk").last()
    if last is None or last.created_by_id != by.user.pk:
        return None
    said = (last.criterion_id, last.times, last.occurred_on, last.reason)
    is_same = said == (line.criterion.pk, line.times, line.occurred_on, line.reason)
    return last if is_same else None


def new_entry(declaration: Declaration, line: Line, *, by: Actor, at: datetime) -> Entry:
    return Entry.objects.create(
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


def own_entry(declaration: Declaration, entry_id: int) -> Entry:
    """A standing item that was declared on this sheet. What the branch registered for the
    member stands beside it and is not the member's to change."""
    entry = (
        declaration.entries.standing()
        .filter(pk=entry_id, source=Entry.Source.DECLARED)
        .select_related("criterion")
        .first()
    )
    if entry is None:
        raise Refused(_("This item is no longer on the sheet: it was removed elsewhere."))
    return entry


@transaction.atomic
def change_line(
    *,
    pk: int,
    entry_id: int,
    line: Line,
    seen: int,
    by: Actor,
    at: datetime,
    files: Sequence[Accepted] = (),
) -> Entry:
    """Change an item of the sheet. One that has been decided (the sheet came back from the
    review) is withdrawn and declared anew, so that its history stays readable."""
    declaration = lock(pk=pk, step="write", by=by, seen=seen)
    check_line(declaration, line, today=timezone.localdate(at))
    entry = own_entry(declaration, entry_id)
    if entry.decisions.exists():
        shared = list(entry.evidence.all())
        withdraw(entry, reason=_("changed after the sheet was returned"), by=by, at=at)
        entry = new_entry(declaration, line, by=by, at=at)
        for file in shared:
            file.pk, file.entry = None, entry
            file.save(force_insert=True)
        touch(declaration, at=at, typed=without_typed(declaration, by))
        keep(entry=entry, files=files, by=by, at=at)
        return entry
    entry.criterion, entry.times = line.criterion, line.times
    entry.claimed_points = claimed_points(line)
    entry.occurred_on, entry.reason = line.occurred_on, line.reason
    entry.save(update_fields=["criterion", "times", "claimed_points", "occurred_on", "reason"])
    touch(declaration, at=at, typed=without_typed(declaration, by))
    keep(entry=entry, files=files, by=by, at=at)
    return entry


@transaction.atomic
def drop_line(*, pk: int, entry_id: int, seen: int, by: Actor, at: datetime) -> None:
    """Take an item off the sheet. One that was decided or remarked on stays in the ledger as
    withdrawn, so that what was said of it stays readable; what a decision rested on stays
    with it."""
    declaration = lock(pk=pk, step="write", by=by, seen=seen)
    entry = own_entry(declaration, entry_id)
    is_decided = entry.decisions.exists()
    if not is_decided:
        forget(list(entry.evidence.all()))
    if is_decided or entry.remarks.exists():
        withdraw(entry, reason=_("removed after the sheet was returned"), by=by, at=at)
    else:
        entry.delete()
    touch(declaration, at=at)


@transaction.atomic
def attach(
    *, pk: int, entry_id: int, files: Sequence[Accepted], by: Actor, at: datetime
) -> list[Evidence]:
    """Attach files to an item of the sheet; one that is there already is not added again."""
    declaration = lock(pk=pk, step="write", by=by)
    entry = own_entry(declaration, entry_id)
    touch(declaration, at=at)
    return keep(entry=entry, files=files, by=by, at=at)


@transaction.atomic
def detach(*, pk: int, evidence_id: int, by: Actor, at: datetime) -> None:
    """Drop a file from an undecided item while the sheet can be written; twice is once.

    Raises Refused if the item has been decided: what a decision rested on stays.
    """
    declaration = lock(pk=pk, step="write", by=by)
    file = Evidence.objects.filter(pk=evidence_id, entry__declaration=declaration).first()
    if file is None:
        return
    entry = own_entry(declaration, file.entry_id)
    if entry.decisions.exists():
        raise Refused(_("This file belongs to a decided item and stays. Change the item instead."))
    forget([file])
    touch(declaration, at=at)


@transaction.atomic
def submit(*, pk: int, seen: int, by: Actor, at: datetime) -> Declaration:
    """Submit the sheet; after the due day it is accepted and marked late, until the review
    starts. One that was returned goes straight back into the review, and is late only if it
    was when it was first filed. The member is told of a sheet entered on behalf (代填).

    A second click changes nothing.

    Raises Refused if an item lacks the evidence that its criterion needs.
    """
    declaration = Declaration.objects.select_for_update().get(pk=pk)
    if is_repeated(declaration, by, seen=seen, state=Declaration.State.SUBMITTED):
        return declaration
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
        is_late=would_be_late(declaration, today=timezone.localdate(at)),
        entered_by=by.user if on_behalf else None,
        return_reason="",
        typed={},
    )
    record(by=by.user, at=at, verb=name, target=declaration, **whose(declaration))
    if on_behalf:
        tell_entered_on_behalf(declaration, by=by, at=at)
    return declaration


def would_be_late(declaration: Declaration, *, today: date) -> bool:
    """Whether a sheet filed today is marked late: after its due day; one that was returned
    only if it was late when it was first filed (domain.md §5.3)."""
    if declaration.state == Declaration.State.RETURNED and declaration.submitted_at is not None:
        return declaration.is_late
    return today > declaration.declare_by


def tell_entered_on_behalf(declaration: Declaration, *, by: Actor, at: datetime) -> None:
    subject = _("%(name)s has entered your declaration for %(month)s for you. Please check it.") % {
        "name": by.user.display_name,
        "month": date_format(declaration.month, "YEAR_MONTH_FORMAT"),
    }
    key = f"on_behalf:{declaration.pk}:{declaration.revision}"
    url = declaration.get_absolute_url()
    tell([Message(declaration.member_id, key, subject, url)], at=at)


@transaction.atomic
def take_back(*, pk: int, seen: int, by: Actor, at: datetime) -> Declaration:
    """Take a submitted sheet back to a draft, as long as its review has not started: the
    member, or whoever entered it on behalf and sees a slip. A second click changes nothing."""
    declaration = Declaration.objects.select_for_update().get(pk=pk)
    if is_repeated(declaration, by, seen=seen, state=Declaration.State.DRAFT):
        return declaration
    declaration = lock(pk=pk, step="take_back", by=by, seen=seen)
    touch(
        declaration,
        at=at,
        state=Declaration.State.DRAFT,
        submitted_at=None,
        is_late=False,
        entered_by=None,
    )
    record(by=by.user, at=at, verb="take_back", target=declaration, **whose(declaration))
    return declaration


def is_repeated(declaration: Declaration, by: Actor, *, seen: int, state: str) -> bool:
    """Whether the step that led to this state was taken from the very same page."""
    return (
        may_write(by, declaration)
        and declaration.state == state
        and declaration.revision == seen + 1
    )


def whose(declaration: Declaration) -> dict[str, Any]:
    return {"branch": declaration.branch_id, "member": declaration.member_id}


def check_line(declaration: Declaration, line: Line, *, today: date) -> None:
    criterion = line.criterion
    allowed = criterion.rule_book_id == declaration.rule_book_id and criterion.registered_by in (
        Criterion.RegisteredBy.MEMBER,
        Criterion.RegisteredBy.EITHER,
    )
    if not allowed or not applies_to(
        criterion, member=declaration.member, is_secretary=is_secretary(declaration)
    ):
        raise Refused(_("This item cannot be declared on this sheet. Choose one from the list."))
    check_day(line.occurred_on, month=declaration.month, today=today)


def declarable(declaration: Declaration) -> list[Criterion]:
    """What this member can declare on this sheet, in the rule book's order. Two queries."""
    secretary = is_secretary(declaration)
    criteria = Criterion.objects.declarable().filter(rule_book=declaration.rule_book_id)
    return [
        criterion
        for criterion in criteria
        if applies_to(criterion, member=declaration.member, is_secretary=secretary)
    ]


def check_day(day: date, *, month: date, today: date) -> None:
    """What is declared has happened, in the month of its sheet.

    Raises Refused for a day outside the month or after today.
    """
    if month_of(day) != month:
        text = _("The date must lie in %(month)s.")
        raise Refused(text % {"month": date_format(month, "YEAR_MONTH_FORMAT")})
    if day > today:
        raise Refused(_("This date has not come yet: declare the item once it has happened."))


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
    """The declared items of a sheet that cannot be submitted as they are."""
    return list(
        declaration.entries.standing()
        .filter(
            source=Entry.Source.DECLARED,
            criterion__needs_evidence=True,
            evidence__isnull=True,
        )
        .select_related("criterion")
    )


def withdraw(entry: Entry, *, reason: str, by: Actor, at: datetime) -> Decision:
    """Write the decision row by which an entry no longer stands."""
    return decide(
        entry=entry, outcome=Decision.Outcome.WITHDRAWN, points=None, reason=reason, by=by, at=at
    )
