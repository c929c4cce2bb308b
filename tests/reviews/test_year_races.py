"""A year at the same moment: two freeze it, it happens once; a correction comes before or after,
never in between. PostgreSQL only (see test_round_races)."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction  # noqa: F401 (skipif reads it)

from branches.models import Branch
from members.models import Event
from points.models import MonthlyResult
from reviews.models import AnnualResult, YearEnd
from reviews.services.year_check import broken_digests, is_outdated
from tests.reviews.test_round_races import race
from tests.reviews.test_year_steps import LATER, YEAR, Department

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="a race needs two connections and row locks"
    ),
]


@pytest.fixture
def department() -> Department:
    found = Department()
    found.compute()
    return found


def test_two_freeze_at_once(department):
    seen = department.digest
    told = race(*[lambda: department.freeze(seen=seen)] * 2)
    assert told == ["done", "done"]
    assert Event.objects.filter(verb="freeze_year").count() == 1
    assert list(broken_digests()) == []


def test_two_compute_at_once(department):
    told = race(department.compute, lambda: department.compute(at=LATER))
    assert told[0] == "done"
    assert YearEnd.objects.get().state == YearEnd.State.COMPUTED
    assert AnnualResult.objects.count() == 5


def test_freezing_while_an_appeal_is_upheld(department):
    seen, member = department.digest, department.members[0]

    @transaction.atomic
    def uphold():
        # As every correction does: the branch is locked before its follow-ups are reconciled.
        department.revise(member, 3, 70, at=LATER + timedelta(minutes=1))
        list(Branch.objects.select_for_update(no_key=True).filter(pk=department.one.pk))

    told = race(lambda: department.freeze(seen=seen), uphold)

    now = MonthlyResult.objects.current().get(member=member, month=date(YEAR, 3, 1))
    assert now.score == 70
    year_end, total = YearEnd.objects.get(), AnnualResult.objects.get(member=member).total
    # Frozen as it was shown, and revised later; or refused, because it came first.
    assert total == 1080
    is_frozen = year_end.state == YearEnd.State.FROZEN
    assert (told == ["done", "done"]) == is_frozen
    assert is_outdated(year_end, [department.one.pk])
