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
    """One notice to one member, or to an account (``user_id``), e.g. of committee staff who
    are not on the roll. ``key`` names the event: a person hears of it once."""

    member_id: int | None
    key: str
    subject: str
    url: str = ""
    user_id: int | None = None


def tell(messages: Iterable[Message], *, at: datetime) -> int:
    """Write the notices that do not exist yet; return how many were asked for.

    Members without an account are passed over: they are told on paper. Three statements at
    most, however many messages. E-mail is left to the delivery task.
    """
    wanted = list(messages)
    accounts = _accounts(message.member_id for message in wanted if message.member_id)
    addresses = dict(accounts.values()) | _addresses(m.user_id for m in wanted if m.user_id)
    rows = []
    for message in wanted:
        user, _address = accounts.get(message.member_id or 0, (message.user_id, ""))
        if user is None:
            continue
        rows.append(
            Notice(
                user_id=user,
                key=message.key,
                subject=str(message.subject)[:200],
                url=message.url,
                created_at=at,
                delivery=Notice.Delivery.PENDING if addresses.get(user) else Notice.Delivery.NONE,
            )
        )
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _accounts(members: Iterable[int]) -> dict[int, tuple[int, str]]:
    """The account of each member who has one, and where it gets mail. One query at most."""
    ids = set(members)
    if not ids:
        return {}
    found = Member.objects.filter(pk__in=ids, user__isnull=False)
    return {
        member: (user, mailed_to(own, account))
        for member, user, own, account in found.values_list("pk", "user", "email", "user__email")
        if user is not None
    }


def _addresses(users: Iterable[int]) -> dict[int, str]:
    """Where these accounts get mail. One query at most; none where no mail is sent."""
    ids = set(users)
    if not ids or not settings.EMAIL_CONFIGURED:
        return {}
    found = User.objects.filter(pk__in=ids).values_list("pk", "member__email", "email")
    return {user: mailed_to(own, account) for user, own, account in found}


def mailed_to(own: str | None, account: str | None) -> str:
    """A person's own address, else the account's; nowhere if no mail is sent at all."""
    return (own or account or "") if settings.EMAIL_CONFIGURED else ""


def tell_users(
    users: Iterable[User | int], *, key: str, subject: Any, url: str, at: datetime
) -> int:
    """The same event told to accounts, e.g. of committee staff who are not on the roll."""
    ids = {user if isinstance(user, int) else user.pk for user in users}
    return tell([Message(None, key, str(subject), url, user_id=pk) for pk in sorted(ids)], at=at)


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
