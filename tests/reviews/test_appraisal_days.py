"""The day of a 民主评议 that was entered wrongly: corrected alone, in the history of each grade."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext

from lib.steps import Refused
from members.models import Event, Notice
from reviews.models import Appraisal, YearEnd
from reviews.services import appraisals as appraising
from tests.reviews.branch_year import AT, YEAR, BranchYear
from tests.reviews.test_appraisals import GIVEN, HELD, enter

pytestmark = pytest.mark.django_db
RIGHT = date(2026, 1, 8)
LATER = date(2026, 1, 12)


@pytest.fixture
def graded():
    year = BranchYear()
    enter(year)
    return year


def correct(year, *, was=HELD, held_on=RIGHT, reason="日期录错", by="secretary"):
    return appraising.correct_day(
        branch=year.branch.pk,
        year=YEAR,
        was=was,
        held_on=held_on,
        reason=reason,
        by=year.actor(by),
        at=AT,
    )


def history(year, name):
    rows = Appraisal.objects.filter(member=year.pk(name)).order_by("number")
    return list(rows.values_list("number", "is_current", "grade", "held_on", "reason"))


def test_the_day_is_corrected_in_the_history_of_each_grade_and_nobody_is_told(graded):
    told = Notice.objects.count()

    assert correct(graded) == len(GIVEN)

    assert history(graded, "last") == [
        (1, False, "BASIC", HELD, ""),
        (2, True, "BASIC", RIGHT, "日期录错"),
    ]
    assert Notice.objects.count() == told
    event = Event.objects.get(verb="correct_day")
    assert (event.details["was"], event.details["held_on"]) == ("2026-01-09", "2026-01-08")


def test_correcting_twice_is_once(graded):
    assert (correct(graded), correct(graded), correct(graded, was=RIGHT)) == (len(GIVEN), 0, 0)
    assert Appraisal.objects.count() == 2 * len(GIVEN)


def test_only_the_grades_of_that_meeting_get_another_day(graded):
    enter(graded, {"secretary": "QUALIFIED"}, held_on=LATER)
    enter(graded, {"last": "QUALIFIED"}, held_on=LATER, reasons={"last": "复议"}, seen=1)

    assert correct(graded) == 3

    assert {row[3] for row in history(graded, "secretary")} == {LATER}
    assert [row[1:4] for row in history(graded, "last")] == [
        (False, "BASIC", HELD),
        (True, "QUALIFIED", LATER),
    ]


def test_another_branch_that_met_on_the_same_day_is_not_touched(graded):
    other = BranchYear()
    enter(other)

    correct(graded)

    assert [row[3] for row in history(other, "last")] == [HELD]


@pytest.mark.parametrize("by", ["first", "staff", "secretary elsewhere", "staff elsewhere"])
def test_who_enters_no_grades_corrects_no_day(graded, by):
    with pytest.raises(PermissionDenied):
        correct(graded, by=by)


@pytest.mark.parametrize(
    "wrong",
    [{"held_on": date(2024, 12, 31)}, {"held_on": date(2026, 1, 15)}, {"reason": " "}],
    ids=["before the year", "tomorrow", "no reason"],
)
def test_a_wrong_correction_changes_nothing(graded, wrong):
    with pytest.raises(Refused):
        correct(graded, **wrong)
    assert Appraisal.objects.count() == len(GIVEN)


def test_provisional_figures_carry_no_correction(graded):
    YearEnd.objects.update(state="PROVISIONAL")
    with pytest.raises(Refused):
        correct(graded)


@pytest.mark.parametrize("grades", [{"first": "EXCELLENT"}, GIVEN])
def test_correcting_asks_the_same_for_one_and_for_many(django_assert_num_queries, grades):
    year = BranchYear()
    enter(year, grades)
    by = year.actor("secretary")
    with django_assert_num_queries(9):
        appraising.correct_day(
            branch=year.branch.pk,
            year=YEAR,
            was=HELD,
            held_on=RIGHT,
            reason="日期录错",
            by=by,
            at=AT,
        )


# -- the page ------------------------------------------------------------------------------


def typed(**more):
    sent = {"was": HELD.isoformat(), "right_day": RIGHT.isoformat(), "reason": "日期录错"}
    return {"step": "correct_day", **sent, **more}


def test_the_secretary_corrects_the_day_alone(graded, client):
    client.force_login(graded.users["secretary"])
    url = reverse("appraisals", args=[YEAR])

    assert client.post(url, typed()).status_code == 302

    assert set(Appraisal.objects.filter(is_current=True).values_list("held_on", flat=True)) == {
        RIGHT
    }
    assert client.get(url).context["days"] == [(RIGHT, len(GIVEN))]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"reason": ""}, 422), ({"was": LATER.isoformat()}, 422), ({"right_day": "2024-12-31"}, 409)],
)
def test_a_refused_correction_comes_back_with_what_was_typed(graded, client, wrong, status):
    client.force_login(graded.users["secretary"])
    sent = typed(**wrong)

    answer = client.post(reverse("appraisals", args=[YEAR]), sent)

    form = answer.context["correction"]
    assert answer.status_code == status
    assert {name: form[name].value() for name in ("was", "right_day", "reason")} == {
        name: sent[name] for name in ("was", "right_day", "reason")
    }
    assert answer.content.decode().count("checked") == len(GIVEN)
    assert Appraisal.objects.count() == len(GIVEN)


def test_another_day_without_another_grade_says_where_a_day_is_corrected(graded, client):
    client.force_login(graded.users["secretary"])
    url = reverse("appraisals", args=[YEAR])
    grades = {f"m{graded.pk(name)}-grade": grade for name, grade in GIVEN.items()}

    same = client.post(url, {"held_on": HELD.isoformat(), **grades}, follow=True)
    other = client.post(url, {"held_on": RIGHT.isoformat(), **grades}, follow=True)

    assert [str(one) for one in same.context["messages"]] == [gettext("Nothing was changed.")]
    assert [str(one) for one in other.context["messages"]] == [
        gettext("No grade was changed, so no day was: a wrong day is corrected below the grades.")
    ]
    assert Appraisal.objects.count() == len(GIVEN)


def test_nothing_is_offered_where_nothing_is_entered_or_one_may_not(client):
    year = BranchYear()
    client.force_login(year.users["secretary"])
    url = reverse("appraisals", args=[YEAR])
    assert "correct_day" not in client.get(url).content.decode()

    enter(year)
    assert "correct_day" in client.get(url).content.decode()
    client.force_login(year.users["staff"])
    assert "correct_day" not in client.get(url).content.decode()
    assert client.post(url, typed()).status_code == 403
