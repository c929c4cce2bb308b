"""The pages of spot checks: one way through and one refusal each, and as many queries for one
row as for three."""

from copy import deepcopy
from uuid import uuid4

import pytest
from django.urls import reverse

from reviews.drawing import pool_digest
from reviews.models import SpotCheck, SpotCheckItem
from tests.reviews.spot_checking import closed_month, draw, find, item_of, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def closed(kept_rows):
    return closed_month("member", "other", "organiser")


@pytest.fixture
def month(closed):
    return deepcopy(closed)


@pytest.fixture
def staff(client, month):
    client.force_login(month.users["staff"])
    return month.users["staff"]


def asked(month, **more):
    return {
        "committee": month.committee.pk,
        "first_month": "2026-10",
        "last_month": "2026-10",
        "measure": "SIZE",
        "size": 2,
        **more,
    }


# -- drawing -------------------------------------------------------------------------------


def test_what_can_be_drawn_from_is_shown_before_anything_is_drawn(client, month, staff):
    page = client.get(reverse("draw_spot_check"), asked(month, is_each_branch="on"))

    outlook = page.context["outlook"]
    assert (outlook.pool, outlook.branches, outlook.size) == (3, 1, 2)
    assert page.context["token"]
    assert not SpotCheck.objects.exists()


def test_draw_and_draw_again(client, month, staff):
    form = asked(month, token=uuid4())

    first = client.post(reverse("draw_spot_check"), form)
    client.post(reverse("draw_spot_check"), form)
    spot_check = SpotCheck.objects.get()
    client.post(reverse("draw_spot_check"), asked(month, token=uuid4()))

    assert first["Location"] == spot_check.get_absolute_url()
    another = SpotCheck.objects.exclude(pk=spot_check.pk).get()
    assert len(spot_check.seed) == len(another.seed) == 32
    assert spot_check.seed != another.seed


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"size": ""}, "size"),
        ({"size": "0"}, "size"),
        ({"measure": "SHARE"}, "share"),
        ({"measure": "SHARE", "share": "101"}, "share"),
        ({"first_month": "2026-13"}, "first_month"),
        ({"committee": "0"}, "committee"),
    ],
)
def test_a_wrong_choice_comes_back(client, month, staff, wrong, field):
    page = client.post(reverse("draw_spot_check"), asked(month, **wrong))

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not SpotCheck.objects.exists()


def test_repetition_pool_and_protocol(client, month, staff):
    spot_check = draw(month, size=2)

    page = client.get(reverse("repeat_spot_check", args=[spot_check.pk]))
    assert page.context["repetition"].is_identical
    assert [row.is_same for row in page.context["rows"]] == [True, True]
    pool = client.get(reverse("spot_check_pool", args=[spot_check.pk])).content.decode()
    assert len(pool.splitlines()) == 3
    protocol = client.get(reverse("spot_check_protocol", args=[spot_check.pk])).content.decode()
    assert spot_check.seed in protocol
    assert spot_check.pool_digest in protocol

    item = spot_check.items.get(number=2)
    item.entry = (
        SpotCheck.objects.get()
        .rounds.get()
        .branch.entries.exclude(pk__in=spot_check.items.values("entry"))[0]
    )
    item.save()
    page = client.get(reverse("repeat_spot_check", args=[spot_check.pk]))
    assert not page.context["repetition"].is_identical
    assert [row.is_same for row in page.context["rows"]] == [True, False]
    assert pool_digest([]) != page.context["repetition"].digest == spot_check.pool_digest


# -- inspecting ----------------------------------------------------------------------------


def test_a_finding_is_shown_first_and_then_recorded(client, month, staff):
    item = item_of(draw(month), "member", month)
    form = {"finding": "POINTS_WRONG", "right_points": "1.00", "note": "半天"}

    preview = client.post(item.get_absolute_url(), form)
    assert [one.new.score for one in preview.context["effect"].months] == [81]
    item.refresh_from_db()
    assert item.finding == ""

    again = client.post(item.get_absolute_url(), form | {"again": "yes"})
    assert again.context["form"]["note"].value() == "半天"
    assert "effect" not in again.context
    seen = preview.context["effect"].digest
    recorded = client.post(item.get_absolute_url(), form | {"confirmed": "yes", "seen": seen})
    assert recorded["Location"] == item.get_absolute_url()
    item.refresh_from_db()
    assert item.finding == "POINTS_WRONG"


