"""The pages of activities: register one, look at it, undo it, print its attendance."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from points.models import Activity, Attendance, Criterion, Entry
from tests.factories import MemberFactory
from tests.reviews.holding import held, hold, undo

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary(client, month):
    client.force_login(month.users["secretary"])
    return client


def page(month, kind="ASSEMBLY"):
    return f"{reverse('register')}?round={month.round.pk}&way=activity&kind={kind}"


def form(month, *, but=(), **more):
    """Everybody present, but for those named in ``more``."""
    everyone = ("secretary", "deputy", "organiser", "member", "other")
    marks = {f"member_{month.people[n].pk}": more.pop(n, "PRESENT") for n in everyone}
    return {
        "token": str(uuid4()),
        "held_on": "2026-10-09",
        "place": "三楼会议室",
        "text": "学习贯彻全会精神",
        "times": "1",
        "item_PRESENT": "",
        "item_ON_LEAVE": "",
        "item_ABSENT": "",
        **marks,
        **more,
    }


def marked(response):
    return {row.person.member: row.chosen for row in response.context["form"].rows}


def test_everybody_is_present_until_somebody_says_otherwise(secretary, month):
    response = secretary.get(page(month))

    assert set(marked(response).values()) == {"PRESENT"}
    assert len(marked(response)) == 5


def test_at_a_committee_meeting_only_its_members_are_expected(secretary, month):
    chosen = marked(secretary.get(page(month, "COMMITTEE")))

    assert {member for member, state in chosen.items() if state} == {
        month.secretary,
        month.deputy,
        month.organiser,
    }


def test_items_are_offered_by_their_sign(secretary, month):
    month.criterion("0.00", Criterion.RegisteredBy.BRANCH, text="记实", code="QY-01")
    form = secretary.get(page(month)).context["form"]

    offered = {
        state: {criterion.text for criterion in criteria} for state, criteria in form.offers.items()
    }
    assert offered == {
        "PRESENT": {month.study.text, "记实"},
        "ON_LEAVE": {month.absence.text, "记实"},
        "ABSENT": {month.absence.text, "记实"},
    }


def test_registering_an_activity_with_one_absent(secretary, month):
    data = form(month, other="ABSENT", member="", item_ABSENT=month.absence.pk)
    response = secretary.post(page(month), data)

    activity = Activity.objects.get()
    assert response["Location"] == activity.get_absolute_url()
    assert (activity.held_on, activity.place) == (date(2026, 10, 9), "三楼会议室")
    assert dict(activity.attendances.values_list("member", "state")) == {
        month.secretary.pk: "PRESENT",
        month.deputy.pk: "PRESENT",
        month.organiser.pk: "PRESENT",
        month.other.pk: "ABSENT",
    }
    assert month.entry("other").claimed_points == Decimal("-6.00")


def test_sending_the_form_twice_records_once(secretary, month):
    data = form(month)
    for _time in range(2):
        assert secretary.post(page(month), data).status_code == 302

    assert Activity.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"held_on": "2026-09-30"}, "held_on"),
        ({"held_on": ""}, "held_on"),
        ({"text": ""}, "text"),
        ({"times": "0"}, "times"),
        ({"item_PRESENT": "0"}, "item_PRESENT"),
    ],
)
def test_a_wrong_form_comes_back_with_what_was_marked(secretary, month, change, field):
    response = secretary.post(page(month), form(month, other="ABSENT") | change)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert marked(response)[month.other] == "ABSENT"
    assert not Activity.objects.exists()


def test_nobody_marked_is_refused(secretary, month):
    names = dict.fromkeys(("secretary", "deputy", "organiser", "member", "other"), "")
    response = secretary.post(page(month), form(month, **names))

    assert response.status_code == 422
    assert not Activity.objects.exists()


def test_a_round_concluded_meanwhile_keeps_what_was_typed(secretary, month):
    month.publish()
    response = secretary.post(page(month), form(month))

    assert response.status_code == 422
    assert "学习贯彻全会精神" in response.content.decode()
    assert not Activity.objects.exists()


def test_the_page_of_an_activity_says_who_was_there_and_what_it_brought(secretary, month):
    items = {"ABSENT": month.absence}
    activity = hold(month, held(month, items=items, member="PRESENT", other="ABSENT"))
    shown = secretary.get(activity.get_absolute_url()).context["page"]

    assert [(row.member, row.state, row.points) for row in shown.rows] == [
        (month.member, "PRESENT", None),
        (month.other, "ABSENT", Decimal("-6.00")),
    ]
    assert [(state, count) for state, _label, count in shown.counts] == [
        ("PRESENT", 1),
        ("ON_LEAVE", 0),
        ("ABSENT", 1),
    ]


def test_it_names_those_left_out_of_the_points(secretary, month):
    of_leaders = month.criterion(
        "-5.00", Criterion.RegisteredBy.BRANCH, applies_to=Criterion.AppliesTo.LEADING_CADRE
    )
    month.people["cadre"] = MemberFactory(branch=month.branch, is_leading_cadre=True)
    activity = hold(
        month, held(month, items={"ABSENT": of_leaders}, other="ABSENT", cadre="ABSENT")
    )
    shown = secretary.get(activity.get_absolute_url()).context["page"]

    assert [row.member for row in shown.left_out] == [month.other]


def test_undoing_from_the_page(secretary, month):
    activity = hold(month, held(month, items={"ABSENT": month.absence}, other="ABSENT"))
    secretary.post(activity.get_absolute_url(), {"reason": "日期有误"})

    assert not Entry.objects.standing().exists()
    assert "日期有误" in secretary.get(activity.get_absolute_url()).content.decode()


def test_undoing_after_the_conclusion_says_what_to_do_instead(secretary, month):
    activity = hold(month, held(month, items={"ABSENT": month.absence}, other="ABSENT"))
    month.publish()
    response = secretary.post(activity.get_absolute_url(), {"reason": "日期有误"}, follow=True)

    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert not response.context["may_undo"]
    assert Entry.objects.standing().exists()


def test_undoing_without_a_reason_is_refused(secretary, month):
    activity = hold(month, held(month, other="PRESENT"))
    secretary.post(activity.get_absolute_url(), {"reason": ""})

    assert Activity.objects.get().undone_at is None


def test_an_undone_activity_cannot_be_undone_again(secretary, month):
    activity = hold(month, held(month, other="PRESENT"))
    undo(month, activity)

    assert not secretary.get(activity.get_absolute_url()).context["may_undo"]


def test_the_attendance_prints_with_a_line_to_sign(secretary, month):
    activity = hold(month, held(month, member="PRESENT", other="ON_LEAVE"))
    text = secretary.get(reverse("attendance_sheet", args=[activity.pk])).content.decode()

    assert month.member.name in text
    assert month.other.name in text


def test_staff_read_an_activity_and_do_not_undo_it(client, month):
    activity = hold(month, held(month, other="PRESENT"))
    client.force_login(month.users["staff"])

    assert not client.get(activity.get_absolute_url()).context["may_undo"]


def test_pages_cost_the_same_for_one_and_three(secretary, month, django_assert_num_queries):
    for count in (1, 2):
        for _time in range(count):
            person = MemberFactory(branch=month.branch)
            month.people[person.name] = person
            items = {"PRESENT": month.study, "ABSENT": month.absence}
            attendance = {person.name: "PRESENT", "other": "ABSENT", "member": "PRESENT"}
            activity = hold(month, held(month, items=items, **attendance))
        with django_assert_num_queries(17):
            secretary.get(page(month))
        with django_assert_num_queries(14):
            secretary.get(activity.get_absolute_url())
    assert Attendance.objects.count() == 9
