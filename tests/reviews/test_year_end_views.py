"""Year-end in the browser: open months, computing, freezing, eligibility, the workbook."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.models import Event, Position
from members.rights import actor_on, system_actor
from points.models import MonthlyResult
from reviews.models import AnnualResult, BranchAnnualResult, FollowUp, JobRun, Round, YearEnd
from reviews.selectors.year_end import Eligibility, eligibilities
from reviews.services import year_runs
from reviews.services.year_end import begin_computing, close_year, compute_year
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
)
from tests.reviews.final_results import even_year

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 10, 1, tzinfo=UTC)
YEAR = 2025


@pytest.fixture
def committee(db):
    return CommitteeFactory(name="厅机关党委")


@pytest.fixture
def staff(committee):
    return StaffAppointmentFactory(committee=committee).user


def branch_with(committee, name, scores, *, state=Round.State.CLOSED):
    """A branch whose members have the same score in every month of the year."""
    branch = BranchFactory(committee=committee, name=name)
    return branch, even_year(branch, YEAR, scores, state=state, at=AT)


def compute(client, committee):
    return client.post(reverse("compute_year", args=[YEAR]), {"committee": committee.pk})


def freeze(client, committee, seen=None):
    seen = YearEnd.objects.get().digest if seen is None else seen
    form = {"committee": committee.pk, "seen": seen}
    return client.post(reverse("freeze_year", args=[YEAR]), form)


def year_page(client, **query):
    return client.get(reverse("year", args=[YEAR]), query)


def test_years_are_listed_with_how_far_they_are(client, committee, staff):
    branch_with(committee, "甲支部", [80])
    client.force_login(staff)

    (row,) = client.get(reverse("years")).context["years"]

    assert (row.year, row.rounds, row.closed, row.year_ends) == (YEAR, 12, 12, ())


def test_open_months_are_listed_with_whose_turn_it_is(client, committee, staff):
    branch, (member,) = branch_with(committee, "甲支部", [80], state=Round.State.OPEN)
    lost, _nobody = branch_with(committee, "乙支部", [80], state=Round.State.REVIEWING)
    Position.objects.create(member=member, branch=branch, kind=Position.Kind.SECRETARY)
    client.force_login(staff)

    page = year_page(client)
    rows = page.context["page"].standing.open.rows
    assert [(row.branch, len(row.months), row.state) for row in rows] == [
        (branch, 12, "OPEN"),
        (lost, 12, "REVIEWING"),
    ]
    assert member.name in rows[0].turn
    assert rows[1].turn == _("%(who)s: conclude the review") % {
        "who": _("committee staff (no secretary in office)")
    }
    assert not page.context["page"].standing.may_freeze


def test_open_months_keep_a_year_from_being_frozen(client, committee, staff):
    branch_with(committee, "甲支部", [80], state=Round.State.PUBLISHED)
    branch_with(committee, "乙支部", [80])
    client.force_login(staff)

    compute(client, committee)
    freeze(client, committee)

    assert YearEnd.objects.get().state == YearEnd.State.PROVISIONAL


def test_a_year_is_computed_and_then_frozen_for_good(client, committee, staff):
    _branch, (first, _second) = branch_with(committee, "甲支部", [90, 80])
    client.force_login(staff)

    compute(client, committee)
    assert YearEnd.objects.get().state == YearEnd.State.COMPUTED
    freeze(client, committee)
    frozen = YearEnd.objects.get()
    assert (frozen.state, len(frozen.digest)) == (YearEnd.State.FROZEN, 64)
    MonthlyResult.objects.filter(member=first).update(score=0)
    compute(client, committee)

    assert YearEnd.objects.get().state == YearEnd.State.FROZEN
    assert AnnualResult.objects.get(member=first).total == Decimal("1080.00")
    page = year_page(client)
    assert not page.context["page"].standing.may_compute
    assert frozen.digest in page.content.decode()


def test_figures_other_than_those_shown_are_not_frozen(client, committee, staff):
    branch_with(committee, "甲支部", [90, 80])
    client.force_login(staff)
    compute(client, committee)

    answer = freeze(client, committee, seen="other")

    assert YearEnd.objects.get().state == YearEnd.State.COMPUTED
    assert answer.status_code == 302


def test_the_question_before_freezing_says_how_many(client, committee, staff):
    branch_with(committee, "甲支部", [90, 80])
    branch_with(committee, "乙支部", [85])
    client.force_login(staff)
    compute(client, committee)

    page = year_page(client).context["page"]

    assert (page.standing.scope.branches, page.standing.scope.members) == (2, 3)
    assert (page.candidates, page.out, page.unconfirmed) == (3, 0, ["甲支部", "乙支部"])
    assert page.standing.may_freeze


def test_the_question_before_computing_again_says_how_many_confirmed(client, committee, staff):
    for name in ("甲支部", "乙支部"):
        branch_with(committee, name, [80])
    client.force_login(staff)
    compute(client, committee)
    plain = year_page(client).content.decode()
    BranchAnnualResult.objects.update(confirmed_at=AT, confirmed_by=staff)
    asked = year_page(client).content.decode()
    compute(client, committee)

    question = _("Compute %(year)s again?") % {"year": YEAR}
    how_many = ngettext(
        "%(count)s branch has confirmed its figures.",
        "%(count)s branches have confirmed their figures.",
        2,
    ) % {"count": 2}
    assert question not in plain
    assert question in asked
    assert how_many in asked
    assert BranchAnnualResult.objects.exclude(confirmed_at=None).count() == 2


@pytest.mark.parametrize(
    ("year", "said"),
    [
        (2099, "This year has not begun: there is nothing to compute."),
        (1950, "There is nothing in this year: no branch had a month with assessed members."),
    ],
)
def test_a_year_with_nothing_in_it_says_so_and_offers_nothing(client, committee, staff, year, said):
    branch_with(committee, "甲支部", [80])
    client.force_login(staff)
    page = client.get(reverse("year", args=[year]))
    body = page.content.decode()
    assert _(said) in body
    assert reverse("compute_year", args=[year]) not in body
    assert {step["state"] for step in page.context["page"].steps} == {"upcoming"}
    client.post(reverse("compute_year", args=[year]), {"committee": committee.pk})
    assert not YearEnd.objects.exists()


@pytest.mark.parametrize(("confirmed", "state"), [(True, "done"), (False, "skipped")])
def test_a_confirmation_that_nobody_gave_is_not_said_to_be_done(
    client, committee, staff, confirmed, state
):
    branch_with(committee, "甲支部", [80])
    client.force_login(staff)
    compute(client, committee)
    if confirmed:
        BranchAnnualResult.objects.update(confirmed_at=AT, confirmed_by=staff)
    freeze(client, committee)
    states = [step["state"] for step in year_page(client).context["page"].steps]
    assert states == ["done", "done", state, "done"]


def test_eligibility_stands_in_the_rolls_order_with_its_arithmetic(committee):
    branch_with(committee, "甲支部", [60] * 3 + [80] * 7)
    branch_with(committee, "乙支部", [60] * 3 + [80] * 14)
    close_year(committee=committee, year=YEAR, provisional=False, by=system_actor(), at=AT)

    found = eligibilities(YEAR, [one.pk for one in committee.branches.all()])

    assert [(e.result.branch.name, e.arithmetic, e.result.is_eligible) for e in found] == [
        ("甲支部", "3 ÷ 10 = 30% ≥ 30%", False),
        ("乙支部", "3 ÷ 17 ≈ 17.6% < 30%", True),
    ]


def test_nobody_ranked_has_no_arithmetic():
    result = type("Result", (), {"ranked": 0, "below": 0})()

    assert Eligibility(result, 30).arithmetic == ""


def test_members_of_one_branch_at_a_time_are_shown(client, committee, staff):
    branch_with(committee, "甲支部", [90, 80, 80])
    second, _members = branch_with(committee, "乙支部", [85])
    close_year(committee=committee, year=YEAR, provisional=True, by=system_actor(), at=AT)
    client.force_login(staff)

    page = year_page(client)
    assert [
        (line.result.member.name, line.result.rank, line.average, line.shared_with)
        for line in page.context["page"].branch_year.lines
    ] == [
        ("甲支部0", 1, Decimal("90.00"), ()),
        ("甲支部1", 2, Decimal("80.00"), ("甲支部2",)),
        ("甲支部2", 2, Decimal("80.00"), ("甲支部1",)),
    ]
    assert "乙支部0" not in page.content.decode()

    page = year_page(client, branch=second.pk).content.decode()
    assert "乙支部0" in page
    assert "甲支部0" not in page


def test_a_secretary_sees_the_own_branch_once_it_is_computed_and_closes_nothing(client, committee):
    branch, _people = branch_with(committee, "甲支部", [90])
    other, _others = branch_with(committee, "乙支部", [85])
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))
    close_year(committee=committee, year=YEAR, provisional=True, by=system_actor(), at=AT)
    client.force_login(secretary.user)

    assert year_page(client).context["page"].eligibilities == ()
    compute_year(committee=committee, year=YEAR, by=system_actor(), at=AT)
    page = year_page(client).context["page"]

    assert [one.result.branch for one in page.eligibilities] == [branch]
    assert page.standing is None
    assert compute(client, committee).status_code == 403
    assert freeze(client, committee).status_code == 403
    assert year_page(client, branch=other.pk).status_code == 404


def test_a_secretary_confirms_the_figures_that_were_shown(client, committee):
    branch, _people = branch_with(committee, "甲支部", [90])
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))
    deputy = MemberFactory(branch=branch, position=(branch, "DEPUTY_SECRETARY"))
    compute_year(committee=committee, year=YEAR, by=system_actor(), at=AT)
    form = {"branch": branch.pk, "seen": YearEnd.objects.get().digest}
    address = reverse("confirm_year", args=[YEAR])

    client.force_login(deputy.user)
    assert not year_page(client).context["page"].confirmation.may_confirm
    assert client.post(address, form).status_code == 403
    client.force_login(secretary.user)
    assert year_page(client).context["page"].confirmation.may_confirm
    client.post(address, form | {"seen": "other"})
    assert BranchAnnualResult.objects.get().confirmed_at is None
    client.post(address, form)

    assert BranchAnnualResult.objects.get().confirmed_by == secretary.user
    assert not year_page(client).context["page"].confirmation.may_confirm


def test_staff_of_another_committee_cannot_close(client, committee):
    client.force_login(StaffAppointmentFactory().user)

    assert compute(client, committee).status_code == 403
    assert freeze(client, committee, seen="").status_code == 403


def test_staff_of_a_superior_committee_may_close_a_lower_one(committee):
    lower = CommitteeFactory(parent=committee)
    branch_with(lower, "甲支部", [80])
    by = actor_on(StaffAppointmentFactory(committee=committee).user, date(2026, 1, 10))

    assert close_year(committee=lower, year=YEAR, provisional=True, by=by, at=AT).members == 1
    below = actor_on(StaffAppointmentFactory(committee=lower).user, date(2026, 1, 10))
    with pytest.raises(PermissionDenied):
        close_year(committee=committee, year=YEAR, provisional=True, by=below, at=AT)


@pytest.mark.parametrize("branches", [1, 3])
def test_page_asks_the_same_whatever_the_number_of_branches(
    client, committee, staff, django_assert_num_queries, branches
):
    for n in range(branches):
        branch_with(committee, f"支部{n}", [90] * branches)
    compute_year(committee=committee, year=YEAR, by=system_actor(), at=AT)
    BranchAnnualResult.objects.update(confirmed_by=staff, confirmed_at=AT)
    client.force_login(staff)

    with django_assert_num_queries(YEAR_QUERIES):
        year_page(client)


YEAR_QUERIES = 36


def workbook_of(response):
    assert "attachment" in response["Content-Disposition"]
    return openpyxl.load_workbook(BytesIO(b"".join(response)))


def rows(book, sheet):
    return list(book[sheet].iter_rows(min_row=2, values_only=True))


def test_the_workbook_has_what_its_reader_may_see_and_is_logged(client, committee, staff):
    branch, (member,) = branch_with(committee, "甲支部", [60])
    branch_with(committee, "乙支部", [85])
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))
    close_year(committee=committee, year=YEAR, provisional=False, by=system_actor(), at=AT)
    for kind in (FollowUp.Kind.TALK, FollowUp.Kind.INTERVIEW):
        FollowUp.objects.create(
            kind=kind,
            branch=branch,
            member=member,
            first_month=date(YEAR, 1, 1),
            trigger_month=date(YEAR, 1, 1),
            year=YEAR,
            opened_at=AT,
        )

    client.force_login(staff)
    full = workbook_of(client.post(reverse("year_workbook", args=[YEAR])))
    client.force_login(secretary.user)
    own = workbook_of(client.post(reverse("year_workbook", args=[YEAR])))

    assert [row[0] for row in rows(full, "支部资格")] == ["甲支部", "乙支部"]
    assert [row[0] for row in rows(own, "支部资格")] == ["甲支部"]
    assert [row[3] for row in rows(full, "谈话约谈处置")] == ["谈话整改", "约谈整改"]
    assert [row[3] for row in rows(own, "谈话约谈处置")] == ["谈话整改"]
    assert Event.objects.filter(verb="export_year", by=secretary.user).count() == 1


def test_a_large_year_is_computed_by_the_worker_and_the_page_waits(
    client, committee, staff, monkeypatch
):
    branch_with(committee, "甲支部", [90])
    monkeypatch.setattr(year_runs, "AT_ONCE", 0)
    client.force_login(staff)
    progress = f"{reverse('year_progress', args=[YEAR])}?committee={committee.pk}"

    compute(client, committee)
    run = JobRun.objects.get()
    page = year_page(client)
    assert page.context["page"].standing.is_running
    assert page.context["page"].eligibilities == ()
    assert client.get(progress).status_code == 302
    asked = client.get(progress, headers={"HX-Request": "true"})
    assert (asked.status_code, "HX-Refresh" in asked) == (200, False)

    year_runs.run(run_id=run.pk, by=system_actor(), clock=lambda: AT)
    asked = client.get(progress, headers={"HX-Request": "true"})
    assert asked["HX-Refresh"] == "true"
    assert [one.result.ranked for one in year_page(client).context["page"].eligibilities] == [1]


def test_an_interrupted_computation_shows_no_figures(client, committee, staff):
    branch_with(committee, "甲支部", [90])
    by = actor_on(staff, date(2026, 1, 10))
    run = year_runs.ask_to_compute(committee=committee, year=YEAR, by=by, at=AT)
    begin_computing(committee=committee, year=YEAR, by=by, at=AT)
    JobRun.objects.filter(pk=run.pk).update(state=JobRun.State.FAILED, finished_at=AT)
    client.force_login(staff)

    page = year_page(client).context["page"]

    assert page.standing.is_interrupted
    assert page.standing.may_compute
    assert page.eligibilities == ()


def test_the_list_of_the_eligible_has_names_and_no_points(client, committee, staff):
    branch, (member, low) = branch_with(committee, "甲支部", [91, 60])
    branch_with(committee, "乙支部", [85])
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))
    compute_year(committee=committee, year=YEAR, by=system_actor(), at=AT)
    address = reverse("eligible_members", args=[YEAR])

    client.force_login(staff)
    page = client.get(address).content.decode()
    assert member.name in page
    assert "乙支部0" in page
    assert low.name not in page
    assert "1092" not in page
    client.force_login(secretary.user)
    assert "乙支部" not in client.get(address).content.decode()
