"""An activity, its attendance and its points: one act, and one undoing."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Event
from points.models import Activity, Attendance, Criterion, Decision, Entry, Registration
from points.services.activities import suits
from tests.factories import CriterionFactory, MemberFactory
from tests.reviews.branch_month import BranchMonth
from tests.reviews.holding import held, hold, undo

pytestmark = pytest.mark.django_db

PRESENT, ON_LEAVE, ABSENT = "PRESENT", "ON_LEAVE", "ABSENT"


def assembly(month, **changes):
    """Who was there gets the plus, who was away the minus."""
    everyone = {"secretary": PRESENT, "deputy": ON_LEAVE, "member": PRESENT, "other": ABSENT}
    items = {PRESENT: month.study, ABSENT: month.absence}
    return held(month, items=items, **(everyone | changes))


def entries(month):
    return {
        entry.member.pk: (
            entry.criterion,
            entry.claimed_points,
            [decision.outcome for decision in entry.decisions.filter(is_current=True)],
        )
        for entry in Entry.objects.all()
    }


def test_everyone_is_marked_and_gets_what_it_brings(month):
    activity = hold(month, assembly(month))

    assert dict(activity.attendances.values_list("member", "state")) == {
        month.secretary.pk: PRESENT,
        month.deputy.pk: ON_LEAVE,
        month.member.pk: PRESENT,
        month.other.pk: ABSENT,
    }
    assert entries(month) == {
        month.secretary.pk: (month.study, Decimal("2.00"), []),
        month.member.pk: (month.study, Decimal("2.00"), ["APPROVED"]),
        month.other.pk: (month.absence, Decimal("-6.00"), ["APPROVED"]),
    }
    made = Registration.objects.filter(activity=activity)
    assert {(m.criterion, m.occurred_on) for m in made} == {
        (month.study, month.day(9)),
        (month.absence, month.day(9)),
    }


def test_an_activity_without_points_is_only_an_attendance(month):
    hold(month, held(month, member=PRESENT, other=ON_LEAVE))

    assert Attendance.objects.count() == 2
    assert not Registration.objects.exists()


def test_several_times_count_several_times(month):
    hold(
        month, replace(held(month, items={PRESENT: month.study}, member=PRESENT), times=Decimal(3))
    )

    assert Entry.objects.get().claimed_points == Decimal("6.00")


def test_the_same_token_records_once(month):
    token = uuid4()

    assert hold(month, assembly(month), token=token) == hold(month, assembly(month), token=token)
    assert (Activity.objects.count(), Attendance.objects.count(), Entry.objects.count()) == (
        1,
        4,
        3,
    )


def test_those_to_whom_the_item_does_not_apply_are_left_out_of_the_points(month):
    cadre = MemberFactory(branch=month.branch, is_leading_cadre=True)
    month.people["cadre"] = cadre
    of_leaders = month.criterion(
        "-5.00", Criterion.RegisteredBy.BRANCH, applies_to=Criterion.AppliesTo.LEADING_CADRE
    )
    hold(month, held(month, items={ABSENT: of_leaders}, cadre=ABSENT, member=ABSENT))

    assert list(Entry.objects.values_list("member", flat=True)) == [cadre.pk]
    assert Attendance.objects.filter(state=ABSENT).count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"held_on": date(2026, 9, 30)},
        {"held_on": date(2026, 11, 1)},
        {"held_on": date(2026, 10, 21)},
        {"text": "  "},
        {"attendance": {}},
        {"items": "plus for being away"},
        {"items": "minus for being there"},
        {"items": "a month at zero"},
        {"items": "the committee's"},
        {"items": "another rule book's"},
    ],
)
def test_what_cannot_be_recorded_records_nothing(month, changes):
    zeroing = month.criterion("0.00", Criterion.RegisteredBy.BRANCH, zeroes_month=True)
    items = {
        "plus for being away": {ABSENT: month.study},
        "minus for being there": {PRESENT: month.absence},
        "a month at zero": {ABSENT: zeroing},
        "the committee's": {ABSENT: month.punished},
        "another rule book's": {PRESENT: CriterionFactory()},
    }
    if "items" in changes:
        changes = {"items": items[changes["items"]]}

    with pytest.raises(Refused):
        hold(month, replace(assembly(month), **changes))

    assert not Activity.objects.exists()
    assert not Entry.objects.exists()


def test_members_of_another_branch_are_refused(month):
    with pytest.raises(Refused):
        hold(month, assembly(month, **{"secretary elsewhere": PRESENT}))


@pytest.mark.parametrize(
    ("points", "zeroes", "fitting"),
    [
        ("2.00", False, {PRESENT}),
        ("-2.00", False, {ON_LEAVE, ABSENT}),
        ("0.00", False, {PRESENT, ON_LEAVE, ABSENT}),
        ("0.00", True, set()),
    ],
)
def test_the_sign_says_what_an_item_can_be_for(points, zeroes, fitting):
    criterion = CriterionFactory.build(rule_book=None, points=Decimal(points), zeroes_month=zeroes)

    assert {state for state in Attendance.State.values if suits(criterion, state)} == fitting


@pytest.mark.parametrize("state", ["OPEN", "REVIEWING", "PUBLISHED", "CLOSED"])
@pytest.mark.parametrize(
    ("name", "while_open", "later"),
    [
        ("secretary", "done", "not now"),
        ("deputy", "done", "not now"),
        ("system", "done", "not now"),
        ("member", "never", "never"),
        # They register what is the committee's, and no activity of a branch with a secretary.
        ("staff", "never", "not now"),
        ("secretary elsewhere", "never", "never"),
    ],
)
def test_who_may_record_and_undo_in_which_state(month, name, while_open, later, state):
    activity = hold(month, held(month, other=PRESENT))
    month.to(state)

    def answer(act):
        try:
            act()
        except PermissionDenied:
            return "never"
        except Refused:
            return "not now"
        return "done"

    expected = while_open if state in ("OPEN", "REVIEWING") else later
    assert answer(lambda: hold(month, held(month, other=PRESENT), by=name)) == expected
    assert answer(lambda: undo(month, activity, by=name)) == expected


def test_staff_record_where_there_is_no_secretary():
    month = BranchMonth(bench=("deputy",))

    hold(month, held(month, other=PRESENT), by="staff")

    assert Activity.objects.exists()


def test_undoing_reverses_everything_and_keeps_it_readable(month):
    activity = hold(month, assembly(month))

    assert undo(month, activity) == 3
    activity.refresh_from_db()
    assert (activity.undone_by, activity.undo_reason) == (month.users["secretary"], "日期有误")
    assert not Entry.objects.standing().exists()
    assert Decision.objects.filter(outcome="WITHDRAWN").count() == 3
    assert Attendance.objects.count() == 4


def test_undoing_twice_undoes_once(month):
    activity = hold(month, assembly(month))
    undo(month, activity)

    assert undo(month, activity, by="deputy") == 0
    activity.refresh_from_db()
    assert activity.undone_by == month.users["secretary"]


def test_undoing_needs_a_reason(month):
    activity = hold(month, assembly(month))

    with pytest.raises(Refused):
        undo(month, activity, reason=" ")


def test_own_entry_that_somebody_decided_stays(month):
    activity = hold(month, assembly(month), by="deputy")

    assert undo(month, activity) == 2
    assert [entry.member for entry in Entry.objects.standing()] == [month.secretary]


def test_an_activity_of_another_month_is_not_undone_here(month):
    activity = hold(month, assembly(month))

    with pytest.raises(Refused):
        undo(month.also(date(2026, 11, 1)), activity)


def test_recording_costs_the_same_for_one_and_many(month, django_assert_num_queries):
    actor = month.actor("secretary")
    month.actor = lambda name: actor
    for states in ({"member": ABSENT}, {"member": ABSENT, "other": ABSENT, "deputy": ABSENT}):
        activity = held(month, items={ABSENT: month.absence}, **states)
        with django_assert_num_queries(22):
            hold(month, activity)


def test_recording_and_undoing_are_recorded(month):
    undo(month, hold(month, assembly(month)))

    verbs = Event.objects.filter(branch=month.branch).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["register", "register", "record_activity", "undo_activity"]
