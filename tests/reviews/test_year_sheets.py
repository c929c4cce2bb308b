"""The personal year sheet: whose it is, what stands on it for whom, and what never does."""

from copy import copy, deepcopy
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.display import points, zh_month
from members.models import Membership
from members.rights import system_actor
from points.models import MonthlyResult
from reviews.models import AnnualResult, Appraisal, FollowUp, Nomination, YearEnd
from reviews.selectors.year_sheets import branch_sheets, member_sheet, own_sheet
from reviews.services.year_end import close_year
from tests.factories import MemberFactory
from tests.reviews.branch_month import BranchMonth, at
from tests.reviews.final_results import final, row_of

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


@pytest.fixture(scope="module")
def october(kept_rows) -> BranchMonth:
    """October, with a matter of the member and one that is not to be named."""
    month = BranchMonth()
    month.punished.text = "受到诫勉谈话"
    month.punished.save()
    month.register("member", by="staff", item=month.item(month.punished))
    return month.to("PUBLISHED")


@pytest.fixture
def branch(october) -> BranchMonth:
    return deepcopy(october)


def one(branch, who: str, name: str = "member"):
    return member_sheet(branch.actor(who), 2026, branch.people[name].pk)


def texts(sheet) -> list[str]:
    return [matter.text for category in sheet.categories for matter in category.matters]


def test_twelve_months_and_what_they_come_to(branch):
    sheet = own_sheet(branch.actor("member"), 2026)

    result = branch.result("member")
    assert [month.month.month for month in sheet.months] == list(range(1, 13))
    assert [month.result for month in sheet.months if month.result] == [result]
    assert (sheet.total, sheet.pass_total) == (result.score, result.pass_line)
    assert (sheet.assessed_months, sheet.average) == (1, result.score)
    assert sheet.standing is None


def test_nothing_stands_on_it_before_it_is_published():
    month = BranchMonth()
    month.to("REVIEWING")
    assert own_sheet(month.actor("member"), 2026) is None


@pytest.mark.parametrize("who", ["member", "staff"])
def test_the_member_and_the_committee_read_every_matter(branch, who):
    sheet = own_sheet(branch.actor(who), 2026) if who == "member" else one(branch, who)
    assert set(texts(sheet)) == {branch.study.text, "受到诫勉谈话"}


def test_the_branch_committee_reads_that_the_committee_registered_something(branch, client):
    sheet = one(branch, "deputy")
    assert set(texts(sheet)) == {branch.study.text, ""}
    assert sheet.total == branch.result("member").score
    client.force_login(branch.users["deputy"])
    for address in (
        reverse("year_sheets", args=[2026]),
        reverse("member_year_sheet", args=[2026, branch.member.pk]),
    ):
        page = client.get(address).content.decode()
        assert branch.member.name in page
        assert "诫勉" not in page


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("secretary", 200),
        ("deputy", 200),
        ("staff", 200),
        ("member", 403),
        ("secretary elsewhere", 404),
        ("staff elsewhere", 404),
    ],
)
def test_who_opens_the_sheet_of_another(branch, client, who, status):
    client.force_login(branch.users[who])
    address = reverse("member_year_sheet", args=[2026, branch.other.pk])
    assert client.get(address).status_code == status


def test_a_branch_of_others_cannot_be_asked_for(branch, client):
    client.force_login(branch.users["secretary elsewhere"])
    address = reverse("year_sheets", args=[2026])
    assert client.get(address).status_code == 200
    assert client.get(f"{address}?branch={branch.branch.pk}").status_code == 404
    assert client.get(f"{address}?branch=x").status_code == 404


def test_the_branch_s_document_has_everybody_in_the_rolls_order(branch, client):
    client.force_login(branch.users["secretary"])
    sheets = client.get(reverse("year_sheets", args=[2026])).context["sheets"]
    roll = ["secretary", "deputy", "organiser", "member", "other"]
    assert [sheet.member for sheet in sheets] == [branch.people[name] for name in roll]


def test_of_a_talk_only_that_it_took_place(branch, client):
    branch.close()
    FollowUp.objects.filter(member=branch.member).delete()
    talk = FollowUp.objects.create(
        kind=FollowUp.Kind.TALK,
        branch=branch.branch,
        member=branch.member,
        first_month=branch.month,
        trigger_month=branch.month,
        year=2026,
        state=FollowUp.State.CLOSED,
        closed_by=branch.users["secretary"],
        closed_at=timezone.now(),
        closing_note="家中老人患病",
        opened_at=timezone.now(),
    )
    for who, sees in (("secretary", True), ("deputy", False), ("staff", True)):
        months = one(branch, who).months
        assert [f for month in months for f in month.follow_ups] == ([talk] if sees else [])
    client.force_login(branch.users["secretary"])
    page = client.get(reverse("year_sheets", args=[2026])).content.decode()
    assert talk.get_kind_display() in page
    assert "家中老人患病" not in page


