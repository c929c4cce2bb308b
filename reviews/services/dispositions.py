"""Disposition cases: the branch's opinion, its filing, and the committee's decision
(domain.md §6). The system opened the case; every step from here on is taken by people.

An opinion is never overwritten: whoever amends it, or takes up a case again that was returned
or whose correction failed, writes a new numbered row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import next_month
from lib.steps import Refused
from members.rights import Actor
from points.files import Accepted
from reviews.disposing import deadlines, measures_for, must_acknowledge
from reviews.models import Disposition, FollowUp
from reviews.services import rectification
from reviews.services.cases import (
    Case,
    came_back_on,
    check_stage,
    current_row,
    day_problem,
    due_again,
    has_zero_month,
    keep,
    missing,
    open_case,
    probation_end,
    refuse_if,
    tell_branch,
    tell_member,
    tell_staff,
    why_partial,
)
from reviews.services.duties import duty_of, finish, lock, log

State = Disposition.State
Measure = Disposition.Measure


@dataclass(frozen=True, slots=True)
class CaseOpinion:
    """What the branch's meeting thinks is to follow, and on what ground."""

    measure: str
    held_on: date
    number: str
    ground: str = ""
    facts: str = ""
    statement: str = ""
    deadline: date | None = None
    conditions: str = ""


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """What the committee decided: approved, or returned with the reason as ``text``.
    ``acknowledged`` is the word that a matter already punished is not disposed of again."""

    is_approved: bool
    decided_on: date
    number: str = ""
    text: str = ""
    acknowledged: bool = False


# -- the branch's opinion --------------------------------------------------------------------


@transaction.atomic
def give_opinion(
    *,
    pk: int,
    opinion: CaseOpinion,
    by: Actor,
    at: datetime,
    seen: int | None = None,
    files: Sequence[Accepted] = (),
) -> Disposition:
    """Write what the branch's meeting thinks is to follow; the member is told that there is
    something to read. Until it is filed it can be given anew, as a further numbered row; the
    same opinion again (a double click) is one. ``seen`` is the number of the row the person
    saw, 0 for none.

    A measure fits the member's category and rests on a ground and on facts; where nothing is
    to follow, neither is needed. Source: domain.md §6.

    Raises PermissionDenied, or Refused: filed or decided already, somebody else wrote
    meanwhile, or the opinion is not complete.
    """
    case = open_case(pk, "give_opinion", by=by, at=at)
    if case.state == State.PREPARED and case.row and opinion == opinion_of(case.row):
        keep(case, files, by=by, at=at)
        return case.row
    check_stage(case, "give_opinion", seen)
    refuse_if(_opinion_problems(case, opinion))
    case.follow_up.dispositions.filter(is_current=True).update(is_current=False)
    row = Disposition.objects.create(
        follow_up=case.follow_up,
        number=case.number + 1,
        ground=opinion.ground,
        ground_text=opinion.facts,
        statement=opinion.statement,
        measure=opinion.measure,
        deadline=opinion.deadline,
        conditions=opinion.conditions,
        opinion_on=opinion.held_on,
        opinion_number=opinion.number,
        opinion_by=by.user,
        opinion_at=at,
    )
    case.follow_up.state = FollowUp.State.RECORDED
    case.follow_up.save(update_fields=["state"])
    keep(case, files, by=by, at=at)
    log(case.follow_up, "give_opinion", by=by, at=at, number=row.number, measure=row.measure)
    told = _("Your disposition case: the branch has given its opinion")
    tell_member(replace(case, row=row), told, at=at)
    return row


def opinion_of(row: Disposition) -> CaseOpinion:
    """The opinion that a row holds."""
    return CaseOpinion(
        measure=row.measure,
        held_on=row.opinion_on,
        number=row.opinion_number,
        ground=row.ground,
        facts=row.ground_text,
        statement=row.statement,
        deadline=row.deadline,
        conditions=row.conditions,
    )


def _opinion_problems(case: Case, opinion: CaseOpinion) -> dict[str, str]:
    """What is wrong with an opinion, by the name of what was said."""
    return {
        "measure": _measure_problem(case, opinion.measure),
        **_substance_problems(case, opinion),
        "held_on": _meeting_problem(case, opinion.held_on),
        "number": missing(opinion.number, _("Enter the document number of the opinion.")),
    }


