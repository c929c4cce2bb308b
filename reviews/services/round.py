"""The month of a branch: open, register, review, conclude (domain.md §5).

Every step locks the round's row first; steps of one branch follow one another, and the
second of two people is told what the first one did.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.steps import Refused
from lib.workdays import publication_end
from members.models import Member, Position
from members.notices import Message, record, tell
from members.rights import Actor
from points.models import (
    Decision,
    Declaration,
    Entry,
    Evidence,
    MonthlyResult,
    Registration,
)
from points.rules import may_decide, may_decide_entry
from points.scoring import Score
from points.services import registration as registrations
from points.services.decisions import approve_as_claimed
from points.services.decisions import decide as write_decision
from points.services.results import Revised, compute_results, score_members
from reviews.models import Meeting, Publication, Round
from reviews.rules import Bench, may_register
from reviews.workflow import ROUND_STEPS, Seat

FILED = (Declaration.State.IN_REVIEW, Declaration.State.RETURNED)


# -- locking -----------------------------------------------------------------------------


def bench_of(branch_id: int, day: date) -> Bench:
    """Who sits on the branch committee on that day. One query."""
    seats = Position.objects.on(day).filter(branch=branch_id).values_list("member", "kind")
    return Bench(branch_id=branch_id, seats=frozenset(seats))


def seat_of(actor: Actor, branch_id: int, day: date) -> Seat:
    return Seat(actor=actor, bench=bench_of(branch_id, day))


def lock(*, pk: int, step: str, by: Actor, at: datetime) -> tuple[Round, Seat]:
    """Lock a round and check that the step is open to this person.

    Raises Refused or PermissionDenied, see ``Steps.check``.
    """
    round_ = (
        Round.objects.select_for_update(of=("self",))
        .select_related("branch__committee", "rule_book")
        .get(pk=pk)
    )
    seat = seat_of(by, round_.branch_id, timezone.localdate(at))
    ROUND_STEPS.check(step, seat, round_)
    return round_, seat


# -- registering -------------------------------------------------------------------------


@transaction.atomic
def register(
    *,
    pk: int,
    token: UUID,
    item: registrations.Item,
    members: Collection[int],
    by: Actor,
    at: datetime,
) -> Registration:
    """Register an item for many members, until the review is concluded (domain.md §5.2)."""
    round_, seat = lock(pk=pk, step="register", by=by, at=at)
    mine = may_register(by, item.criterion, round_, seat.bench)
    if item.criterion.rule_book_id != round_.rule_book_id or not mine:
        raise Refused(_("This item cannot be registered here. Choose one from the list."))
    return registrations.register(
        token=token,
        branch=round_.branch,
        month=round_.month,
        item=item,
        members=members,
        by=by,
        at=at,
    )


@transaction.atomic
def undo_registration(
    *,
    pk: int,
    registration: Registration,
    reason: str,
    by: Actor,
    at: datetime,
    entry_id: int | None = None,
) -> int:
    """Undo a registration, or one member's entry of it, while the round is open to it."""
    round_, seat = lock(pk=pk, step="register", by=by, at=at)
    if (registration.branch_id, registration.month) != (round_.branch_id, round_.month):
        raise Refused(_("This registration belongs to another month."))
    if not may_register(by, registration.criterion, round_, seat.bench):
        raise PermissionDenied
    return registrations.undo(
        registration=registration, reason=reason, by=by, at=at, entry_id=entry_id
    )


# -- reviewing ---------------------------------------------------------------------------


@transaction.atomic
def start_review(*, pk: int, by: Actor, at: datetime) -> Round:
    """Start the review: submitted sheets go into it, unfinished ones count as not filed.
    From here on nobody files or takes back (domain.md §5.3, §5.4)."""
    round_, _seat = lock(pk=pk, step="start_review", by=by, at=at)
    sheets = Declaration.objects.filter(branch=round_.branch_id, month=round_.month)
    list(sheets.select_for_update().values_list("pk", flat=True))
    sheets.filter(state=Declaration.State.SUBMITTED).update(state=Declaration.State.IN_REVIEW)
    sheets.filter(state=Declaration.State.DRAFT).update(state=Declaration.State.MISSING)
    round_.state = Round.State.REVIEWING
    round_.review_started_at = at
    round_.save(update_fields=["state", "review_started_at"])
    record(by=by.user, at=at, verb="start_review", target=round_, branch=round_.branch_id)
    return round_


