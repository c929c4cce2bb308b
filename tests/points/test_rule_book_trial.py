"""试算: past months of a branch scored with a draft, from stored rows to the page."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.urls import reverse

from members.models import Exemption, Membership
from members.rights import system_actor
from points.models import Entry, RuleBook
from points.selectors.trial import Moved, trial_of
from points.services.rule_book import draft
from reviews.services.month_end import month_end
from tests.factories import BranchFactory, CriterionFactory, RuleBookFactory
from tests.reviews.branch_month import OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db

SEPTEMBER = date(2026, 9, 1)


def closed(month, *, studies=(), absences=()) -> BranchMonth:
    """A month in which some declared a study and some missed a meeting, reviewed and closed."""
    for name in studies:
        month.file(name, month.line())
    if absences:
        month.register(*absences)
    month.publish()
    month_end(on=date(2027, 1, 1), by=system_actor(), at=at(12, 31))
    return month


def draft_of(month, **changes) -> RuleBook:
    book = draft.start(branch=month.branch, source=month.book, by=system_actor(), at=at(10, 20))
    for code, values in changes.items():
        book.criteria.filter(code=getattr(month, code).code).update(**values)
    return book


def figures(page):
    return {row.member.name: (row.before, row.after) for row in page.members if row.change}


@pytest.fixture(scope="module")
def closed_october(kept_rows) -> BranchMonth:
    return closed(BranchMonth(), studies=["member"], absences=["member", "other"])


@pytest.fixture
def october(closed_october) -> BranchMonth:
    return deepcopy(closed_october)


def test_the_same_rule_book_changes_nothing(october):
    page = trial_of(draft_of(october), first=OCTOBER, last=OCTOBER)

    assert (figures(page), page.crossing, page.criteria, page.caps) == ({}, [], [], [])
    assert (page.months_tried, page.months_changed) == (5, 0)


def test_what_moves_and_who_crosses_the_line(october):
    book = draft_of(
        october,
        absence={"points": Decimal("-12.00")},
        study={"max_points_month": Decimal("0.50")},
    )

    page = trial_of(book, first=OCTOBER, last=OCTOBER)

    member, other = october.people["member"], october.people["other"]
    d = Decimal
    assert figures(page) == {
        member.name: (d("76.00"), d("68.50")),
        other.name: (d("74.00"), d("68.00")),
    }
    assert [(who.name, month.month, month.crosses) for who, month in page.crossing] == [
        (member.name, OCTOBER, "DOWN"),
        (other.name, OCTOBER, "DOWN"),
    ]
    study, absence = october.study, october.absence
    assert page.criteria == [
        Moved(study.text, d("2.00"), d("0.50"), study.code),
        Moved(absence.text, d("-12.00"), d("-24.00"), absence.code),
    ]
    assert [(one.before, one.after) for one in page.caps] == [(d("0.00"), d("1.50"))]


def test_a_retired_criterion_brings_nothing_and_a_new_one_has_no_entries(october):
    book = draft_of(october)
    book.criteria.filter(code=october.study.code).delete()
    new = CriterionFactory(rule_book=book)

    page = trial_of(book, first=OCTOBER, last=OCTOBER)

    study = october.study
    zero = Decimal("0.00")
    assert page.criteria == [Moved(study.text, Decimal("2.00"), zero, study.code, True)]
    assert (new.code, new.text) in page.unused


def test_yearly_caps_are_used_up_from_january_on(october):
    november = closed(october.also(date(2026, 11, 1)), studies=["member"])
    book = draft_of(october, study={"max_points_year": Decimal("3.00")})

    page = trial_of(book, first=november.month, last=november.month)

    name = october.people["member"].name
    assert figures(page) == {name: (Decimal("82.00"), Decimal("81.00"))}


def test_exempt_months_and_other_branches_are_left_out(october):
    Exemption.objects.create(
        member=october.people["other"],
        first_month=date(2026, 11, 1),
        last_month=date(2026, 11, 1),
        reason="产假",
        approved_by=october.users["staff"],
        approved_at=at(10, 30),
    )
    november = closed(october.also(date(2026, 11, 1)))
    elsewhere = BranchFactory()
    RuleBookFactory(branch=elsewhere)
    Membership.objects.filter(member=october.people["organiser"]).update(branch=elsewhere)
    book = draft_of(october, absence={"points": Decimal("-12.00")})

    page = trial_of(book, first=november.month, last=november.month)

    rows = {row.member.name: len(row.assessed) for row in page.members}
    assert rows[october.people["other"].name] == 0
    assert page.months_tried == 4
    elsewhere_page = trial_of(
        draft.start(branch=elsewhere, source=None, by=system_actor(), at=at(10, 20)),
        first=OCTOBER,
        last=november.month,
    )
    assert elsewhere_page.members == []


def counts() -> dict[str, int]:
    names = ("points", "reviews", "members")
    models = [model for name in names for model in apps.get_app_config(name).get_models()]
    return {model.__name__: model.objects.count() for model in models}


def test_nothing_is_stored(october, client):
    book = draft_of(october, absence={"points": Decimal("-12.00")})
    client.force_login(october.users["secretary"])
    before, entries = counts(), list(Entry.objects.values())

    response = client.get(reverse("rule_book_trial", args=[book.pk]))

    assert response.context["trial"].falling == 1
    assert (counts(), list(Entry.objects.values())) == (before, entries)


def test_the_span_is_chosen_among_final_months(october, client):
    book = draft_of(october)
    client.force_login(october.users["deputy"])
    address = reverse("rule_book_trial", args=[book.pk])

    form = client.get(address).context["form"]
    wrong = client.get(address, {"first": "2026-09", "last": "2026-10"}).context

    assert [value for value, _label in form.fields["first"].choices] == ["2026-10"]
    assert (wrong["trial"], list(wrong["form"].errors)) == (None, ["first"])


def test_a_branch_without_final_months_is_told(client):
    month = BranchMonth()
    client.force_login(month.users["secretary"])

    response = client.get(reverse("rule_book_trial", args=[draft_of(month).pk]))

    assert response.status_code == 200
    assert "trial" not in response.context


def test_what_is_in_force_is_not_tried_out(october, client):
    client.force_login(october.users["secretary"])

    assert client.get(reverse("rule_book_trial", args=[october.book.pk])).status_code == 403


@pytest.mark.parametrize("absences", [["member"], ["member", "other", "deputy"]])
def test_a_trial_takes_the_same_queries_for_1_and_3(absences, django_assert_num_queries):
    month = closed(BranchMonth(), absences=absences)
    book = draft_of(month, absence={"points": Decimal("-12.00")})

    with django_assert_num_queries(TRIAL_QUERIES):
        page = trial_of(book, first=SEPTEMBER, last=OCTOBER)

    assert page.months_changed == len(absences)


TRIAL_QUERIES = 4
