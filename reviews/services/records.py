"""The record of a talk or an interview, and the member's answer to it (domain.md §6, §9, §10).

Recording again, after a dispute or to put a word right, writes a new row; the member answers
the one they read (``seen`` is its number). Silence is agreement.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import month_of, next_month
from lib.steps import Overtaken, Refused
from members.models import Event, Member, User
from members.notices import Message, tell, tell_users
from members.rights import Actor
from members.selectors.staff import StaffOfCommittees
from points.files import Accepted
from points.services.calendar import Workdays
from points.services.evidence import MAX_FILES, store
from points.services.policy import PolicyBook
from reviews.models import FollowUp, FollowUpFile, FollowUpRecord
from reviews.services import rectification
from reviews.services.duties import duty_of, lock, log, tell_member
from reviews.services.holders import has_left
from reviews.workflow import FOLLOW_UP_STEPS

Answer = FollowUpRecord.Answer
State = FollowUp.State


@dataclass(frozen=True, slots=True)
class Sitting:
    """A talk or an interview as it was held. ``held_by`` are member ids, the holder first."""

    held_on: date
    place: str
    held_by: tuple[int, ...]
    said: str
    present: str = ""
    causes: str = ""
    measures: str = ""
    rectify_by: date | None = None


# -- recording -----------------------------------------------------------------------------


@transaction.atomic
def record_sitting(
    *, pk: int, sitting: Sitting, by: Actor, at: datetime, seen: int = 0
) -> FollowUpRecord:
    """Record how a talk or an interview was held; the member is asked to confirm it within the
    policy's working days. Until they have, or after a dispute, it can be recorded anew. The
    same record twice (a double click) is one; after a dispute, the same words again are a new
    record, which the member is asked about. Where nobody had the duty, somebody has it from
    then on (see ``_taken_by``); naming somebody else in a later record corrects that.

    ``seen`` is the number of the record that the form was filled in beside. Raises
    PermissionDenied, or Refused: not possible any more, recorded by somebody else meanwhile,
    or a record that cannot be (see ``check_sitting``)."""
    row = lock(pk)
    today = timezone.localdate(at)
    FOLLOW_UP_STEPS.check("record", duty_of(by, row, today), row)
    last = current_record(row)
    if last is not None and _is_twice(last, sitting, by=by):
        return last
    if last is not None and last.number != seen:
        text = _("%(name)s has just recorded it: look at that record first.")
        raise Overtaken(text % {"name": last.recorded_by.display_name}, number=last.number)
    check_sitting(row, sitting, today=today)
    written = _write(row, sitting, after=last, by=by, at=at)
    gives_duty = row.holder_id is None or _has_duty_by_record(row)
    row.state = State.RECORDED
    row.holder_id = _taken_by(row, sitting, by) if gives_duty else row.holder_id
    row.save(update_fields=["state", "holder"])
    duty = {"holder": row.holder_id} if gives_duty else {}
    log(row, "record", by=by, at=at, number=written.number, **duty)
    _ask(row, written, at=at)
    return written


def check_sitting(row: FollowUp, sitting: Sitting, *, today: date) -> None:
    """Raise Refused for a day that is to come or lies before the month that set it off had
    ended, for nothing said, for nobody or the member themself as holder, or for a day of
    putting right that is not to come within a year or has nothing to put right."""
    assert row.trigger_month is not None  # by constraint follow_up_kind
    if sitting.held_on > today:
        raise Refused(_("The day is still to come: record it once it was held."))
    if sitting.held_on < next_month(row.trigger_month):
        raise Refused(
            _("It cannot have been held before %(day)s, when the month that set it off had ended.")
            % {"day": date_format(next_month(row.trigger_month), "DATE_FORMAT")}
        )
    if not sitting.place.strip() or not sitting.said.strip():
        raise Refused(_("Say where it was held, and what was said."))
    if not sitting.held_by:
        raise Refused(_("Say who held it."))
    if row.member_id in sitting.held_by:
        raise Refused(_("Nobody holds a talk with themself. Name somebody else."))
    if sitting.rectify_by is None:
        return
    if not sitting.measures.strip():
        raise Refused(_("Say what is to be put right by that day."))
    if problem := rectification.day_problem(sitting.rectify_by, today=today):
        raise Refused(problem)


def _taken_by(row: FollowUp, sitting: Sitting, by: Actor) -> int:
    """Whose duty it is from the record on where nobody was named for it: the secretary's who
    recorded their talk, whoever held it, so that they can put a wrong name right; else who
    held it first."""
    goes_on = by.is_secretary_of(row.branch_id) or by.member_id == row.holder_id
    is_theirs = row.kind == FollowUp.Kind.TALK and goes_on
    return by.member_id if is_theirs and by.member_id is not None else sitting.held_by[0]


def _has_duty_by_record(row: FollowUp) -> bool:
    """Whether who has the duty has it only because the last record named them, and not by
    their office or the committee's word. One query."""
    events = Event.objects.filter(
        target_type=FollowUp._meta.model_name,
        target_id=row.pk,
        verb__in=["record", "name_holder"],
    )
    last = events.order_by("pk").last()
    return (
        last is not None and last.verb == "record" and last.details.get("holder") == row.holder_id
    )


