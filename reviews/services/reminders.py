"""Reminders and escalation: whoever is waited for hears of it once (domain.md §5, §6).

Who should have been told by a day is computed from the rows; notices are unique per person
and event, so running this twice, or three days late, tells nobody twice and forgets nobody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import month_of
from lib.steps import Refused
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from members.selectors.staff import StaffOfCommittees
from points.models import Declaration
from points.services.policy import PolicyBook
from reviews.models import Round
from reviews.services.matters import (
    Matter,
    branches_to_look_at,
    late_declarations,
    late_matters,
    matters_due,
    reminder_stage,
    soonest,
)
from reviews.services.round import month_label

__all__ = ["branches_to_look_at", "escalate", "remind", "remind_now"]


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many people are waited for. Whoever was told before counts, and hears no more."""

    members: int = 0
    duty_holders: int = 0


@dataclass(frozen=True, slots=True)
class Escalated:
    """How many matters were put before how many committees."""

    committees: int = 0
    matters: int = 0


def remind(*, on: date, branches: Collection[int], at: datetime) -> Reminded:
    """Tell members whose sheet is still a draft, and whoever's turn it is in what is due,
    three days and one day before the day, and once after. A member is never reminded to
    verify: silence is agreement. The number of statements does not depend on the number of
    branches or members."""
    matters = matters_due(on=on, until=soonest(on), branches=branches)
    return Reminded(
        members=tell(unfiled_drafts(on, branches), at=at),
        duty_holders=tell(messages_of(matters, on), at=at),
    )


def messages_of(matters: Iterable[Matter], on: date) -> Iterator[Message]:
    """What everybody hears on a day whose turn it is in these."""
    for one in matters:
        key, subject = one.key(on), one.subject(on)
        for member in one.members:
            yield Message(member, key, subject, one.url)
        for user in one.users:
            yield Message(None, key, subject, one.url, user_id=user)


def unfiled_drafts(on: date, branches: Collection[int]) -> Iterator[Message]:
    """Members whose sheet is a draft and due within three days or past its day, as long as
    the review has not started. One query."""
    sheets = Declaration.objects.filter(
        Exists(
            Round.objects.filter(
                branch=OuterRef("branch"), month=OuterRef("month"), state=Round.State.OPEN
            )
        ),
        state=Declaration.State.DRAFT,
        branch__in=branches,
        declare_by__lte=soonest(on),
    )
    for sheet in sheets:
        stage = reminder_stage(on=on, due_on=sheet.declare_by)
        text = _("Your declaration for %(month)s is due on %(day)s.")
        if stage == "late":
            text = _(
                "Your declaration for %(month)s was due on %(day)s. "
                "It is accepted until the review starts."
            )
        subject = text % {
            "month": month_label(sheet.month),
            "day": date_format(sheet.declare_by, "DATE_FORMAT"),
        }
        yield Message(
            sheet.member_id, f"declare:{sheet.pk}:{stage}", subject, sheet.get_absolute_url()
        )


# -- by hand ---------------------------------------------------------------------------------


def late_below(actor: Actor, *, on: date) -> list[Matter]:
    """All that is late in the branches below one's committee, the longest first: the page of
    progress shows it, and from it one reminds."""
    branches = actor.branches_below
    found = [*late_declarations(on, branches), *late_matters(on, branches)]
    return sorted(found, key=lambda one: (one.due_on, one.branch, one.what, one.id))


def key_by_hand(matter: Matter, on: date) -> str:
    """The notice that a press of the button writes: one a day, however often it is pressed."""
    return f"{matter.key(on)}:by-hand:{on:%Y-%m-%d}"


@transaction.atomic
def remind_now(*, key: str, by: Actor, at: datetime) -> int:
    """Remind those whose turn it is in a late matter of the branches below one's committee,
    in a person's name and at once. Returns how many have an account and were told; whoever
    was reminded of it today already hears no more.

    Raises Refused if it has been settled, or if nobody of them has an account.
    """
    on = timezone.localdate(at)
    matter = next((one for one in late_below(by, on=on) if one.key(on) == key), None)
    if matter is None:
        raise Refused(_("This is no longer late: somebody has just settled it."))
    urgent = _("Reminder from the committee: %(matter)s") % {"matter": matter.subject(on)}
    by_hand = key_by_hand(matter, on)
    messages = [
        replace(message, key=by_hand, subject=urgent) for message in messages_of([matter], on)
    ]
    told = tell(messages, at=at)
    if not told:
        raise Refused(_("Nobody whose turn it is has an account: tell them by telephone."))
    record(by=by.user, at=at, verb="remind", branch=matter.branch, matter=matter.key(on))
    return told


# -- escalation ------------------------------------------------------------------------------


def escalate(*, on: date, at: datetime) -> Escalated:
    """Tell committees what has been late for longer than their policy allows. What is the
    committee's own to do, appeals and inspections, is put before the next committee above
    that has staff.

    One notice to the staff of the nearest committee upwards, not one for each branch; a
    further one only when something newer has become late.
    """
    committee_of = dict(Branch.objects.values_list("pk", "committee"))
    policies, staff = PolicyBook(), StaffOfCommittees(on)
    for_committee: dict[int, list[Matter]] = defaultdict(list)
    for one in late_matters(on, committee_of):
        committee = committee_of[one.branch]
        days = policies.of(committee, month_of(one.due_on)).escalate_after_days
        if (on - one.due_on).days <= days:
            continue
        nearest = staff.nearest(committee)
        told = staff.superior(nearest) if one.is_committees_own else nearest
        if told is not None:
            for_committee[told].append(one)
    for told, ones in for_committee.items():
        newest = max(one.due_on for one in ones)
        tell_users(
            staff.of(told),
            key=f"late:{told}:{newest:%Y-%m-%d}",
            subject=_("Late in the branches: %(count)s matters.") % {"count": len(ones)},
            url=reverse("progress"),
            at=at,
        )
    return Escalated(committees=len(for_committee), matters=sum(map(len, for_committee.values())))
