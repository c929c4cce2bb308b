"""整改: how a member puts right what a record or a disposition asks for, who checks it, and how
a follow-up ends (domain.md §6)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lib.steps import Refused
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.files import Accepted
from points.services.evidence import MAX_FILES, store
from reviews.disposing import LONGEST_CORRECTION, later_by
from reviews.models import (
    FollowUp,
    FollowUpFile,
    Rectification,
    RectificationCheck,
    RectificationStep,
)
from reviews.services.duties import duty_of, finish, lock
from reviews.services.follow_up_matters import checkers
from reviews.services.matter import Desks
from reviews.workflow import FOLLOW_UP_STEPS

Outcome = RectificationCheck.Outcome
State = FollowUp.State

# -- beginning -------------------------------------------------------------------------------


def begin(*, follow_up: FollowUp, due_on: date, at: datetime) -> Rectification:
    """Start putting right what this follow-up asks for, in the caller's transaction and under
    its lock: the state becomes RECTIFYING and the member is told the day."""
    return begin_all({follow_up: due_on}, at=at)[0]


def begin_all(days: Mapping[FollowUp, date], *, at: datetime) -> list[Rectification]:
    """Start several, each until its day. A fixed number of statements."""
    begun = Rectification.objects.bulk_create(
        Rectification(follow_up=row, due_on=day, started_at=at) for row, day in days.items()
    )
    FollowUp.objects.filter(pk__in=[row.pk for row in days]).update(state=State.RECTIFYING)
    for row in days:
        row.state = State.RECTIFYING
    tell([_to_put_right(one) for one in begun], at=at)
    return begun


def _to_put_right(one: Rectification) -> Message:
    row = one.follow_up
    subject = _("%(kind)s: please put right what was agreed by %(day)s.") % {
        "kind": row.get_kind_display(),
        "day": date_format(one.due_on, "DATE_FORMAT"),
    }
    return Message(row.member_id, f"rectify:{row.pk}", subject, row.get_absolute_url())


# -- putting right ---------------------------------------------------------------------------


@transaction.atomic
def add_step(
    *,
    pk: int,
    text: str,
    done_on: date,
    by: Actor,
    at: datetime,
    files: Sequence[Accepted] = (),
) -> RectificationStep:
    """Write one thing that was done, with what shows it, if anything does (nothing has to,
    domain.md §10); whoever else enters it from paper does so on behalf, and the member is told.
    The same twice (a double click) is one. Raises PermissionDenied; Refused for an empty text,
    a day to come or before the month that set it off, too many files, or once it is closed."""
    row = _open(pk, "add_step", by=by, at=at)
    _check_step(row, text, done_on, today=timezone.localdate(at))
    new = list({file.sha256: file for file in files}.values())
    if len(new) > MAX_FILES:
        raise Refused(_("At most %(count)s files can be attached.") % {"count": MAX_FILES})
    steps = row.rectification.steps
    last = steps.order_by("number").last()
    if last is not None and _is_same(last, text, done_on, new, by=by):
        return last
    step = RectificationStep.objects.create(
        rectification=row.rectification,
        number=last.number + 1 if last else 1,
        text=text,
        done_on=done_on,
        is_on_behalf=by.member_id != row.member_id,
        written_by=by.user,
        written_at=at,
    )
    store([(FollowUpFile(follow_up=row, step=step), file) for file in new], by=by, at=at)
    _record(row, "add_step", by=by, at=at, number=step.number)
    if step.is_on_behalf:
        subject = _("%(name)s entered on your behalf how you put it right: %(kind)s")
        _tell_member(row, f"step:{step.pk}", subject, by=by, at=at)
    return step


def _check_step(row: FollowUp, text: str, done_on: date, *, today: date) -> None:
    assert row.trigger_month is not None  # by constraint follow_up_kind
    if not text.strip():
        raise Refused(_("Say what was done."))
    if done_on > today:
        raise Refused(_("The day is still to come: write it once it is done."))
    if done_on < row.trigger_month:
        raise Refused(_("This day lies before the month that set it off."))


def _is_same(
    step: RectificationStep, text: str, done_on: date, files: Sequence[Accepted], *, by: Actor
) -> bool:
    if (step.text, step.done_on, step.written_by_id) != (text, done_on, by.user.pk):
        return False
    kept = set(step.files.values_list("sha256", flat=True))
    return kept == {file.sha256 for file in files}


@transaction.atomic
def hand_in(*, pk: int, by: Actor, at: datetime) -> FollowUp:
    """Say that it is put right; whoever checks it is told. Twice is once. Raises
    PermissionDenied; Refused before anything was written, or once it is closed."""
    row = _open(pk, "hand_in", by=by, at=at)
    put_right = row.rectification
    if put_right.handed_in_at is not None:
        return row
    if not put_right.steps.exists():
        raise Refused(_("Write first what was done."))
    put_right.handed_in_by, put_right.handed_in_at = by.user, at
    put_right.save(update_fields=["handed_in_by", "handed_in_at"])
    _record(row, "hand_in", by=by, at=at)
    subject = _("%(name)s has put it right: please check (%(kind)s)") % {
        "name": row.member.name if row.member else "",
        "kind": row.get_kind_display(),
    }
    members, users = checkers_of(row, timezone.localdate(at))
    key, url = f"handed-in:{row.pk}:{at:%Y%m%d%H%M%S}", row.get_absolute_url()
    tell([Message(member, key, subject, url) for member in members], at=at)
    tell_users(users, key=key, subject=subject, url=url, at=at)
    return row


def checkers_of(row: FollowUp, on: date) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Who is asked to check on that day, as members and accounts (see ``checkers``)."""
    return checkers(row, Desks(on, [row.branch_id]))


