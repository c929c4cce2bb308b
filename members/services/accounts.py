"""Changing what belongs to an account."""

from datetime import datetime

from django.db import transaction

from members.models import Notice, User
from members.notices import record


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