def _meeting_problem(case: Case, held_on: date) -> str:
    """The branch meets once the month that set the case off has ended; on a case that came
    back, once it was returned or its correction was found not made. Two queries at most."""
    assert case.follow_up.trigger_month is not None  # by constraint follow_up_kind
    day = next_month(case.follow_up.trigger_month)
    earlier = _(
        "The meeting cannot have been before %(day)s, when the month that set the case off had "
        "ended."
    )
    if back := came_back_on(case.follow_up):
        day = back
        earlier = _("The meeting cannot have been before the case came back on %(day)s.")
    return day_problem(held_on, today=case.today, not_before=day, earlier=earlier)


def _substance_problems(case: Case, opinion: CaseOpinion) -> dict[str, str]:
    if opinion.measure == Measure.NONE:
        is_too_much = opinion.ground or opinion.deadline or opinion.conditions
        text = _("Where nothing is to follow there is no ground and no deadline.")
        return {"measure": text if is_too_much else ""}
    facts = _("Write the facts: what the member did or left undone, and when.")
    return {
        "ground": missing(
            opinion.ground, _("A disposition needs a ground: low points alone are none.")
        ),
        "facts": missing(opinion.facts, facts),
        **_deadline_problems(case, opinion),
    }


def _measure_problem(case: Case, measure: str) -> str:
    assert case.follow_up.member is not None  # by constraint follow_up_kind
    is_full = case.follow_up.member.is_full
    if measure in measures_for(is_probationary=not is_full):
        return ""
    if is_full:
        return _("A full member corrects within a deadline, is persuaded to leave, or removed.")
    return _("A probationary member's probation is extended or the membership cancelled.")


def _deadline_problems(case: Case, opinion: CaseOpinion) -> dict[str, str]:
    if opinion.held_on > case.today:
        return {}  # no deadline is reckoned from a meeting to come, which is refused itself
    member = case.follow_up.member
    assert member is not None  # by constraint follow_up_kind
    allowed = deadlines(opinion.measure, on=opinion.held_on, probation_ends=probation_end(member))
    if allowed is None:
        has_any = opinion.deadline or opinion.conditions
        return {"deadline": _("This measure has no deadline.") if has_any else ""}
    first, last = allowed
    is_within = opinion.deadline is not None and first <= opinion.deadline <= last
    between = _("The deadline lies between %(first)s and %(last)s.") % {
        "first": date_format(first, "DATE_FORMAT"),
        "last": date_format(last, "DATE_FORMAT"),
    }
    asks = opinion.measure == Measure.CORRECTION
    text = _("Write what is to be put right until the deadline.")
    return {
        "deadline": "" if is_within else between,
        "conditions": missing(opinion.conditions, text) if asks else "",
    }


# -- filing ----------------------------------------------------------------------------------


@transaction.atomic
def file_case(
    *,
    pk: int,
    filed_on: date,
    number: str,
    by: Actor,
    at: datetime,
    seen: int | None = None,
    files: Sequence[Accepted] = (),
) -> Disposition:
    """File the case with the committee, with its day and document number. The committee's
    staff and the member are told. Filing it twice alike is once.

    Raises PermissionDenied, or Refused: no opinion, decided already, another opinion meanwhile,
    a day before the meeting or in the future, no number.
    """
    case = open_case(pk, "file_case", by=by, at=at)
    row = case.row
    if row and row.state == State.FILED and (row.filed_on, row.filing_number) == (filed_on, number):
        return row
    check_stage(case, "file_case", seen)
    assert row is not None  # by the stages of STEPS
    earlier = _("The case cannot have been filed before the meeting on %(day)s.")
    refuse_if(
        {
            "filed_on": day_problem(
                filed_on, today=case.today, not_before=row.opinion_on, earlier=earlier
            ),
            "number": missing(number, _("Enter the document number of the filing.")),
        }
    )
    row.state, row.filed_on, row.filing_number = State.FILED, filed_on, number
    row.filed_by, row.filed_at = by.user, at
    row.save(update_fields=["state", "filed_on", "filing_number", "filed_by", "filed_at"])
    keep(case, files, by=by, at=at)
    log(case.follow_up, "file_case", by=by, at=at, number=row.number)
    tell_member(case, _("Your disposition case was filed with the committee"), at=at)
    tell_staff(case, by=by, at=at)
    return row


