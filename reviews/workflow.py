"""The states of rounds and of follow-ups and the steps between them (domain.md §5, §6).

A round's ``may`` is asked with a ``Seat``: who acts, beside who sits on the branch committee;
a follow-up's with a ``Duty``: who acts, who is secretary, and whether it can still be done.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.steps import Step, Steps
from members.rights import Actor
from reviews.models import FollowUp, Round, YearEnd
from reviews.rules import Bench, may_run, may_work_on

State = Round.State


@dataclass(frozen=True, slots=True)
class Seat:
    """Who acts on a round, and the branch committee they act on or in place of."""

    actor: Actor
    bench: Bench


def _runs(seat: Seat, round_: Round) -> bool:
    return may_run(seat.actor, round_, seat.bench)


def _works(seat: Seat, round_: Round) -> bool:
    return may_work_on(seat.actor, round_, seat.bench)


def _works_or_staff(seat: Seat, round_: Round) -> bool:
    """Staff may register what the committee registers (党委登记) in any branch below."""
    return _works(seat, round_) or seat.actor.is_staff_over(round_.branch_id)


ROUND_STEPS = Steps(
    [
        Step(
            "register",
            _("Register"),
            frozenset({State.OPEN, State.REVIEWING}),
            None,
            _works_or_staff,
        ),
        Step(
            "start_review", _("Start the review"), frozenset({State.OPEN}), State.REVIEWING, _runs
        ),
        Step("decide", _("Decide"), frozenset({State.REVIEWING}), None, _works_or_staff),
        Step("return_sheet", _("Return"), frozenset({State.REVIEWING}), None, _works_or_staff),
        Step(
            "record_meeting",
            _("Record the meeting"),
            frozenset({State.REVIEWING}),
            None,
            _works,
        ),
        Step(
            "conclude",
            _("Conclude and publish"),
            frozenset({State.REVIEWING}),
            State.PUBLISHED,  # or CONCLUDED, where the results wait for their quarter
            _runs,
        ),
        Step(
            "publish",
            _("Publish what is reviewed"),
            frozenset({State.CONCLUDED}),
            State.PUBLISHED,
            _runs,
        ),
        Step("extend", _("Extend the publication"), frozenset({State.PUBLISHED}), None, _runs),
        Step(
            "reopen",
            _("Reopen the review"),
            frozenset({State.CONCLUDED, State.PUBLISHED}),
            State.REVIEWING,
            _runs,
        ),
        Step(
            "close",
            _("Close the month"),
            frozenset({State.PUBLISHED}),
            State.CLOSED,
            lambda seat, round_: seat.actor.is_system,
        ),
    ]
)


@dataclass(frozen=True, slots=True)
class Duty:
    """Who acts on a follow-up; who are the branch's secretaries today (member ids), where that
    matters; and whether it is of somebody who left the roll."""

    actor: Actor
    secretaries: frozenset[int] = frozenset()
    is_of_absent: bool = False


Kind = FollowUp.Kind
FollowUpState = FollowUp.State


def _is_own(duty: Duty, follow_up: FollowUp) -> bool:
    """The member concerned: they answer, and put right, but never act for the organisation."""
    return duty.actor.member_id is not None and duty.actor.member_id == follow_up.member_id


def _is_staff_over(duty: Duty, follow_up: FollowUp) -> bool:
    return duty.actor.is_staff_over(follow_up.branch_id) and not _is_own(duty, follow_up)


def _is_holder(duty: Duty, follow_up: FollowUp) -> bool:
    return duty.actor.member_id is not None and duty.actor.member_id == follow_up.holder_id


def _names_holder(duty: Duty, follow_up: FollowUp) -> bool:
    """The committee names who holds an interview or a talk with a secretary (§6), and whoever
    takes the place of a secretary who cannot hold a talk."""
    return follow_up.kind in FollowUp.SITTING_KINDS and _is_staff_over(duty, follow_up)


def _holds(duty: Duty, follow_up: FollowUp) -> bool:
    """Who holds a talk or an interview: who was named for it or recorded it; else the branch's
    secretary of today for a talk; committee staff for what is the committee's, and where no
    secretary is in office but the member. Never the member concerned. Source: domain.md §6, §9."""
    if follow_up.kind not in FollowUp.SITTING_KINDS or _is_own(duty, follow_up):
        return False
    if _is_holder(duty, follow_up):
        return True
    if follow_up.kind == Kind.INTERVIEW or not duty.secretaries - {follow_up.member_id}:
        return _is_staff_over(duty, follow_up)
    return follow_up.holder_id is None and duty.actor.is_secretary_of(follow_up.branch_id)


def _checks(duty: Duty, follow_up: FollowUp) -> bool:
    """Who says whether it was put right: who held it, or the committee; after a disposition
    the branch's secretary or the committee."""
    if follow_up.kind == Kind.CORRECTION:
        secretary = duty.actor.is_secretary_of(follow_up.branch_id)
        return _is_staff_over(duty, follow_up) or (secretary and not _is_own(duty, follow_up))
    return _holds(duty, follow_up) or (
        follow_up.kind in FollowUp.SITTING_KINDS and _is_staff_over(duty, follow_up)
    )


