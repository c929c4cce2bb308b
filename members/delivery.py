"""E-mail for notices: an outbox that is emptied with patience and gives up visibly.

A notice always stands in the system; mail is a courtesy on top, so a mail server that is
down for a day delays mails and loses nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q

from members.models import Notice, User
from members.notices import record

BATCH = 100
# After these pauses a mail is tried again; after the last one it has failed.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 20, 80, 320, 1280))


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one call of the delivery did."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0


def due_at(at: datetime) -> Q:
    """Notices never tried, or last tried longer ago than the pause after that attempt."""
    due = Q(attempts=0)
    for attempts, pause in enumerate(PAUSES, start=1):
        due |= Q(attempts=attempts, attempted_at__lte=at - pause)
    return Q(delivery=Notice.Delivery.PENDING) & due


def deliver_due(*, clock: Callable[[], datetime]) -> Delivered:
    """Send a batch of what is due; the next call sends the next."""
    notices = take(at=clock())
    if not notices:
        return Delivered()
    outcomes = []
    with get_connection(fail_silently=False) as connection:
        outcomes = [deliver(notice, connection=connection) for notice in notices]
    return Delivered(
        sent=outcomes.count(Notice.Delivery.SENT),
        postponed=outcomes.count(Notice.Delivery.PENDING),
        failed=outcomes.count(Notice.Delivery.FAILED),
    )


@transaction.atomic
def take(*, at: datetime) -> list[Notice]:
    """Count the attempt before it is made, so that a second worker, or the same one after a
    crash, does not send the same mail again at once."""
    notices = list(
        Notice.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(due_at(at))
        .select_related("user__member")
        .order_by("pk")[:BATCH]
    )
    for notice in notices:
        notice.attempts += 1
        notice.attempted_at = at
    Notice.objects.bulk_update(notices, ["attempts", "attempted_at"])
    return notices


def deliver(notice: Notice, *, connection: BaseEmailBackend) -> str:
    """Send one mail and keep what came of it on the notice."""
    try:
        mail(notice, connection=connection).send()
        notice.delivery, notice.error = Notice.Delivery.SENT, ""
    except Exception as error:
        notice.error = f"{type(error).__name__}: {error}"[:500]
        if notice.attempts > len(PAUSES):
            notice.delivery = Notice.Delivery.FAILED
    notice.save(update_fields=["delivery", "error"])
    return notice.delivery


def mail(notice: Notice, *, connection: BaseEmailBackend) -> EmailMessage:
    """The mail of a notice: its subject, and where to read on. Nothing personal travels."""
    link = f"{settings.SITE_URL}{notice.get_absolute_url()}" if settings.SITE_URL else ""
    return EmailMessage(
        subject=notice.subject,
        body=f"{notice.subject}\n\n{link}\n",
        to=[address_of(notice)],
        connection=connection,
    )


def address_of(notice: Notice) -> str:
    """The member's address, else the account's."""
    member = getattr(notice.user, "member", None)
    return (member.email if member else "") or notice.user.email


def next_try(notice: Notice, *, now: datetime) -> datetime | None:
    """When a waiting mail is tried next: now if it never was, after the pause that follows its
    last attempt, never once it was sent or given up. Pure."""
    if notice.delivery != Notice.Delivery.PENDING:
        return None
    if not notice.attempts or notice.attempted_at is None:
        return now
    pause = PAUSES[min(notice.attempts, len(PAUSES)) - 1]
    return max(now, notice.attempted_at + pause)


@transaction.atomic
def try_again(*, pk: int, by: User, at: datetime) -> Notice:
    """Put a mail that was given up back among those that wait, as if it had never been tried;
    the next delivery sends it. One that waits or was sent stays as it is: twice is once."""
    notice = Notice.objects.select_for_update(of=("self",)).get(pk=pk)
    if notice.delivery == Notice.Delivery.FAILED:
        notice.delivery, notice.attempts = Notice.Delivery.PENDING, 0
        notice.attempted_at, notice.error = None, ""
        notice.save(update_fields=["delivery", "attempts", "attempted_at", "error"])
        record(by=by, at=at, verb="try_mail_again", target=notice)
    return notice
