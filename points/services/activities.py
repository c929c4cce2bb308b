"""Recording what a branch held, and who was there, with the points for it (domain.md §5.2).

One act: the activity, everyone's attendance, and a registration for each criterion used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member
from members.notices import record
from members.rights import Actor
from points.models import Activity, Attendance, Criterion, Entry
from points.rules import applies_to
from points.services import registration as registrations
from points.services.decisions import withdraw_all

State = Attendance.State


@dataclass(frozen=True, slots=True)
class Held:
    """What was held. ``attendance`` says by member id who was there; whoever was not expected
    to come is not in it. ``items`` are the criteria for being present, on leave or absent."""

    kind: str
    held_on: date
    place: str
    text: str
    attendance: Mapping[int, str]
    items: Mapping[str, Criterion] = field(default_factory=dict)
    times: Decimal = Decimal("1.00")


@transaction.atomic
def record_activity(
    *, token: UUID, branch: Branch, month: date, held: Held, by: Actor, at: datetime
) -> Activity:
    """Record an activity of a branch's month with its attendance and points.

    Each criterion makes a registration of its own, approved like any other (the registrar's
    own entry waits for somebody else). Members to whom a criterion does not apply are left
    out of its points, not of the attendance. The same token again returns what was recorded
    the first time. The caller has checked who may register and holds the lock of the round.

    Raises Refused for a date outside the month or still to come, members not on the roster,
    nobody expected, or a criterion whose sign does not suit (a plus for being absent).
    """
    existing = Activity.objects.filter(token=token).first()
    if existing is not None:
        return existing
    roster = _check(branch=branch, month=month, held=held, at=at)
    activity = Activity.objects.create(
        token=token,
        branch=branch,
        month=month,
        kind=held.kind,
        held_on=held.held_on,
        place=held.place,
        text=held.text,
        recorded_by=by.user,
        recorded_at=at,
    )
    Attendance.objects.bulk_create(
        Attendance(activity=activity, member=member, state=held.attendance[member.pk])
        for member in roster
    )
    for state, members in concerned(held, roster, branch.pk, month).items():
        if members:
            registrations.register(
                token=uuid5(token, state),
                branch=branch,
                month=month,
                item=_item(activity, held, state),
                members=[member.pk for member in members],
                activity=activity,
                by=by,
                at=at,
            )
    record(
        by=by.user,
        at=at,
        verb="record_activity",
        target=activity,
        branch=branch,
        count=len(roster),
    )
    return activity


def concerned(
    held: Held, roster: list[Member], branch_id: int, month: date
) -> dict[str, list[Member]]:
    """Whose points each state brings: those in it to whom its criterion applies. One query."""
    secretaries = registrations.secretaries_on(branch_id, month) if held.items else set()
    return {
        state: [
            member
            for member in roster
            if held.attendance[member.pk] == state
            and applies_to(criterion, member=member, is_secretary=member.pk in secretaries)
        ]
        for state, criterion in held.items.items()
    }


def _item(activity: Activity, held: Held, state: str) -> registrations.Item:
    words = _("%(kind)s: %(text)s") % {"kind": activity.get_kind_display(), "text": held.text}
    return registrations.Item(held.items[state], held.times, held.held_on, words[:500])


def suits(criterion: Criterion, state: str) -> bool:
    """Whether a criterion can be what an attendance brings: no minus for being there, no plus
    for being away, and nothing that zeroes a month as a mere consequence of a list."""
    if criterion.zeroes_month:
        return False
    return criterion.points >= 0 if state == State.PRESENT else criterion.points <= 0


def _check(*, branch: Branch, month: date, held: Held, at: datetime) -> list[Member]:
    if (held.held_on.year, held.held_on.month) != (month.year, month.month):
        raise Refused(_("The date must lie in the month of the round."))
    if held.held_on > timezone.localdate(at):
        raise Refused(_("The activity has not taken place yet: register it afterwards."))
    if not held.text.strip():
        raise Refused(_("Say what the activity was about."))
    if not all(suits(criterion, state) for state, criterion in held.items.items()):
        raise Refused(_("Being there brings plus points, being away minus points."))
    expected = Member.objects.of_branch(branch, month).filter(pk__in=held.attendance)
    roster = list(expected)
    if not roster:
        raise Refused(_("Nobody was expected at this activity: mark who was there."))
    if len(roster) < len(held.attendance):
        raise Refused(_("Some of the ticked members are not on the roster of this month."))
    return roster


@transaction.atomic
def undo(*, activity: Activity, reason: str, by: Actor, at: datetime) -> int:
    """Mark an activity undone, and undo every registration that belongs to it by reversing
    decisions; nothing is deleted. Returns how many entries were undone. Doing it twice does
    it once.

    One's own entry, once somebody else has decided it, is left standing: undoing it would be
    deciding it (recusal, domain.md §5.4); somebody else undoes it from its registration.
    """
    if not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    activity = Activity.objects.select_for_update(of=("self",)).get(pk=activity.pk)
    if activity.undone_at is not None:
        return 0
    standing = Entry.objects.filter(registration__activity=activity).standing()
    entries = list(standing.exclude(member=by.member_id, decisions__is_current=True))
    count = withdraw_all(entries=entries, reason=reason, by=by, at=at)
    activity.undone_by, activity.undone_at, activity.undo_reason = by.user, at, reason
    activity.save(update_fields=["undone_by", "undone_at", "undo_reason"])
    record(
        by=by.user,
        at=at,
        verb="undo_activity",
        target=activity,
        branch=activity.branch_id,
        count=count,
    )
    return count
