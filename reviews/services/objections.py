"""Objections: raised by a member while the month is published, answered by the branch with
a reason (domain.md §5.6)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import StaffAppointment
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.models import ResultLine, committee_chain
from reviews.models import Objection, Round, Verification
from reviews.rules import Bench, is_committee_matter, may_answer
from reviews.services.corrections import Change, Effect, correct
from reviews.services.publication import lock_running, own_result
from reviews.services.round import bench_of, month_label


@transaction.atomic
def object_to(*, pk: int, line: ResultLine | None, text: str, by: Actor, at: datetime) -> Objection:
    """Object to a line of one's own result, or to the whole of it. The branch is told. The
    same objection twice (a double click) is one."""
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
    bench = bench_of(publication.round.branch_id, timezone.localdate(at))
    _ask_for_answer(objection, bench, at=at)
    return objection


def _ask_for_answer(objection: Objection, bench: Bench, *, at: datetime) -> None:
    """Tell those who may answer: the branch committee, and the staff of the committees above
    where they answer in its place (see ``may_answer``)."""
    round_ = objection.publication.round
    key, url = f"objection:{objection.pk}", objection.get_absolute_url()
    subject = _("%(name)s objects to the result of %(month)s: please answer.") % {
        "name": objection.member.name,
        "month": month_label(round_.month),
    }
    seats = bench.members - {objection.member_id}
    tell([Message(member, key, subject, url) for member in seats], at=at)
    if not bench.has_secretary or not seats or is_committee_matter(objection):
        above = committee_chain(round_.branch.committee)
        staff = StaffAppointment.objects.on(timezone.localdate(at)).filter(committee__in=above)
        users = staff.values_list("user", flat=True)
        tell_users(users, key=key, subject=subject, url=url, at=at)


def effect_of_answer(
    *, objection_id: int, text: str, correction: Change, by: Actor, at: datetime
) -> Effect:
    """What an answer would change: every result it would revise, the objection's month first.
    The answer is given and taken back again, so that it is checked and worked out by the same
    rules; nothing is written. Raises what ``answer`` raises."""
    with transaction.atomic():
        _objection, effect = _answer(
            objection_id=objection_id, text=text, correction=correction, by=by, at=at
        )
        transaction.set_rollback(True)
    return effect


@transaction.atomic
def answer(
    *,
    objection_id: int,
    text: str,
    correction: Change | None,
    by: Actor,
    at: datetime,
) -> Objection:
    """Answer an objection with a reason: the result is kept (no correction), or an entry is
    decided anew and the result revised, with the later months of the year that it touches.
    A rejected objection never changes a score. Source: domain.md §5.6.

    Raises PermissionDenied for the objector, Refused if somebody has answered already.
    """
    objection, _effect = _answer(
        objection_id=objection_id, text=text, correction=correction, by=by, at=at
    )
    return objection


def _answer(
    *, objection_id: int, text: str, correction: Change | None, by: Actor, at: datetime
) -> tuple[Objection, Effect]:
    # Only what never changes is read together with the lock: a joined row is as old as the
    # query, not as the lock.
    objection = (
        Objection.objects.select_related("publication__round", "member", "line__entry__criterion")
        .select_for_update(of=("self",))
        .get(pk=objection_id)
    )
    round_ = (
        Round.objects.select_for_update(of=("self",))
        .select_related("branch", "rule_book")
        .get(pk=objection.publication.round_id)
    )
    bench = bench_of(round_.branch_id, timezone.localdate(at))
    if not may_answer(by, objection, round_.branch_id, bench):
        raise PermissionDenied
    if objection.state != Objection.State.OPEN:
        raise Refused(
            _("%(name)s has answered this objection already: %(state)s.")
            % {
                "name": objection.answered_by.display_name if objection.answered_by else "",
                "state": objection.get_state_display(),
            }
        )
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
        )
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
