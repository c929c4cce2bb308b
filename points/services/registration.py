"""Registering entries for many members at once (domain.md §5.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member, Position
from members.notices import record
from members.rights import Actor
from points.models import Activity, Criterion, Declaration, Entry, Registration
from points.rules import applies_to, is_confidential, may_register_item
from points.services.decisions import approve_as_claimed, withdraw_all


@dataclass(frozen=True, slots=True)
class Item:
    """What is registered: one criterion on one day, for each of the ticked members. What the
    committee registers (党委登记) rests on a document, with its number and date."""

    criterion: Criterion
    times: Decimal
    occurred_on: date
    reason: str
    document_no: str = ""
    document_on: date | None = None


@transaction.atomic
def register(
    *,
    token: UUID,
    branch: Branch,
    month: date,
    item: Item,
    members: Collection[int],
    by: Actor,
    at: datetime,
    activity: Activity | None = None,
) -> Registration:
    """Register an item for members of the roster of a branch's month; ``activity`` is the one
    at which it happened.

    It is approved by being registered, except for the registrar's own entry, which waits
    for somebody else's decision in the review (recusal, domain.md §5.4). The same token
    again returns the registration made the first time. The caller has checked who may
    register and holds the lock of the round.

    Raises Refused for a criterion that the branch cannot register, a date outside the
    month, members not on the roster or to whom the criterion does not apply, nobody
    ticked, or a committee's item without its document.
    """
    existing = Registration.objects.filter(token=token).first()
    if existing is not None:
        return existing
    if not may_register_item(by, item.criterion, branch.pk):
        raise Refused(_("This item cannot be registered here. Choose one from the list."))
    ticked = _check(branch=branch, month=month, item=item, members=members)
    _check_document(item, at=at)
    registration = Registration.objects.create(
        token=token,
        branch=branch,
        month=month,
        criterion=item.criterion,
        times=item.times,
        occurred_on=item.occurred_on,
        reason=item.reason,
        activity=activity,
        document_no=item.document_no,
        document_on=item.document_on,
        registered_by=by.user,
        registered_at=at,
    )
    sheets = dict(
        Declaration.objects.filter(member__in=ticked, month=month).values_list("member", "pk")
    )
    entries = Entry.objects.bulk_create(
        Entry(
            member=member,
            branch=branch,
            month=month,
            declaration_id=sheets.get(member.pk),
            registration=registration,
            criterion=item.criterion,
            source=Entry.Source.REGISTERED,
            times=item.times,
            claimed_points=(item.criterion.points * item.times).quantize(Decimal("0.01")),
            occurred_on=item.occurred_on,
            reason=item.reason,
            created_by=by.user,
            created_at=at,
        )
        for member in ticked
    )
    approve_as_claimed(
        entries=[entry for entry in entries if entry.member_id != by.member_id], by=by, at=at
    )
    record(
        by=by.user, at=at, verb="register", target=registration, branch=branch, count=len(entries)
    )
    return registration


def _check(*, branch: Branch, month: date, item: Item, members: Collection[int]) -> list[Member]:
    criterion = item.criterion
    if (item.occurred_on.year, item.occurred_on.month) != (month.year, month.month):
        raise Refused(_("The date must lie in the month of the round."))
    ticked = list(Member.objects.of_branch(branch, month).filter(pk__in=members))
    if not ticked:
        raise Refused(_("Tick at least one member."))
    if len(ticked) < len(set(members)):
        raise Refused(_("Some of the ticked members are not on the roster of this month."))
    secretaries = secretaries_on(branch.pk, month)
    outside = [
        member.name
        for member in ticked
        if not applies_to(criterion, member=member, is_secretary=member.pk in secretaries)
    ]
    if outside:
        raise Refused(_("This item does not apply to: %(names)s.") % {"names": "、".join(outside)})
    return ticked


def _check_document(item: Item, *, at: datetime) -> None:
    """What the committee registers names the document that it rests on; nothing else does."""
    if not is_confidential(item.criterion):
        return
    if not item.document_no.strip() or item.document_on is None:
        raise Refused(
            _("What the committee registers rests on a document: enter its number and date.")
        )
    if item.document_on > timezone.localdate(at):
        raise Refused(_("The document's date has not come yet."))


def secretaries_on(branch_id: int, day: date) -> set[int]:
    """Who is the branch's secretary on that day, by member id. One query."""
    return set(
        Position.objects.on(day)
        .filter(branch=branch_id, kind=Position.Kind.SECRETARY)
        .values_list("member", flat=True)
    )


@transaction.atomic
def undo(
    *, registration: Registration, reason: str, by: Actor, at: datetime, entry_id: int | None = None
) -> int:
    """Undo a registration, or one entry of it, by reversing decisions; nothing is deleted.
    The caller has checked that the round is still open to it. Doing it twice does it once.

    One's own entry, once somebody else has decided it, is left standing: undoing it would be
    deciding it (recusal, domain.md §5.4). Raises Refused if there is nothing else to undo.
    """
    if not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    standing = Entry.objects.filter(registration=registration).standing()
    if entry_id is not None:
        standing = standing.filter(pk=entry_id)
    entries = list(standing.exclude(member=by.member_id, decisions__is_current=True))
    if not entries and standing.exists():
        raise Refused(_("Your own entry can only be undone by somebody else."))
    count = withdraw_all(entries=entries, reason=reason, by=by, at=at)
    record(
        by=by.user,
        at=at,
        verb="undo_registration",
        target=registration,
        branch=registration.branch_id,
        count=count,
    )
    return count
