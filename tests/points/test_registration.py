"""Registering for many, undoing it, and deciding: rows are added, none is overwritten."""

from datetime import date
from decimal import Decimal

import pytest

from lib.steps import Refused
from members.models import Event
from points.models import Criterion, Decision, Entry
from points.services.decisions import decide, withdraw_all
from points.services.registration import Item
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db


def history(entry):
    return [
        (d.number, d.outcome, d.points, d.reason, d.is_current)
        for d in entry.decisions.order_by("number")
    ]


def test_registering_approves_for_everyone_but_the_registrar(month):
    month.register("secretary", "member", "other")

    outcomes = {
        entry.member.pk: list(entry.decisions.values_list("outcome", flat=True))
        for entry in Entry.objects.all()
    }
    assert outcomes == {
        month.secretary.pk: [],
        month.member.pk: ["APPROVED"],
        month.other.pk: ["APPROVED"],
    }


@pytest.mark.parametrize(
    ("names", "day", "criterion"),
    [
        ([], date(2026, 10, 9), "absence"),
        (["member"], date(2026, 9, 30), "absence"),
        (["member"], date(2026, 11, 1), "absence"),
        (["secretary elsewhere"], date(2026, 10, 9), "absence"),
        (["member", "secretary elsewhere"], date(2026, 10, 9), "absence"),
        (["member"], date(2026, 10, 9), "of_leaders"),
    ],
)
def test_what_cannot_be_registered_registers_nothing(month, names, day, criterion):
    month.of_leaders = month.criterion(
        "-5.00",
        Criterion.RegisteredBy.BRANCH,
        applies_to=Criterion.AppliesTo.LEADING_CADRE,
    )
    item = Item(getattr(month, criterion), Decimal("1.00"), day, "")

    with pytest.raises(Refused):
        month.register(*names, item=item)

    assert not Entry.objects.exists()


def test_item_of_another_rule_book_is_refused(month):
    other = BranchMonth()

    with pytest.raises(Refused):
        month.register("member", item=month.item(other.absence))


def test_undoing_keeps_everything_readable(month):
    registration = month.register("member", "other")
    entry = month.entry("member")

    assert month.undo(registration) == 2
    assert history(entry) == [
        (1, "APPROVED", Decimal("-6.00"), "", False),
        (2, "WITHDRAWN", None, "登记有误", True),
    ]
    assert not Entry.objects.standing().exists()


def test_undoing_twice_undoes_once(month):
    registration = month.register("member")
    month.undo(registration)

    assert month.undo(registration) == 0
    assert Decision.objects.count() == 2


def test_undoing_for_one_member_leaves_the_others(month):
    registration = month.register("member", "other")

    assert month.undo(registration, entry_id=month.entry("member").pk) == 1
    assert [entry.member for entry in Entry.objects.standing()] == [month.other]


def test_undoing_needs_a_reason(month):
    registration = month.register("member")

    with pytest.raises(Refused):
        month.undo(registration, reason="  ")


def test_own_decided_entry_is_undone_by_somebody_else(month):
    registration = month.register("secretary", "member", by="deputy")

    assert month.undo(registration) == 1
    with pytest.raises(Refused):
        month.undo(registration)
    assert month.undo(registration, by="deputy") == 1


def test_own_entry_still_waiting_can_be_undone_by_the_registrar(month):
    registration = month.register("secretary")

    assert month.undo(registration) == 1
    assert history(Entry.objects.get()) == [(1, "WITHDRAWN", None, "登记有误", True)]


def test_undoing_costs_the_same_for_one_and_many(month, django_assert_num_queries):
    for names in (["member"], ["member", "other", "deputy", "organiser"]):
        registration = month.register(*names)
        actor = month.actor("secretary")
        month.actor = lambda name, actor=actor: actor
        with django_assert_num_queries(13):
            month.undo(registration)
        del month.actor


def test_new_decision_takes_the_place_of_the_old_one(month):
    month.register("member")
    entry = month.entry("member")
    decide(
        entry=entry,
        outcome="ADJUSTED",
        points=Decimal("-3.00"),
        reason="情节轻微",
        by=month.actor("deputy"),
        at=at(10, 28),
    )

    assert history(entry) == [
        (1, "APPROVED", Decimal("-6.00"), "", False),
        (2, "ADJUSTED", Decimal("-3.00"), "情节轻微", True),
    ]


def test_withdrawing_nothing_does_nothing(month):
    assert withdraw_all(entries=[], reason="无", by=month.actor("deputy"), at=at(10, 28)) == 0


def test_every_registration_and_undoing_is_recorded(month):
    month.undo(month.register("member"))

    verbs = Event.objects.filter(branch=month.branch).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["register", "undo_registration"]