def current_record(row: FollowUp) -> FollowUpRecord | None:
    """The record as it stands. One query."""
    return row.records.filter(is_current=True).select_related("recorded_by__member").first()


def _is_twice(last: FollowUpRecord, sitting: Sitting, *, by: Actor) -> bool:
    """Whether this very person has just recorded this very sitting (a double click)."""
    is_waiting = last.answer == Answer.AWAITED and last.recorded_by_id == by.user.pk
    return is_waiting and _sitting_of(last) == sitting


def _sitting_of(kept: FollowUpRecord) -> Sitting:
    return Sitting(
        held_on=kept.held_on,
        place=kept.place,
        held_by=holders_of(kept),
        said=kept.said,
        present=kept.present,
        causes=kept.causes,
        measures=kept.measures,
        rectify_by=kept.rectify_by,
    )


def holders_of(kept: FollowUpRecord) -> tuple[int, ...]:
    """Who held it, in the order in which they were named. One query."""
    through = FollowUpRecord.held_by.through._default_manager
    rows = through.filter(followuprecord=kept.pk).order_by("pk")
    return tuple(rows.values_list("member", flat=True))


def _write(
    row: FollowUp, sitting: Sitting, *, after: FollowUpRecord | None, by: Actor, at: datetime
) -> FollowUpRecord:
    if after is not None:
        after.is_current = False
        after.save(update_fields=["is_current"])
    today = timezone.localdate(at)
    days = PolicyBook().of(row.branch.committee_id, month_of(today)).confirm_days
    written = FollowUpRecord.objects.create(
        follow_up=row,
        number=after.number + 1 if after else 1,
        held_on=sitting.held_on,
        place=sitting.place,
        present=sitting.present,
        said=sitting.said,
        causes=sitting.causes,
        measures=sitting.measures,
        rectify_by=sitting.rectify_by,
        recorded_by=by.user,
        recorded_at=at,
        answer_by=Workdays.load().add(today, days)[0],
    )
    # Not by add(), which forgets the order: who held it is named first.
    through = FollowUpRecord.held_by.through
    through._default_manager.bulk_create(
        through(followuprecord_id=written.pk, member_id=holder) for holder in sitting.held_by
    )
    return written


def _ask(row: FollowUp, written: FollowUpRecord, *, at: datetime) -> None:
    assert written.answer_by is not None
    subject = _(
        "The record of your %(kind)s is there: please look at it by %(day)s. "
        "Silence counts as agreement."
    ) % {"kind": row.get_kind_display(), "day": date_format(written.answer_by, "DATE_FORMAT")}
    tell_member(row, f"record:{written.pk}", subject, at=at)


# -- the member's answer ---------------------------------------------------------------------


@transaction.atomic
def confirm(*, pk: int, seen: int, by: Actor, at: datetime) -> FollowUp:
    """The member confirms the record they read. What is to be put right begins with it. Twice
    is once. Raises PermissionDenied for anybody else, Refused once it is answered or recorded
    anew."""
    row = lock(pk)
    kept = current_record(row)
    if kept is not None and _is_answered(kept, Answer.CONFIRMED, seen=seen, by=by):
        return row
    kept = _to_answer(row, kept, "confirm", seen=seen, by=by, at=at)
    _answer(kept, Answer.CONFIRMED, by=by.user, at=at)
    log(row, "confirm", by=by, at=at, number=kept.number)
    settle(row, kept, at=at)
    return row