# -- checking --------------------------------------------------------------------------------


@transaction.atomic
def check(
    *,
    pk: int,
    outcome: str,
    reason: str,
    by: Actor,
    at: datetime,
    due_on: date | None = None,
) -> RectificationCheck:
    """Say what was found: put right, which closes the follow-up; not yet, with a new day; or,
    under a disposition's deadline, not put right, which takes up the case again. The member is
    told. The same twice (a double click) is one.

    Raises PermissionDenied (never the member); Refused without a reason, for a day that does
    not do (see ``_check_day``), or once it is closed."""
    row = lock(pk)
    duty = duty_of(by, row, timezone.localdate(at))
    said = (outcome, reason, due_on if outcome == Outcome.NOT_YET else None, by.user.pk)
    last = RectificationCheck.objects.filter(rectification__follow_up=row).last()
    is_twice = last is not None and _said(last) == said
    if last is not None and is_twice and _stands(row, last) and _may("check", duty, row):
        return last
    FOLLOW_UP_STEPS.check("check", duty, row)
    put_right = row.rectification
    if not reason.strip():
        raise Refused(_("Say what you found: the member will read it."))
    _check_day(row, put_right, outcome, due_on, today=timezone.localdate(at))
    found = RectificationCheck.objects.create(
        rectification=put_right,
        number=last.number + 1 if last else 1,
        outcome=outcome,
        reason=reason,
        due_on=said[2],
        checked_by=by.user,
        checked_at=at,
    )
    _record(row, "check", by=by, at=at, outcome=outcome)
    subject = _("%(name)s has checked how you put it right: %(kind)s")
    _tell_member(row, f"checked:{found.pk}", subject, by=by, at=at)
    _follow(row, put_right, found, by=by, at=at)
    return found


def _said(found: RectificationCheck) -> tuple[str, str, date | None, int]:
    return found.outcome, found.reason, found.due_on, found.checked_by_id


def _stands(row: FollowUp, last: RectificationCheck) -> bool:
    """Whether nothing has happened since this check: closed by it, or not handed in again."""
    if last.outcome == Outcome.NOT_YET:
        return row.state == State.RECTIFYING and row.rectification.handed_in_at is None
    return row.state == State.CLOSED