def _puts_right(duty: Duty, follow_up: FollowUp) -> bool:
    """The member; or on their behalf, from paper, whoever checks it. A disposition is put right
    in the correction that follows from it, never on the case itself."""
    if follow_up.kind not in FollowUp.RECTIFIED_KINDS:
        return False
    return _is_own(duty, follow_up) or _checks(duty, follow_up)


def _closes(duty: Duty, follow_up: FollowUp) -> bool:
    """Where nothing is left to put right: who held it, or the committee."""
    return _checks(duty, follow_up)


def _lifts(duty: Duty, follow_up: FollowUp) -> bool:
    """The committee ends what was carried out on results that were revised since; nobody ends
    their own explanation."""
    own = follow_up.is_explanation and _is_holder(duty, follow_up)
    return follow_up.is_basis_changed and _is_staff_over(duty, follow_up) and not own


def _ends_of_absent(duty: Duty, follow_up: FollowUp) -> bool:
    """The committee ends what nobody can do any more, because who it is of left the roll."""
    return duty.is_of_absent and _is_staff_over(duty, follow_up)


def _prepares_case(duty: Duty, follow_up: FollowUp) -> bool:
    """The branch committee gives its opinion, never on its own member's case by that member;
    committee staff where no secretary is in office, or it is the secretary's own case."""
    if follow_up.kind != Kind.DISPOSITION or _is_own(duty, follow_up):
        return False
    in_place = not (duty.secretaries - {follow_up.member_id})
    return duty.actor.is_secretary_of(follow_up.branch_id) or (
        in_place and _is_staff_over(duty, follow_up)
    )


def _decides_case(duty: Duty, follow_up: FollowUp) -> bool:
    return follow_up.kind == Kind.DISPOSITION and _is_staff_over(duty, follow_up)


def _explains(duty: Duty, follow_up: FollowUp) -> bool:
    """Whoever has to explain; or committee staff, who enter what was said at the meeting."""
    return follow_up.is_explanation and (
        _is_holder(duty, follow_up) or duty.actor.is_staff_over(follow_up.branch_id)
    )


def _judges(duty: Duty, follow_up: FollowUp) -> bool:
    """The committee judges an explanation; nobody judges their own."""
    theirs = follow_up.is_explanation and not _is_holder(duty, follow_up)
    return theirs and duty.actor.is_staff_over(follow_up.branch_id)


UNFINISHED = frozenset(set(FollowUpState) - set(FollowUp.DONE))
CARRIED_OUT = UNFINISHED - {FollowUpState.OPEN}

