"""To-dos: worked out from the state of things, for whoever can do them, and gone when done."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from members.models import Member, Position
from members.rights import actor_on, system_actor
from points.models import Criterion, Declaration
from points.services import declaration as declarations
from points.services.registration import Item
from points.services.rule_book import approval, draft
from reviews.models import BranchAnnualResult, FollowUp, Publication, Round
from reviews.selectors.to_dos import ToDo, to_dos_of
from reviews.services import conclusion as concluding
from reviews.services import objections as objecting
from reviews.services import opening
from reviews.services import publication as publications
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.year_confirmation import confirm_branch_year
from reviews.workflow import ROUND_STEPS
from tests.factories import (
    BranchFactory,
    CriterionFactory,
    LeadershipDutyFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
    UserFactory,
)
from tests.reviews.branch_month import BranchMonth
from tests.reviews.branch_year import AT as YEAR_AT
from tests.reviews.branch_year import DAY as YEAR_DAY
from tests.reviews.branch_year import YEAR, BranchYear

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)
TODAY = date(2026, 10, 20)
AT = datetime(2026, 10, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def branch(db):
    branch = BranchFactory(name="办公室党支部")
    CriterionFactory(rule_book=RuleBookFactory(branch=branch), code="XX-01")
    return branch


@pytest.fixture
def secretary(branch):
    return MemberFactory(branch=branch, name="王建国", position=(branch, "SECRETARY"))


@pytest.fixture
def deputy(branch):
    return MemberFactory(branch=branch, name="李秀英", position=(branch, "DEPUTY_SECRETARY"))


@pytest.fixture
def member(branch):
    return MemberFactory(branch=branch, name="张伟")


def open_october():
    opening.open_month(month=OCTOBER, by=system_actor(), at=AT)
    return Round.objects.get()


def titles(person, today=TODAY):
    user = getattr(person, "user", person)
    return [to_do.title for to_do in to_dos_of(actor_on(user, today), today=today)]


def file_sheet(member):
    sheet = Declaration.objects.get(member=member)
    by = actor_on(member.user, TODAY)
    declarations.add_line(
        pk=sheet.pk,
        line=declarations.Line(Criterion.objects.get(), Decimal(1), OCTOBER, "心得"),
        seen=sheet.revision,
        by=by,
        at=AT,
    )
    sheet.refresh_from_db()
    return declarations.submit(pk=sheet.pk, seen=sheet.revision, by=by, at=AT)


def review(round_):
    return rounds.start_review(pk=round_.pk, by=system_actor(), at=AT)


def publish(round_, chair):
    by = system_actor()
    reviewing.approve_all_in_order(pk=round_.pk, by=by, at=AT)
    people = tuple(Member.objects.of_branch(round_.branch, TODAY).values_list("pk", flat=True))
    record = concluding.MeetingRecord("ASSEMBLY", TODAY, "", chair.pk, people, "")
    concluding.record_meeting(pk=round_.pk, meeting=record, by=by, at=AT)
    return concluding.conclude(pk=round_.pk, by=by, at=AT)


# -- members -------------------------------------------------------------------------------


def test_member_files_until_the_due_day_and_then_has_nothing_to_do(member):
    open_october()

    (to_do,) = to_dos_of(actor_on(member.user, TODAY), today=TODAY)
    assert (to_do.title, to_do.due_on) == ("填报2026年10月个人申报表", date(2026, 10, 25))
    assert to_do.url == reverse("declaration", args=[2026, 10])

    file_sheet(member)
    assert titles(member) == []


def test_member_reads_what_the_branch_has_registered_already(branch, member):
    round_ = open_october()
    item = Item(Criterion.objects.get(), Decimal(1), OCTOBER, "主题党日")
    rounds.register(
        pk=round_.pk, token=uuid4(), item=item, members=[member.pk], by=system_actor(), at=AT
    )

    (to_do,) = to_dos_of(actor_on(member.user, TODAY), today=TODAY)

    assert to_do.note == "支部已为您登记 1 条。"


def test_member_corrects_a_returned_sheet(member):
    round_ = open_october()
    sheet = file_sheet(member)
    review(round_)
    reviewing.return_sheet(
        pk=round_.pk, declaration_id=sheet.pk, reason="请补充日期", by=system_actor(), at=AT
    )

    (to_do,) = to_dos_of(actor_on(member.user, TODAY), today=TODAY)

    assert (to_do.title, to_do.note) == ("补正2026年10月个人申报表", "请补充日期")


def test_member_checks_a_published_result_once(member):
    publication = publish(review(open_october()), member)

    (to_do,) = to_dos_of(actor_on(member.user, TODAY), today=TODAY)
    assert (to_do.title, to_do.due_on) == ("核实2026年10月积分", publication.ends_on)

    publications.confirm(pk=publication.pk, by=actor_on(member.user, TODAY), at=AT)
    assert titles(member) == []


def test_nothing_is_to_be_checked_after_the_publication(member):
    publication = publish(review(open_october()), member)

    assert titles(member, publication.ends_on + timedelta(days=1)) == []


# -- branch committees ----------------------------------------------------------------------


def test_secretary_starts_the_review_once_the_due_day_has_passed(secretary, member):
    open_october()
    start = "开始2026年10月评审"

    assert start not in titles(secretary)
    assert start in titles(secretary, date(2026, 10, 26))
    assert start not in titles(member, date(2026, 10, 26))


def test_secretary_starts_early_when_everybody_has_filed(secretary):
    open_october()
    file_sheet(secretary)

    assert titles(secretary) == ["开始2026年10月评审"]


def test_nobody_is_asked_to_decide_their_own_entries(secretary, deputy, member):
    round_ = open_october()
    for person in (secretary, deputy, member):
        file_sheet(person)
    review(round_)

    waiting = "评审2026年10月积分：2 条待评审"

    assert titles(secretary) == [waiting]
    (to_do,) = to_dos_of(actor_on(deputy.user, TODAY), today=TODAY)
    assert (to_do.title, to_do.note) == (waiting, "含支部书记本人的申报（书记回避）")


def test_secretary_concludes_when_all_that_is_left_waits_for_others(secretary, deputy):
    round_ = open_october()
    file_sheet(secretary)
    review(round_)

    (to_do,) = to_dos_of(actor_on(secretary.user, TODAY), today=TODAY)

    assert to_do.title == "结束2026年10月评审并公示"
    assert to_do.note == "还有 1 条须由其他支委评审（回避）。"


def test_staff_decide_for_a_secretary_without_a_committee(branch, secretary):
    round_ = open_october()
    file_sheet(secretary)
    review(round_)
    staff = StaffAppointmentFactory(committee=branch.committee).user

    (to_do,) = to_dos_of(actor_on(staff, TODAY), today=TODAY)

    assert to_do.title == "评审2026年10月积分：1 条待评审"
    assert to_do.note == "办公室党支部 · 含支部书记本人的申报（书记回避）"


@pytest.mark.parametrize(("who", "is_asked"), [("secretary", True), ("deputy", False)])
def test_the_secretary_answers_objections(request, secretary, deputy, member, who, is_asked):
    publication = publish(review(open_october()), member)
    by = actor_on(member.user, TODAY)
    objecting.object_to(pk=publication.pk, line=None, text="请核对", by=by, at=AT)

    asked = "答复张伟的异议" in titles(request.getfixturevalue(who))

    assert asked is is_asked


def test_the_secretarys_own_objection_is_answered_by_others(secretary, deputy):
    publication = publish(review(open_october()), secretary)
    by = actor_on(secretary.user, TODAY)
    objecting.object_to(pk=publication.pk, line=None, text="请核对", by=by, at=AT)

    assert "答复王建国的异议" in titles(deputy)
    assert "答复王建国的异议" not in titles(secretary)


def test_a_former_secretary_has_only_a_members_to_dos(branch, member):
    secretary = MemberFactory(branch=branch)
    yesterday = TODAY - timedelta(days=1)
    Position.objects.create(member=secretary, branch=branch, kind="SECRETARY", ends_on=yesterday)
    round_ = open_october()
    file_sheet(member)
    file_sheet(secretary)
    review(round_)

    assert titles(secretary) == []


# -- follow-ups -----------------------------------------------------------------------------


def follow_up(branch, kind, member, *, holder=None):
    return FollowUp.objects.create(
        kind=kind,
        branch=branch,
        member=member,
        holder=holder,
        first_month=OCTOBER,
        trigger_month=OCTOBER,
        year=2026,
        due_on=date(2026, 11, 20),
        opened_at=AT,
    )


@pytest.mark.parametrize(
    ("kind", "for_member", "for_holder"),
    [
        (FollowUp.Kind.TALK, "谈话整改：您2026年10月积分低于合格分值", "谈话整改：张伟"),
        (FollowUp.Kind.INTERVIEW, "约谈整改：您2026年10月积分低于合格分值", "约谈整改：张伟"),
    ],
)
def test_follow_ups_reach_the_member_and_the_holder(branch, member, kind, for_member, for_holder):
    holder = MemberFactory(branch=branch)
    follow_up(branch, kind, member, holder=holder)

    assert titles(member) == [for_member]
    assert titles(holder) == [for_holder]


def test_many_duties_of_a_kind_stand_in_one_line(branch, secretary):
    for _ in range(4):
        follow_up(branch, FollowUp.Kind.TALK, MemberFactory(branch=branch), holder=secretary)

    assert titles(secretary) == ["谈话整改：4 项待您办理"]


def test_a_disposition_is_on_the_branch_committees_and_the_staffs_desk(branch, deputy, member):
    follow_up(branch, FollowUp.Kind.DISPOSITION, member)
    staff = StaffAppointmentFactory(committee=branch.committee).user

    assert titles(deputy) == ["组织处置事项：张伟"]
    assert "有 1 件组织处置事项待研究" in titles(staff)


def test_staff_name_who_holds_an_interview_until_it_is_done(branch, secretary, deputy, member):
    row = follow_up(branch, FollowUp.Kind.INTERVIEW, member)
    staff = StaffAppointmentFactory(committee=branch.committee).user

    assert titles(staff) == ["为 1 项谈话约谈确定责任人"]
    FollowUp.objects.filter(pk=row.pk).update(holder=deputy)
    assert titles(staff) == []


def test_a_leader_explains_zero_months(branch):
    duty = LeadershipDutyFactory(branch=branch)
    FollowUp.objects.create(
        kind=FollowUp.Kind.LIFE_MEETING_EXPLANATION,
        branch=branch,
        holder=duty.leader,
        year=2026,
        opened_at=AT,
    )

    assert titles(duty.leader) == ["在 2026 年度民主生活会上说明零分情况"]


# -- committee staff ------------------------------------------------------------------------


def test_staff_see_late_reviews_of_their_own_branches(branch, secretary, deputy):
    open_october()
    staff = StaffAppointmentFactory(committee=branch.committee).user
    other = StaffAppointmentFactory().user
    late = date(2026, 11, 2)

    assert titles(staff, late) == ["2026年10月有 1 个支部评审逾期"]
    assert titles(staff) == []
    assert titles(other, late) == []


def test_branches_without_rule_book_or_secretary_are_on_the_staffs_desk():
    branch = BranchFactory(name="新建党支部")
    staff = StaffAppointmentFactory(committee=branch.committee).user

    assert titles(staff) == ["没有生效的积分管理细则", "支部书记空缺"]


def test_a_secretary_without_rule_book_is_told():
    branch = BranchFactory()
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))

    assert titles(secretary) == ["没有生效的积分管理细则"]


# -- administrators -------------------------------------------------------------------------


def test_an_administrator_is_led_through_a_new_installation(db):
    administrator = UserFactory(is_superuser=True)

    assert titles(administrator) == ["导入党组织和党员名册"]
    branch = BranchFactory()
    assert titles(administrator) == ["任命党委工作人员"]
    StaffAppointmentFactory(committee=branch.committee)
    assert titles(administrator) == []


# -- the page -------------------------------------------------------------------------------


def test_what_is_due_first_stands_first(branch, secretary, member):
    open_october()
    follow_up(branch, FollowUp.Kind.TALK, member, holder=secretary)

    assert titles(secretary, date(2026, 10, 26)) == [
        "填报2026年10月个人申报表",
        "开始2026年10月评审",
        "谈话整改：张伟",
    ]


@pytest.mark.parametrize("people", [1, 3])
def test_to_dos_ask_the_same_whatever_they_find(
    branch, secretary, deputy, django_assert_num_queries, people
):
    members = [MemberFactory(branch=branch) for _ in range(people)]
    round_ = open_october()
    for one in members:
        file_sheet(one)
        follow_up(branch, FollowUp.Kind.TALK, one, holder=secretary)
    review(round_)
    actor = actor_on(secretary.user, TODAY)

    with django_assert_num_queries(15):
        to_dos_of(actor, today=TODAY)


def test_publications_of_the_past_are_no_to_do(member):
    publication = publish(review(open_october()), member)
    Publication.objects.filter(pk=publication.pk).update(
        starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 5)
    )

    assert titles(member) == []


# -- rule books ------------------------------------------------------------------------------


def test_rule_books_wait_for_staff_and_come_back_to_the_secretary(branch, secretary):
    staff = StaffAppointmentFactory(committee=branch.committee).user
    by = actor_on(secretary.user, TODAY)
    book = draft.start(branch=branch, source=branch.rule_books.get(), by=by, at=AT)
    assert titles(secretary) == titles(staff) == []

    draft.submit(pk=book.pk, seen=book.revision, by=by, at=AT)
    (to_do,) = to_dos_of(actor_on(staff, TODAY), today=TODAY)
    assert (to_do.url, to_do.note) == (
        reverse("rule_book_approval", args=[book.pk]),
        "办公室党支部",
    )
    assert titles(secretary) == []

    approval.return_book(pk=book.pk, remarks="请调整", by=actor_on(staff, TODAY), at=AT)
    (to_do,) = to_dos_of(by, today=TODAY)
    assert (to_do.url, to_do.note) == (reverse("rule_book_edit", args=[book.pk]), "请调整")
    assert titles(staff) == []


@pytest.mark.parametrize("count", [1, 3])
def test_waiting_rule_books_ask_the_same(branch, django_assert_num_queries, count):
    staff = StaffAppointmentFactory(committee=branch.committee).user
    for _each in range(count):
        other = BranchFactory(committee=branch.committee)
        RuleBookFactory(
            branch=other,
            version=2,
            state="SUBMITTED",
            effective_from=None,
            approved_by=None,
            approved_at=None,
            drafted_by=UserFactory(),
            drafted_at=AT,
            submitted_by=UserFactory(),
            submitted_at=AT,
        )
    actor = actor_on(staff, TODAY)

    with django_assert_num_queries(STAFF_QUERIES):
        to_dos = to_dos_of(actor, today=TODAY)

    assert [to_do.icon for to_do in to_dos].count("stamp") == 1


STAFF_QUERIES = 18


# -- year-end ---------------------------------------------------------------------------------


def to_confirm(branch_year: BranchYear, name: str) -> list[ToDo]:
    found = to_dos_of(branch_year.actor(name), today=YEAR_DAY)
    return [to_do for to_do in found if to_do.icon == "award"]


def test_the_secretary_confirms_the_year_and_then_it_is_gone():
    year = BranchYear()

    (to_do,) = to_confirm(year, "secretary")
    assert to_do.url == f"{reverse('year', args=[YEAR])}?branch={year.branch.pk}"
    assert (to_do.note, to_do.due_on) == ("", None)
    assert [to_confirm(year, name) for name in ("deputy", "first", "staff")] == [[], [], []]

    confirm_branch_year(
        branch=year.branch, year=YEAR, seen="", by=year.actor("secretary"), at=YEAR_AT
    )
    assert to_confirm(year, "secretary") == []


@pytest.mark.parametrize("state", ["PROVISIONAL", "FROZEN"])
def test_a_year_that_is_not_computed_or_frozen_asks_nobody(state):
    year = BranchYear(state=state)

    assert [to_confirm(year, name) for name in ("secretary", "staff")] == [[], []]


def test_staff_confirm_in_place_of_missing_secretaries_in_one_line():
    year = BranchYear(has_secretary=False)
    second = BranchFactory(committee=year.committee)
    BranchAnnualResult.objects.create(
        year_end=year.year_end, year=YEAR, branch=second, ranked=0, below=0, is_eligible=True
    )

    (to_do,) = to_confirm(year, "staff")
    assert to_do.note == f"{year.branch.name}、{second.name}"
    assert to_confirm(year, "staff elsewhere") == []
    assert to_confirm(year, "deputy") == []


# -- to-dos and steps are one --------------------------------------------------------------------

# A to-do about a round, by its icon, and the step of the table that it asks for.
ASKED = {"clipboard-check": "start_review", "scale": "decide", "megaphone": "conclude"}
AFTER = date(2026, 11, 2)


def brought_to(state):
    if state == "DECIDED":
        month = BranchMonth().to("REVIEWING")
        month.decide(month.entry("member"), by="secretary")
        return month
    return BranchMonth().to(state) if state != "OPEN" else BranchMonth()


@pytest.mark.parametrize("state", ["OPEN", "REVIEWING", "DECIDED", "PUBLISHED", "CLOSED"])
def test_nobody_is_asked_for_a_step_that_is_not_open_to_them_nor_spared_one_that_is(state):
    month = brought_to(state)
    expected = {
        "OPEN": {"secretary": {"start_review"}},
        "REVIEWING": {name: {"decide"} for name in ("secretary", "deputy", "organiser")},
        "DECIDED": {"secretary": {"conclude"}},
    }.get(state, {})

    for name, user in month.users.items():
        actor = actor_on(user, AFTER)
        asked = {ASKED[one.icon] for one in to_dos_of(actor, today=AFTER) if one.icon in ASKED}
        seat = rounds.seat_of(actor, month.branch.pk, AFTER)
        open_to_them = {step.name for step in ROUND_STEPS.open_to(seat, month.round)}
        assert asked <= open_to_them, name
        assert asked == expected.get(name, set()), name
