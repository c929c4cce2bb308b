"""Concluding a round: the meeting, what still stands in the way, results and their
publication (domain.md §5.4, §5.5)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import Member
from members.notices import Message, record, tell
from members.rights import Actor
from points.models import (
    Declaration,
    MonthlyResult,
)
from points.scoring import Score
from points.services.calendar import Workdays
from points.services.results import compute_results, score_members
from reviews.models import Meeting, Publication, Round
from reviews.services.corrections import follow_revisions
from reviews.services.round import is_returned, lock, month_label, undecided


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
    """Write, or write again until the review is concluded, the record of the meeting."""
    round_, _seat = lock(pk=pk, step="record_meeting", by=by, at=at)
    roster = set(
        Member.objects.of_branch(round_.branch, timezone.localdate(at)).values_list("pk", flat=True)
    )
    people = {meeting.chair_id, *meeting.attendees}
    if not people <= roster:
        raise Refused(_("Chair and attendees must be members of the branch."))
    stored, _created = Meeting.objects.update_or_create(
        round=round_,
        is_current=True,
        defaults={
            "kind": meeting.kind,
            "held_on": meeting.held_on,
            "place": meeting.place,
            "chair_id": meeting.chair_id,
            "minutes": meeting.minutes,
            "recorded_by": by.user,
            "recorded_at": at,
        },
    )
    stored.attendees.set(meeting.attendees)
    record(by=by.user, at=at, verb="record_meeting", target=round_, branch=round_.branch_id)
    return stored


def preview(round_: Round) -> dict[int, Score | None]:
    """What every member's result would be if the review were concluded now."""
    members = Member.objects.of_branch(round_.branch, round_.month).values_list("pk", flat=True)
    return score_members(rule_book=round_.rule_book, members=list(members), month=round_.month)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands between a round and its conclusion: UNDECIDED, RETURNED or MEETING, and
    what to do about it, in words."""

    kind: str
    text: str


def obstacles(round_: Round) -> list[Obstacle]:
    """What still stands between a round and its conclusion, each with what to do."""
    found: list[Obstacle] = []
    if waiting := [entry for entry in undecided(round_) if not is_returned(entry)]:
        names = "、".join(dict.fromkeys(entry.member.name for entry in waiting))
        text = _("%(count)s entries have no decision yet: %(names)s.")
        found.append(Obstacle("UNDECIDED", text % {"count": len(waiting), "names": names}))
    returned = Declaration.objects.filter(
        branch=round_.branch_id, month=round_.month, state=Declaration.State.RETURNED
    ).select_related("member")
    if names := "、".join(sheet.member.name for sheet in returned):
        text = _("Returned sheets have not come back: %(names)s. Wait, or enter them on behalf.")
        found.append(Obstacle("RETURNED", text % {"names": names}))
    if not Meeting.objects.filter(round=round_, is_current=True).exists():
        text = _("The meeting is not recorded yet: enter its date and chair.")
        found.append(Obstacle("MEETING", text))
    return found


@transaction.atomic
def conclude(*, pk: int, by: Actor, at: datetime) -> Publication:
    """Conclude the review: compute every result and publish it to the branch for the
    round's working days (domain.md §5.5). Everything at once or nothing.

    Raises Refused with everything that is still missing.
    """
    round_, _seat = lock(pk=pk, step="conclude", by=by, at=at)
    if missing := obstacles(round_):
        raise Refused(" ".join(obstacle.text for obstacle in missing))
    revised = compute_results(
        branch=round_.branch,
        rule_book=round_.rule_book,
        month=round_.month,
        at=at,
        reason=_("%(month)s was concluded later") % {"month": month_label(round_.month)},
    )
    follow_revisions(revised, at=at)
    Declaration.objects.filter(
        branch=round_.branch_id, month=round_.month, state=Declaration.State.IN_REVIEW
    ).update(state=Declaration.State.REVIEWED)
    starts_on = timezone.localdate(at)
    ends_on, _unknown_years = Workdays.load().publication_end(starts_on, round_.publication_days)
    publication = Publication.objects.create(
        round=round_,
        starts_on=starts_on,
        ends_on=ends_on,
        published_by=by.user,
        published_at=at,
    )
    round_.state = Round.State.PUBLISHED
    round_.concluded_at = at
    round_.save(update_fields=["state", "concluded_at"])
    record(by=by.user, at=at, verb="conclude", target=round_, branch=round_.branch_id)
    _tell_published(publication, at=at)
    return publication


def _tell_published(publication: Publication, *, at: datetime) -> None:
    round_ = publication.round
    results = MonthlyResult.objects.current().filter(branch=round_.branch_id, month=round_.month)
    subject = _("The points of %(month)s are published until %(day)s. Please check yours.") % {
        "month": month_label(round_.month),
        "day": date_format(publication.ends_on, "DATE_FORMAT"),
    }
    tell(
        [
            Message(
                result.member_id, f"published:{publication.pk}", subject, result.get_absolute_url()
            )
            for result in results
        ],
        at=at,
    )
