"""Objections in the browser: the inbox, the thread, the answer with what it will change."""

from decimal import Decimal

import pytest
from django.urls import reverse

from points.models import Decision
from reviews.models import Objection
from tests.reviews.branch_month import BranchMonth

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(cut) -> BranchMonth:
    return cut


@pytest.fixture
def objection(month) -> Objection:
    return month.object(line=month.result("member").lines.get())


def signed_in(client, month, name):
    client.force_login(month.users[name])
    return client


def correction(month, **more):
    return {
        "verdict": "CORRECT",
        "entry": month.entry("member").pk,
        "outcome": "ADJUSTED",
        "points": "1.5",
        "text": "按一天半计",
    } | more


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("member", 1),
        ("other", 0),
        ("secretary", 1),
        ("deputy", 1),
        ("staff", 1),
        ("secretary elsewhere", 0),
        ("staff elsewhere", 0),
    ],
)
def test_everyone_sees_what_concerns_them(client, month, objection, name, count):
    browser = signed_in(client, month, name)

    assert len(browser.get(reverse("objections")).context["page"]) == count
    status = browser.get(objection.get_absolute_url()).status_code
    assert status == (200 if count else 404)


@pytest.mark.parametrize("name", ["member", "deputy", "staff"])
def test_those_who_may_not_answer_get_no_form_and_are_refused(client, month, objection, name):
    browser = signed_in(client, month, name)
    page = browser.get(objection.get_absolute_url())

    assert not page.context["may_answer"]
    assert 'name="verdict"' not in page.content.decode()
    data = {"verdict": "KEEP", "text": "维持", "confirmed": "yes"}
    assert browser.post(objection.get_absolute_url(), data).status_code == 403
    objection.refresh_from_db()
    assert objection.state == "OPEN"


def test_secretary_is_told_that_the_own_objection_is_for_others(client, month):
    own = month.object("secretary")
    page = signed_in(client, month, "secretary").get(own.get_absolute_url())

    assert page.context["why_not"]
    assert not page.context["may_answer"]


def test_correction_is_shown_before_it_is_decided(client, month, objection):
    browser = signed_in(client, month, "secretary")
    page = browser.post(objection.get_absolute_url(), correction(month))

    (effect,) = page.context["effect"].months
    assert (effect.old.score, effect.new.score, effect.change) == (
        Decimal("81.00"),
        Decimal("81.50"),
        Decimal("0.50"),
    )
    objection.refresh_from_db()
    assert objection.state == "OPEN"
    assert Decision.objects.count() == 1


def test_confirmed_correction_is_given(client, month, objection):
    browser = signed_in(client, month, "secretary")
    response = browser.post(objection.get_absolute_url(), correction(month, confirmed="yes"))

    assert response.url == objection.get_absolute_url()
    assert month.result("member").score == Decimal("81.50")
    objection.refresh_from_db()
    assert objection.state == "CORRECTED"


def test_writing_it_again_keeps_what_was_typed(client, month, objection):
    browser = signed_in(client, month, "secretary")
    page = browser.post(objection.get_absolute_url(), correction(month, again="yes"))

    assert "按一天半计" in page.content.decode()
    assert "is_preview" not in page.context
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"verdict": ""}, "verdict"),
        ({"entry": ""}, "entry"),
        ({"outcome": ""}, "outcome"),
        ({"text": ""}, "text"),
        ({"points": "1.555"}, "points"),
        ({"entry": "0"}, "entry"),
        ({"points": "2"}, "__all__"),
        ({"points": "-2"}, "__all__"),
    ],
)
def test_incomplete_answer_says_what_is_missing(client, month, objection, change, field):
    browser = signed_in(client, month, "secretary")
    page = browser.post(objection.get_absolute_url(), correction(month) | change)

    assert field in page.context["form"].errors


def test_second_answer_is_told_and_keeps_what_was_written(client, month):
    own = month.object("secretary")
    browser = signed_in(client, month, "organiser")
    month.answer(own, by="deputy")
    data = {"verdict": "KEEP", "text": "我的答复", "confirmed": "yes"}
    body = browser.post(own.get_absolute_url(), data).content.decode()

    assert month.deputy.name in body
    assert "我的答复" in body


def test_answered_objection_stays_readable(client, month, objection):
    month.answer(objection, text="维持，理由如下")
    month.close()
    browser = signed_in(client, month, "member")

    assert "维持，理由如下" in browser.get(objection.get_absolute_url()).content.decode()
    page = browser.get(f"{reverse('objections')}?show=answered")
    assert list(page.context["page"]) == [objection]


def test_inbox_costs_the_same_for_one_and_three(client, month, django_assert_num_queries):
    browser = signed_in(client, month, "secretary")
    for name in ("member", "other", "deputy"):
        month.object(name)
        with django_assert_num_queries(11):
            browser.get(reverse("objections"))
