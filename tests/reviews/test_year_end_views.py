"""Year-end in the browser: open months, computing, freezing, eligibility, the workbook."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from lib.months import months_of_year
from members.models import Event
from members.rights import actor_on, system_actor
from points.models import MonthlyResult
from reviews.models import AnnualResult, FollowUp, Round, YearEnd
from reviews.selectors.year_end import Eligibility, eligibilities
from reviews.services.year_end import close_year
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

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
    book = RuleBookFactory(branch=branch, effective_from=date(YEAR, 1, 1))
    members = [MemberFactory(branch=branch, name=f"{name}{n}") for n in range(len(scores))]
    for month in months_of_year(YEAR):
        Round.objects.create(
            branch=branch,
            month=month,
            rule_book=book,
            state=state,
            declare_by=month,
            review_by=month,
            publication_days=3,
            opened_at=AT,
            closed_at=AT if state == Round.State.CLOSED else None,
            thresholds_checked_at=AT,
        )
        MonthlyResult.objects.bulk_create(
            MonthlyResult(
                member=member,
                branch=branch,
                rule_book=book,
                month=month,
                is_final=state == Round.State.CLOSED,
                base=80,
                plus=0,
                minus=0,
                score=Decimal(score),
                pass_line=70,
                is_below=score < 70,
                computed_at=AT,
            )
            for member, score in zip(members, scores, strict=True)
        )
    return branch, members


def close(client, committee, **more):
    return client.post(reverse("close_year", args=[YEAR]), {"committee": committee.pk, **more})


def test_years_are_listed_with_how_far_they_are(client, committee, staff):
    branch_with(committee, "甲支部", [80])
    client.force_login(staff)

    (row,) = client.get(reverse("years")).context["years"]

    assert (row.year, row.rounds, row.closed, row.year_ends) == (YEAR, 12, 12, ())


def test_open_months_keep_a_year_from_being_frozen(client, committee, staff):
    branch_with(committee, "甲支部", [80], state=Round.State.PUBLISHED)
    client.force_login(staff)

    page = client.get(reverse("year", args=[YEAR]))
    assert page.context["open"].count == 12
    assert page.context["open"].branches[0].branch.name == "甲支部"

    close(client, committee, freeze="yes")
    assert not YearEnd.objects.exists()


def test_a_year_is_computed_provisionally_and_then_frozen_for_good(client, committee, staff):
    _branch, (first, _second) = branch_with(committee, "甲支部", [90, 80])
    client.force_login(staff)

    close(client, committee)
    assert YearEnd.objects.get().state == YearEnd.State.PROVISIONAL
    close(client, committee, freeze="yes")
    assert YearEnd.objects.get().state == YearEnd.State.FROZEN
    MonthlyResult.objects.filter(member=first).update(score=0)
    close(client, committee)

    assert YearEnd.objects.get().state == YearEnd.State.FROZEN
    assert AnnualResult.objects.get(member=first).total == Decimal("1080.00")
    page = client.get(reverse("year", args=[YEAR])).content.decode()
    assert "总评并锁定" not in page
    assert "已锁定" in page


def test_the_question_before_freezing_says_how_many(client, committee, staff):
    branch_with(committee, "甲支部", [90, 80])
    branch_with(committee, "乙支部", [85])
    client.force_login(staff)

    page = client.get(reverse("year", args=[YEAR])).content.decode()

    assert "厅机关党委所属 2 个党支部、3 名党员" in page
    assert "此操作不可撤销" in page


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
    _first, _ = branch_with(committee, "甲支部", [90, 80, 80])
    second, _ = branch_with(committee, "乙支部", [85])
    close_year(committee=committee, year=YEAR, provisional=True, by=system_actor(), at=AT)
    client.force_login(staff)

    page = client.get(reverse("year", args=[YEAR]))
    assert [
        (line.result.member.name, line.result.rank, line.average)
        for line in page.context["branch_year"].lines
    ] == [
        ("甲支部0", 1, Decimal("90.00")),
        ("甲支部1", 2, Decimal("80.00")),
        ("甲支部2", 2, Decimal("80.00")),
    ]
    assert "乙支部0" not in page.content.decode()

    page = client.get(reverse("year", args=[YEAR]), {"branch": second.pk}).content.decode()
    assert "乙支部0" in page
    assert "甲支部0" not in page


def test_a_secretary_sees_the_own_branch_only_and_closes_nothing(client, committee):
    branch, _ = branch_with(committee, "甲支部", [90])
    other, _ = branch_with(committee, "乙支部", [85])
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))
    close_year(committee=committee, year=YEAR, provisional=True, by=system_actor(), at=AT)
    client.force_login(secretary.user)

    page = client.get(reverse("year", args=[YEAR]))

    assert [one.result.branch for one in page.context["eligibilities"]] == [branch]
    assert page.context["committee"] is None
    assert close(client, committee).status_code == 403
    asked = client.get(reverse("year", args=[YEAR]), {"branch": other.pk})
    assert asked.status_code == 404


def test_staff_of_another_committee_cannot_close(client, committee):
    client.force_login(StaffAppointmentFactory().user)

    assert close(client, committee).status_code == 403


def test_staff_of_a_superior_committee_may_close_a_lower_one(committee):
    lower = CommitteeFactory(parent=committee)
    by = actor_on(StaffAppointmentFactory(committee=committee).user, date(2026, 1, 10))

    assert close_year(committee=lower, year=YEAR, provisional=True, by=by, at=AT).members == 0
    below = actor_on(StaffAppointmentFactory(committee=lower).user, date(2026, 1, 10))
    with pytest.raises(PermissionDenied):
        close_year(committee=committee, year=YEAR, provisional=True, by=below, at=AT)


@pytest.mark.parametrize("branches", [1, 3])
def test_page_asks_the_same_whatever_the_number_of_branches(
    client, committee, staff, django_assert_num_queries, branches
):
    for n in range(branches):
        branch_with(committee, f"支部{n}", [90] * branches)
    close_year(committee=committee, year=YEAR, provisional=True, by=system_actor(), at=AT)
    client.force_login(staff)

    with django_assert_num_queries(19):
        client.get(reverse("year", args=[YEAR]))


def rows(response, sheet):
    book = openpyxl.load_workbook(BytesIO(response.content))
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
    full = client.post(reverse("year_workbook", args=[YEAR]))
    client.force_login(secretary.user)
    own = client.post(reverse("year_workbook", args=[YEAR]))

    assert [row[0] for row in rows(full, "支部资格")] == ["甲支部", "乙支部"]
    assert [row[0] for row in rows(own, "支部资格")] == ["甲支部"]
    assert [row[3] for row in rows(full, "谈话约谈处置")] == ["谈话整改", "约谈整改"]
    assert [row[3] for row in rows(own, "谈话约谈处置")] == ["谈话整改"]
    assert "attachment" in own["Content-Disposition"]
    assert Event.objects.filter(verb="export_year", by=secretary.user).count() == 1
