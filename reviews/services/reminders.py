"""Reminders and escalation: whoever is waited for hears of it once (domain.md §5, §6).

Who should have been told by a day is computed from the rows; notices are unique per person
and event, so running this twice, or three days late, tells nobody twice and forgets nobody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import month_of
from members.models import Position
from members.notices import Message, tell, tell_users
from members.selectors.staff import StaffOfCommittees
from points.models import Declaration
from points.services.policy import PolicyBook
from reviews.models import FollowUp, Objection, Round
from reviews.services.round import month_label

# A member hears of a sheet that is still a draft so many days before it is due, and once
# after; a secretary of a review as many days before its day as a member first hears.
DAYS_BEFORE = (3, 1)

WAITING_ROUND = Q(state__in=[Round.State.OPEN, Round.State.REVIEWING, Round.State.PUBLISHED])
WAITING_SHEET = Q(state=Declaration.State.DRAFT)


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


class Late(NamedTuple):
    """Something past its day, or close to it: what it is about, since when, in which branch;
    whose duty it is, or whether it is the secretary's. What is neither is the committee's."""

    key: str
    branch: int
    since: date
    subject: str
    url: str
    holder: int | None = None
    is_for_secretary: bool = True


def branches_to_look_at(*, on: date) -> "QuerySet[Branch, int]":
    """The ids of branches with an unfinished round or an overdue follow-up. One query."""
    waiting = Round.objects.filter(WAITING_ROUND, branch=OuterRef("pk"))
    overdue = FollowUp.objects.filter(overdue_on(on), branch=OuterRef("pk"))
    return (
        Branch.objects.filter(Exists(waiting) | Exists(overdue))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def overdue_on(day: date) -> Q:
    return Q(state=FollowUp.State.OPEN, due_on__lt=day)


def remind(*, on: date, branches: Collection[int], at: datetime) -> Reminded:
    """Tell members whose sheet is still a draft three days and one day before it is due,
    and once after; secretaries of a review that is due soon; secretaries and duty holders of
    what is past its day. The number of statements does not depend on branches or members."""
    matters = [*reviews_due_soon(on, branches), *late_matters(on, branches)]
    return Reminded(
        members=tell(unfiled_drafts(on, branches), at=at),
        duty_holders=tell(to_duty_holders(matters, on), at=at),
    )


def unfiled_drafts(on: date, branches: Collection[int]) -> Iterator[Message]:
    """Members whose sheet is a draft and due within three days or past its day, as long as
    the review has not started. One query."""
    sheets = Declaration.objects.filter(
        WAITING_SHEET,
        Exists(
            Round.objects.filter(
                branch=OuterRef("branch"), month=OuterRef("month"), state=Round.State.OPEN
            )
        ),
        branch__in=branches,
        declare_by__lte=on + timedelta(days=max(DAYS_BEFORE)),
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


def reminder_stage(*, on: date, due_on: date) -> str:
    """Which reminder a day has reached: "3" or "1" days before the due day, or "late". A day
    on which nothing ran is made up for by the next; an earlier one is not sent any more."""
    days = (due_on - on).days
    if days < 0:
        return "late"
    return str(min(before for before in DAYS_BEFORE if days <= before))


def reviews_due_soon(on: date, branches: Collection[int]) -> Iterator[Late]:
    """Rounds whose review is to be concluded within three days. One query."""
    due = Round.objects.filter(
        state__in=[Round.State.OPEN, Round.State.REVIEWING],
        branch__in=branches,
        review_by__range=(on, on + timedelta(days=max(DAYS_BEFORE))),
    ).select_related("branch")
    for round_ in due:
        yield late(
            "review-due",
            round_,
            since=round_.review_by,
            subject=_("%(branch)s: the review of %(month)s is due on %(day)s."),
        )


def late_matters(on: date, branches: Collection[int]) -> list[Late]:
    """All that is past its day in these branches. Three queries."""
    return [*late_rounds(on, branches), *late_follow_ups(on, branches)]


def late_rounds(on: date, branches: Collection[int]) -> Iterator[Late]:
    """Rounds whose review is past its day, and publications that ended with an objection
    still open."""
    unreviewed = Round.objects.filter(
        state__in=[Round.State.OPEN, Round.State.REVIEWING],
        branch__in=branches,
        review_by__lt=on,
    ).select_related("branch")
    for round_ in unreviewed:
        yield late(
            "late-review",
            round_,
            since=round_.review_by,
            subject=_("%(branch)s: the review of %(month)s was due on %(day)s."),
        )
    unanswered = (
        Round.objects.filter(
            Exists(
                Objection.objects.filter(
                    publication__round=OuterRef("pk"), state=Objection.State.OPEN
                )
            ),
            state=Round.State.PUBLISHED,
            branch__in=branches,
            publications__withdrawn_at__isnull=True,
            publications__ends_on__lt=on,
        )
        .select_related("branch")
        .annotate(ended_on=F("publications__ends_on"))
    )
    for round_ in unanswered:
        yield late(
            "late-objection",
            round_,
            since=round_.ended_on,
            subject=_(
                "%(branch)s: the publication of %(month)s ended on %(day)s, "
                "and an objection has no answer yet."
            ),
        )


def late(what: str, round_: Round, *, since: date, subject: str) -> Late:
    words = {
        "branch": round_.branch.name,
        "month": month_label(round_.month),
        "day": date_format(since, "DATE_FORMAT"),
    }
    return Late(
        f"{what}:{round_.pk}",
        round_.branch_id,
        since,
        subject % words,
        round_.get_absolute_url(),
    )


def late_follow_ups(on: date, branches: Collection[int]) -> Iterator[Late]:
    """Talks, interviews and the like that nobody has recorded by their day."""
    overdue = FollowUp.objects.filter(overdue_on(on), branch__in=branches)
    for follow_up in overdue.select_related("branch", "member"):
        subject = _("%(branch)s: %(matter)s was due on %(day)s.") % {
            "branch": follow_up.branch.name,
            "matter": str(follow_up),
            "day": date_format(follow_up.due_on or on, "DATE_FORMAT"),
        }
        yield Late(
            f"late-follow-up:{follow_up.pk}",
            follow_up.branch_id,
            follow_up.due_on or on,
            subject,
            follow_up.get_absolute_url(),
            follow_up.holder_id,
            is_for_secretary=follow_up.kind == FollowUp.Kind.DISPOSITION,
        )


def to_duty_holders(late: Iterable[Late], on: date) -> Iterator[Message]:
    """To whoever holds the duty; for a round or a disposition, to the secretary in office
    today. An interview that nobody was named for is none of the secretary's business."""
    late = list(late)
    secretaries: dict[int, list[int]] = defaultdict(list)
    for branch, member in (
        Position.objects.on(on)
        .filter(kind=Position.Kind.SECRETARY, branch__in={one.branch for one in late})
        .values_list("branch", "member")
    ):
        secretaries[branch].append(member)
    for one in late:
        in_office = secretaries[one.branch] if one.is_for_secretary else []
        for member in [one.holder] if one.holder else in_office:
            yield Message(member, one.key, one.subject, one.url)


def escalate(*, on: date, at: datetime) -> Escalated:
    """Tell committees what has been late for longer than their policy allows.

    One notice to the staff of the nearest committee upwards, not one for each branch; a
    further one only when something newer has become late.
    """
    committee_of = dict(Branch.objects.values_list("pk", "committee"))
    policies, staff = PolicyBook(), StaffOfCommittees(on)
    for_committee: dict[int, list[Late]] = defaultdict(list)
    for one in late_matters(on, committee_of):
        committee = committee_of[one.branch]
        days = policies.of(committee, month_of(one.since)).escalate_after_days
        if on > one.since + timedelta(days=days):
            for_committee[staff.nearest(committee)].append(one)
    for committee, ones in for_committee.items():
        newest = max(one.since for one in ones)
        tell_users(
            staff.of(committee),
            key=f"late:{committee}:{newest:%Y-%m-%d}",
            subject=_("Late in the branches: %(count)s matters.") % {"count": len(ones)},
            url=reverse("home"),
            at=at,
        )
    return Escalated(committees=len(for_committee), matters=sum(map(len, for_committee.values())))
