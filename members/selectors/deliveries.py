"""The e-mails that did not get through: to whom, why not, and when they are tried next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from branches.models import Committee
from members.delivery import address_of, next_try
from members.models import Membership, Notice, Position, StaffAppointment
from members.rights import Actor


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One mail; ``subject`` is empty for those who look after accounts only."""

    notice: Notice
    subject: str
    address: str
    next_try: datetime | None


def addressed_to(actor: Actor, *, day: date) -> "QuerySet[Notice]":
    """The notices of the people that one's committee looks after: those in the branches below
    it today, its staff and those of the committees below it. Administrators look after every
    account, but read the subjects of their own committee's people only. Two queries."""
    committees = Committee.objects.subtree_ids(actor.committees) if actor.committees else set()
    staff = StaffAppointment.objects.on(day).filter(committee__in=committees)
    members = Membership.objects.on(day).filter(branch__in=actor.branches_below)
    officers = Position.objects.on(day).filter(branch__in=actor.branches_below)
    ours = (
        Q(user__in=staff.values("user"))
        | Q(user__member__in=members.values("member"))
        | Q(user__member__in=officers.values("member"))
    )
    notices = Notice.objects.annotate(
        is_ours=Case(
            When(ours, then=Value(True)), default=Value(False), output_field=BooleanField()
        )
    )
    return notices if actor.is_administrator or actor.is_system else notices.filter(ours)


def unsent(actor: Actor, *, day: date) -> "QuerySet[Notice]":
    """Those of them whose e-mail failed or still waits; what failed stands first."""
    waiting = [Notice.Delivery.FAILED, Notice.Delivery.PENDING]
    return (
        addressed_to(actor, day=day)
        .filter(delivery__in=waiting)
        .select_related("user__member")
        .order_by("delivery", "-created_at", "-pk")
    )


def delivery_rows(notices: Sequence[Notice], *, now: datetime) -> list[DeliveryRow]:
    return [
        DeliveryRow(
            notice=notice,
            subject=notice.subject if notice.is_ours else "",  # type: ignore[attr-defined]
            address=address_of(notice),
            next_try=next_try(notice, now=now),
        )
        for notice in notices
    ]
