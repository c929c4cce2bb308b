"""整改: how a member puts right what a record or a disposition asks for, and hands it in
(domain.md §6)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.notices import Message, tell, tell_users
from members.rights import Actor
from points.files import Accepted
from points.services.evidence import MAX_FILES, store
from reviews.disposing import LONGEST_CORRECTION, later_by
from reviews.models import FollowUp, FollowUpFile, Rectification, RectificationStep
from reviews.services.duties import duty_of, lock, log, tell_member
from reviews.services.follow_up_matters import checkers
from reviews.services.holders import absent_from
from reviews.services.matter import Desks
from reviews.workflow import FOLLOW_UP_STEPS

State = FollowUp.State

# -- until when ------------------------------------------------------------------------------


def days_to_choose(today: date) -> tuple[date, date]:
    """The first and the last day by which something can be asked to be put right: tomorrow,
    and, as for a correction within a deadline (domain.md §6), a year from today."""
    return today + timedelta(days=1), later_by(today, LONGEST_CORRECTION)


def day_problem(day: date | None, *, today: date) -> str:
    """What is wrong with a day by which something is to be put right; "" if it does."""
    first, last = days_to_choose(today)
    if day is not None and first <= day <= last:
        return ""
    return _("The day to put it right by lies between %(first)s and %(last)s.") % {
        "first": date_format(first, "DATE_FORMAT"),
        "last": date_format(last, "DATE_FORMAT"),
    }


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
    log(row, "add_step", by=by, at=at, number=step.number)
    if step.is_on_behalf:
        subject = _("%(name)s entered on your behalf how you put it right: %(kind)s")
        said = {"name": by.user.display_name, "kind": row.get_kind_display()}
        tell_member(row, f"step:{step.pk}", subject % said, at=at)
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
    log(row, "hand_in", by=by, at=at)
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
    return checkers(row, Desks(on, [row.branch_id]), absent_from([row.branch_id], on))


# -- below the steps -------------------------------------------------------------------------


def _open(pk: int, step: str, *, by: Actor, at: datetime) -> FollowUp:
    row = lock(pk)
    FOLLOW_UP_STEPS.check(step, duty_of(by, row, timezone.localdate(at)), row)
    return row