@transaction.atomic
def dispute(*, pk: int, seen: int, reason: str, by: Actor, at: datetime) -> FollowUp:
    """The member disputes the record they read, with what is wrong in it; who held it may
    record it anew, the committee may let it stand. The same words twice are once. Raises
    PermissionDenied for anybody else; Refused without a reason, once it is answered (also by a
    dispute in other words), or recorded anew."""
    row = lock(pk)
    kept = current_record(row)
    if kept is not None and _is_answered(kept, Answer.DISPUTED, seen=seen, by=by):
        if kept.answer_reason == reason:
            return row
        raise Refused(
            _(
                "You have disputed this record already: what you wrote then stands, and what "
                "you wrote now was not kept."
            )
        )
    kept = _to_answer(row, kept, "dispute", seen=seen, by=by, at=at)
    if not reason.strip():
        raise Refused(_("Say what is not right in the record."))
    _answer(kept, Answer.DISPUTED, by=by.user, at=at, reason=reason)
    row.state = State.DISPUTED
    row.save(update_fields=["state"])
    log(row, "dispute", by=by, at=at, number=kept.number)
    subject = _("%(name)s disputes the record: %(matter)s") % {
        "name": _member(row).name,
        "matter": row.get_kind_display(),
    }
    key, url = f"disputed:{kept.pk}", row.get_absolute_url()
    tell([Message(member, key, subject, url) for member in holders_of(kept)], at=at)
    tell_users(_staff_over(row, at), key=key, subject=subject, url=url, at=at)
    return row


@transaction.atomic
def confirm_on_paper(
    *, pk: int, seen: int, scan: Sequence[Accepted], by: Actor, at: datetime
) -> FollowUp:
    """Enter that the member signed the printed record, with its scan. The member is told. The
    same scan twice is once. Raises PermissionDenied; Refused without a scan, or once it is
    answered."""
    row = lock(pk)
    kept = current_record(row)
    new = list({file.sha256: file for file in scan}.values())
    is_signed = kept is not None and _is_answered(kept, Answer.PAPER, seen=seen, by=by)
    if kept is not None and is_signed and _has_scans(kept, new):
        return row
    kept = _to_answer(row, kept, "confirm_on_paper", seen=seen, by=by, at=at)
    if not new:
        raise Refused(_("Attach the scan of the signed record."))
    if len(new) > MAX_FILES:
        raise Refused(_("At most %(count)s files can be attached.") % {"count": MAX_FILES})
    store([(FollowUpFile(follow_up=row, record=kept), file) for file in new], by=by, at=at)
    _answer(kept, Answer.PAPER, by=by.user, at=at)
    log(row, "confirm_on_paper", by=by, at=at, number=kept.number)
    subject = _("Your signature under the record of your %(kind)s was entered from paper.")
    tell_member(row, f"paper:{kept.pk}", subject % {"kind": row.get_kind_display()}, at=at)
    settle(row, kept, at=at)
    return row


@transaction.atomic
def let_stand(*, pk: int, seen: int, reason: str, by: Actor, at: datetime) -> FollowUp:
    """The committee lets a disputed record stand, with a reason that the member reads. The
    same reason twice is once. Raises PermissionDenied; Refused without a reason, once it is
    settled (also for another reason), or for who recorded or held it as long as somebody else
    of the committee's staff can."""
    row = lock(pk)
    kept = current_record(row)
    if kept is not None and kept.number == seen and kept.kept_by_id == by.user.pk:
        if kept.kept_reason == reason:
            return row
        raise Refused(
            _(
                "You have let this record stand already: the reason that you gave then stands, "
                "and what you wrote now was not kept."
            )
        )
    kept = _to_answer(row, kept, "let_stand", seen=seen, by=by, at=at)
    if not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    _check_impartial(row, kept, by=by, at=at)
    kept.kept_reason, kept.kept_by, kept.kept_at = reason, by.user, at
    kept.save(update_fields=["kept_reason", "kept_by", "kept_at"])
    log(row, "let_stand", by=by, at=at, number=kept.number)
    subject = _("The committee has decided on your dispute of the record: %(kind)s")
    subject %= {"kind": row.get_kind_display()}
    tell_member(row, f"stands:{kept.pk}", subject, at=at)
    settle(row, kept, at=at)
    return row


def _to_answer(
    row: FollowUp, kept: FollowUpRecord | None, step: str, *, seen: int, by: Actor, at: datetime
) -> FollowUpRecord:
    """The record that is answered, once the step and what was read are checked."""
    FOLLOW_UP_STEPS.check(step, duty_of(by, row, timezone.localdate(at)), row)
    if kept is None or kept.number != seen:
        text = _("It was recorded anew since you read it. Read it again, please.")
        raise Overtaken(text, number=kept.number if kept else 0)
    return kept