def test_what_was_done_in_an_earlier_branch_stays_with_it(branch):
    branch.close()
    new = copy(branch)
    later = BranchMonth(month=NOVEMBER)
    Membership.objects.filter(member=branch.member).update(ends_on=date(2026, 10, 31))
    Membership.objects.create(
        member=branch.member, branch=later.branch, starts_on=date(2026, 11, 1)
    )
    row_of(
        branch.member, later.branch, NOVEMBER, book=later.book, is_final=False, at=at(11, 30)
    ).save()
    later.publish()
    sheet = member_sheet(later.actor("secretary"), 2026, branch.member.pk)

    assert sheet.branch == later.branch
    assert sheet.total == new.result("member").score + 80
    assert texts(sheet) == []
    assert sheet.left_out == new.result("member").lines.count() == 2
    assert one(branch, "secretary") is None
    assert one(branch, "staff") is None
    own = own_sheet(branch.actor("member"), 2026)
    assert len(texts(own)) == 2


# -- at year-end -------------------------------------------------------------------------------


def test_ranks_stand_on_it_once_the_year_is_computed(branch):
    branch.close()
    year_end = closed(branch, provisional=True)
    assert own_sheet(branch.actor("member"), 2026).standing is None

    YearEnd.objects.filter(pk=year_end.pk).update(state=YearEnd.State.COMPUTED)
    annual = AnnualResult.objects.get(member=branch.other)
    standing = member_sheet(branch.actor("staff"), 2026, branch.other.pk).standing
    assert standing.result == annual
    assert (standing.ranked, standing.shared_with, standing.is_frozen) == (5, 3, False)


def closed(branch, *, provisional=False) -> YearEnd:
    return close_year(
        committee=branch.committee,
        year=2026,
        provisional=provisional,
        by=system_actor(),
        at=at(12, 31),
    ).year_end


def test_a_later_revision_stands_beside_frozen_figures(branch, client):
    branch.close()
    year_end = closed(branch, provisional=True)
    YearEnd.objects.filter(pk=year_end.pk).update(
        state=YearEnd.State.FROZEN, frozen_by=branch.users["staff"], frozen_at=at(12, 31)
    )
    old = branch.result("member")
    final(
        branch.member,
        branch.branch,
        old.month,
        book=branch.book,
        score=Decimal(99),
        revision_reason="申诉成立",
        at=year_end.computed_at.replace(year=2027),
    )

    sheet = own_sheet(branch.actor("member"), 2026)

    assert sheet.total == old.score
    assert [month.result for month in sheet.months if month.result] == [old]
    [revised] = sheet.revised
    assert (revised.before, revised.after, revised.is_later) == (old.score, Decimal(99), True)
    client.force_login(branch.users["member"])
    page = client.get(reverse("own_year_sheet", args=[2026])).content.decode()
    note = _("after the year-end was computed; the figures above stand")
    said = f"{zh_month(old.month)}：{points(old.score)} → 99{_('(%(note)s)') % {'note': note}}"
    assert said in " ".join(page.split())


def test_what_people_gave_stands_in_words(branch, client):
    who = {"member": branch.member, "branch": branch.branch, "year": 2026}
    by = branch.users["secretary"]
    grade = Appraisal.objects.create(
        **who, number=1, grade="QUALIFIED", held_on=NOVEMBER, entered_by=by, entered_at=at(12, 1)
    )
    Nomination.objects.create(**who, award="EXCELLENT", nominated_by=by, nominated_at=at(12, 2))
    Nomination.objects.create(
        **who,
        award="COMMENDATION",
        nominated_by=by,
        nominated_at=at(12, 2),
        withdrawal_reason="不再符合",
        withdrawn_by=by,
        withdrawn_at=at(12, 3),
    )
    sheet = own_sheet(branch.actor("member"), 2026)
    assert sheet.appraisal == grade
    assert [nomination.award for nomination in sheet.nominations] == ["EXCELLENT"]
    client.force_login(branch.users["member"])
    page = client.get(reverse("own_year_sheet", args=[2026])).content.decode()
    assert grade.get_grade_display() in page


def test_the_sheets_take_the_same_number_of_queries_for_one_member_and_for_three(
    branch, django_assert_num_queries
):
    with django_assert_num_queries(8):
        assert len(branch_sheets(branch.actor("system"), 2026, branch.branch)) == 5
    MonthlyResult.objects.exclude(member=branch.member).update(month=date(2025, 10, 1))
    with django_assert_num_queries(8):
        assert len(branch_sheets(branch.actor("system"), 2026, branch.branch)) == 1


def test_a_year_without_results_says_so(branch, client):
    stranger = MemberFactory(branch=branch.branch)
    client.force_login(stranger.user)
    assert client.get(reverse("own_year_sheet", args=[2026])).status_code == 200
    assert client.get(reverse("own_year_sheet", args=[0])).status_code == 404
