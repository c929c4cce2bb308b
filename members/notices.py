"""Notices and events: rows written in the transaction of what they tell of (outbox)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from members.models import Event, Member, Notice, User


@dataclass(frozen=True, slots=True)
class Message:
    """One notice to one member. ``key`` names the event: a member hears of it once."""

    member_id: int
    key: str
    subject: str
    url: str = ""


def tell(messages: Iterable[Message], *, at: datetime) -> int:
    """Write the notices that do not exist yet; return how many were asked for.

    Members without an account are passed over: they are told on paper. Two statements,
    however many messages. E-mail is left to the delivery task.
    """
    wanted = list(messages)
    if not wanted:
        return 0
    accounts = {
        member: (user, email)
        for member, user, email in Member.objects.filter(
            pk__in={message.member_id for message in wanted}, user__isnull=False
        ).values_list("pk", "user", "email")
    }
    by_mail = bool(settings.EMAIL_CONFIGURED)
    rows = [
        Notice(
            user_id=accounts[message.member_id][0],
            key=message.key,
            subject=str(message.subject)[:200],
            url=message.url,
            created_at=at,
            delivery=(
                Notice.Delivery.PENDING
                if by_mail and accounts[message.member_id][1]
                else Notice.Delivery.NONE
            ),
        )
        for message in wanted
        if message.member_id in accounts
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def tell_users(
    users: Iterable[User | int], *, key: str, subject: Any, url: str, at: datetime
) -> None:
    """The same for accounts, e.g. of committee staff who are not on the roll."""
    ids = {user if isinstance(user, int) else user.pk for user in users}
    Notice.objects.bulk_create(
        [
            Notice(user_id=pk, key=key, subject=str(subject)[:200], url=url, created_at=at)
            for pk in sorted(ids)
        ],
        ignore_conflicts=True,
    )


def record(
    *,
    by: User,
    at: datetime,
    verb: str,
    target: models.Model | None = None,
    branch: Any = None,
    member: Any = None,
    **details: Any,
) -> None:
    """Write the event row of a step. ``branch`` and ``member`` are rows or ids."""
    Event.objects.create(
        by=by,
        at=at,
        verb=verb,
        target_type=str(target._meta.model_name) if target is not None else "",
        target_id=target.pk if target is not None else None,
        branch_id=getattr(branch, "pk", branch),
        member_id=getattr(member, "pk", member),
        details=details,
    )