def _check_day(
    row: FollowUp, put_right: Rectification, outcome: str, due_on: date | None, *, today: date
) -> None:
    """Not yet: a new day to come, however often within a year under a disposition's deadline. Not put right:
    for such a deadline only, once it has come."""
    is_correction = row.kind == FollowUp.Kind.CORRECTION
    if outcome == Outcome.NOT_PUT_RIGHT:
        if not is_correction:
            raise Refused(_("Say “not yet”, with a new day."))
        if today < put_right.due_on:
            raise Refused(
                _("The deadline runs until %(day)s.")
                % {"day": date_format(put_right.due_on, "DATE_FORMAT")}
            )
    if outcome != Outcome.NOT_YET:
        return
    if due_on is None or due_on <= today:
        raise Refused(_("Enter a new day that is still to come."))
    latest = later_by(timezone.localdate(put_right.started_at), LONGEST_CORRECTION)
    if is_correction and due_on > latest:
        raise Refused(
            _("A correction lasts a year at most: until %(day)s.")
            % {"day": date_format(latest, "DATE_FORMAT")}
        )


def _follow(
    row: FollowUp,
    put_right: Rectification,
    found: RectificationCheck,
    *,
    by: Actor,
    at: datetime,
) -> None:
    if found.outcome == Outcome.NOT_YET:
        assert found.due_on is not None  # by constraint check_outcome
        put_right.due_on = found.due_on
        put_right.handed_in_by = put_right.handed_in_at = None
        put_right.save(update_fields=["due_on", "handed_in_by", "handed_in_at"])
        return
    finish(row, by=by, at=at)
    if row.origin is None:
        return
    # Dispositions begin rectifications: asked for here, so that neither needs the other.
    from reviews.services import dispositions

    if found.outcome == Outcome.NOT_PUT_RIGHT:
        dispositions.take_up_again(follow_up=row.origin, reason=found.reason, by=by, at=at)
    else:
        dispositions.correction_made(follow_up=row.origin, by=by, at=at)


# -- ending ----------------------------------------------------------------------------------


@transaction.atomic
def close(*, pk: int, note: str, by: Actor, at: datetime) -> FollowUp:
    """End a talk or an interview after which nothing is left to put right, saying how. Twice
    is once. Raises PermissionDenied; Refused without a note, or in another state."""
    return _end(pk, "close", note, _("Say how it was closed."), by=by, at=at)


@transaction.atomic
def lift(*, pk: int, reason: str, by: Actor, at: datetime) -> FollowUp:
    """The committee ends what rests on results that were revised since, with a reason that the
    member reads; the record stays. Twice is once. Raises PermissionDenied; Refused without a
    reason, or where it is over."""
    return _end(pk, "lift", reason, _("Give a reason: the member will read it."), by=by, at=at)


def _end(pk: int, step: str, note: str, missing: str, *, by: Actor, at: datetime) -> FollowUp:
    row = lock(pk)
    duty = duty_of(by, row, timezone.localdate(at))
    is_twice = row.state == State.CLOSED and row.closed_by_id == by.user.pk
    if is_twice and row.closing_note == note and _may(step, duty, row):
        return row
    FOLLOW_UP_STEPS.check(step, duty, row)
    if not note.strip():
        raise Refused(missing)
    finish(row, note=note, by=by, at=at)
    if row.kind == FollowUp.Kind.DISPOSITION:
        from reviews.services import dispositions

        dispositions.end_corrections(follow_up=row, by=by, at=at)
    _record(row, step, by=by, at=at)
    subject = pgettext("follow-up", "Closed: %(kind)s")
    people = {row.member_id, row.holder_id} - {None, by.member_id}
    key, text = f"closed:{row.pk}", subject % {"kind": row.get_kind_display()}
    tell([Message(one, key, text, row.get_absolute_url()) for one in people], at=at)
    return row


# -- below the steps -------------------------------------------------------------------------


def _open(pk: int, step: str, *, by: Actor, at: datetime) -> FollowUp:
    row = lock(pk)
    FOLLOW_UP_STEPS.check(step, duty_of(by, row, timezone.localdate(at)), row)
    return row


def _may(step: str, duty: object, row: FollowUp) -> bool:
    return FOLLOW_UP_STEPS[step].may(duty, row)


def _tell_member(row: FollowUp, key: str, subject: str, *, by: Actor, at: datetime) -> None:
    text = subject % {"name": by.user.display_name, "kind": row.get_kind_display()}
    tell([Message(row.member_id, key, text, row.get_absolute_url())], at=at)


def _record(row: FollowUp, verb: str, *, by: Actor, at: datetime, **details: object) -> None:
    record(
        by=by.user,
        at=at,
        verb=verb,
        target=row,
        branch=row.branch_id,
        member=row.member_id,
        **details,
    )
