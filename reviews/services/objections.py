"""Objections: raised by a member while the month is published, answered by the branch with
a reason (domain.md §5.6)."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.files import Accepted
from points.models import ResultLine
from reviews.models import Objection, Post, Round, Verification
from reviews.rules import Panel, answerers_of, may_answer
from reviews.services import threads
from reviews.services.corrections import (
    Addition,
    Change,
    Effect,
    check_seen,
    correct,
    lock_branches,
)
from reviews.services.panels import panel_of
from reviews.services.publication import lock_running, own_result
from reviews.services.round import month_label

# -- raising, writing, withdrawing ---------------------------------------------------------


@transaction.atomic
def object_to(
    *,
    pk: int,
    line: ResultLine | None,
    text: str,
    by: Actor,
    at: datetime,
    files: Sequence[Accepted] = (),
) -> Objection:
    """Object to a line of one's own result, or to the whole of it, with files. The branch is
    told. The same objection twice (a double click) is one."""
    publication = lock_running(pk=pk, at=at)
    result = own_result(publication, by)
    if line is not None and line.result_id != result.pk:
        raise Refused(_("This line is no longer part of your result. Look at it again."))
    if not text.strip():
        raise Refused(_("Say what you object to and why."))
    same = publication.objections.filter(
        member=result.member_id, line=line, state=Objection.State.OPEN
    ).first()
    if same is not None:
        if same.text == text:
            return same
        raise Refused(_("Your objection to this has not been answered yet."))
    objection = Objection.objects.create(
        publication=publication,
        member_id=result.member_id,
        result=result,
        line=line,
        text=text,
        raised_at=at,
    )
    Verification.objects.update_or_create(
        publication=publication,
        member_id=result.member_id,
        defaults={"answer": Verification.Answer.OBJECTED, "answered_at": at},
    )
    record(
        by=by.user,
        at=at,
        verb="object",
        target=objection,
        branch=publication.round.branch_id,
        member=result.member_id,
    )
    threads.open_with(thread=objection, files=files, by=by, at=at)
    _ask_for_answer(objection, panel_of(objection, timezone.localdate(at)), at=at)
    return objection


def _ask_for_answer(objection: Objection, panel: Panel, *, at: datetime) -> None:
    """Tell the branch committee, and the staff of the committees above where they may answer
    in its place (see ``may_answer``)."""
    key, url = f"objection:{objection.pk}", objection.get_absolute_url()
    subject = _("%(name)s objects to the result of %(month)s: please answer.") % {
        "name": objection.member.name,
        "month": month_label(objection.publication.round.month),
    }
    seats = panel.bench.members - {objection.member_id}
    tell([Message(member, key, subject, url) for member in seats], at=at)
    if answerers_of(objection, panel).has_staff:
        users = panel.staff_for(objection.member.user_id)
        tell_users(users, key=key, subject=subject, url=url, at=at)


@transaction.atomic
def post(
    *, objection_id: int, text: str, files: Sequence[Accepted], by: Actor, at: datetime
) -> Post:
    """Write in the thread: the member who raised it, and those who may answer, while it is
    open. The other side is told.

    Raises PermissionDenied, or Refused once it was answered or withdrawn."""
    objection = _lock(objection_id)
    panel = panel_of(objection, timezone.localdate(at))
    is_own = by.member_id is not None and by.member_id == objection.member_id
    if not is_own and not may_answer(by, objection, panel):
        raise PermissionDenied
    _check_open(objection)
    told = threads.accounts_of([objection.member_id])
    if is_own:
        who = answerers_of(objection, panel)
        told = threads.accounts_of(who.members)
        if who.has_staff:
            told |= panel.staff_for(objection.member.user_id)
    return threads.say(thread=objection, text=text, files=files, told=told, by=by, at=at)


@transaction.atomic
def withdraw(*, objection_id: int, by: Actor, at: datetime) -> Objection:
    """Take back one's own objection before it is answered; the result stands. Twice is once.

    Raises PermissionDenied for anybody else, Refused once it was answered."""
    objection = _lock(objection_id)
    if by.member_id is None or by.member_id != objection.member_id:
        raise PermissionDenied
    if objection.state == Objection.State.WITHDRAWN:
        return objection
    _check_open(objection)
    objection.state = Objection.State.WITHDRAWN
    objection.save(update_fields=["state"])
    record(
        by=by.user,
        at=at,
        verb="withdraw_objection",
        target=objection,
        branch=objection.publication.round.branch_id,
        member=objection.member_id,
    )
    return objection


def _lock(objection_id: int) -> Objection:
    # Only what never changes is read together with the lock: a joined row is as old as the
    # query, not as the lock.
    return (
        Objection.objects.select_related(
            "publication__round__branch", "member", "line__entry__criterion"
        )
        .select_for_update(of=("self",))
        .get(pk=objection_id)
    )


def _check_open(objection: Objection) -> None:
    if objection.state == Objection.State.WITHDRAWN:
        raise Refused(_("%(name)s has withdrawn this objection.") % {"name": objection.member.name})
    if objection.state != Objection.State.OPEN:
        raise Refused(
            _("%(name)s has answered this objection already: %(state)s.")
            % {
                "name": objection.answered_by.display_name if objection.answered_by else "",
                "state": objection.get_state_display(),
            }
        )


# -- answering -----------------------------------------------------------------------------


def effect_of_answer(
    *, objection_id: int, text: str, correction: Change | Addition, by: Actor, at: datetime
) -> Effect:
    """What an answer would change: every result it would revise, the objection's month first.
    The answer is given and taken back again, so that it is checked and worked out by the same
    rules; nothing is written. Raises what ``answer`` raises."""
    with transaction.atomic():
        _objection, effect = _answer(
            objection_id=objection_id, text=text, correction=correction, seen=None, by=by, at=at
        )
        transaction.set_rollback(True)
    return effect


@transaction.atomic
def answer(
    *,
    objection_id: int,
    text: str,
    correction: Change | Addition | None,
    by: Actor,
    at: datetime,
    seen: str | None = None,
) -> Objection:
    """Answer an objection with a reason: the result is kept (no correction), or an entry is
    decided anew or added and the result revised, with the later months of the year that it
    touches. A rejected objection never changes a score, and no answer lowers it. ``seen`` is
    the digest of the effect that was shown. Source: domain.md §5.6.

    Raises PermissionDenied for the objector and for whoever decided (see ``may_answer``),
    Refused if somebody has answered already.
    """
    objection, _effect = _answer(
        objection_id=objection_id, text=text, correction=correction, seen=seen, by=by, at=at
    )
    return objection


def _answer(
    *,
    objection_id: int,
    text: str,
    correction: Change | Addition | None,
    seen: str | None,
    by: Actor,
    at: datetime,
) -> tuple[Objection, Effect]:
    objection = _lock(objection_id)
    if correction is not None:
        lock_branches(objection.member_id, objection.publication.round)
    round_ = (
        Round.objects.select_for_update(of=("self",))
        .select_related("branch", "rule_book")
        .get(pk=objection.publication.round_id)
    )
    if objection.answered_by_id == by.user.pk:
        # Whoever answered with a correction decided by it, and is told so, not turned away.
        _check_open(objection)
    if not may_answer(by, objection, panel_of(objection, timezone.localdate(at))):
        raise PermissionDenied
    _check_open(objection)
    if not text.strip():
        raise Refused(_("Give a reason: the member will read it."))
    objection.state, effect = Objection.State.KEPT, Effect()
    if correction is not None:
        effect = correct(
            member=objection.member_id,
            round_=round_,
            change=correction,
            reason=text,
            by=by,
            at=at,
            may_lower=False,
        )
        check_seen(effect, seen)
        objection.state = Objection.State.CORRECTED
    objection.answer, objection.answered_by, objection.answered_at = text, by.user, at
    objection.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    record(
        by=by.user,
        at=at,
        verb="answer_objection",
        target=objection,
        branch=round_.branch_id,
        member=objection.member_id,
        state=objection.state,
    )
    tell(
        [
            Message(
                objection.member_id,
                f"answered:{objection.pk}",
                _("Your objection for %(month)s was answered: %(state)s.")
                % {
                    "month": month_label(round_.month),
                    "state": objection.get_state_display(),
                },
                objection.get_absolute_url(),
            )
        ],
        at=at,
    )
    return objection, effect