def entries_in_review(round_: Round) -> "list[Entry]":
    """The standing entries of a round that count or wait for a decision: those declared on
    sheets that were filed, and those registered."""
    return list(
        Entry.objects.standing()
        .filter(branch=round_.branch_id, month=round_.month)
        .exclude(
            source=Entry.Source.DECLARED,
            declaration__state__in=[Declaration.State.DRAFT, Declaration.State.MISSING],
        )
        .select_related("criterion", "member", "declaration")
    )


def undecided(round_: Round) -> list[Entry]:
    decided = set(
        Decision.objects.filter(
            is_current=True, entry__branch=round_.branch_id, entry__month=round_.month
        ).values_list("entry", flat=True)
    )
    return [entry for entry in entries_in_review(round_) if entry.pk not in decided]


@transaction.atomic
def decide_entry(
    *,
    pk: int,
    entry_id: int,
    outcome: str,
    points: Decimal | None,
    reason: str,
    seen: int,
    by: Actor,
    at: datetime,
) -> Decision:
    """Decide an entry of a round under review. ``seen`` is the number of the decision that
    the reviewer looked at (0: none); if another reviewer was faster, nothing is changed.

    Adjusting and rejecting need a reason; adjusted points keep the entry's sign and differ
    from the claim. Nobody decides an entry of their own (recusal). Source: domain.md §5.4.

    Raises PermissionDenied (recusal) or Refused (with what to do).
    """
    round_, seat = lock(pk=pk, step="decide", by=by, at=at)
    entry = _entry_of(round_, entry_id)
    if not may_decide_entry(by, entry, committee=seat.bench.members):
        raise PermissionDenied
    current = entry.decisions.filter(is_current=True).select_related("decided_by__member").first()
    if current is not None and current.number != seen:
        raise Refused(
            _("%(name)s has decided this entry meanwhile: %(decision)s. Look at it again.")
            % {
                "name": current.decided_by.display_name,
                "decision": current.get_outcome_display(),
            }
        )
    points = checked_points(entry, outcome, points, reason)
    return write_decision(entry=entry, outcome=outcome, points=points, reason=reason, by=by, at=at)


def _entry_of(round_: Round, entry_id: int) -> Entry:
    entry = (
        Entry.objects.standing()
        .filter(pk=entry_id, branch=round_.branch_id, month=round_.month)
        .select_related("criterion", "member", "declaration")
        .first()
    )
    if entry is None or not is_filed(entry):
        raise Refused(_("This entry is no longer part of the review: it was withdrawn."))
    if is_returned(entry):
        raise Refused(_("This sheet was returned for correction: decide when it is back."))
    return entry


def is_filed(entry: Entry) -> bool:
    """Whether an entry takes part in the review: what was declared on a sheet that was never
    filed does not."""
    sheet = entry.declaration
    return entry.source != Entry.Source.DECLARED or (
        sheet is not None
        and sheet.state not in (Declaration.State.DRAFT, Declaration.State.MISSING)
    )


def checked_points(
    entry: Entry, outcome: str, points: Decimal | None, reason: str
) -> Decimal | None:
    """The points that a decision gives; raises Refused if it is incomplete."""
    if outcome not in (
        Decision.Outcome.APPROVED,
        Decision.Outcome.ADJUSTED,
        Decision.Outcome.REJECTED,
    ):
        raise Refused(_("Choose approve, adjust or reject."))
    if outcome != Decision.Outcome.APPROVED and not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    if outcome == Decision.Outcome.REJECTED:
        return None
    if outcome == Decision.Outcome.APPROVED:
        return entry.claimed_points
    if points is None:
        raise Refused(_("Enter the adjusted points."))
    if points == entry.claimed_points:
        raise Refused(_("These are the claimed points: approve the entry instead."))
    if points * entry.claimed_points < 0 or not entry.claimed_points:
        raise Refused(_("Adjusted points keep the sign of the item: a bonus stays a bonus."))
    return points


@transaction.atomic
def approve_all_in_order(*, pk: int, by: Actor, at: datetime) -> int:
    """Approve, as claimed, every undecided entry that this person may decide and that has
    no warning (see ``warnings_of``); return how many."""
    round_, seat = lock(pk=pk, step="decide", by=by, at=at)
    waiting = [
        entry
        for entry in undecided(round_)
        if may_decide_entry(by, entry, committee=seat.bench.members) and not is_returned(entry)
    ]
    warned = warnings_of(round_)
    entries = [entry for entry in waiting if entry.pk not in warned]
    if entries:
        approve_as_claimed(entries=entries, by=by, at=at)
        record(
            by=by.user,
            at=at,
            verb="approve_all",
            target=round_,
            branch=round_.branch_id,
            count=len(entries),
        )
    return len(entries)


