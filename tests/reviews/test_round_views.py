"""The pages of rounds: my months, a month of all branches, one round; meeting and publishing."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import Meeting, Publication
from reviews.services import opening
from tests.factories import BranchFactory, MemberFactory, RuleBookFactory
from tests.reviews.branch_month import OCTOBER, BranchMonth, at, system_actor

pytestmark = pytest.mark.django_db


def signed_in(client, month, name):
    client.force_login(month.users[name])
    return client


def test_branch_committee_sees_its_months(client, month):
    month.also(date(2026, 11, 1))
    response = signed_in(client, month, "deputy").get(reverse("rounds"))

    assert [row.round.month.month for row in response.context["rows"]] == [11, 10]


def test_staff_start_with_the_current_month(client, month):
    today = timezone.localdate()
    response = signed_in(client, month, "staff").get(reverse("rounds"))

    assert response.url == reverse("month_rounds", args=[today.year, today.month])


@pytest.mark.parametrize("address", ["rounds", "month_rounds", "round", "review", "meeting"])
def test_members_are_refused_the_pages(client, month, address):
    arguments = {"rounds": [], "month_rounds": [2026, 10]}.get(address, [month.round.pk])
    response = signed_in(client, month, "member").get(reverse(address, args=arguments))

    assert response.status_code == 403


@pytest.mark.parametrize("address", ["round", "review", "meeting", "round_results"])
@pytest.mark.parametrize("name", ["secretary elsewhere", "staff elsewhere"])
def test_round_of_another_branch_does_not_exist(client, month, address, name):
    response = signed_in(client, month, name).get(reverse(address, args=[month.round.pk]))

    assert response.status_code == 404


def test_month_lists_branches_in_the_roll_order_without_a_score(client):
    month = BranchMonth(base_points=Decimal("87.65"))
    BranchFactory(committee=month.committee, name="无细则党支部", roll_order=0)
    month.publish()
    response = signed_in(client, month, "staff").get(reverse("month_rounds", args=[2026, 10]))

    assert [row.branch.name for row in response.context["rows"]] == [
        "无细则党支部",
        month.branch.name,
    ]
    assert response.context["tally"].without_round == 1
    assert "87.65" not in response.content.decode()


def test_month_that_does_not_exist(client, month):
    response = signed_in(client, month, "staff").get(reverse("month_rounds", args=[2026, 13]))

    assert response.status_code == 404


@pytest.mark.parametrize("state", ["OPEN", "REVIEWING", "PUBLISHED", "CLOSED"])
def test_round_is_shown_in_every_state(client, month, state):
    month.to(state)
    response = signed_in(client, month, "secretary").get(month.round.get_absolute_url())

    assert response.status_code == 200
    assert len(response.context["steps"]) == 5
    assert len(response.context["rows"]) == 5


def test_starting_the_review(client, month):
    response = signed_in(client, month, "secretary").post(
        reverse("start_review", args=[month.round.pk])
    )

    month.round.refresh_from_db()
    assert (response.url, month.round.state) == (
        reverse("review", args=[month.round.pk]),
        "REVIEWING",
    )


def test_starting_again_is_told(client, month):
    month.start()
    response = signed_in(client, month, "secretary").post(
        reverse("start_review", args=[month.round.pk]), follow=True
    )

    assert [m.level_tag for m in response.context["messages"]] == ["error"]


def test_deputy_does_not_start_the_review(client, month):
    response = signed_in(client, month, "deputy").post(
        reverse("start_review", args=[month.round.pk])
    )

    assert response.status_code == 403


def meeting_form(month, **more):
    return {
        "kind": "ASSEMBLY",
        "held_on": timezone.localdate().isoformat(),
        "place": "三楼会议室",
        "chair": month.secretary.pk,
        "attendees": [month.deputy.pk, month.other.pk],
        "minutes": "",
    } | more


def test_recording_the_meeting(client, month):
    month.start()
    response = signed_in(client, month, "deputy").post(
        reverse("meeting", args=[month.round.pk]), meeting_form(month)
    )

    meeting = Meeting.objects.get()
    assert response.status_code == 302
    assert (meeting.kind, meeting.chair, meeting.attendees.count()) == (
        "ASSEMBLY",
        month.secretary,
        3,  # whoever chairs it attends
    )


@pytest.mark.parametrize(
    "change", [{"held_on": "2199-01-01"}, {"chair": ""}, {"kind": "TEA"}, {"chair": "0"}]
)
def test_wrong_meeting_is_shown_again(client, month, change):
    month.start()
    response = signed_in(client, month, "secretary").post(
        reverse("meeting", args=[month.round.pk]), meeting_form(month) | change
    )

    assert response.context["form"].errors
    assert response.context["form"].ticked == {str(month.deputy.pk), str(month.other.pk)}
    assert not Meeting.objects.exists()


def test_meeting_before_the_review_is_refused_with_what_was_typed(client, month):
    response = signed_in(client, month, "secretary").post(
        reverse("meeting", args=[month.round.pk]), meeting_form(month)
    )

    assert response.context["form"].non_field_errors()


def test_results_list_what_is_still_missing(client, month):
    month.to("REVIEWING")
    response = signed_in(client, month, "secretary").get(
        reverse("round_results", args=[month.round.pk])
    )

    assert [o.kind for o in response.context["obstacles"]] == ["UNDECIDED", "MEETING"]
    assert reverse("conclude", args=[month.round.pk]) not in response.content.decode()


def test_concluding_and_publishing(client, month):
    month.start()
    month.meet()
    secretary = signed_in(client, month, "secretary")
    page = secretary.get(reverse("round_results", args=[month.round.pk]))
    assert reverse("conclude", args=[month.round.pk]) in page.content.decode()
    form = secretary.get(reverse("conclude", args=[month.round.pk])).context["form"]
    said = {"text": "支部公示", "ends_on": form["ends_on"].value()}
    response = secretary.post(reverse("conclude", args=[month.round.pk]), said)

    publication = Publication.objects.get()
    assert response.url == publication.get_absolute_url()
    assert publication.notice_text == "支部公示"


def test_a_page_left_open_over_night_does_not_publish(client, month):
    month.start()
    month.meet()
    secretary = signed_in(client, month, "secretary")
    said = {"text": "支部公示", "ends_on": "2026-01-01"}
    response = secretary.post(reverse("conclude", args=[month.round.pk]), said)

    assert response.status_code == 422
    assert "支部公示" in response.content.decode()
    assert not Publication.objects.exists()


def test_only_who_runs_the_round_concludes(client, month):
    month.start()
    month.meet()
    deputy = signed_in(client, month, "deputy")

    assert deputy.get(reverse("conclude", args=[month.round.pk])).status_code == 403
    assert deputy.post(reverse("conclude", args=[month.round.pk])).status_code == 403


def test_concluding_too_early_says_what_is_missing(client, month):
    month.to("REVIEWING")
    response = signed_in(client, month, "secretary").post(
        reverse("conclude", args=[month.round.pk])
    )

    assert response.url == reverse("round_results", args=[month.round.pk])
    assert not Publication.objects.exists()


def test_lists_cost_the_same_for_one_and_three(client, month, django_assert_num_queries):
    staff, secretary = client, type(client)()
    staff.force_login(month.users["staff"])
    secretary.force_login(month.users["secretary"])
    for number in (1, 2, 3):
        if number > 1:
            branch = BranchFactory(committee=month.committee)
            RuleBookFactory(branch=branch)
            MemberFactory(branch=branch)
            opening.open_month(month=OCTOBER, by=system_actor(), at=at(10, 1))
            month.also(date(2026, 10 + number, 1) if number < 3 else date(2026, 12, 1))
        with django_assert_num_queries(15):
            staff.get(reverse("month_rounds", args=[2026, 10]))
        with django_assert_num_queries(12):
            secretary.get(reverse("rounds"))


def test_round_costs_the_same_for_few_and_many(client, month, django_assert_num_queries):
    month.to("REVIEWING")
    secretary = signed_in(client, month, "secretary")
    for _time in range(2):
        with django_assert_num_queries(25):
            secretary.get(month.round.get_absolute_url())
        with django_assert_num_queries(22):
            secretary.get(reverse("round_results", args=[month.round.pk]))
        month.register("other", "deputy", "organiser")
        MemberFactory(branch=month.branch)
