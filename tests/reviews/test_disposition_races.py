"""Two people at the same moment on one disposition case (PostgreSQL only: real row locks)."""

import pytest
from django.db import connection

from points.services.policy import PolicyBook
from reviews.models import FollowUp
from reviews.services.month_end import close_chunk
from tests.reviews.case_world import AT, RETURNED, TODAY, CaseWorld
from tests.reviews.test_round_races import race

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="a race needs two connections and row locks"
    ),
]


@pytest.fixture
def world() -> CaseWorld:
    return CaseWorld()


def test_two_staff_decide_at_once_and_one_is_told(world):
    world.to("FILED")

    told = race(world.decide, lambda: world.decide(RETURNED, by="colleague"))

    assert [text.split(":")[0] for text in told] == ["done", "refused"]
    row = world.case.dispositions.get()
    world.case.refresh_from_db()
    approved = row.state == "APPROVED"
    assert world.case.state == ("RECTIFYING" if approved else "OPEN")
    assert FollowUp.objects.filter(kind="CORRECTION").count() == approved


def test_two_equal_decisions_at_once_are_one(world):
    world.to("FILED")

    assert race(world.decide, world.decide) == ["done", "done"]
    assert FollowUp.objects.filter(kind="CORRECTION").count() == 1


def test_an_opinion_and_a_withdrawal_follow_one_another(world):
    """Either the case is withdrawn and the opinion refused, or it has its opinion and is
    flagged: never an opinion on a withdrawn case."""

    def withdraw() -> None:
        close_chunk(
            branches=[world.branch.pk],
            on=TODAY,
            by=world.actor("system"),
            at=AT,
            policies=PolicyBook(),
            every_closed=True,
        )

    told = race(world.opine, withdraw)

    world.case.refresh_from_db()
    has_opinion = world.case.dispositions.exists()
    assert world.case.state == ("RECORDED" if has_opinion else "WITHDRAWN")
    assert world.case.is_basis_changed == has_opinion
    assert told[-1].startswith("done" if has_opinion else "refused")
