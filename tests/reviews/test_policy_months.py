"""A new policy is for months to come: nothing that is closed is judged again by it."""

from datetime import date

import pytest

from points.models import Declaration, MonthlyResult, Policy
from points.services.policy import FIGURES, PolicyBook, set_policy
from reviews.models import FollowUp, Round
from reviews.services.follow_ups import reconcile_branches
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
LATER = {"talk_after": 2, "interview_after": 3, "disposition_after": 4, "declare_by_day": 10}


def below(month: BranchMonth) -> BranchMonth:
    """A month in which the member is below the line, closed."""
    for day in (8, 9):
        month.register("member", item=month.item(day=day))
    month.publish(when=at(month.month.month, 28))
    month.close()
    return month


def put(month: BranchMonth, effective_from: date) -> Policy:
    standard = Policy(effective_from=effective_from)
    return set_policy(
        committee=month.committee,
        effective_from=effective_from,
        figures={name: getattr(standard, name) for name in FIGURES} | LATER,
        by=month.actor("staff"),
        at=at(11, 12),
    )


def stored() -> list:
    return [
        list(model.objects.order_by("pk").values())
        for model in (FollowUp, Round, Declaration, MonthlyResult)
    ]


def reconcile(month: BranchMonth) -> None:
    reconcile_branches(branches={month.branch.pk}, policies=PolicyBook(), at=at(12, 20), reason="")


def test_a_closed_month_keeps_what_it_demanded():
    october = below(BranchMonth())
    assert FollowUp.objects.get(member=october.member).kind == FollowUp.Kind.TALK
    before = stored()

    put(october, DECEMBER)
    reconcile(october)

    assert stored() == before


def test_a_month_under_the_new_policy_is_judged_by_it():
    month = BranchMonth()
    month.file("member", month.line())
    put(month, NOVEMBER)
    month.publish()
    month.close()

    november = below(month.also(NOVEMBER))

    assert november.round.declare_by == date(2026, 11, 10)
    assert not FollowUp.objects.filter(member=month.member).exists()
