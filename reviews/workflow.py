"""The states of rounds and of follow-ups and the steps between them (domain.md §5, §6).

A round's ``may`` is asked with a ``Seat``: who acts, beside who sits on the branch committee;
a follow-up's with a ``Duty``: who acts, and whether it is a talk with the secretary.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from lib.steps import Step, Steps
from members.rights import Actor
from reviews.models import FollowUp, Round
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
    """Who acts on a follow-up, and whether it is a talk with the branch's own secretary."""

    actor: Actor
    is_secretarys_own: bool = False


def _names_holder(duty: Duty, follow_up: FollowUp) -> bool:
    """The committee names who holds an interview, and a talk with a secretary (§6)."""
    theirs = follow_up.kind == FollowUp.Kind.INTERVIEW or duty.is_secretarys_own
    return theirs and duty.actor.is_staff_over(follow_up.branch_id)


FOLLOW_UP_STEPS = Steps(
    [
        Step(
            "name_holder",
            _("Name who holds it"),
            frozenset({FollowUp.State.OPEN}),
            None,
            _names_holder,
        ),
    ]
)
