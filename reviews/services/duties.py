"""What every step on a follow-up rests on: whose duty it is, its lock, how it ends, the event it
leaves, what its member hears; and naming who holds a talk or an interview (domain.md §6: the
committee names a person)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member
from members.notices import Message, record, tell
from members.rights import Actor
from reviews.models import FollowUp
from reviews.services.follow_ups import secretaries_of
from reviews.services.round import bench_of, month_label
from reviews.workflow import FOLLOW_UP_STEPS, Duty


def is_secretarys_own(follow_up: FollowUp) -> bool:
    """Whether it is a talk with the secretary in office in the month that set it off. One
    query."""
    if follow_up.kind != FollowUp.Kind.TALK or follow_up.trigger_month is None:
        return False
    place = (follow_up.branch_id, follow_up.trigger_month)
    return follow_up.member_id in secretaries_of({place}).get(place, ())


def duty_of(actor: Actor, follow_up: FollowUp, on: date) -> Duty:
    """Who acts on this follow-up on that day. Two queries at most."""
    return Duty(
        actor,
        is_secretarys_own=is_secretarys_own(follow_up),
        secretaries=bench_of(follow_up.branch_id, on).secretaries,
    )


def lock(pk: int) -> FollowUp:
    """Lock the branch, then the follow-up, as reconciliation does: what final results demand
    does not change between looking and writing."""
    branches = Branch.objects.select_for_update(no_key=True, of=("self",)).filter(follow_ups=pk)
    list(branches.values_list("pk"))
    return (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("branch", "member", "holder")
        .get(pk=pk)
    )


def finish(row: FollowUp, *, note: str = "", by: Actor, at: datetime) -> None:
    """End a follow-up that the caller has locked, and whose step was checked."""
    row.state, row.closing_note = FollowUp.State.CLOSED, note
    row.closed_by, row.closed_at = by.user, at
    row.save(update_fields=["state", "closing_note", "closed_by", "closed_at"])


def log(row: FollowUp, verb: str, *, by: Actor, at: datetime, **details: object) -> None:
    """Write down that a step was taken, as an event of the member concerned."""
    record(
        by=by.user,
        at=at,
        verb=verb,
        target=row,
        branch=row.branch_id,
        member=row.member_id,
        **details,
    )


def tell_member(row: FollowUp, key: str, subject: str, *, at: datetime) -> None:
    """Tell the member concerned that there is something, never what (domain.md §10)."""
    tell([Message(row.member_id, key, subject, row.get_absolute_url())], at=at)


def find_holder(words: str) -> Member:
    """The member on the roll that a staff number or a full name names.

    Raises Refused, saying what to type, if there is none or more than one.
    """
    typed = words.strip()
    found = list(Member.objects.filter(staff_no=typed) or Member.objects.filter(name=typed)[:2])
    if not found:
        raise Refused(_("Nobody on the roll has this name or staff number."))
    if len(found) > 1:
        raise Refused(_("Several people have this name: type the staff number."))
    return found[0]


@transaction.atomic
def name_holder(*, pk: int, words: str, by: Actor, at: datetime) -> FollowUp:
    """Name who is to hold an interview, or a talk with a secretary, by staff number or full
    name. The person named is told; naming somebody else later replaces them, until it is carried out.

    Raises PermissionDenied or Refused (somebody outside the roll of today, the member
    themself, or not open any more).
    """
    row = lock(pk)
    FOLLOW_UP_STEPS.check("name_holder", duty_of(by, row, timezone.localdate(at)), row)
    holder = find_holder(words)
    if holder.pk == row.member_id:
        raise Refused(_("Nobody holds a talk with themself. Name somebody else."))
    if not Member.objects.on_roster(timezone.localdate(at)).filter(pk=holder.pk).exists():
        raise Refused(_("%(name)s is not on the roll today.") % {"name": holder.name})
    if row.holder_id == holder.pk:
        return row
    row.holder = holder
    row.save(update_fields=["holder"])
    log(row, "name_holder", by=by, at=at, holder=holder.pk)
    assert row.member is not None  # by constraint follow_up_kind
    assert row.trigger_month is not None
    subject = _("%(kind)s with %(name)s, points of %(month)s") % {
        "kind": row.get_kind_display(),
        "name": row.member.name,
        "month": month_label(row.trigger_month),
    }
    tell([Message(holder.pk, f"follow_up:{row.pk}", subject, row.get_absolute_url())], at=at)
    return row
