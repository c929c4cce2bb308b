"""The meeting at which a round is reviewed: who may take part, and whether enough of them
were there (domain.md §5.4)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member, Position
from members.notices import record
from members.rights import Actor
from reviews.models import Meeting
from reviews.quorum import Quorum
from reviews.services.round import lock


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """The record of a review meeting; chair and attendees are member ids."""

    kind: str
    held_on: date
    place: str
    chair_id: int
    attendees: tuple[int, ...]
    minutes: str


@transaction.atomic
def record_meeting(*, pk: int, meeting: MeetingRecord, by: Actor, at: datetime) -> Meeting:
    """Write, or write again until the review is concluded, the record of the meeting. Members
    of the branch committee attend its meeting, all members an assembly; whoever chairs it
    attends. Too few are recorded as they were: only concluding needs a quorum.

    Raises Refused where somebody does not belong to the meeting on its day.
    """
    round_, _seat = lock(pk=pk, step="record_meeting", by=by, at=at)
    if not round_.month <= meeting.held_on <= timezone.localdate(at):
        raise Refused(_("The meeting lies between the first day of the month and today."))
    people = {meeting.chair_id, *meeting.attendees}
    check_attendees(meeting.kind, round_.branch, meeting.held_on, people)
    stored, _created = Meeting.objects.update_or_create(
        round=round_,
        is_current=True,
        defaults={
            "kind": meeting.kind,
            "held_on": meeting.held_on,
            "place": meeting.place,
            "chair_id": meeting.chair_id,
            "minutes": meeting.minutes,
            "entitled": len(entitled_to_attend(meeting.kind, round_.branch, meeting.held_on)),
            "recorded_by": by.user,
            "recorded_at": at,
        },
    )
    stored.attendees.set(people)
    record(by=by.user, at=at, verb="record_meeting", target=round_, branch=round_.branch_id)
    return stored


def check_attendees(kind: str, branch: Branch, day: date, people: Collection[int]) -> None:
    if kind == Meeting.Kind.ASSEMBLY:
        roster = Member.objects.of_branch(branch, day).values_list("pk", flat=True)
        if not set(people) <= set(roster):
            raise Refused(_("Chair and attendees must be members of the branch."))
        return
    bench = entitled_to_attend(kind, branch, day)
    if not bench:
        raise Refused(
            _("The branch had no committee on that day: record an assembly of all members.")
        )
    if outside := set(people) - bench:
        names = "、".join(Member.objects.filter(pk__in=outside).values_list("name", flat=True))
        raise Refused(
            _(
                "Not on the branch committee on that day: %(names)s. "
                "Leave them out, or record an assembly of all members."
            )
            % {"names": names}
        )


def entitled_to_attend(kind: str, branch: Branch, day: date) -> set[int]:
    """Who counts towards the quorum on that day: the branch committee; at an assembly the full
    members (正式党员) on the roster. Probationary members take part without a vote. One query."""
    if kind == Meeting.Kind.COMMITTEE:
        return set(Position.objects.on(day).filter(branch=branch).values_list("member", flat=True))
    since = Q(full_since__isnull=True) | Q(full_since__lte=day)
    members = Member.objects.of_branch(branch, day).filter(since, category=Member.Category.FULL)
    return set(members.values_list("pk", flat=True))


def quorum_of(meeting: Meeting, branch: Branch) -> Quorum:
    """应到 and 实到 of a recorded meeting. Two queries."""
    entitled = entitled_to_attend(meeting.kind, branch, meeting.held_on)
    there = {member.pk for member in meeting.attendees.all()}
    count = meeting.entitled if meeting.entitled is not None else len(entitled)
    return Quorum(entitled=count, present=len(there & entitled))