FOLLOW_UP_STEPS = Steps(
    [
        Step("name_holder", _("Name who holds it"), UNFINISHED, None, _names_holder),
        # talks and interviews
        Step(
            "record",
            _("Record what was said"),
            frozenset({FollowUpState.OPEN, FollowUpState.RECORDED, FollowUpState.DISPUTED}),
            FollowUpState.RECORDED,
            _holds,
        ),
        Step(
            "confirm",
            _("Confirm the record"),
            frozenset({FollowUpState.RECORDED}),
            FollowUpState.CONFIRMED,  # or RECTIFYING, where something is to be put right
            lambda duty, row: row.kind in FollowUp.SITTING_KINDS and _is_own(duty, row),
        ),
        Step(
            "dispute",
            _("Dispute the record"),
            frozenset({FollowUpState.RECORDED}),
            FollowUpState.DISPUTED,
            lambda duty, row: row.kind in FollowUp.SITTING_KINDS and _is_own(duty, row),
        ),
        Step(
            "confirm_on_paper",
            _("Signed on paper"),
            frozenset({FollowUpState.RECORDED}),
            FollowUpState.CONFIRMED,
            _holds,
        ),
        Step(
            "let_stand",
            _("Let the record stand"),
            frozenset({FollowUpState.DISPUTED}),
            FollowUpState.CONFIRMED,
            lambda duty, row: row.kind in FollowUp.SITTING_KINDS and _is_staff_over(duty, row),
        ),
        # putting right
        Step(
            "add_step",
            _("Write what was done"),
            frozenset({FollowUpState.RECTIFYING}),
            None,
            _puts_right,
        ),
        Step(
            "hand_in",
            _("Say that it is put right"),
            frozenset({FollowUpState.RECTIFYING}),
            None,
            _puts_right,
        ),
        Step(
            "check",
            _("Check"),
            frozenset({FollowUpState.RECTIFYING}),
            FollowUpState.CLOSED,  # or it stays, with a new day
            _checks,
        ),
        Step(
            "close",
            pgettext_lazy("follow-up", "Close"),
            frozenset({FollowUpState.CONFIRMED}),
            FollowUpState.CLOSED,
            _closes,
        ),
        Step("lift", _("Close: its basis was revised"), CARRIED_OUT, FollowUpState.CLOSED, _lifts),
        Step(
            "end_absent",
            _("Close: no longer on the roll"),
            UNFINISHED,
            FollowUpState.CLOSED,
            _ends_of_absent,
        ),
        # dispositions
        Step(
            "give_opinion",
            _("Give the branch's opinion"),
            frozenset({FollowUpState.OPEN, FollowUpState.RECORDED}),
            FollowUpState.RECORDED,
            _prepares_case,
        ),
        Step(
            "file_case",
            _("File with the committee"),
            frozenset({FollowUpState.RECORDED}),
            None,
            _prepares_case,
        ),
        Step(
            "decide_case",
            _("Decide the case"),
            frozenset({FollowUpState.RECORDED}),
            FollowUpState.CLOSED,  # or RECTIFYING under a deadline, or OPEN where it is returned
            _decides_case,
        ),
        # explanations
        Step(
            "explain",
            _("Give the explanation"),
            frozenset({FollowUpState.OPEN, FollowUpState.RECORDED}),
            FollowUpState.RECORDED,
            _explains,
        ),
        Step(
            "judge",
            _("Judge the explanation"),
            frozenset({FollowUpState.RECORDED}),
            FollowUpState.CLOSED,  # or it stays, where accountability follows
            _judges,
        ),
        Step(
            "decide_accountability",
            _("Decide on accountability"),
            frozenset({FollowUpState.RECORDED}),
            FollowUpState.CLOSED,
            _judges,
        ),
    ]
)


@dataclass(frozen=True, slots=True)
class YearSeat:
    """Who acts on a year-end: whether they work for its committee or one above it; and, where a
    branch's figures are to be confirmed, the branch and who sits on its committee."""

    actor: Actor
    closes: bool = False
    branch: int | None = None
    bench: Bench | None = None


YearState = YearEnd.State


def _closes_year(seat: YearSeat, year_end: YearEnd) -> bool:
    return seat.closes


def _confirms_year(seat: YearSeat, year_end: YearEnd) -> bool:
    """The secretary of the branch; committee staff in place of one that is missing."""
    if seat.branch is None or seat.bench is None:
        return False
    in_place = seat.actor.is_staff_over(seat.branch) and not seat.bench.has_secretary
    return seat.actor.is_secretary_of(seat.branch) or in_place


YEAR_END_STEPS = Steps(
    [
        Step(
            "compute",
            _("Compute the year"),
            frozenset({YearState.PROVISIONAL, YearState.COMPUTED}),
            YearState.COMPUTED,  # or PROVISIONAL, while months are open
            _closes_year,
        ),
        Step(
            "confirm",
            _("Confirm the branch's figures"),
            frozenset({YearState.COMPUTED}),
            None,
            _confirms_year,
        ),
        Step(
            "freeze",
            _("Freeze the year"),
            frozenset({YearState.COMPUTED}),
            YearState.FROZEN,
            _closes_year,
        ),
    ]
)
