"""Who did what (操作日志): the steps that one's committee may look into. What a step said stays
where it was said: a row names the step, the person, the branch and the member, no points and no
text (domain.md §9, §10)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from branches.models import Branch, Committee
from lib.display import zh_month
from lib.months import parse_month
from members.models import Event, Membership, StaffAppointment
from members.rights import Actor
from reviews.audit import TARGETS, said


@dataclass(frozen=True, slots=True)
class Row:
    """One step as the log shows it."""

    at: datetime
    who: str
    account: str
    text: str
    about: Any
    months: str
    branch: str
    member: str


def branches_of(actor: Actor) -> QuerySet[Branch]:
    """The branches that the log can be narrowed to, in the roll's order."""
    branches = Branch.objects.order_by("roll_order", "pk")
    return branches if _sees_all(actor) else branches.filter(pk__in=actor.branches_below)


def events_for(actor: Actor) -> QuerySet[Event]:
    """The steps in branches below one's committee; those without a branch that staff of one's
    committee or below took, or that concern a member of these branches. Administrators look
    after the installation and see all. One query for the committees below."""
    events = Event.objects.select_related("by__member", "branch", "member").order_by("-at", "-pk")
    if _sees_all(actor):
        return events
    committees = Committee.objects.subtree_ids(actor.committees) if actor.committees else set()
    staff = StaffAppointment.objects.filter(committee__in=committees).values("user")
    members = Membership.objects.filter(branch__in=actor.branches_below).values("member")
    without_branch = Q(branch__isnull=True) & (Q(by__in=staff) | Q(member__in=members))
    return events.filter(Q(branch__in=actor.branches_below) | without_branch)


def _sees_all(actor: Actor) -> bool:
    return actor.is_administrator or actor.is_system


def narrowed(events: QuerySet[Event], wanted: Mapping[str, Any]) -> QuerySet[Event]:
    """By person (who did it, or whom it concerned), step, branch, and days, both included."""
    if person := (wanted.get("person") or "").strip():
        events = events.filter(
            Q(by__member__name__icontains=person)
            | Q(by__username__icontains=person)
            | Q(by__last_name__icontains=person)
            | Q(by__first_name__icontains=person)
            | Q(member__name__icontains=person)
        )
    if wanted.get("verb"):
        events = events.filter(verb=wanted["verb"])
    if wanted.get("branch"):
        events = events.filter(branch=wanted["branch"])
    if wanted.get("first"):
        events = events.filter(at__gte=_midnight(wanted["first"]))
    if wanted.get("last"):
        events = events.filter(at__lt=_midnight(wanted["last"] + timedelta(days=1)))
    return events


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def rows(events: Iterable[Event]) -> Iterator[Row]:
    """In words. Of the details only the months a step was about: nothing else is for a list."""
    for event in events:
        yield Row(
            at=event.at,
            who=event.by.display_name,
            account=event.by.username,
            text=said(event.verb, event.target_type),
            about=TARGETS.get(event.target_type, ""),
            months=_months(event.details),
            branch=event.branch.name if event.branch else "",
            member=event.member.name if event.member else "",
        )


def _months(details: Mapping[str, Any]) -> str:
    found = details.get("months") or [details.get("month")]
    return "、".join(zh_month(month) for month in map(_month, found) if month)


def _month(value: object) -> date | None:
    try:
        return parse_month(str(value)) if value else None
    except ValueError:
        return None
