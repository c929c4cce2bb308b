"""What followed from the frozen year of the demonstration: nominations, the grades of the
democratic appraisal, and an opinion in every state."""

from collections.abc import Sequence
from datetime import date, timedelta

from branches.models import Branch
from members.models import Member
from members.rights import Actor
from reviews.demo import files
from reviews.demo.roll import Department
from reviews.models import AnnualResult, Appraisal, Nomination, Opinion
from reviews.services import appeals as appealing
from reviews.services import nominations as nominating
from reviews.services import opinions as opining
from reviews.services.appraisals import Given, enter_grades, people_of
from reviews.services.opinions import Wording

Award, Grade = Nomination.Award, Appraisal.Grade

# The branches that have finished their year; the others still have it before them.
FINISHED = ("employment", "it", "retired", "benefits")
DEEDS = "全年积分居支部前列，牵头完成重点任务，在急难险重工作中发挥先锋模范作用。"
PRAISE = "全年带头参加理论学习和志愿服务，所在攻坚专班按期完成任务，经支部党员大会民主评议推荐。"
CRITICISM = "年内多次未按时完成支部交办任务，经谈话提醒后改进不明显，给予通报批评。"
APPEAL = "其中一次因公出差，事先已向支部请假，请党委复核。"


def play_awards(department: Department) -> None:
    """All of it rests on the figures that were frozen in January."""
    year = department.calendar.frozen_year
    for key in FINISHED:
        branch = department.branches[key]
        if AnnualResult.objects.filter(branch=branch, year=year).exists():
            nominate_candidates(department, key, year)
            enter_meeting(department, key, year)
    confirm_awards(department, year)
    issue_this_week(department, year)
    answer_sanctions(department)


def nominate_candidates(department: Department, key: str, year: int) -> None:
    """The secretary nominates the candidates for 优秀, and the first of them for a
    commendation; the secretary's own nomination is the committee's to enter."""
    day = date(year + 1, 1, 23)
    found = AnnualResult.objects.filter(
        branch=department.branches[key], year=year, is_candidate=True
    ).order_by("rank", "member__staff_no")
    for place, result in enumerate(found):
        awards = [Award.EXCELLENT, Award.COMMENDATION] if place == 0 else [Award.EXCELLENT]
        for award in awards:
            nominating.nominate(
                member=result.member_id,
                year=year,
                award=award,
                reason=DEEDS,
                by=_speaker(department, key, result.member_id, day),
                at=department.calendar.moment(day, 15),
            )


def _speaker(department: Department, key: str, member: int, day: date) -> Actor:
    """Who speaks for the branch: its secretary, but not of themself."""
    secretary = department.member(key, 0)
    if secretary.pk == member:
        return department.staff(day)
    return department.actor(secretary, day)


def enter_meeting(department: Department, key: str, year: int) -> None:
    """What the meeting gave: people decided it, and not all who are nominated are excellent."""
    branch, day = department.branches[key], date(year + 1, 1, 27)
    nominated = set(
        Nomination.objects.filter(branch=branch, year=year).values_list("member", flat=True)
    )
    given = [
        Given(one.member.pk, _grade(one.member.pk in nominated, one.result))
        for one in people_of(branch.pk, year)
        if one.is_full_member
    ]
    # One is left open: a member who could not come to the meeting.
    given = given[:-1] if key == "retired" else given
    enter_grades(
        branch=branch.pk,
        year=year,
        held_on=day - timedelta(days=1),
        grades=given,
        by=department.actor(department.member(key, 0), day),
        at=department.calendar.moment(day, 16),
    )


def _grade(is_nominated: bool, result: AnnualResult | None) -> str:
    if is_nominated:
        return Grade.EXCELLENT
    return Grade.BASIC if result is not None and result.is_below else Grade.QUALIFIED


# -- opinions ------------------------------------------------------------------------------


