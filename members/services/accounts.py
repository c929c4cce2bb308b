"""Changing what belongs to an account."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import Member, Notice, User
from members.notices import record
from members.rights import Actor
from members.services.roll_life.change import Outcome, check_may, latest_membership, lock_member


@transaction.atomic
def change_password(*, user: User, password: str, at: datetime) -> None:
    """Give the account a password of its owner's choosing; a one-time password has then
    done its work (formats.md §1)."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(by=user, at=at, verb="change_password")


def set_big_text(*, user: User, wanted: bool) -> None:
    """Remember that this person reads big text (适老), on whichever machine they sign in."""
    user.prefers_big_text = wanted
    user.save(update_fields=["prefers_big_text"])


def mark_notices_read(*, user: User, at: datetime, pk: int | None = None) -> int:
    """Mark one notice of this person, or all of them, as read; return how many were unread."""
    unread = Notice.objects.filter(user=user, read_at__isnull=True)
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=at)


@transaction.atomic
def deactivate_account(*, member_id: int, reason: str, by: Actor, at: datetime) -> Outcome:
    """Close a member's account: nobody signs in with it any more, and open sessions end. The
    member stays on the roll, and nothing is deleted.

    Raises PermissionDenied (out of reach, one's own, or an administrator's for staff), or
    Refused.
    """
    user = _locked_account(member_id, by)
    if user.pk == by.user.pk or (user.is_superuser and not by.is_administrator):
        raise PermissionDenied
    if not user.is_active:
        raise Refused(_("This account is closed already."))
    return _set_active(user, member_id, active=False, reason=reason, by=by, at=at)


@transaction.atomic
def reactivate_account(*, member_id: int, reason: str, by: Actor, at: datetime) -> Outcome:
    """Open an account again, for somebody who is on the roll. Raises PermissionDenied, or
    Refused."""
    user = _locked_account(member_id, by)
    if user.is_active:
        raise Refused(_("This account is open already."))
    held = latest_membership(user.member)
    if held is None or held.ends_on is not None:
        raise Refused(
            _("%(name)s is no longer on the roll. Enter the return to the roll instead.")
            % {"name": user.member.name}
        )
    return _set_active(user, member_id, active=True, reason=reason, by=by, at=at)


def _locked_account(member_id: int, by: Actor) -> User:
    member: Member = lock_member(member_id)
    held = latest_membership(member)
    check_may(by, held.branch_id if held else None)
    if member.user is None:
        raise Refused(_("%(name)s has no account.") % {"name": member.name})
    return member.user


def _set_active(
    user: User, member_id: int, *, active: bool, reason: str, by: Actor, at: datetime
) -> Outcome:
    user.is_active = active
    user.save(update_fields=["is_active"])
    record(
        by=by.user,
        at=at,
        verb="reactivate_account" if active else "deactivate_account",
        target=user,
        member=member_id,
        reason=reason,
    )
    line = (
        _("The account %(account)s is opened again.")
        if active
        else _("The account %(account)s is closed: nobody signs in with it any more.")
    )
    return Outcome((line % {"account": user.username},))
