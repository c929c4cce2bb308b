"""Disposition cases: opinion, filing, decision, and what they refuse (domain.md §6)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from lib.months import add_months, next_month
from lib.steps import Refused
from members.models import Event, Member, Notice, StaffAppointment
from points.services.policy import PolicyBook
from reviews.disposing import STEPS, later_by, measures_for
from reviews.models import Disposition, FollowUp
from reviews.services import dispositions as services
from reviews.services import follow_up_ends
from reviews.services.follow_ups import reconcile_branches
from tests.factories import MemberFactory
from tests.reviews.case_world import (
    AGAIN,
    APPROVED,
    AT,
    CORRECTION,
    DEADLINE,
    DECIDED,
    EXTENSION,
    FILED,
    FIRST,
    MET,
    NOTHING,
    REMOVAL,
    RETURNED,
    THIRD,
    TODAY,
    CaseWorld,
)

pytestmark = pytest.mark.django_db
State = FollowUp.State


@pytest.fixture
def world(db):
    return CaseWorld()


def facts_of(world):
    """Everything a refused step must leave as it is."""
    return (
        list(Disposition.objects.order_by("pk").values()),
        list(FollowUp.objects.order_by("pk").values()),
        Event.objects.count(),
        Notice.objects.count(),
    )


def test_the_pure_measures_are_those_of_the_model():
    assert measures_for(is_probationary=False) == Disposition.FOR_FULL_MEMBERS
    assert measures_for(is_probationary=True) == Disposition.FOR_PROBATIONERS
    stages = set().union(*STEPS.values())
    assert stages == {"", *Disposition.State.values}


# -- who -------------------------------------------------------------------------------------

PEOPLE = (
    "secretary",
    "deputy",
    "bench",
    "other",
    "member",
    "staff",
    "other_staff",
    "leader",
    "former",
)


@pytest.mark.parametrize(
    ("stage", "step", "allowed"),
    [
        ("OPEN", "opine", {"secretary"}),
        ("PREPARED", "file", {"secretary"}),
        ("FILED", "decide", {"staff"}),
    ],
)
def test_who_takes_which_step(world, stage, step, allowed):
    world.to(stage)
    before = facts_of(world)

    for who in sorted(set(PEOPLE) - allowed):
        with pytest.raises(PermissionDenied):
            getattr(world, step)(by=who)

    assert facts_of(world) == before
    for who in allowed:
        getattr(world, step)(by=who)


def test_the_secretarys_own_case_is_prepared_by_the_staff(world):
    world.case = world.open(member=world.users["secretary"].member)
    for who in ("secretary", "deputy"):
        with pytest.raises(PermissionDenied):
            world.opine(by=who)

    world.opine(by="staff")

    assert world.file(by="staff").state == "FILED"


def test_whoever_prepared_a_case_leaves_it_to_a_colleague_while_there_is_one():
    world = CaseWorld(has_secretary=False)
    world.opine(by="staff")
    world.file(by="staff")
    with pytest.raises(Refused):
        world.decide()

    StaffAppointment.objects.filter(user=world.users["colleague"]).delete()

    assert world.decide().state == "APPROVED"


def test_staff_leave_their_own_case_to_their_colleagues(world):
    own = MemberFactory(branch=world.branch, user=world.users["staff"])
    world.case = world.open(member=own)
    world.to("FILED")
    with pytest.raises(PermissionDenied):
        world.decide()

    world.decide(by="colleague")

    assert world.told("staff") == ["1:PREPARED", "1:FILED", "1:APPROVED"]


def test_staff_prepare_where_no_secretary_is_in_office():
    world = CaseWorld(has_secretary=False)
    with pytest.raises(PermissionDenied):
        world.opine(by="deputy")

    world.opine(by="staff")

    assert world.file(by="staff").state == "FILED"


# -- in which order --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "open_steps"),
    [
        ("OPEN", {"opine"}),
        ("PREPARED", {"opine", "file"}),
        ("FILED", {"decide"}),
        ("RETURNED", {"opine"}),
        ("APPROVED", set()),
    ],
)
def test_each_stage_opens_its_steps_only(world, stage, open_steps):
    world.to(stage, opinion=CORRECTION)
    before = facts_of(world)
    anew = {
        "opine": lambda: world.opine(
            AGAIN if stage == "RETURNED" else replace(CORRECTION, facts="另一种事实")
        ),
        "file": lambda: world.file(number="另一个文号"),
        "decide": lambda: world.decide(replace(APPROVED, number="另一个文号")),
    }
    for step in sorted(set(anew) - open_steps):
        with pytest.raises(Refused):
            anew[step]()
    assert facts_of(world) == before

    for step in sorted(open_steps, reverse=True):
        anew[step]()


@pytest.mark.parametrize("state", ["CLOSED", "WITHDRAWN"])
def test_what_is_over_takes_no_opinion(world, state):
    is_closed = state == "CLOSED"
    FollowUp.objects.filter(pk=world.case.pk).update(
        state=state,
        withdrawn_at=None if is_closed else AT,
        closed_at=AT if is_closed else None,
        closed_by=world.users["staff"] if is_closed else None,
    )
    with pytest.raises(Refused):
        world.opine()


# -- the opinion -----------------------------------------------------------------------------


def test_an_opinion_is_kept_and_the_member_told_that_it_is_there(world):
    row = world.opine()

    assert services.opinion_of(row) == CORRECTION
    assert (row.number, row.is_current, row.state) == (1, True, "PREPARED")
    world.case.refresh_from_db()
    assert world.case.state == State.RECORDED
    assert world.told("member") == ["1:PREPARED"]
    subject = world.users["member"].notices.get().subject
    assert row.get_measure_display() not in subject


def test_an_opinion_given_anew_is_a_further_row_and_twice_alike_is_one(world):
    first = world.opine()
    assert world.opine() == first

    second = world.opine(REMOVAL, seen=1)

    rows = list(world.case.dispositions.values_list("number", "is_current", "measure"))
    assert rows == [(1, False, "CORRECTION"), (2, True, "REMOVAL")]
    assert second.state == "PREPARED"


def test_whoever_saw_an_older_opinion_is_told(world):
    world.opine()
    world.opine(REMOVAL, seen=1)

    with pytest.raises(Refused):
        world.opine(NOTHING, seen=1)
    with pytest.raises(Refused):
        world.file(seen=1)

    assert world.file(seen=2).measure == "REMOVAL"


PROBLEMS = {
    "no ground": {"ground": ""},
    "no facts": {"facts": "  "},
    "no number": {"number": " "},
    "no deadline": {"deadline": None},
    "deadline on the day of the meeting": {"deadline": MET},
    "deadline after a year": {"deadline": later_by(MET, 12) + timedelta(days=1)},
    "no conditions": {"conditions": ""},
    "a day in the future": {"held_on": TODAY + timedelta(days=1)},
    "a day before the case": {"held_on": THIRD - timedelta(days=1)},
    "a day before the month had ended": {"held_on": next_month(THIRD) - timedelta(days=1)},
    "the last day there is": {"held_on": date.max},
    "a removal with a deadline": {"measure": "REMOVAL", "conditions": ""},
    "a probationary measure": {"measure": "CANCELLATION", "deadline": None, "conditions": ""},
    "nothing, with a ground": {"measure": "NONE", "deadline": None, "conditions": ""},
    "no such measure": {"measure": "EXPULSION"},
}


@pytest.mark.parametrize("changes", PROBLEMS.values(), ids=PROBLEMS)
def test_an_opinion_that_is_not_complete_is_refused(world, changes):
    before = facts_of(world)

    with pytest.raises(Refused):
        world.opine(replace(CORRECTION, **changes))

    assert facts_of(world) == before


@pytest.mark.parametrize("deadline", [MET + timedelta(days=1), later_by(MET, 12)])
def test_a_correction_lasts_from_a_day_to_a_year(world, deadline):
    assert world.opine(replace(CORRECTION, deadline=deadline)).deadline == deadline


def test_nothing_needs_neither_ground_nor_facts(world):
    row = world.opine(replace(NOTHING, facts=""))

    assert (row.measure, row.ground, row.deadline) == ("NONE", "", None)


@pytest.mark.parametrize(
    ("opinion", "is_possible"),
    [(CORRECTION, False), (REMOVAL, False), (EXTENSION, True), (NOTHING, True)],
)
def test_a_probationary_members_probation_is_extended_or_ended(opinion, is_possible):
    world = CaseWorld(category="PROBATIONARY")
    if is_possible:
        assert world.opine(opinion).measure == opinion.measure
    else:
        with pytest.raises(Refused):
            world.opine(opinion)


def test_an_extension_is_counted_from_the_end_of_the_probation():
    world = CaseWorld(category="PROBATIONARY")
    Member.objects.filter(pk=world.member.pk).update(joined_on=later_by(MET, -8))

    with pytest.raises(Refused):
        world.opine(EXTENSION)

    assert world.opine(replace(EXTENSION, deadline=later_by(MET, 11)))


# -- filing ----------------------------------------------------------------------------------


def test_filing_tells_the_staff_and_the_member(world):
    world.opine()

    row = world.file()

    assert (row.state, row.filed_on, row.filing_number) == ("FILED", FILED, "支〔2026〕8号")
    assert world.file() == row
    assert world.told("staff") == world.told("colleague") == ["1:FILED"]
    assert world.told("member") == ["1:PREPARED", "1:FILED"]
    assert world.told("other_staff") == world.told("deputy") == []
    assert Event.objects.filter(verb="file_case").count() == 1


@pytest.mark.parametrize(
    "filing",
    [
        {"on": MET - timedelta(days=1)},
        {"on": TODAY + timedelta(days=1)},
        {"number": " "},
    ],
)
def test_a_filing_that_cannot_be_is_refused(world, filing):
    world.opine()
    before = facts_of(world)

    with pytest.raises(Refused):
        world.file(**filing)

    assert facts_of(world) == before


# -- the decision ----------------------------------------------------------------------------


@pytest.mark.parametrize("opinion", [NOTHING, REMOVAL, replace(REMOVAL, measure="PERSUASION")])
def test_an_approved_measure_closes_the_case_and_does_nothing_else(world, opinion):
    memberships = list(world.member.memberships.values())
    world.to("FILED", opinion)

    row = world.decide()

    world.case.refresh_from_db()
    assert (row.state, row.decided_on, row.decision_text) == (
        "APPROVED",
        DECIDED,
        APPROVED.text,
    )
    assert world.case.state == State.CLOSED
    assert world.case.closed_by == world.users["staff"]
    assert world.case.closing_note
    assert list(world.member.memberships.values()) == memberships
    assert not FollowUp.objects.filter(kind="CORRECTION").exists()
    assert world.told("secretary") == ["1:APPROVED"]
    assert world.told("member")[-1] == "1:APPROVED"


def test_an_approved_correction_runs_as_a_follow_up_of_its_own(world):
    world.to("APPROVED")

    made = world.correction
    assert world.case.state == made.state == State.RECTIFYING
    assert (made.kind, made.member, made.branch) == ("CORRECTION", world.member, world.branch)
    assert (made.first_month, made.trigger_month) == (
        world.case.first_month,
        world.case.trigger_month,
    )
    assert made.due_on == made.rectification.due_on == DEADLINE


def test_a_returned_case_is_the_branchs_again(world):
    world.to("RETURNED")

    row = world.case.dispositions.get()
    assert (row.state, row.decision_text) == ("RETURNED", RETURNED.text)
    assert world.case.state == State.OPEN
    assert world.case.due_on > TODAY
    assert world.told("secretary") == ["1:RETURNED"]

    again = world.opine(AGAIN)

    assert (again.number, again.is_current) == (2, True)
    assert world.case.dispositions.filter(state="RETURNED", is_current=False).exists()


def test_the_same_decision_twice_is_one_and_the_second_person_is_told(world):
    world.to("FILED", REMOVAL)
    row = world.decide()
    before = facts_of(world)

    assert world.decide() == row
    with pytest.raises(Refused):
        world.decide(RETURNED, by="colleague")

    assert facts_of(world) == before


@pytest.mark.parametrize(
    "decision",
    [
        replace(APPROVED, number=""),
        replace(APPROVED, decided_on=FILED - timedelta(days=1)),
        replace(APPROVED, decided_on=TODAY + timedelta(days=1)),
        replace(RETURNED, text=" "),
    ],
)
def test_a_decision_that_cannot_be_is_refused(world, decision):
    world.to("FILED")
    before = facts_of(world)

    with pytest.raises(Refused):
        world.decide(decision)

    assert facts_of(world) == before


def test_a_deadline_that_is_past_is_not_approved(world):
    world.to("FILED", replace(CORRECTION, deadline=DECIDED))

    with pytest.raises(Refused):
        world.decide()

    world.decide(RETURNED)


def test_a_measure_that_no_longer_fits_the_member_is_not_approved():
    world = CaseWorld(category="PROBATIONARY").to("FILED", EXTENSION)
    Member.objects.filter(pk=world.member.pk).update(category="FULL")

    with pytest.raises(Refused):
        world.decide()

    world.decide(RETURNED)


def test_what_was_punished_already_is_to_be_acknowledged(world):
    world.zero()
    world.to("FILED")
    with pytest.raises(Refused):
        world.decide()

    world.decide(replace(APPROVED, acknowledged=True))

    assert Event.objects.get(verb="decide_case").details["acknowledged"] is True


def test_nothing_is_approved_without_a_word_on_what_was_punished(world):
    world.zero()
    world.to("FILED", NOTHING)

    assert world.decide().state == "APPROVED"


# -- how a correction ends -------------------------------------------------------------------


def check(world, outcome, *, by="secretary", at=AT):
    return follow_up_ends.check(
        pk=world.correction.pk, outcome=outcome, reason="看了记录", by=world.actor(by), at=at
    )


def test_a_correction_put_right_closes_the_case(world):
    world.to("APPROVED")

    for _ in range(2):
        check(world, "PUT_RIGHT")

    world.case.refresh_from_db()
    assert world.case.state == world.correction.state == State.CLOSED
    assert world.told("member")[-1] == "1:made"
    assert Event.objects.filter(verb="correction_made").count() == 1
    with pytest.raises(Refused):
        world.opine()


def test_a_correction_not_made_takes_the_case_up_again(world):
    world.to("APPROVED")
    late = AT + timedelta(days=200)

    for _ in range(2):
        check(world, "NOT_PUT_RIGHT", by="staff", at=late)

    world.case.refresh_from_db()
    assert world.case.state == State.OPEN
    assert world.case.due_on > late.date()
    assert world.told("secretary")[-1] == "1:again"
    again = world.opine(replace(REMOVAL, held_on=late.date()), at=late)
    assert again.number == 2
    assert list(world.case.dispositions.values_list("number", "state")) == [
        (1, "APPROVED"),
        (2, "PREPARED"),
    ]


def test_the_branch_meets_again_once_the_correction_was_found_not_made(world):
    world.to("APPROVED")
    late = AT + timedelta(days=200)
    check(world, "NOT_PUT_RIGHT", by="staff", at=late)
    found_on, after = timezone.localdate(late), late + timedelta(days=3)

    with pytest.raises(Refused):
        world.opine(replace(REMOVAL, held_on=found_on - timedelta(days=1)), at=after)
    assert world.opine(replace(REMOVAL, held_on=found_on), at=after).number == 2


def test_the_branch_meets_again_once_the_case_was_returned(world):
    world.to("RETURNED")

    with pytest.raises(Refused):
        world.opine(replace(REMOVAL, held_on=DECIDED - timedelta(days=1)))
    assert world.opine(replace(REMOVAL, held_on=DECIDED)).number == 2
    with pytest.raises(Refused):
        world.opine(replace(REMOVAL, held_on=DECIDED - timedelta(days=1)))


def test_a_second_correction_may_follow_a_failed_one(world):
    world.to("APPROVED")
    services.take_up_again(follow_up=world.case, by=world.actor("staff"), at=AT)

    world.opine(AGAIN)
    world.file(on=TODAY)
    world.decide(replace(APPROVED, decided_on=TODAY))

    world.case.refresh_from_db()
    assert world.case.corrections.count() == 2
    assert world.case.state == State.RECTIFYING


def test_a_case_that_is_ended_ends_its_correction(world):
    world.to("APPROVED")
    FollowUp.objects.filter(pk=world.case.pk).update(is_basis_changed=True)

    follow_up_ends.lift(pk=world.case.pk, reason="积分已更正", by=world.actor("staff"), at=AT)

    assert world.correction.state == State.CLOSED
    assert world.case.dispositions.get().state == "APPROVED"


# -- when the results are revised ----------------------------------------------------------------


def reconcile(world, reason="申诉成立"):
    return reconcile_branches(
        branches=[world.branch.pk], policies=PolicyBook(), at=AT, reason=reason
    )


@pytest.mark.parametrize("stage", ["OPEN", "RETURNED", "FAILED"])
def test_a_case_that_waits_for_an_opinion_is_withdrawn_with_its_reason(world, stage):
    """Nothing demands it: no month of the streak stands. What was written before stays."""
    if stage == "FAILED":
        world.to("APPROVED")
        services.take_up_again(follow_up=world.case, by=world.actor("staff"), at=AT)
    else:
        world.to(stage)
    rows = list(world.case.dispositions.values())

    assert (reconcile(world).withdrawn, reconcile(world).withdrawn) == (1, 0)

    world.case.refresh_from_db()
    assert (world.case.state, world.case.withdrawal_reason) == (State.WITHDRAWN, "申诉成立")
    assert list(world.case.dispositions.values()) == rows
    with pytest.raises(Refused):
        world.opine()


@pytest.mark.parametrize("stage", ["PREPARED", "FILED", "APPROVED"])
def test_a_case_that_was_carried_out_is_flagged_and_its_correction_runs_on(world, stage):
    world.to(stage)
    states = list(FollowUp.objects.order_by("pk").values_list("kind", "state"))

    assert (reconcile(world).flagged, reconcile(world).flagged) == (1, 0)

    world.case.refresh_from_db()
    assert world.case.is_basis_changed
    assert list(FollowUp.objects.order_by("pk").values_list("kind", "state")) == states


def test_a_case_that_is_demanded_again_goes_on_with_the_next_opinion(world):
    world.to("RETURNED")
    reconcile(world)
    for month in (FIRST, add_months(FIRST, 1), THIRD):
        world.low(month)

    assert reconcile(world).reinstated == 1

    world.case.refresh_from_db()
    assert (world.case.state, world.case.withdrawal_reason) == (State.OPEN, "")
    assert world.opine(AGAIN).number == 2
