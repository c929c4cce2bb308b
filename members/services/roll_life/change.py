"""What every change of the roll has in common: the lock, the document, the row of history."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import LeadershipDuty, Member, Membership, Position, RollChange
from members.notices import Message, record, tell
from members.rights import Actor
from members.roll_days import shown
from members.rules import may_keep_roll

Office = Position | LeadershipDuty


@dataclass(frozen=True, slots=True)
class Paper:
    """On what document a change rests, and what else is to be remembered."""

    document_no: str = ""
    note: str = ""


NO_PAPER = Paper()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did, line by line, for people; ``change`` is its row of history."""

    lines: tuple[str, ...]
    change: RollChange | None = None


def preview(work: Callable[[], Outcome]) -> Outcome:
    """What a change would do: done by the same rules and taken back again, so that the page
    that asks can never disagree with what happens. Raises what ``work`` raises."""
    with transaction.atomic():
        outcome = work()
        transaction.set_rollback(True)
    return outcome


def lock_branches(*branches: int) -> None:
    """Branches before members, in one order, so that two changes never wait for each other."""
    rows = Branch.objects.select_for_update(no_key=True).filter(pk__in=branches).order_by("pk")
    list(rows.values_list("pk"))


def lock_member(pk: int) -> Member:
    return Member.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)


def latest_membership(member: Member) -> Membership | None:
    """The membership that stands now or was the last one; one that is still to come counts."""
    return (
        member.memberships.select_related("branch")
        .order_by(F("starts_on").desc(nulls_last=True), "-pk")
        .first()
    )


def open_membership(member: Member) -> Membership:
    """The membership without an end. Raises Refused if there is none."""
    latest = latest_membership(member)
    if latest is None or latest.ends_on is not None:
        raise Refused(_("%(name)s is no longer on the roll.") % {"name": member.name})
    return latest


def check_may(by: Actor, *branches: int | None) -> None:
    if not may_keep_roll(by, *branches):
        raise PermissionDenied


def end_spans(spans: Iterable[Any], *, last_day: date, today: date) -> list[Any]:
    """End what reaches beyond the day, and take back what was only to begin after it. Nothing
    that has begun is changed except by its end.

    Returns the spans touched; raises Refused where one began after that day.
    """
    touched = []
    for span in spans:
        if span.ends_on is not None and span.ends_on <= last_day:
            continue
        if span.starts_on is None or span.starts_on <= last_day:
            span.ends_on = last_day
            span.save(update_fields=["ends_on"])
        elif span.starts_on > today:
            span.delete()
        else:
            raise Refused(
                _("“%(what)s” began on %(day)s: choose a later day.")
                % {"what": named(span), "day": shown(span.starts_on)}
            )
        touched.append(span)
    return touched


def named(span: Any) -> str:
    """A membership by its branch, an office by branch and kind."""
    if isinstance(span, Membership):
        return span.branch.name
    return f"{span.branch.name} · {span.get_kind_display()}"


def all_named(spans: Iterable[Any]) -> str:
    return "、".join(named(span) for span in spans)


def remember(
    *,
    member: Member,
    kind: str,
    on: date,
    text: str,
    paper: Paper,
    branch: int | None,
    by: Actor,
    at: datetime,
) -> RollChange:
    """Write the row of history and the event."""
    change = RollChange.objects.create(
        member=member,
        kind=kind,
        takes_effect_on=on,
        text=text[:300],
        document_no=paper.document_no,
        note=paper.note,
        made_by=by.user,
        made_at=at,
    )
    record(
        by=by.user,
        at=at,
        verb=f"roll_{kind.lower()}",
        target=change,
        branch=branch,
        member=member,
        on=on.isoformat(),
        text=change.text,
    )
    return change


def tell_of(change: RollChange, *, others: Iterable[int] = (), at: datetime) -> None:
    """Tell the member, and others whom it concerns."""
    subject = _("Roll, from %(day)s: %(name)s, %(text)s") % {
        "day": shown(change.takes_effect_on),
        "name": change.member.name,
        "text": change.text,
    }
    people = dict.fromkeys([change.member_id, *others])
    tell([Message(person, f"roll_change:{change.pk}", subject) for person in people], at=at)


def secretaries_on(day: date, *branches: int) -> list[int]:
    return list(
        Position.objects.on(day)
        .filter(branch__in=branches, kind=Position.Kind.SECRETARY)
        .values_list("member", flat=True)
    )
