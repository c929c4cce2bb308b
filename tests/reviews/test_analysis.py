"""The analysis of a branch: counted right, from published results only, naming nobody; and what
the committee sees of all branches, which is never a score."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from branches.models import Branch
from lib.months import add_months
from members.models import Position
from points.models import Criterion, Declaration
from reviews.analysis import Band, MonthBands
from reviews.models import FollowUp, Round, SpotCheckItem
from reviews.selectors.analysis import overview
from reviews.selectors.analysis.bands import bands_of
from reviews.selectors.analysis.branch import analysis_of
from reviews.selectors.analysis.categories import (
    COMMITTEES,
    CategoryPoints,
    Cost,
    by_category,
    costs,
    credited,
)
from reviews.selectors.analysis.findings import Findings, findings_of
from reviews.selectors.analysis.follow_ups import OpenFollowUps, open_follow_ups
from reviews.selectors.analysis.punctuality import MonthInTime, Sheets, punctuality_of, together
from reviews.selectors.analysis.words import about_bands, about_categories
from reviews.selectors.burden import Burden
from tests.factories import LONG_AGO, BranchFactory, StaffAppointmentFactory
from tests.reviews.branch_month import OCTOBER, BranchMonth, at
from tests.reviews.spot_checking import draw

D = Decimal
SEPTEMBER = date(2026, 9, 1)
TODAY = date(2026, 11, 9)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def month(kept_rows) -> BranchMonth:
    """A closed October with points won and lost, one matter of the committee's, and a zero."""
    month = BranchMonth()
    for person, name in zip(month.people.values(), "赵钱孙李周吴", strict=True):
        person.name = f"{name}一鸣"
        person.save(update_fields=["name"])
    zeroed = month.criterion("-5.00", Criterion.RegisteredBy.COMMITTEE, zeroes_month=True)
    month.file("member", month.line(), month.line(day=9))
    month.register("member", "other")
    month.register("other", item=month.item(day=12))
    month.register("organiser", by="staff", item=month.item(month.punished))
    month.register("deputy", by="staff", item=month.item(zeroed))
    Declaration.objects.filter(pk=month.sheet("member").pk).update(is_late=True)
    month.publish()
    month.close()
    Round.objects.filter(month=OCTOBER).update(closed_at=at(11, 5))
    return month


# -- one branch --------------------------------------------------------------------------------


def test_bands_count_the_members_of_published_months(month):
    # secretary 80, member 78, other 68, organiser 70 and deputy nothing, over a line of 70.
    assert bands_of(month.branch, [SEPTEMBER, OCTOBER]) == [
        MonthBands(SEPTEMBER),
        MonthBands(
            OCTOBER,
            {Band.TEN: 1, Band.FIVE: 1, Band.BELOW: 1, Band.LINE: 1, Band.ZERO: 1},
        ),
    ]


def test_results_that_are_not_published_count_for_nothing():
    month = BranchMonth().to("CONCLUDED")
    analysis = analysis_of(month.branch, [OCTOBER], TODAY)
    assert (analysis.has_results, analysis.has_points, analysis.costs) == (False, False, [])


def test_categories_stand_in_their_order_and_the_committees_matters_apart(month):
    lines = credited(month.branch, [OCTOBER])
    rows = by_category(lines)
    assert rows[0] == CategoryPoints(rows[0].label, D("4.00"), D("18.00"))
    assert [row.label for row in rows[1:-1]] == [row.label for row in by_category([])[1:]]
    assert not any(row.plus or row.minus for row in rows[1:-1])
    assert rows[-1] == CategoryPoints(COMMITTEES, D("0.00"), D("10.00"))


def test_items_that_cost_are_named_without_people_and_without_what_is_confidential(month):
    absence = month.absence
    # The zeroed month credits nothing, so nothing of it is a cost.
    assert costs(credited(month.branch, [OCTOBER])) == [
        Cost(absence.code, absence.text, 3, D("18.00")),
        Cost("", COMMITTEES, 1, D("10.00")),
    ]


def test_punctuality_tells_sheets_reviews_and_publications(month):
    (row,) = punctuality_of([month.branch.pk], [SEPTEMBER, OCTOBER], TODAY)
    assert row == MonthInTime(
        branch=month.branch.pk,
        month=OCTOBER,
        sheets=Sheets(late=1, unfiled=4),
        review_by=date(2026, 10, 31),
        reviewed_on=date(2026, 10, 28),
        was_in_time=True,
        published_on=month.round.publication.starts_on,
    )
    taken = together([row, row])
    assert (taken.sheets, taken.reviews_in_time, taken.published) == (
        Sheets(late=2, unfiled=8),
        2,
        2,
    )
    assert row.sheets.in_time_share == 0


