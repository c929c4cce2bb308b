"""Copying last month's items: what is copied, what is not and why, and never twice."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import ngettext

from lib.steps import Refused
from points.models import Criterion, Declaration, Entry
from points.services import carry_over
from points.services import declaration as declarations
from points.services.declaration import Line
from tests.factories import CriterionFactory, RuleBookFactory
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db

NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def october(opened_month) -> BranchMonth:
    return deepcopy(opened_month)


def copy(month: BranchMonth, *, by: str = "member", day: int = 20) -> carry_over.Plan:
    sheet = month.sheet("member")
    return carry_over.copy_previous(pk=sheet.pk, by=month.actor(by), at=at(month.month.month, day))


def declared(month: BranchMonth) -> list[tuple[str, int, Decimal, str]]:
    entries = Entry.objects.standing().filter(member=month.member, month=month.month)
    return [(e.criterion.code, e.occurred_on.day, e.times, e.reason) for e in entries]


def test_items_are_copied_to_the_same_day_without_evidence(october):
    october.file("member", october.line(day=8, times="2.00"))
    november = october.also(NOVEMBER)

    plan = copy(november)

    code = october.study.code
    assert declared(november) == [(code, 8, Decimal("2.00"), "学习")]
    assert (len(plan.lines), plan.left_out) == (1, ())
    entry = Entry.objects.get(member=november.member, month=NOVEMBER)
    assert (entry.claimed_points, entry.evidence.count()) == (Decimal("4.00"), 0)


def test_the_date_is_at_the_latest_today(october):
    october.file("member", october.line(day=18))
    november = october.also(NOVEMBER)

    copy(november, day=3)

    assert [day for _code, day, _times, _reason in declared(november)] == [3]


@pytest.mark.parametrize(("month", "last"), [(date(2027, 2, 1), 28), (NOVEMBER, 30)])
def test_the_last_day_of_a_longer_month_is_the_last_of_a_shorter(october, month, last):
    line = Line(october.study, Decimal(1), date(2026, 10, 31), "学习")
    entry = Entry(pk=1, criterion=line.criterion, occurred_on=line.occurred_on, times=1)

    plan = carry_over.copied(
        [entry],
        rejected=(),
        criteria={october.study.code: october.study},
        here=(),
        month=month,
        today=date(2027, 12, 31),
    )
    assert [line.occurred_on.day for line in plan.lines] == [last]


def test_a_second_click_copies_nothing(october):
    october.file("member", october.line(day=8), october.line(day=9))
    november = october.also(NOVEMBER)
    copy(november)
    before = declared(november)

    again = copy(november, day=21)

    assert declared(november) == before
    assert again.lines == ()


def test_what_stands_on_the_sheet_already_is_not_copied(october):
    october.file("member", october.line(day=9))
    november = october.also(NOVEMBER)
    november.register("member", item=november.item(october.study, day=9))

    plan = copy(november)

    assert (len(plan.lines), len(plan.left_out)) == (0, 1)


def test_what_this_months_rule_book_does_not_let_one_declare_is_left_out(october):
    october.file("member", october.line())
    book = RuleBookFactory(branch=october.branch, version=2, effective_from=NOVEMBER)
    CriterionFactory(
        rule_book=book, code=october.study.code, registered_by=Criterion.RegisteredBy.BRANCH
    )
    november = october.also(NOVEMBER)

    plan = copy(november)

    assert declared(november) == []
    assert [item for item, _why in plan.left_out] == [october.study.text]


def test_a_new_rule_book_is_followed_by_the_code(october):
    october.file("member", october.line())
    book = RuleBookFactory(branch=october.branch, version=2, effective_from=NOVEMBER)
    renewed = CriterionFactory(rule_book=book, code=october.study.code, points=Decimal("5.00"))
    november = october.also(NOVEMBER)

    copy(november)

    entry = Entry.objects.get(member=november.member, month=NOVEMBER)
    assert (entry.criterion, entry.claimed_points) == (renewed, Decimal("5.00"))


def test_what_was_rejected_is_left_out(october):
    october.file("member", october.line())
    october.start()
    october.decide(october.entry("member"), "REJECTED", by="secretary", reason="不符")
    Declaration.objects.update(state=Declaration.State.REVIEWED)
    november = october.also(NOVEMBER)

    assert (len(copy(november).left_out), declared(november)) == (1, [])


def test_nothing_before_means_nothing_to_copy(october):
    assert copy(october) == carry_over.Plan()


@pytest.mark.parametrize(
    ("who", "works"), [("secretary", True), ("deputy", True), ("other", False), ("staff", False)]
)
def test_who_copies(october, who, works):
    october.file("member", october.line())
    november = october.also(NOVEMBER)

    if works:
        assert len(copy(november, by=who).lines) == 1
    else:
        with pytest.raises(PermissionDenied):
            copy(november, by=who)


def test_a_filed_sheet_takes_nothing(october):
    october.file("member", october.line())
    november = october.also(NOVEMBER)
    november.file("member")

    with pytest.raises(Refused):
        copy(november)


@pytest.mark.parametrize("count", [1, 3])
def test_copying_is_offered_at_the_same_queries_for_1_and_3(
    october, client, count, django_assert_num_queries
):
    october.file("member", *[october.line(day=day) for day in range(1, count + 1)])
    october.also(NOVEMBER)
    client.force_login(october.users["member"])

    with django_assert_num_queries(QUERIES):
        page = client.get(reverse("declaration", args=[2026, 11]))
    assert page.context["copyable"] == count


QUERIES = 16


def test_the_page_copies_and_says_how_many(october, client):
    october.file("member", october.line())
    november = october.also(NOVEMBER)
    client.force_login(october.users["member"])
    address = reverse("copy_previous", args=[november.sheet("member").pk])

    page = client.post(address, follow=True)

    assert len(declared(november)) == 1
    (said,) = page.context["messages"]
    assert str(said) == ngettext(
        "%(count)s item copied: check its date, times and reason.",
        "%(count)s items copied: check their dates, times and reasons.",
        1,
    ) % {"count": 1}
    assert page.context["copyable"] == 0
    assert declarations.lines_without_evidence(november.sheet("member")) == []
