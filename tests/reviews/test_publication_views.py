"""The branch's publication: in the roll's order, and nothing that others need not know."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import Publication
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch() -> BranchMonth:
    return BranchMonth()


def shown(branch, client, who="member", name="publication"):
    client.force_login(branch.users[who])
    return client.get(reverse(name, args=[Publication.objects.get().pk]))


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("member", 200),
        ("other", 200),
        ("secretary", 200),
        ("staff", 200),
        ("secretary elsewhere", 404),
        ("staff elsewhere", 404),
    ],
)
@pytest.mark.parametrize("name", ["publication", "publication_notice"])
def test_who_sees_a_publication(branch, client, who, status, name):
    branch.to("PUBLISHED")

    assert shown(branch, client, who, name).status_code == status


def test_names_stand_in_the_rolls_order_whatever_their_points(branch, client):
    branch.register("secretary", "deputy", by="staff", item=branch.item(branch.punished))
    branch.to("PUBLISHED")

    rows = shown(branch, client).context["page"].rows

    roll = ["secretary", "deputy", "organiser", "member", "other"]
    assert [row.name for row in rows] == [branch.people[name].name for name in roll]
    assert rows[0].result.score < rows[-1].result.score
    assert [row.is_mine for row in rows] == [False, False, False, True, False]


@pytest.mark.parametrize("name", ["publication", "publication_notice"])
def test_confidential_matters_are_not_named(branch, client, name):
    branch.punished.text = "受到诫勉谈话"
    branch.punished.save()
    branch.member.phone, branch.member.email = "13800000000", "m@example.cn"
    branch.member.save()
    branch.register("member", by="staff", item=branch.item(branch.punished))
    branch.to("PUBLISHED")
    branch.object("member", "我对诫勉有异议", branch.result("member").lines.order_by("pk").first())
    branch.object("member", "密不可宣")
    for objection in Publication.objects.get().objections.all():
        branch.answer(objection, text="答复内容")

    page = text(shown(branch, client, "other", name))

    for secret in ("诫勉", "密不可宣", "答复内容", "13800000000", "m@example.cn", "缺席"):
        assert secret not in page
    assert "−10" in page


def test_my_own_action_stands_above(branch, client):
    branch.to("PUBLISHED")
    Publication.objects.update(
        starts_on=timezone.localdate(), ends_on=timezone.localdate() + timedelta(days=2)
    )

    assert shown(branch, client).context["page"].can_confirm
    assert not shown(branch, client, "staff").context["page"].can_confirm


def test_a_closed_month_asks_for_nothing(branch, client):
    branch.to("CLOSED")

    assert not shown(branch, client).context["page"].can_confirm


@pytest.mark.parametrize(("registered", "count"), [(1, 1), (3, 3)])
def test_a_publication_takes_the_same_queries_for_1_and_3_matters(
    branch, client, registered, count, django_assert_num_queries
):
    for name in ("member", "other", "organiser")[:registered]:
        branch.register(name)
    branch.publish()
    client.force_login(branch.users["member"])
    address = reverse("publication", args=[Publication.objects.get().pk])
    with django_assert_num_queries(PUBLICATION_QUERIES):
        page = client.get(address).context["page"]
    assert sum(len(row.matters) for row in page.rows) == count


PUBLICATION_QUERIES = 15


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_1_and_3(client, count, django_assert_num_queries):
    months = [BranchMonth().to("PUBLISHED") for _each in range(count)]
    user = months[0].users["staff"]
    for month in months[1:]:
        month.branch.committee = months[0].committee
        month.branch.save()
    client.force_login(user)
    with django_assert_num_queries(LIST_QUERIES):
        assert len(client.get(reverse("publications")).context["page"]) == count


LIST_QUERIES = 8


def test_a_branch_is_found_by_its_name(branch, client):
    branch.to("PUBLISHED")
    client.force_login(branch.users["staff"])

    for query, found in ((branch.branch.name, 1), ("没有这个支部", 0)):
        page = client.get(reverse("publications"), {"q": query}).context["page"]
        assert len(page) == found
