"""How a follow-up ends: by the check that finds it put right, by a note where nothing is left to
put right, because its basis was revised, or because who it is of left the roll (domain.md §6)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lib.steps import Overtaken, Refused
from members.notices import Message, tell
from members.rights import Actor
from reviews.disposing import LONGEST_CORRECTION, later_by
from reviews.models import FollowUp, Rectification, RectificationCheck
from reviews.services.dispositions import correction_made, end_corrections, take_up_again
from reviews.services.duties import duty_of, finish, lock, log, tell_member
from reviews.services.holders import holders_of, person_of
from reviews.services.rectification import day_problem
from reviews.workflow import FOLLOW_UP_STEPS, Duty

Outcome = RectificationCheck.Outcome
State = FollowUp.State

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
    seen: int = 0,
) -> RectificationCheck:
    """Say what was found: put right, which closes the follow-up; not yet, with a new day; or,
    under a disposition's deadline, not put right, which takes up the case again. The member is
    told. The same twice (a double click) is one.

    It can be found put right although the member wrote nothing and handed nothing in: whoever
    checks may have seen it themself, and nobody is forced to write (domain.md §10). The page
    says so before, and the reason says what was seen.

    ``seen`` is the number of the last check that the form was filled in beside. Raises
    PermissionDenied (never the member); Refused without a reason, checked by somebody else
    meanwhile, for a day that does not do (see ``_check_day``), or once it is closed."""
    row = lock(pk)
    duty = duty_of(by, row, timezone.localdate(at))
    said = (outcome, reason, due_on if outcome == Outcome.NOT_YET else None, by.user.pk)
    last = RectificationCheck.objects.filter(rectification__follow_up=row).last()
    is_twice = last is not None and _said(last) == said
    if last is not None and is_twice and _stands(row, last) and _may("check", duty, row):
        return last
    FOLLOW_UP_STEPS.check("check", duty, row)
    put_right = row.rectification
    if last is not None and last.number != seen:
        text = _("%(name)s has just checked it: look first at what was found.")
        raise Overtaken(text % {"name": last.checked_by.display_name}, number=last.number)
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
    log(row, "check", by=by, at=at, outcome=outcome)
    subject = _("%(name)s has checked how you put it right: %(kind)s")
    words = {"name": by.user.display_name, "kind": row.get_kind_display()}
    tell_member(row, f"checked:{found.pk}", subject % words, at=at)
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
    """Not yet: a new day to come, within a year; under a disposition's deadline within a year
    of its beginning, however often. Not put right: for such a deadline only, once it has
    come."""
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
    if problem := day_problem(due_on, today=today):
        raise Refused(problem)
    assert due_on is not None  # by day_problem
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
    if found.outcome == Outcome.NOT_PUT_RIGHT:
        take_up_again(follow_up=row.origin, by=by, at=at)
    else:
        correction_made(follow_up=row.origin, by=by, at=at)


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


@transaction.atomic
def end_absent(*, pk: int, reason: str, by: Actor, at: datetime) -> FollowUp:
    """The committee ends what is not finished, in whatever state, about somebody who left the
    roll, or what they were to explain; with a reason that stays with it. Twice is once. Raises
    PermissionDenied while they are on the roll; Refused without a reason, or where it is over."""
    return _end(
        pk, "end_absent", reason, _("Give a reason: it stays with the matter."), by=by, at=at
    )


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
        end_corrections(follow_up=row, by=by, at=at)
    log(row, step, by=by, at=at)
    subject = pgettext("follow-up", "Closed: %(kind)s")
    people = {row.member_id, *holders_of(row, duty.secretaries)} - {None, by.member_id}
    people -= {person_of(row)} if duty.is_of_absent else set()
    key, text = f"closed:{row.pk}", subject % {"kind": row.get_kind_display()}
    tell([Message(one, key, text, row.get_absolute_url()) for one in people], at=at)
    return row


# -- below the steps -------------------------------------------------------------------------


def _may(step: str, duty: Duty, row: FollowUp) -> bool:
    return FOLLOW_UP_STEPS[step].may(duty, row)
