"""Reconciliation leaves alone what people did: in every state that somebody brought about a
follow-up is flagged, never withdrawn or moved; what only waits is withdrawn and comes back."""

from datetime import UTC, date, datetime

import pytest

from reviews.models import Disposition, FollowUp
from tests.factories import BranchFactory, MemberFactory, RuleBookFactory
from tests.reviews.final_results import bring_about, final

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
MONTHS = [date(2026, number, 1) for number in (3, 4, 5)]
State = FollowUp.State


class Streak:
    """A member with three months below the line in a row."""

    def __init__(self) -> None:
        self.branch = BranchFactory()
        self.book = RuleBookFactory(branch=self.branch)
        self.member = MemberFactory(branch=self.branch, position=(self.branch, "SECRETARY"))
        for month in MONTHS:
            self.score(month, 60)

    def score(self, month: date, score: int):
        final(self.member, self.branch, month, book=self.book, score=score, at=AT)
        return bring_about([self.branch], at=AT)

    def of(self, kind: str) -> FollowUp:
        return FollowUp.objects.get(kind=kind, first_month=MONTHS[0])


@pytest.fixture
def streak(db) -> Streak:
    return Streak()


@pytest.mark.parametrize("state", ["RECORDED", "CONFIRMED", "DISPUTED", "RECTIFYING", "CLOSED"])
def test_what_somebody_did_is_flagged_and_unflagged_again(streak, state):
    closed = {"closed_by": streak.member.user, "closed_at": AT} if state == "CLOSED" else {}
    FollowUp.objects.filter(kind="INTERVIEW").update(state=state, **closed)

    streak.score(MONTHS[1], 75)
    interview = streak.of("INTERVIEW")
    assert (interview.state, interview.is_basis_changed) == (state, True)

    streak.score(MONTHS[1], 65)
    interview = streak.of("INTERVIEW")
    assert (interview.state, interview.is_basis_changed) == (state, False)


def returned_case(streak) -> FollowUp:
    """A case that went to the committee and came back to the branch."""
    case = streak.of("DISPOSITION")
    user = streak.member.user
    Disposition.objects.create(
        follow_up=case,
        number=1,
        state="RETURNED",
        measure="NONE",
        ground_text="情况不清",
        opinion_on=AT.date(),
        opinion_by=user,
        opinion_at=AT,
        filed_on=AT.date(),
        filed_by=user,
        filed_at=AT,
        decided_on=AT.date(),
        decided_by=user,
        decided_at=AT,
    )
    return case


def test_a_returned_case_is_withdrawn_and_comes_back_with_what_was_written(streak):
    returned_case(streak)

    streak.score(MONTHS[0], 75)
    assert FollowUp.objects.get(kind="DISPOSITION").state == State.WITHDRAWN
    streak.score(MONTHS[0], 60)

    case = streak.of("DISPOSITION")
    assert (case.state, case.withdrawn_at, case.withdrawal_reason) == (State.OPEN, None, "")
    assert case.dispositions.get().state == "RETURNED"


def test_a_correction_within_a_deadline_is_nobody_elses_business(streak):
    """It follows from a decision of the committee, not from results."""
    case = streak.of("DISPOSITION")
    FollowUp.objects.filter(pk=case.pk).update(state=State.RECTIFYING)
    FollowUp.objects.create(
        kind="CORRECTION",
        branch=streak.branch,
        member=streak.member,
        first_month=MONTHS[0],
        trigger_month=MONTHS[2],
        year=2026,
        origin=case,
        state=State.RECTIFYING,
        opened_at=AT,
    )
    before = FollowUp.objects.filter(kind="CORRECTION").values().get()

    for score in (75, 60):
        streak.score(MONTHS[1], score)
        assert FollowUp.objects.filter(kind="CORRECTION").values().get() == before


def test_a_holder_whom_the_committee_named_stays_through_withdrawal_and_return(streak):
    """The talk with the secretary has no holder until the committee names one."""
    named = MemberFactory(branch=streak.branch)
    assert streak.of("TALK").holder is None
    FollowUp.objects.filter(kind="TALK").update(holder=named)

    streak.score(MONTHS[0], 75)
    assert not FollowUp.objects.standing().filter(first_month=MONTHS[0]).exists()
    streak.score(MONTHS[0], 60)

    assert streak.of("TALK").holder == named
