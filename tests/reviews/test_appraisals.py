"""Grades of the 民主评议: all of a meeting in one save, never from points."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext

from lib.steps import Refused
from members.models import Event, Notice
from reviews.models import Appraisal, YearEnd
from reviews.services import appraisals as appraising
from reviews.services.appraisals import Given, GradesRefused
from tests.factories import MemberFactory
from tests.reviews.branch_year import AT, YEAR, BranchYear

pytestmark = pytest.mark.django_db
HELD = date(2026, 1, 9)
GIVEN = {"first": "EXCELLENT", "second": "QUALIFIED", "deputy": "QUALIFIED", "last": "BASIC"}


def enter(year, grades=GIVEN, *, by="secretary", held_on=HELD, reasons=None, seen=0):
    given = [
        Given(year.pk(name), grade, (reasons or {}).get(name, ""), seen)
        for name, grade in grades.items()
    ]
    return appraising.enter_grades(
        branch=year.branch.pk, year=YEAR, held_on=held_on, grades=given, by=year.actor(by), at=AT
    )


def stored():
    return list(Appraisal.objects.values_list("member", "number", "is_current", "grade"))


@pytest.mark.parametrize("has_secretary", [True, False])
@pytest.mark.parametrize(
    "by", ["first", "secretary", "deputy", "staff", "secretary elsewhere", "staff elsewhere"]
)
def test_who_enters_grades(has_secretary, by):
    year = BranchYear(has_secretary=has_secretary)
    allowed = {"deputy"} | ({"secretary"} if has_secretary else {"staff"})
    if by in allowed:
        assert enter(year, by=by) == 4
    else:
        with pytest.raises(PermissionDenied):
            enter(year, by=by)
        assert stored() == []


def test_one_bad_row_saves_nothing_and_is_named(year):
    with pytest.raises(GradesRefused) as refused:
        enter(year, {**GIVEN, "last": "EXCELLENT", "new": "QUALIFIED"})
    assert set(refused.value.problems) == {year.pk("last"), year.pk("new")}
    assert stored() == []


def test_somebody_of_another_branch_is_refused(year):
    stranger = MemberFactory()
    year.people["stranger"] = stranger
    with pytest.raises(GradesRefused):
        enter(year, {"stranger": "QUALIFIED"})


def test_the_same_twice_is_once_and_only_new_grades_are_told(year):
    assert enter(year) == 4
    assert enter(year, seen=1) == 0
    assert enter(year, {**GIVEN, "secretary": "QUALIFIED"}, seen=1) == 1
    assert Appraisal.objects.count() == 5
    assert Event.objects.filter(verb="enter_grades").count() == 2
    assert Notice.objects.filter(user=year.users["first"]).count() == 1


def test_a_change_is_a_new_numbered_row_with_a_reason(year):
    enter(year)
    change = {"second": "EXCELLENT"}
    with pytest.raises(GradesRefused):
        enter(year, change, seen=1)
    enter(year, change, seen=1, reasons={"second": "复核票数"})
    rows = Appraisal.objects.filter(member=year.pk("second")).order_by("number")
    assert [(row.number, row.grade, row.is_current) for row in rows] == [
        (1, "QUALIFIED", False),
        (2, "EXCELLENT", True),
    ]
    assert rows[1].reason == "复核票数"


def test_a_grade_that_somebody_changed_meanwhile_is_not_overwritten(year):
    enter(year, {"second": "QUALIFIED"}, by="deputy")
    with pytest.raises(GradesRefused):
        enter(year, {"second": "BASIC"}, reasons={"second": "按表决"})
    assert [row[1:] for row in stored()] == [(1, True, "QUALIFIED")]


@pytest.mark.parametrize("held_on", [date(2024, 12, 31), date(2026, 1, 15)])
def test_the_meeting_was_held_after_the_year_began_and_not_tomorrow(year, held_on):
    with pytest.raises(Refused):
        enter(year, held_on=held_on)
    assert stored() == []


def test_provisional_figures_carry_no_grades(year):
    YearEnd.objects.update(state="PROVISIONAL")
    with pytest.raises(Refused):
        enter(year)


def test_whoever_had_no_assessed_month_is_appraised_too(year):
    year.people["away"] = MemberFactory(branch=year.branch)
    assert enter(year, {"away": "QUALIFIED"}) == 1


@pytest.mark.parametrize("grades", [{"first": "EXCELLENT"}, GIVEN])
def test_saving_asks_the_same_for_one_and_for_many(year, django_assert_num_queries, grades):
    by = year.actor("secretary")
    given = [Given(year.pk(name), grade) for name, grade in grades.items()]
    with django_assert_num_queries(12):
        appraising.enter_grades(
            branch=year.branch.pk, year=YEAR, held_on=HELD, grades=given, by=by, at=AT
        )


# -- pages ---------------------------------------------------------------------------------


def typed(year, grades, **more):
    chosen = {f"m{year.pk(name)}-grade": grade for name, grade in grades.items()}
    return {"held_on": HELD.isoformat(), **chosen, **more}


def test_nothing_is_chosen_before_somebody_chooses(year, client):
    client.force_login(year.users["secretary"])
    page = client.get(reverse("appraisals", args=[YEAR])).content.decode()
    assert 'type="radio"' in page
    assert "checked" not in page


def test_a_refused_page_keeps_every_grade_and_names_the_row(year, client):
    client.force_login(year.users["secretary"])
    url = reverse("appraisals", args=[YEAR])
    sent = typed(year, {"first": "EXCELLENT", "last": "EXCELLENT"})

    refused = client.post(url, sent)
    done = client.post(url, typed(year, GIVEN))

    page = refused.content.decode()
    assert refused.status_code == 422
    assert gettext("Only a candidate of the year can be graded excellent.") in page
    assert page.count("checked") == 2
    assert done.status_code == 302
    assert Appraisal.objects.count() == 4


def test_the_list_for_paper_has_everybody_and_their_grade(year, client):
    enter(year)
    client.force_login(year.users["deputy"])
    page = client.get(reverse("appraisals_print", args=[YEAR])).content.decode()
    for member in year.people.values():
        assert member.name in page
    assert "2026年1月9日" in page


@pytest.mark.parametrize("people", [1, 3])
def test_the_page_asks_the_same_whatever_the_branch(
    year, client, django_assert_num_queries, people
):
    enter(year, dict(list(GIVEN.items())[:people]))
    client.force_login(year.users["secretary"])
    with django_assert_num_queries(12):
        client.get(reverse("appraisals", args=[YEAR]))


def test_another_branch_is_not_there(year, client):
    client.force_login(year.users["secretary"])
    other = BranchYear().branch.pk
    assert client.get(reverse("appraisals", args=[YEAR]), {"branch": other}).status_code == 404