# -- the committee's decision ----------------------------------------------------------------


@transaction.atomic
def decide_case(
    *,
    pk: int,
    decision: CaseDecision,
    by: Actor,
    at: datetime,
    seen: int | None = None,
    files: Sequence[Accepted] = (),
) -> Disposition:
    """Approve a filed case, or return it to the branch with the reason. Approved: a correction
    within a deadline runs as a follow-up of its own and the case waits for it; everything else
    closes the case. Nothing else happens by itself: a membership ends only on the roll.
    Returned: the branch has the case again, with a new due day. The member and the branch are
    told. The same decision twice is once; the second of two people is told of the first.

    Raises PermissionDenied, or Refused: not filed, decided already, days that do not follow
    each other, a measure that does not fit the member any more, a deadline that is past, what
    was punished already and is not acknowledged, or who prepared the case themself while
    somebody else of the committee's staff can decide.
    """
    case = open_case(pk, "decide_case", by=by, at=at)
    if case.row and case.row.decided_by_id == by.user.pk and _is_same(decision, case.row):
        return case.row
    check_stage(case, "decide_case", seen)
    row = case.row
    assert row is not None  # by the stages of STEPS
    if why := why_partial(case.follow_up, row, by, case.today):
        raise Refused(why)
    refuse_if(_decision_problems(case, row, decision))
    row.state = State.APPROVED if decision.is_approved else State.RETURNED
    row.decided_on, row.decision_number = decision.decided_on, decision.number
    row.decision_text, row.decided_by, row.decided_at = decision.text, by.user, at
    row.save(
        update_fields=[
            "state",
            "decided_on",
            "decision_number",
            "decision_text",
            "decided_by",
            "decided_at",
        ]
    )
    keep(case, files, by=by, at=at)
    log(
        case.follow_up,
        "decide_case" if decision.is_approved else "return_case",
        by=by,
        at=at,
        number=row.number,
        state=row.state,
        measure=row.measure,
        acknowledged=decision.acknowledged,
    )
    if not decision.is_approved:
        _back_to_branch(case)
        _tell_of_return(case, by=by, at=at)
        return row
    if row.measure == Measure.CORRECTION:
        _begin_correction(case, row, at=at)
    else:
        note = _("Decided: %(measure)s") % {"measure": row.get_measure_display()}
        finish(case.follow_up, note=note, by=by, at=at)
    _tell_of_approval(case, by=by, at=at)
    return row


def _is_same(decision: CaseDecision, row: Disposition) -> bool:
    """Whether the row holds this decision already (a double click)."""
    state = State.APPROVED if decision.is_approved else State.RETURNED
    said = (state, decision.decided_on, decision.number, decision.text)
    return said == (row.state, row.decided_on, row.decision_number, row.decision_text)


def _decision_problems(case: Case, row: Disposition, decision: CaseDecision) -> dict[str, str]:
    """What is wrong with a decision, by the name of what was said."""
    assert row.filed_on is not None  # by constraint disposition_state
    earlier = _("The decision cannot have been taken before the case was filed on %(day)s.")
    problems = {
        "decided_on": day_problem(
            decision.decided_on, today=case.today, not_before=row.filed_on, earlier=earlier
        )
    }
    if not decision.is_approved:
        why = _("Say why the case is returned: the branch will read it.")
        return problems | {"text": missing(decision.text, why)}
    number = missing(decision.number, _("Enter the document number of the decision."))
    return {
        "verdict": _measure_problem(case, row.measure) or _late_problem(row, decision),
        **problems,
        "number": number,
        "acknowledged": _punished_problem(case, row, decision),
    }


def _late_problem(row: Disposition, decision: CaseDecision) -> str:
    if row.deadline is None or row.deadline > decision.decided_on:
        return ""
    return _("The deadline %(day)s is past: return the case, so that the branch sets another.") % {
        "day": date_format(row.deadline, "DATE_FORMAT")
    }


