"""Two people at one talk at the same moment: one does it, the other is told (PostgreSQL only)."""

from datetime import date, datetime

import pytest
from django.db import connection, transaction

from branches.models import Branch
from members.models import Event
from points.services.policy import PolicyBook
from reviews.models import FollowUp, FollowUpRecord, Rectification
from reviews.services import records
from reviews.services.follow_ups import reconcile_branches
from tests.reviews.sitting_world import AT, SHANGHAI, Sittings
from tests.reviews.test_round_races import race

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="a race needs two connections and row locks"
    ),
]


@pytest.fixture
def world() -> Sittings:
    return Sittings()


def agree(world):
    at = datetime(2027, 1, 1, 2, tzinfo=SHANGHAI)
    return records.agree_silently(on=date(2027, 1, 1), branches=[world.branch.pk], at=at)


def test_confirming_twice_is_confirming_once(world):
    world.record(sitting=world.measures())

    assert race(world.confirm, world.confirm) == ["done", "done"]
    assert Rectification.objects.count() == 1
    assert Event.objects.filter(verb="confirm").count() == 1


def test_two_people_record_and_the_second_is_told(world):
    told = race(
        lambda: world.record(world.interview, world.sitting("deputy", said="甲"), by="deputy"),
        lambda: world.record(world.interview, world.sitting("deputy", said="乙"), by="staff"),
    )

    assert [text.split(":")[0] for text in told] == ["done", "refused"]
    assert FollowUpRecord.objects.count() == 1


def test_silence_and_an_answer_are_one_answer(world):
    world.record(sitting=world.measures())

    told = race(lambda: agree(world), world.dispute)

    kept = FollowUpRecord.objects.get()
    assert kept.answer == ("DISPUTED" if told == ["done", "done"] else "SILENT")
    world.talk.refresh_from_db()
    assert world.talk.state == {"DISPUTED": "DISPUTED", "SILENT": "RECTIFYING"}[kept.answer]


def test_recording_and_withdrawing_follow_one_another(world):
    """Nothing demands the talk: it is withdrawn and not recorded, or recorded and flagged."""
    reconcile = lambda: reconcile_branches(  # noqa: E731
        branches=[world.branch.pk], policies=PolicyBook(), at=AT
    )
    told = race(world.record, lambda: locked(world, reconcile))

    talk = FollowUp.objects.get(pk=world.talk.pk)
    is_recorded = FollowUpRecord.objects.filter(follow_up=talk).exists()
    assert (talk.state, talk.is_basis_changed, is_recorded) in (
        ("WITHDRAWN", False, False),
        ("RECORDED", True, True),
    )
    assert len(told) == 2


def locked(world, work):
    """As month-end does: under the lock of the branch."""
    with transaction.atomic():
        list(Branch.objects.select_for_update(no_key=True).filter(pk=world.branch.pk))
        work()