def confirm_awards(department: Department, year: int) -> None:
    """In February the nominated are commended: one confirms, one signs on paper, the others
    are silent."""
    calendar, issued = department.calendar, date(year + 1, 2, 3)
    if issued + timedelta(days=20) > calendar.today:
        return
    opinions = [
        issue(
            department,
            nomination.member,
            Wording(
                Opinion.Kind.AWARD,
                year,
                f"授予{year}年度“优秀共产党员”称号",
                PRAISE,
                f"厅机党〔{year + 1}〕{number}号",
                nomination.pk,
            ),
            by=department.staff(issued),
            day=issued,
        )
        for number, nomination in enumerate(_commended(department, year), start=11)
    ]
    for opinion in opinions[:1]:
        opining.confirm(
            pk=opinion.pk,
            by=department.actor(opinion.member, issued + timedelta(days=1)),
            at=calendar.moment(issued + timedelta(days=1), 19),
        )
    for opinion in opinions[1:2]:
        signed = issued + timedelta(days=2)
        opining.confirm_on_paper(
            pk=opinion.pk,
            scan=[files.letter(name="奖惩意见认定表", on=signed, number=opinion.pk)],
            by=department.staff(signed),
            at=calendar.moment(signed, 10),
        )
    silence(department, issued + timedelta(days=20))


def _commended(department: Department, year: int) -> Sequence[Nomination]:
    """Not of the staff who issues it, nor of who left the roll since."""
    day = date(year + 1, 2, 3)
    staff = department.staff(day).member_id
    found = Nomination.objects.filter(year=year, award=Award.COMMENDATION).exclude(member=staff)
    return [
        one
        for one in found.select_related("member").order_by("branch__roll_order")
        if opining.branch_on(one.member, day)
    ]


def issue_this_week(department: Department, year: int) -> None:
    """Two of them wait: one for the account of a member, one for a decision of the committee."""
    calendar = department.calendar
    day = calendar.today - timedelta(days=1)
    praise = Wording(Opinion.Kind.AWARD, year, f"{year}年度学习积极分子通报表扬", PRAISE)
    issue(department, department.account("member"), praise, day=day)
    criticism = Wording(Opinion.Kind.SANCTION, day.year, "在支部范围内通报批评", CRITICISM)
    opinion = issue(department, department.member("finance", 7), criticism, day=day)
    appealing.appeal_against(
        matter=opinion,
        text=APPEAL,
        by=department.actor(opinion.member, calendar.today),
        at=calendar.now,
    )


def answer_sanctions(department: Department) -> None:
    """Some weeks ago: of three that were appealed against, the committee let one stand and
    lifted one, and one was taken back by the branch before."""
    calendar = department.calendar
    day = calendar.today - timedelta(days=40)
    title = "通报批评，取消本年度评先评优资格"
    criticism = Wording(Opinion.Kind.SANCTION, day.year, title, CRITICISM)
    places = [("labour", 9), ("pension", 10)]
    for (key, seat), is_upheld in zip(places, (False, True), strict=True):
        opinion = issue(department, department.member(key, seat), criticism, day=day)
        raised = appealing.appeal_against(
            matter=opinion,
            text=APPEAL,
            by=department.actor(opinion.member, day + timedelta(days=2)),
            at=calendar.moment(day + timedelta(days=2), 20),
        )
        reason = (
            "经核对请假条，缺席一次应予扣除，原依据不足。" if is_upheld else "事实清楚，程序完备。"
        )
        appealing.decide(
            appeal_id=raised.pk,
            is_upheld=is_upheld,
            text=reason,
            by=department.staff(day + timedelta(days=6)),
            at=calendar.moment(day + timedelta(days=6), 15),
        )
    taken_back = issue(department, department.member("employment", 11), criticism, day=day)
    opining.withdraw(
        pk=taken_back.pk,
        reason="该同志有关月份积分经申诉已更正，原意见依据不再成立。",
        by=department.actor(department.member("employment", 0), day + timedelta(days=3)),
        at=calendar.moment(day + timedelta(days=3), 9),
    )


def issue(
    department: Department,
    member: Member,
    wording: Wording,
    *,
    day: date,
    by: Actor | None = None,
) -> Opinion:
    """By the secretary of the branch where nobody else is named."""
    key = next(key for key, seats in department.seats.items() if member in seats)
    opinion = opining.issue(
        member=member.pk,
        wording=wording,
        by=by or department.actor(department.member(key, 0), day),
        at=department.calendar.moment(day, 11),
    )
    opinion.member = member
    return opinion


def silence(department: Department, day: date) -> None:
    opining.agree_silently(
        on=day,
        branches=list(Branch.objects.values_list("pk", flat=True)),
        at=department.calendar.moment(day, 2),
    )
