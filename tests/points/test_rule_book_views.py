"""Rule books as people read them."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from points.models import Category, CategoryCap, Criterion
from tests.factories import CriterionFactory, RuleBookFactory
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(month) -> BranchMonth:
    return month


@pytest.mark.parametrize(
    ("who", "status"),
    [("member", 200), ("staff", 200), ("secretary elsewhere", 404), ("staff elsewhere", 404)],
)
def test_who_reads_a_rule_book(branch, client, who, status):
    client.force_login(branch.users[who])

    assert client.get(branch.book.get_absolute_url()).status_code == status


def test_criteria_stand_by_category_with_its_cap(branch, client):
    CriterionFactory(rule_book=branch.book, category=Category.VOLUNTEERING)
    CategoryCap.objects.create(
        rule_book=branch.book, category=Category.STUDY, max_plus_month=Decimal("3.00")
    )
    client.force_login(branch.users["member"])

    groups = client.get(branch.book.get_absolute_url()).context["groups"]

    assert [(g.category, len(g.choices), g.max_plus_month) for g in groups] == [
        (Category.STUDY, 4, Decimal("3.00")),
        (Category.VOLUNTEERING, 1, None),
    ]


def test_a_reader_finds_what_applies_to_them(branch, client):
    own = CriterionFactory(rule_book=branch.book, applies_to=Criterion.AppliesTo.SECRETARY)

    def read(who, query):
        client.force_login(branch.users[who])
        groups = client.get(branch.book.get_absolute_url(), query).context["groups"]
        return {choice.criterion: choice.concerns_me for g in groups for choice in g.choices}

    assert read("secretary", {})[own]
    assert not read("member", {})[own]
    assert own in read("secretary", {"mine": "1"})
    assert own not in read("member", {"mine": "1"})


def test_versions_say_which_is_in_force(branch, client):
    new = RuleBookFactory(branch=branch.branch, version=2, effective_from=date(2999, 1, 1))
    client.force_login(branch.users["member"])

    versions = client.get(reverse("rule_books")).context["mine"]

    assert [(v.book, v.is_in_force, v.is_to_come) for v in versions] == [
        (new, False, True),
        (branch.book, True, False),
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_1_and_3(client, count, django_assert_num_queries):
    branches = [BranchMonth() for _each in range(count)]
    for other in branches[1:]:
        other.branch.committee = branches[0].committee
        other.branch.save()
    client.force_login(branches[0].users["staff"])
    with django_assert_num_queries(LIST_QUERIES):
        assert len(client.get(reverse("rule_books")).context["page"]) == count


LIST_QUERIES = 11


@pytest.mark.parametrize("count", [1, 3])
def test_a_rule_book_takes_the_same_queries_for_1_and_3_criteria(
    branch, client, count, django_assert_num_queries
):
    for _each in range(count):
        CriterionFactory(rule_book=branch.book)
    client.force_login(branch.users["member"])
    with django_assert_num_queries(BOOK_QUERIES):
        client.get(branch.book.get_absolute_url())


BOOK_QUERIES = 12


@pytest.mark.parametrize("who", ["member", "staff"])
def test_how_points_are_worked_out_is_open_to_everybody(branch, client, who):
    client.force_login(branch.users[who])

    assert client.get(reverse("about_rules")).status_code == 200
