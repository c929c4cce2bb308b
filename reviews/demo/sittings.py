"""Talks and interviews of the demonstration, in every state: those of long ago are closed, the
later ones are being put right, disputed, signed on paper, or wait for their answer. The latest
ones are still to be held."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from lib.months import next_month
from members.models import Member
from reviews.demo import files, story
from reviews.demo.roll import Department
from reviews.models import FollowUp
from reviews.services import duties, follow_up_ends, records, rectification
from reviews.services.holders import holders_of, secretaries_of_branches, to_be_named
from reviews.services.records import Sitting

SAID = (
    "谈话人通报了当月积分情况和扣分事项。党员本人说明：近期承担专项任务较重，对组织生活安排重视不够，"
    "未及时请假；对窗口投诉一事已向服务对象致歉。谈话人肯定了其业务表现，要求正确处理工作与组织生活的关系。"
)
CAUSES = "对组织生活的严肃性认识不足，工作统筹安排不够。"
MEASURES = (
    "一是补学本月集中学习内容，撰写心得一篇；二是严格执行请假制度；三是承担一次党小组学习领学任务。"
)
DISPUTE = "记录中“未及时请假”不属实：本人已于会前向党小组长口头请假，请更正。"
STEPS = (
    "补学本月集中学习内容，向党小组汇报学习体会。",
    "在党小组会上领学《中国共产党章程》有关章节。",
)
DAYS_TO_RECTIFY = timedelta(days=30)
KEPT_OPEN = 2
"""So many of the latest talks are still to be held."""


def play_sittings(department: Department) -> None:
    """Whichever talks there are by then that a secretary holds: a young story has fewer."""
    talks = list(
        FollowUp.objects.filter(
            ~to_be_named(department.calendar.today),
            kind=FollowUp.Kind.TALK,
            state=FollowUp.State.OPEN,
        )
        .select_related("member", "holder")
        .order_by("trigger_month", "pk")
    )
    mine = [talk for talk in talks if talk.member == department.account("member")]
    first = department.calendar.months[0]
    old = [talk for talk in talks if is_before(talk, first) and talk not in mine]
    rest = [talk for talk in talks if talk not in old and talk not in mine]
    for talk in old:
        close_without_measures(department, talk)
    for talk in mine:
        record(department, talk, department.calendar.today - timedelta(days=1))
    scenes: tuple[Callable[[Department, FollowUp], object], ...] = (
        put_right,
        hand_in,
        dispute,
        sign_on_paper,
        begin,
    )
    for scene, talk in zip(scenes, rest[:-KEPT_OPEN], strict=False):
        scene(department, talk)
    hold_interview(department)


def is_before(talk: FollowUp, month: date) -> bool:
    """Whether its month came over from Excel."""
    return talk.trigger_month is not None and talk.trigger_month < month


# -- scenes --------------------------------------------------------------------------------------


def close_without_measures(department: Department, talk: FollowUp) -> None:
    day = record(department, talk, days_after(department, talk, 6), has_measures=False)
    confirm(department, talk, day)
    follow_up_ends.close(
        pk=talk.pk,
        note="已谈话提醒，本人认识到位，无需整改。",
        by=department.actor(holder_of(talk, day), day),
        at=department.calendar.moment(day, 17),
    )


def put_right(department: Department, talk: FollowUp) -> None:
    """From the record to the check that closes it."""
    day = begin(department, talk, is_over=True)
    follow_up_ends.check(
        pk=talk.pk,
        outcome="PUT_RIGHT",
        reason="经核查学习笔记和领学记录，整改到位。",
        by=department.actor(holder_of(talk, day), day),
        at=department.calendar.moment(day, 18),
    )


def hand_in(department: Department, talk: FollowUp) -> date:
    day = begin(department, talk)
    last = max(day, department.calendar.today - timedelta(days=2))
    by, at = department.actor(member_of(talk), last), department.calendar.moment(last, 17)
    rectification.add_step(pk=talk.pk, text=STEPS[1], done_on=last, by=by, at=at)
    rectification.hand_in(pk=talk.pk, by=by, at=at)
    return last


def begin(department: Department, talk: FollowUp, *, is_over: bool = False) -> date:
    """Recorded and confirmed, with a first step and its picture."""
    day = record(department, talk, days_after(department, talk, 5), is_over=is_over)
    confirm(department, talk, day)
    first = min(day + timedelta(days=4), department.calendar.today)
    rectification.add_step(
        pk=talk.pk,
        text=STEPS[0],
        done_on=first,
        files=[files.sign_in_sheet(name="学习笔记", on=first, number=talk.pk)],
        by=department.actor(member_of(talk), first),
        at=department.calendar.moment(first, 16, 30),
    )
    return first


def dispute(department: Department, talk: FollowUp) -> None:
    day = record(department, talk, department.calendar.today - timedelta(days=4))
    records.dispute(
        pk=talk.pk,
        seen=1,
        reason=DISPUTE,
        by=department.actor(member_of(talk), day),
        at=department.calendar.moment(day + timedelta(days=1), 9),
    )


def sign_on_paper(department: Department, talk: FollowUp) -> None:
    day = record(department, talk, days_after(department, talk, 7), has_measures=False)
    records.confirm_on_paper(
        pk=talk.pk,
        seen=1,
        scan=[files.letter(name="谈话整改记录表", on=day, number=talk.pk)],
        by=department.actor(holder_of(talk, day), day),
        at=department.calendar.moment(day, 17),
    )


def hold_interview(department: Department) -> None:
    """The first interview is held by a leading cadre whom the committee named."""
    interview = (
        FollowUp.objects.filter(kind=FollowUp.Kind.INTERVIEW, state=FollowUp.State.OPEN)
        .select_related("member", "holder")
        .order_by("trigger_month", "pk")
        .first()
    )
    if interview is None:
        return
    day = days_after(department, interview, 2)
    leader = department.member(*story.ACCOUNTS["leader"])
    interview = duties.name_holder(
        pk=interview.pk,
        words=leader.staff_no,
        by=department.staff(day),
        at=department.calendar.moment(day, 9),
    )
    put_right(department, interview)


# -- steps ---------------------------------------------------------------------------------------


def record(
    department: Department,
    talk: FollowUp,
    day: date,
    *,
    has_measures: bool = True,
    is_over: bool = False,
) -> date:
    """The holder records the talk, on the day itself or as soon as its month had ended."""
    assert talk.trigger_month is not None
    day = max(day, next_month(talk.trigger_month))
    rectify_by = (day if is_over else max(day, department.calendar.today)) + DAYS_TO_RECTIFY
    records.record_sitting(
        pk=talk.pk,
        sitting=Sitting(
            held_on=day,
            place="三楼谈话室",
            held_by=(holder_of(talk, day).pk,),
            present="组织委员（记录）",
            said=SAID,
            causes=CAUSES,
            measures=MEASURES if has_measures else "",
            rectify_by=rectify_by if has_measures else None,
        ),
        by=department.actor(holder_of(talk, day), day),
        at=department.calendar.moment(day, 15),
    )
    return day


def confirm(department: Department, talk: FollowUp, day: date) -> None:
    by = department.actor(member_of(talk), day)
    records.confirm(pk=talk.pk, seen=1, by=by, at=department.calendar.moment(day, 16))


def days_after(department: Department, talk: FollowUp, days: int) -> date:
    opened = timezone.localdate(talk.opened_at)
    return min(opened + timedelta(days=days), department.calendar.today)


def holder_of(talk: FollowUp, day: date) -> Member:
    """Who was named, or is secretary on that day."""
    secretaries = secretaries_of_branches([talk.branch_id], day)[talk.branch_id]
    return Member.objects.get(pk=holders_of(talk, secretaries)[0])


def member_of(talk: FollowUp) -> Member:
    assert talk.member is not None
    return talk.member