def is_returned(entry: Entry) -> bool:
    sheet = entry.declaration
    return (
        entry.source == Entry.Source.DECLARED
        and sheet is not None
        and sheet.state == Declaration.State.RETURNED
    )


def warnings_of(round_: Round) -> Mapping[int, list[str]]:
    """What reviewers should look at twice, by entry: 就高不重复 (the same criterion and date,
    or the same evidence file, as another entry of that member), and missing evidence.
    Flagged, never dropped (domain.md §4). Two queries."""
    entries = {entry.pk: entry for entry in entries_in_review(round_)}
    files = list(
        Evidence.objects.filter(
            entry__in=Entry.objects.standing().filter(
                member__in={entry.member_id for entry in entries.values()}
            )
        ).values_list("entry", "entry__member", "sha256")
    )
    with_file = {entry for entry, member, digest in files}
    same_item = twins(
        (pk, (entry.member_id, entry.criterion.code, entry.occurred_on))
        for pk, entry in entries.items()
    )
    same_file = twins((entry, (member, digest)) for entry, member, digest in files)
    found: dict[int, list[str]] = defaultdict(list)
    for pk, entry in entries.items():
        if pk in same_item:
            found[pk].append(_("Same item and date as another entry: the same matter counts once."))
        if pk in same_file:
            found[pk].append(_("Same evidence file as another entry: the same matter counts once."))
        declared = entry.source == Entry.Source.DECLARED
        if declared and entry.criterion.needs_evidence and pk not in with_file:
            found[pk].append(_("No evidence is attached."))
    return found


def twins(keyed: Iterable[tuple[int, Hashable]]) -> set[int]:
    """The ids that share their key with another id."""
    groups: dict[Hashable, set[int]] = defaultdict(set)
    for pk, key in keyed:
        groups[key].add(pk)
    return {pk for group in groups.values() if len(group) > 1 for pk in group}


@transaction.atomic
def return_sheet(
    *, pk: int, declaration_id: int, reason: str, by: Actor, at: datetime
) -> Declaration:
    """Return a declaration for correction, with what is to be corrected (domain.md §5.4).
    Nobody returns their own."""
    round_, seat = lock(pk=pk, step="return_sheet", by=by, at=at)
    sheet = Declaration.objects.select_for_update(of=("self",)).get(
        pk=declaration_id, branch=round_.branch_id, month=round_.month
    )
    if not may_decide(
        by, member_id=sheet.member_id, branch_id=round_.branch_id, committee=seat.bench.members
    ):
        raise PermissionDenied
    if sheet.state not in (Declaration.State.IN_REVIEW, Declaration.State.MISSING):
        raise Refused(_("This sheet cannot be returned: it is not in the review."))
    if not reason.strip():
        raise Refused(_("Say what is to be corrected: the member will read it."))
    sheet.state = Declaration.State.RETURNED
    sheet.return_reason = reason
    sheet.revision += 1
    sheet.save(update_fields=["state", "return_reason", "revision"])
    record(
        by=by.user,
        at=at,
        verb="return_sheet",
        target=sheet,
        branch=round_.branch_id,
        member=sheet.member_id,
        reason=reason,
    )
    tell(
        [
            Message(
                sheet.member_id,
                f"returned:{sheet.pk}:{sheet.revision}",
                _("Your declaration for %(month)s was returned: %(reason)s")
                % {"month": month_label(round_.month), "reason": reason},
                sheet.get_absolute_url(),
            )
        ],
        at=at,
    )
    return sheet


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


# -- concluding --------------------------------------------------------------------------


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
    if not Meeting.objects.filter(round=round_).exists():
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
    ends_on, _unknown_years = publication_end(starts_on, round_.publication_days)
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


def follow_revisions(revised: Iterable[Revised], *, at: datetime) -> None:
    """What follows from results of months already published that were revised: closed months
    are due for another check of thresholds (domain.md §6), and their members are told."""
    later = [item.new for item in revised if item.old is not None]
    for branch, month in {(result.branch_id, result.month) for result in later}:
        Round.objects.filter(branch=branch, month=month, state=Round.State.CLOSED).update(
            thresholds_checked_at=None
        )
    tell(
        [
            Message(
                result.member_id,
                f"revised:{result.pk}",
                _("Your points of %(month)s were revised. Please look at them.")
                % {"month": month_label(result.month)},
                result.get_absolute_url(),
            )
            for result in later
        ],
        at=at,
    )


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


def month_label(month: date) -> str:
    return date_format(month, "YEAR_MONTH_FORMAT")