@pytest.mark.parametrize(
    ("today", "sheets", "was_in_time"),
    [
        (date(2026, 10, 25), Sheets(in_time=1, waiting=4), None),
        (date(2026, 10, 26), Sheets(in_time=1, unfiled=4), None),
        (date(2026, 11, 1), Sheets(in_time=1, unfiled=4), False),
    ],
)
def test_what_is_not_due_yet_is_not_late(today, sheets, was_in_time):
    month = BranchMonth()
    month.file("member", month.line())
    (row,) = punctuality_of([month.branch.pk], [OCTOBER], today)
    assert (row.sheets, row.was_in_time, row.reviewed_on) == (sheets, was_in_time, None)


def test_a_reopened_review_was_held_when_it_was_first_held():
    month = BranchMonth()
    month.publish(when=at(10, 28))
    month.reopen()
    (row,) = punctuality_of([month.branch.pk], [OCTOBER], date(2026, 11, 3))
    assert (row.reviewed_on, row.was_in_time) == (date(2026, 10, 28), True)
    assert row.published_on is None


def test_findings_count_what_was_inspected(month):
    draw(month, size=3)
    first = SpotCheckItem.objects.filter(entry__branch=month.branch).earliest("number")
    first.finding, first.found_by, first.found_at = "FALSE", month.users["staff"], LONG_AGO
    first.save()
    found = findings_of([month.branch.pk], [OCTOBER])
    assert found == {month.branch.pk: Findings({"FALSE": 1})}
    assert (found[month.branch.pk].inspected, found[month.branch.pk].in_order) == (1, 0)
    assert findings_of([month.branch.pk], [SEPTEMBER]) == {}


def test_open_follow_ups_are_counted_by_kind_and_state(month):
    FollowUp.objects.filter(kind="TALK").update(due_on=date(2026, 11, 5))
    FollowUp.objects.filter(kind="REPORT_EXPLANATION").update(due_on=None)
    found = open_follow_ups([month.branch.pk], TODAY)[month.branch.pk]
    assert found == OpenFollowUps(
        {("TALK", "OPEN"): 2, ("REPORT_EXPLANATION", "OPEN"): 1},
        {"TALK": 2, "REPORT_EXPLANATION": 0},
    )
    assert (found.total, found.total_overdue) == (3, 2)
    assert [(row.total, row.overdue) for row in found.rows] == [(2, 2), (1, 0)]


def test_words_say_the_figures_and_no_more(month):
    analysis = analysis_of(month.branch, [OCTOBER], TODAY)
    words = " ".join(analysis.words)
    assert len(analysis.words) == 7
    assert sorted(re.findall(r"\d+", analysis.words[0])) == ["10", "2", "2026", "5"]
    assert not [person.name for person in month.people.values() if person.name in words]


def test_words_of_three_months_in_a_row():
    months = [add_months(OCTOBER, -n) for n in (3, 2, 1, 0)]
    under = [MonthBands(one, {Band.BELOW: 1, Band.TEN: 2}) for one in months]
    assert len(about_bands(under)) == 2
    assert "4" in about_bands(under)[1]
    assert len(about_bands(under[:2])) == 1
    assert about_bands([]) == []
    assert about_categories([CategoryPoints("学习", D(0), D(0))]) == []


@pytest.mark.parametrize("declared", [1, 3])
def test_an_analysis_takes_as_many_queries_for_one_member_as_for_three(
    declared, django_assert_num_queries
):
    month = BranchMonth()
    for name in ("member", "other", "deputy")[:declared]:
        month.file(name, month.line())
    month.publish()
    with django_assert_num_queries(11):
        analysis = analysis_of(month.branch, [OCTOBER], TODAY)
        assert all([analysis.words, analysis.band_chart, analysis.punctuality_chart])
    assert sum(row.declared for row in analysis.burden) == declared


# -- the pages ---------------------------------------------------------------------------------


def page(client, month, name, address):
    client.force_login(month.users[name])
    return client.get(address)


def test_the_page_draws_the_numbers_of_its_tables_and_names_nobody(client, month):
    address = reverse("branch_analysis", args=[month.branch.pk])
    response = page(client, month, "secretary", f"{address}?first=2026-10&last=2026-10")
    html = response.content.decode()
    main = html[html.index("<main") : html.index("</main>")]

    drawn = dict(re.findall(r'data-part="(\w+)"\s+data-count="(\d+)"', main))
    analysis = response.context["analysis"]
    (_month, cells) = analysis.band_rows[0]
    assert [int(drawn.get(band, 0)) for band in ("FIFTEEN", "TEN", "FIVE", "LINE")] == [
        count for _label, count in cells[:4]
    ]
    assert {key: int(drawn[key]) for key in ("late", "unfiled")} == {"late": 1, "unfiled": 4}
    numbers = re.findall(r'<td\s+class="num[^>]*>\s*(\d+)\s*</td>', main)
    assert numbers[:7] == ["0", "1", "1", "1", "1", "1", "5"]
    assert month.punished.text not in main
    assert not [person.name for person in month.people.values() if person.name in main]
    assert " style=" not in main


