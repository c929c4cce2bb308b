"""The branch's publication: in the roll's order, and nothing that others need not know."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import Publication
from reviews.services.corrections import Change
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


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


# -- withdrawn, corrected, extended, of a quarter --------------------------------------------


def page_of(client, user, publication, **query):
    client.force_login(user)
    return client.get(publication.get_absolute_url(), query)


def test_what_was_withdrawn_is_shown_as_it_stood_then(branch, client):
    branch.to("PUBLISHED")
    old = Publication.objects.get()
    branch.reopen()
    branch.decide(branch.entry("member"), "REJECTED", by="deputy", reason="不符", seen=1)
    branch.meet()
    new = branch.conclude(when=at(10, 30))

    def scores(publication):
        page = page_of(client, branch.users["member"], publication).context["page"]
        return [(str(row.result.score), row.is_corrected) for row in page.rows if row.is_mine]

    assert scores(old) == [("82.00", False)]
    assert scores(new) == [("80.00", False)]
    body = text(page_of(client, branch.users["other"], old))
    assert "漏记一项" in body
    listed = client.get(reverse("publications")).context["page"]
    assert [one.is_withdrawn for one in listed] == [False, True]


def test_the_record_says_what_was_shown_when(branch, client):
    branch.to("PUBLISHED")
    branch.extend(date(2026, 11, 9))
    publication = Publication.objects.get()
    objection = branch.object()
    branch.answer(
        objection,
        correction=Change(branch.entry("member").pk, "ADJUSTED", Decimal("3.00")),
    )

    page = page_of(client, branch.users["secretary"], publication).context["page"]
    assert [item["icon"] for item in page.record][:3] == [
        "megaphone",
        "calendar-plus",
        "pencil-line",
    ]
    first = page_of(client, branch.users["secretary"], publication, **{"as": "published"})
    mine = next(row for row in first.context["page"].rows if row.name == branch.member.name)
    assert mine.result.score == Decimal("82.00")
    assert page_of(client, branch.users["member"], publication).context["page"].record == []


@pytest.mark.parametrize("name", ["publication", "publication_notice"])
def test_a_quarter_is_one_page_and_one_notice(client, name, django_assert_num_queries):
    july = BranchMonth(month=date(2026, 7, 1)).quarterly()
    months = [
        july,
        july.also(date(2026, 8, 1)).quarterly(),
        july.also(date(2026, 9, 1)).quarterly(),
    ]
    months[1].register("other")
    for month in months:
        lead = month.publish()
    client.force_login(july.users["member"])

    with django_assert_num_queries(PUBLICATION_QUERIES + 1):  # which months one may see
        page = client.get(reverse(name, args=[lead.pk])).context["page"]

    assert [len(month.rows) for month in page.months] == [5, 5, 5]
    assert [len(row.matters) for row in page.months[1].rows] == [0, 0, 0, 0, 1]


def test_the_other_months_of_a_quarter_lead_to_its_notice(client):
    july = BranchMonth(month=date(2026, 7, 1)).quarterly()
    months = [
        july,
        july.also(date(2026, 8, 1)).quarterly(),
        july.also(date(2026, 9, 1)).quarterly(),
    ]
    for month in months:
        lead = month.publish()
    client.force_login(july.users["member"])

    response = client.get(july.round.publication.get_absolute_url())

    assert response.url == lead.get_absolute_url()


# -- extending and taking back ---------------------------------------------------------------


def test_the_secretary_extends_with_a_reason(branch, client):
    branch.publish(when=timezone.now())
    publication = Publication.objects.get()
    until = publication.ends_on + timedelta(days=3)
    client.force_login(branch.users["secretary"])
    address = reverse("extend_publication", args=[publication.pk])

    refused = client.post(address, {"until": until, "reason": ""})
    assert (refused.status_code, refused.context["form"]["until"].value()) == (422, str(until))
    client.post(address, {"until": until, "reason": "部分党员出差在外"})

    publication.refresh_from_db()
    assert publication.ends_on == until


def test_the_secretary_takes_a_running_publication_back(branch, client):
    branch.publish(when=timezone.now())
    client.force_login(branch.users["secretary"])
    address = reverse("reopen", args=[branch.round.pk])

    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "漏记一项"}).url == branch.round.get_absolute_url()
    assert "漏记一项" in client.get(branch.round.get_absolute_url()).content.decode()
    assert client.post(address, {"reason": "漏记一项"}).status_code == 422  # too late: it is open


def test_after_the_end_the_page_says_what_to_do(branch, client):
    branch.to("PUBLISHED")
    Publication.objects.update(starts_on=date(2020, 1, 1), ends_on=date(2020, 1, 6))
    client.force_login(branch.users["secretary"])
    page = client.get(reverse("reopen", args=[branch.round.pk]))

    assert page.context["is_over"]
    assert "<textarea" not in page.content.decode()
