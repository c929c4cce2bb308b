"""What every step on a follow-up rests on: whose duty it is, its lock, how it ends, the event it
leaves, what its member hears; and naming who holds a talk or an interview (domain.md §6: the
committee names a person)."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member
from members.notices import Message, record, tell
from members.rights import Actor
from reviews.models import FollowUp
from reviews.services.holders import holders_of, is_of_absent
from reviews.services.round import bench_of, month_label
from reviews.workflow import FOLLOW_UP_STEPS, Duty


def duty_of(actor: Actor, follow_up: FollowUp, on: date) -> Duty:
    """Who acts on this follow-up on that day. Two queries at most."""
    is_offices = follow_up.kind in (FollowUp.Kind.TALK, FollowUp.Kind.DISPOSITION)
    return Duty(
        actor,
        secretaries=bench_of(follow_up.branch_id, on).secretaries if is_offices else frozenset(),
        is_of_absent=is_of_absent(follow_up, on),
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
    """Name who is to hold a talk or an interview, by staff number or full name; naming somebody
    else later replaces them, until it is finished. Both are told, each time.

    Raises PermissionDenied or Refused (somebody outside the roll of today, the member
    themself, or finished).
    """
    row = lock(pk)
    duty = duty_of(by, row, timezone.localdate(at))
    FOLLOW_UP_STEPS.check("name_holder", duty, row)
    holder = find_holder(words)
    if holder.pk == row.member_id:
        raise Refused(_("Nobody holds a talk with themself. Name somebody else."))
    if not Member.objects.on_roster(timezone.localdate(at)).filter(pk=holder.pk).exists():
        raise Refused(_("%(name)s is not on the roll today.") % {"name": holder.name})
    if row.holder_id == holder.pk:
        return row
    replaced = set(holders_of(row, duty.secretaries)) - {holder.pk, by.member_id}
    row.holder = holder
    row.save(update_fields=["holder"])
    log(row, "name_holder", by=by, at=at, holder=holder.pk)
    _tell_named(row, holder, replaced, at=at)
    return row


def _tell_named(row: FollowUp, holder: Member, replaced: Iterable[int], *, at: datetime) -> None:
    """Tell who is to hold it, and who is not any more. Whoever was named before and is named
    again hears of it again."""
    assert row.member is not None  # by constraint follow_up_kind
    assert row.trigger_month is not None
    words = {
        "kind": row.get_kind_display(),
        "name": row.member.name,
        "month": month_label(row.trigger_month),
        "holder": holder.name,
    }
    theirs = _("%(kind)s with %(name)s, points of %(month)s") % words
    passed_on = _("No longer yours, %(holder)s holds it: %(kind)s with %(name)s") % words
    key = f"named:{row.pk}:{at:%Y%m%d%H%M%S%f}"
    # Who is replaced may not see it any more.
    others = [Message(one, key, passed_on, reverse("follow_ups")) for one in sorted(replaced)]
    tell([Message(holder.pk, key, theirs, row.get_absolute_url()), *others], at=at)