def _punished_problem(case: Case, row: Disposition, decision: CaseDecision) -> str:
    if decision.acknowledged or not must_acknowledge(
        measure=row.measure, has_zero_month=has_zero_month(case.follow_up)
    ):
        return ""
    return _(
        "One of the months is zero: confirm that the disposition does not rest on a "
        "matter that was already punished, or return the case."
    )


def _begin_correction(case: Case, row: Disposition, *, at: datetime) -> FollowUp:
    """The correction within a deadline as a follow-up of its own, due at the deadline."""
    origin, deadline = case.follow_up, row.deadline
    assert deadline is not None  # by constraint disposition_deadline
    origin.state = FollowUp.State.RECTIFYING
    origin.save(update_fields=["state"])
    correction = FollowUp.objects.create(
        kind=FollowUp.Kind.CORRECTION,
        origin=origin,
        branch=origin.branch,
        member=origin.member,
        first_month=origin.first_month,
        trigger_month=origin.trigger_month,
        year=origin.year,
        due_on=deadline,
        opened_at=at,
    )
    rectification.begin(follow_up=correction, due_on=deadline, at=at)
    return correction


def _back_to_branch(case: Case) -> None:
    row = case.follow_up
    row.state, row.due_on = FollowUp.State.OPEN, due_again(row, case.today)
    row.save(update_fields=["state", "due_on"])


# -- how a correction ended ------------------------------------------------------------------


@transaction.atomic
def correction_made(*, follow_up: FollowUp, by: Actor, at: datetime) -> FollowUp:
    """Close the case whose correction was checked and found put right. Called by the check of
    the correction, which asks who may; a case that does not wait for it stays as it is."""
    case = _waiting(follow_up, by=by, at=at)
    if case is None:
        return follow_up
    finish(case.follow_up, note=_("The correction was made within the deadline."), by=by, at=at)
    branch = _("The disposition case of %(name)s is closed")
    _tell_of_end(case, "made", branch, _("Your disposition case is closed"), by=by, at=at)
    log(case.follow_up, "correction_made", by=by, at=at, number=case.number)
    return case.follow_up


@transaction.atomic
def take_up_again(*, follow_up: FollowUp, by: Actor, at: datetime) -> FollowUp:
    """Give the case back to the branch, whose correction was not made: another opinion is
    asked for, with a new due day; what was decided stays. Called by the check of the
    correction, which asks who may and keeps the reason."""
    case = _waiting(follow_up, by=by, at=at)
    if case is None:
        return follow_up
    _back_to_branch(case)
    branch = _("The disposition case of %(name)s is to be taken up again")
    _tell_of_end(case, "again", branch, _("Your disposition case is taken up again"), by=by, at=at)
    log(case.follow_up, "take_up_again", by=by, at=at, number=case.number)
    return case.follow_up


@transaction.atomic
def end_corrections(*, follow_up: FollowUp, by: Actor, at: datetime) -> int:
    """Close the corrections that still run for a case which the committee ended because its
    results were revised; return how many. Called by whoever ended it."""
    running = follow_up.corrections.select_for_update().exclude(state__in=FollowUp.DONE)
    ended = list(running.order_by("pk"))
    for row in ended:
        finish(row, note=_("The case it follows from was ended."), by=by, at=at)
    return len(ended)


def _waiting(follow_up: FollowUp, *, by: Actor, at: datetime) -> Case | None:
    """The case, locked, if it waits for its correction."""
    row = lock(follow_up.pk)
    if row.state != FollowUp.State.RECTIFYING:
        return None
    today = timezone.localdate(at)
    return Case(row, current_row(row), duty_of(by, row, today), today)


def _tell_of_end(case: Case, stage: str, branch: str, own: str, *, by: Actor, at: datetime) -> None:
    tell_branch(case, branch, stage=stage, by=by, at=at)
    tell_member(case, own, stage=stage, at=at)


def _tell_of_return(case: Case, *, by: Actor, at: datetime) -> None:
    tell_member(case, _("Your disposition case was returned to the branch"), at=at)
    subject = _("The disposition case of %(name)s was returned: see the reason")
    tell_branch(case, subject, by=by, at=at)


def _tell_of_approval(case: Case, *, by: Actor, at: datetime) -> None:
    tell_member(case, _("Your disposition case is decided: read the decision"), at=at)
    tell_branch(case, _("The disposition case of %(name)s is decided"), by=by, at=at)