def test_in_order_leads_to_the_next_entry(client, month, staff):
    spot_check = draw(month)
    first, second, _third = spot_check.items.order_by("number")

    answer = client.post(first.get_absolute_url(), {"finding": "IN_ORDER"})

    assert answer["Location"] == second.get_absolute_url()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "finding"),
        ({"finding": "FALSE"}, "note"),
        ({"finding": "POINTS_WRONG", "note": "半天"}, "right_points"),
        ({"finding": "POINTS_WRONG", "note": "半天", "right_points": "-1"}, "right_points"),
        ({"finding": "POINTS_WRONG", "note": "半天", "right_points": "2"}, "__all__"),
    ],
)
def test_an_incomplete_finding_comes_back_with_what_was_typed(client, month, staff, form, field):
    item = item_of(draw(month), "member", month)

    page = client.post(item.get_absolute_url(), form | {"confirmed": "yes"})

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert page.context["form"]["note"].value() == form.get("note", None)


def test_somebody_else_reads_and_does_not_record(client, month):
    item = draw(month).items.get(number=1)
    client.force_login(staff_of(month.committee))

    assert client.get(item.get_absolute_url()).context["may_inspect"] is False
    assert client.post(item.get_absolute_url(), {"finding": "IN_ORDER"}).status_code == 403


def test_a_finding_recorded_meanwhile_is_told(client, month, staff):
    item = draw(month).items.get(number=1)
    find(item, "IN_ORDER", by=staff)

    page = client.post(
        item.get_absolute_url(), {"finding": "FALSE", "note": "未参加", "confirmed": "yes"}
    )

    assert page.status_code == 422
    assert page.context["form"].non_field_errors()


def test_another_inspector_is_named_or_refused(client, month, staff):
    item = draw(month).items.get(number=1)
    second, barred = staff_of(month.committee), staff_of(month.committee)
    newcomer = month.other
    newcomer.user = barred
    newcomer.save()
    url = reverse("assign_inspector", args=[item.spot_check_id, item.number])

    client.post(url, {"inspector": second.pk})
    item.refresh_from_db()
    assert item.inspector == second
    refused = client.post(url, {"inspector": barred.pk}, follow=True)
    item.refresh_from_db()
    assert item.inspector == second
    (message,) = [str(m) for m in refused.context["messages"] if newcomer.name in str(m)]
    assert message


def test_the_member_reads_what_was_found(client, month, staff):
    item = item_of(draw(month), "member", month)
    client.force_login(month.users["member"])
    assert client.get(item.get_absolute_url()).status_code == 404
    find(item, "FALSE", by=staff, note="未参加该活动")

    page = client.get(item.get_absolute_url())

    assert "未参加该活动" in page.content.decode()
    assert page.context["appeal"].matter == item
    assert client.post(item.get_absolute_url(), {"finding": "IN_ORDER"}).status_code == 403


# -- as many queries for one row as for three ------------------------------------------------


def test_statistics_count_findings_by_kind(client, month, staff):
    spot_check = draw(month)
    for item, finding in zip(
        spot_check.items.order_by("number"), ("IN_ORDER", "FALSE", "FALSE"), strict=True
    ):
        find(item, finding, by=staff, note="" if finding == "IN_ORDER" else "x")

    context = client.get(reverse("spot_checks")).context

    assert [count for _kind, count in context["statistics"].whole.cells] == [1, 0, 0, 2]
    ((_draw, kinds),) = context["rows"]
    assert [(kind.value, kind.count) for kind in kinds] == [("IN_ORDER", 1), ("FALSE", 2)]


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same(client, month, staff, django_assert_num_queries, count):
    for number in range(count):
        item = draw(month, seed=str(number)).items.get(number=1)
        find(item, "IN_ORDER", by=item.inspector)

    with django_assert_num_queries(LIST_QUERIES):
        client.get(reverse("spot_checks"))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("name", "queries"),
    [("spot_check", 12), ("spot_check_protocol", 12), ("repeat_spot_check", 11)],
)
def test_a_draw_asks_the_same(
    client, month, staff, django_assert_num_queries, count, name, queries
):
    spot_check = draw(month, size=count)
    assert SpotCheckItem.objects.count() == count

    with django_assert_num_queries(queries):
        client.get(reverse(name, args=[spot_check.pk]))


LIST_QUERIES = 11
