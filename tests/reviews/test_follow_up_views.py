"""Follow-ups: who sees which, the dossier, and naming who holds an interview."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from lib.steps import Refused
from members.models import Event, Notice
from members.rights import actor_on, system_actor
from points.models import Criterion, MonthlyResult
from points.services.registration import Item
from reviews.models import FollowUp, FollowUpMonth, Round
from reviews.selectors.follow_ups import dossier_of, follow_ups_of
from reviews.services import opening, rectification
from reviews.services import round as rounds
from reviews.services.duties import finish, name_holder
from reviews.services.holders import is_held_by
from reviews.services.month_end import month_end
from tests.access_world import conclude
from tests.factories import (
    BranchFactory,
    CriterionFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

pytestmark = pytest.mark.django_db
MONTHS = [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]
TODAY = date(2026, 10, 20)
AT = datetime(2026, 10, 20, 1, tzinfo=UTC)
Kind = FollowUp.Kind


@pytest.fixture
def branch(db):
    branch = BranchFactory(name="办公室党支部")
    CriterionFactory(
        rule_book=RuleBookFactory(branch=branch),
        code="YW-03",
        text="拒不执行组织决定",
        points=Decimal(-15),
        registered_by=Criterion.RegisteredBy.BRANCH,
    )
    return branch


@pytest.fixture
def secretary(branch):
    return MemberFactory(branch=branch, name="王建国", position=(branch, "SECRETARY"))


@pytest.fixture
def member(branch):
    return MemberFactory(branch=branch, name="张伟")


@pytest.fixture
def staff(branch):
    return StaffAppointmentFactory(committee=branch.committee).user


def below(member, branch, months=MONTHS, criterion=None):
    """Close months in which the member falls below the line."""
    by = system_actor()
    for month in months:
        opening.open_month(month=month, by=by, at=AT, branches=[branch])
        round_ = Round.objects.get(branch=branch, month=month)
        item = Item(
            criterion or Criterion.objects.get(),
            Decimal(1),
            month,
            "未完成督办任务",
            "机纪〔2026〕3号",
            month,
        )
        rounds.register(pk=round_.pk, token=uuid4(), item=item, members=[member.pk], by=by, at=AT)
        rounds.start_review(pk=round_.pk, by=by, at=AT)
        conclude(round_, by, AT, member)
        month_end(on=date(2027, 1, 1), by=by, at=AT)


def of_kind(kind):
    return FollowUp.objects.get(kind=kind)


def actor(person):
    return actor_on(getattr(person, "user", person), TODAY)


# -- the list --------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 3])
def test_list_asks_the_same_whatever_its_length(
    client, branch, staff, secretary, django_assert_num_queries, people
):
    for n in range(people):
        below(MemberFactory(branch=branch), branch, MONTHS[n : n + 1])
    client.force_login(staff)

    with django_assert_num_queries(9):
        page = client.get(reverse("follow_ups"))

    assert len(page.context["page"].object_list) == people


def talk_due(branch, day, **more):
    return FollowUp.objects.create(
        kind=Kind.TALK,
        branch=branch,
        member=MemberFactory(branch=branch),
        first_month=MONTHS[0],
        trigger_month=MONTHS[0],
        year=2026,
        due_on=day,
        opened_at=AT,
        **more,
    )


def test_what_is_to_be_done_next_comes_first_and_what_is_over_last(client, branch, staff):
    """The list is in the order of the days that it shows."""
    finish(talk_due(branch, date(2026, 8, 5)), by=system_actor(), at=AT)
    talk_due(branch, date(2026, 8, 7), state="CONFIRMED")
    put_right = talk_due(branch, date(2026, 8, 6))
    rectification.begin(follow_up=put_right, due_on=date(2026, 12, 24), at=AT)
    talk_due(branch, date(2026, 9, 2))
    client.force_login(staff)

    page = client.get(reverse("follow_ups"))

    listed = follow_ups_of(actor(staff), TODAY)
    assert [(row.state, row.next_on) for row in listed] == [
        ("OPEN", date(2026, 9, 2)),
        ("RECTIFYING", date(2026, 12, 24)),
        ("CONFIRMED", None),
        ("CLOSED", None),
    ]
    shown = page.content.decode()
    assert shown.index("2026年9月2日") < shown.index("2026年12月24日")
    assert not any(f"2026年8月{day}日" in shown for day in (5, 6, 7))


def test_each_tab_shows_its_own(client, branch, secretary, member, staff):
    below(member, branch)
    client.force_login(staff)

    def kinds(show):
        page = client.get(reverse("follow_ups"), {"show": show})
        return sorted(row.kind for row in page.context["page"].object_list)

    assert kinds("open") == [Kind.DISPOSITION, Kind.INTERVIEW, Kind.TALK]
    assert kinds("unnamed") == [Kind.INTERVIEW]
    assert kinds("cases") == [Kind.DISPOSITION]
    assert kinds("done") == []


def test_member_reads_what_concerns_them_and_nobody_elses(client, branch, secretary, member):
    below(member, branch)
    client.force_login(member.user)
    assert len(client.get(reverse("follow_ups")).context["page"].object_list) == 3

    client.force_login(MemberFactory(branch=branch).user)
    assert len(client.get(reverse("follow_ups")).context["page"].object_list) == 0
    talk = of_kind(Kind.TALK)
    assert client.get(reverse("follow_up", args=[talk.pk])).status_code == 404


# -- the dossier -----------------------------------------------------------------------------


def test_dossier_shows_the_months_the_results_and_what_cost_points(
    client, branch, secretary, member
):
    below(member, branch)
    client.force_login(secretary.user)

    page = client.get(reverse("follow_up", args=[of_kind(Kind.DISPOSITION).pk]))

    months = page.context["dossier"].months
    assert [month.month for month in months] == MONTHS
    assert [month.result.score for month in months] == [Decimal("65.00")] * 3
    assert [[cost.text for cost in month.costs] for month in months] == [["拒不执行组织决定"]] * 3
    body = page.content.decode()
    assert "仅积分偏低不构成处置的法定依据" in body
    assert "连续 3 个月低于合格分值" in body


def test_dossier_asks_as_much_for_three_months_as_for_one(
    branch, secretary, member, django_assert_num_queries
):
    below(member, branch)
    talk, case, by = of_kind(Kind.TALK), of_kind(Kind.DISPOSITION), actor(secretary)
    for row in (talk, case):
        with django_assert_num_queries(2):
            dossier_of(row, by)


def test_a_matter_of_the_committee_is_named_to_the_member_and_the_staff_only(
    branch, secretary, member, staff
):
    discipline = CriterionFactory(
        rule_book=branch.rule_books.get(),
        code="JL-05",
        text="诫勉",
        points=Decimal(-20),
        registered_by=Criterion.RegisteredBy.COMMITTEE,
    )
    below(member, branch, MONTHS[:1], discipline)
    talk = of_kind(Kind.TALK)

    def read_by(person):
        ((cost,),) = (month.costs for month in dossier_of(talk, actor(person)).months)
        return cost.text, cost.reason

    assert read_by(member) == ("诫勉", "未完成督办任务")
    assert read_by(staff) == ("诫勉", "未完成督办任务")
    assert read_by(secretary) == ("党委登记事项", "")


def test_a_case_with_a_zero_month_warns_that_it_was_punished_already(
    branch, secretary, member, staff
):
    below(member, branch)
    case = of_kind(Kind.DISPOSITION)
    assert dossier_of(case, actor(staff)).warnings == ()

    MonthlyResult.objects.filter(month=MONTHS[1]).update(is_zero=True)

    (warning,) = dossier_of(case, actor(staff)).warnings
    assert "不重复处置" in warning


def test_an_explanation_lists_its_members(client, branch, secretary, member):
    row = FollowUp.objects.create(
        kind=Kind.REPORT_EXPLANATION, branch=branch, holder=secretary, year=2026, opened_at=AT
    )
    FollowUpMonth.objects.create(follow_up=row, member=member, month=MONTHS[0])
    client.force_login(secretary.user)

    page = client.get(reverse("follow_up", args=[row.pk])).content.decode()

    assert "张伟" in page
    assert "2026年7月" in page


# -- naming a holder -------------------------------------------------------------------------


@pytest.fixture
def interview(branch, secretary, member):
    below(member, branch, MONTHS[:2])
    return of_kind(Kind.INTERVIEW)


def test_staff_name_who_holds_an_interview_and_the_person_is_told(client, interview, staff):
    holder = MemberFactory(branch=BranchFactory(), name="陈晓东")
    client.force_login(staff)

    response = client.post(interview.get_absolute_url(), {"holder": "陈晓东"})

    assert response["Location"] == interview.get_absolute_url()
    interview.refresh_from_db()
    assert interview.holder == holder
    named = Notice.objects.filter(key__startswith=f"named:{interview.pk}:")
    assert list(named.values_list("user", flat=True)) == [holder.user_id]
    assert Event.objects.filter(verb="name_holder", target_id=interview.pk).exists()


@pytest.mark.parametrize("words", ["没有这个人", "张伟", "同名"])
def test_a_name_that_does_not_do_is_refused_and_kept(client, interview, staff, branch, words):
    for _ in range(2):
        MemberFactory(branch=branch, name="同名")
    client.force_login(staff)

    page = client.post(interview.get_absolute_url(), {"holder": words})

    assert page.context["form"].errors.keys() == {"holder"}
    assert words in page.content.decode()
    interview.refresh_from_db()
    assert interview.holder is None


def test_one_of_two_namesakes_is_named_by_staff_number(interview, staff, branch):
    twins = [MemberFactory(branch=branch, name="同名") for _ in range(2)]

    row = name_holder(pk=interview.pk, words=twins[1].staff_no, by=actor(staff), at=AT)

    assert row.holder == twins[1]


@pytest.mark.parametrize("who", ["secretary", "member"])
def test_nobody_but_staff_names_a_holder(request, interview, who):
    by = actor(request.getfixturevalue(who))

    with pytest.raises(PermissionDenied):
        name_holder(pk=interview.pk, words="王建国", by=by, at=AT)


def test_staff_of_another_committee_name_nobody(interview):
    with pytest.raises(PermissionDenied):
        name_holder(
            pk=interview.pk, words="王建国", by=actor(StaffAppointmentFactory().user), at=AT
        )


@pytest.mark.parametrize("state", FollowUp.DONE)
def test_nobody_is_named_for_what_is_over(interview, staff, secretary, state):
    is_closed = state == "CLOSED"
    FollowUp.objects.filter(pk=interview.pk).update(
        state=state,
        withdrawn_at=None if is_closed else AT,
        closed_at=AT if is_closed else None,
        closed_by=staff if is_closed else None,
    )

    with pytest.raises(Refused):
        name_holder(pk=interview.pk, words=secretary.name, by=actor(staff), at=AT)


def test_a_talk_is_the_secretarys_unless_the_committee_names_somebody(
    branch, secretary, member, staff
):
    deputy = MemberFactory(branch=branch)
    below(member, branch, MONTHS[:1])
    below(secretary, branch, MONTHS[1:2])
    by = actor(staff)
    with_member, own = FollowUp.objects.filter(kind=Kind.TALK).order_by("first_month")

    assert with_member.holder is None
    assert is_held_by(actor_on(secretary.user, AT.date()), with_member)
    assert name_holder(pk=with_member.pk, words=deputy.staff_no, by=by, at=AT).holder == deputy
    assert own.holder is None
    assert not is_held_by(actor_on(secretary.user, AT.date()), own)
    assert name_holder(pk=own.pk, words=deputy.staff_no, by=by, at=AT).holder == deputy