def _is_answered(kept: FollowUpRecord, answer: str, *, seen: int, by: Actor) -> bool:
    """Whether this very person gave this very answer already (a double click)."""
    return (kept.answer, kept.number, kept.answered_by_id) == (answer, seen, by.user.pk)


def _has_scans(kept: FollowUpRecord, files: Sequence[Accepted]) -> bool:
    return set(kept.scans.values_list("sha256", flat=True)) == {file.sha256 for file in files}


def _answer(kept: FollowUpRecord, answer: str, *, by: User, at: datetime, reason: str = "") -> None:
    kept.answer, kept.answer_reason = answer, reason
    kept.answered_by, kept.answered_at = by, at
    kept.save(update_fields=["answer", "answer_reason", "answered_by", "answered_at"])


def involved_in(row: FollowUp, kept: FollowUpRecord) -> set[int]:
    """The accounts of who recorded it and who held it. One query."""
    held = Member.objects.filter(pk__in=holders_of(kept), user__isnull=False)
    return {kept.recorded_by_id, *held.values_list("user", flat=True)}


def _check_impartial(row: FollowUp, kept: FollowUpRecord, *, by: Actor, at: datetime) -> None:
    involved = involved_in(row, kept)
    if by.user.pk in involved and set(_staff_over(row, at)) - involved:
        raise Refused(
            _("You recorded or held this yourself: somebody else of the committee decides.")
        )


# -- afterwards ------------------------------------------------------------------------------


def settle(row: FollowUp, kept: FollowUpRecord, *, at: datetime) -> None:
    """The record stands: what is to be put right by a day begins; else it waits to be closed."""
    if kept.rectify_by is not None:
        rectification.begin(follow_up=row, due_on=kept.rectify_by, at=at)
        return
    row.state = State.CONFIRMED
    row.save(update_fields=["state"])


def awaited_past(on: date) -> QuerySet[FollowUpRecord]:
    """The records whose member has let the day of answering pass. Who left the roll, or died,
    is not taken to agree."""
    return FollowUpRecord.objects.filter(
        ~has_left("follow_up__member", on),
        is_current=True,
        answer=Answer.AWAITED,
        answer_by__lt=on,
        follow_up__state=State.RECORDED,
    )


@transaction.atomic
def agree_silently(*, on: date, branches: Collection[int], at: datetime) -> int:
    """Let silence count as agreement with the records past their day; return how many. Running
    it twice changes nothing more; a fixed number of statements, however many. Source:
    domain.md §10 (nobody is forced to confirm)."""
    silent = awaited_past(on).filter(follow_up__branch__in=branches)
    locked = FollowUp.objects.select_for_update(of=("self",)).order_by("pk")
    rows = {
        row.pk: row
        for row in locked.filter(pk__in=list(silent.values_list("follow_up", flat=True)))
    }
    # Asked again under the locks: somebody may have answered or recorded meanwhile.
    due = list(awaited_past(on).filter(follow_up__in=rows))
    if not due:
        return 0
    system = User.objects.system()
    FollowUpRecord.objects.filter(pk__in=[kept.pk for kept in due]).update(
        answer=Answer.SILENT, answered_by=system, answered_at=at
    )
    with_measures = {
        kept.follow_up_id: kept.rectify_by for kept in due if kept.rectify_by is not None
    }
    rest = [kept.follow_up_id for kept in due if kept.follow_up_id not in with_measures]
    FollowUp.objects.filter(pk__in=rest).update(state=State.CONFIRMED)
    rectification.begin_all({rows[pk]: day for pk, day in with_measures.items()}, at=at)
    Event.objects.bulk_create(
        Event(
            by=system,
            at=at,
            verb="agree_silently",
            target_type=FollowUp._meta.model_name or "",
            target_id=kept.follow_up_id,
            branch_id=rows[kept.follow_up_id].branch_id,
            member_id=rows[kept.follow_up_id].member_id,
            details={"number": kept.number},
        )
        for kept in due
    )
    return len(due)


# -- below the steps -------------------------------------------------------------------------


def _member(row: FollowUp) -> Member:
    if row.member is None:
        raise PermissionDenied
    return row.member


def _staff_over(row: FollowUp, at: datetime) -> Sequence[int]:
    """The accounts of the staff over the branch, the member themself left out."""
    staff = StaffOfCommittees(timezone.localdate(at)).up_from(row.branch.committee_id)
    return sorted(staff - {_member(row).user_id})