def test_a_span_that_cannot_be_is_said_and_the_usual_one_shown(client, month):
    month.also(add_months(OCTOBER, -1))
    address = reverse("branch_analysis", args=[month.branch.pk])
    response = page(client, month, "secretary", f"{address}?first=2026-10&last=2026-09")
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"last"}
    assert response.context["analysis"].months == [SEPTEMBER, OCTOBER]
    assert page(client, month, "secretary", f"{address}?first=x").status_code == 422


def test_a_branch_committee_goes_to_its_own_branch_and_staff_choose_one(client, month):
    own = reverse("branch_analysis", args=[month.branch.pk])
    assert page(client, month, "deputy", reverse("analysis")).url == own
    chosen = page(client, month, "staff", f"{reverse('analysis')}?branch={month.branch.pk}&first=x")
    assert chosen.url == f"{own}?first=x"
    assert page(client, month, "staff", f"{reverse('analysis')}?branch=x").status_code == 404


def test_whoever_sits_on_two_committees_finds_both_branches(client, month):
    elsewhere = BranchFactory()
    secretary = month.people["secretary"]
    Position.objects.create(member=secretary, branch=elsewhere, kind=Position.Kind.ORGANISATION)
    own, other = (reverse("branch_analysis", args=[one.pk]) for one in (month.branch, elsewhere))
    assert f'href="{other}"' in page(client, month, "secretary", own).content.decode()

    StaffAppointmentFactory(user=secretary.user, committee=BranchFactory().committee)
    overview_page = page(client, month, "secretary", reverse("analysis")).content.decode()
    assert f'href="{own}"' in overview_page
    assert f'href="{other}"' in overview_page


def test_a_branch_without_a_month_says_what_will_stand_there(client):
    branch = BranchFactory()
    user = StaffAppointmentFactory(committee=branch.committee).user
    client.force_login(user)
    response = client.get(reverse("branch_analysis", args=[branch.pk]))
    assert (response.status_code, response.context["analysis"]) == (200, None)
    assert client.get(reverse("analysis")).status_code == 200


# -- all branches ------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", overview.SUBJECTS, ids=lambda one: one.key)
def test_the_committee_sees_counts_of_all_branches_and_no_score(client, month, subject):
    other = BranchMonth()
    Branch.objects.filter(pk=other.branch.pk).update(committee=month.committee, roll_order=0)
    Branch.objects.filter(pk=month.branch.pk).update(roll_order=1)
    address = f"{reverse('analysis')}?show={subject.key}&sort=-score&order=total"
    response = page(client, month, "staff", address)
    rows = response.context["table"].rows
    assert [branch.pk for branch, _cells in rows] == [other.branch.pk, month.branch.pk]
    html = response.content.decode()
    for score in {month.result(name).score for name in ("secretary", "member", "other")}:
        assert not re.search(rf"\b{score:.0f}(\.00)?\b", html[html.index("<main") :])
    assert not [person.name for person in month.people.values() if person.name in html]


def cells_of(key, month):
    subject = next(one for one in overview.SUBJECTS if one.key == key)
    ((_branch, cells),) = overview.table_of(subject, [month.branch], [OCTOBER], TODAY).rows
    return [text for _column, text in cells]


def test_the_committees_tables_sum_the_months(month):
    assert cells_of("punctuality", month) == ["0", "1", "4", "0%", "1", "0", "1"]
    assert cells_of("burden", month) == ["1", "2", "5", "0", "0.4", "0"]
    assert cells_of("findings", month) == ["0"] * 5
    assert cells_of("follow-ups", month)[:2] == ["2", "0"]


QUERIES = {"follow-ups": 1, "punctuality": 2, "findings": 1, "burden": 5}


def test_a_table_takes_as_many_queries_for_one_branch_as_for_three(django_assert_num_queries):
    branches = [BranchMonth().branch for _one in range(3)]
    for subject in overview.SUBJECTS:
        for some in (branches[:1], branches):
            with django_assert_num_queries(QUERIES[subject.key]):
                overview.table_of(subject, some, [OCTOBER], TODAY)


def test_burden_of_the_months_is_what_the_exports_count(month):
    (row,) = analysis_of(month.branch, [OCTOBER], TODAY).burden
    assert row == Burden(
        month.branch, OCTOBER, members=5, declarations=1, declared=2, registered=5, files=0
    )
