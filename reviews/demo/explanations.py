"""Explanations of the demonstration: one is still to be given, by the leading cadre who can be
tried out; one waits to be judged; one was judged serious, and accountability is to be decided."""

from datetime import date, timedelta

from django.utils import timezone

from reviews.demo.roll import Department
from reviews.models import FollowUp, Judgement
from reviews.services import explanations as services
from reviews.services.explanations import Explanation


def play_explanations(department: Department) -> None:
    """The last of the story; where no month was at zero there is nothing to explain."""
    due = FollowUp.objects.filter(
        kind__in=FollowUp.EXPLANATION_KINDS, state=FollowUp.State.OPEN, holder__isnull=False
    ).exclude(holder=department.account("leader"))
    for row in due.select_related("holder").order_by("kind", "pk"):
        explain(department, row)
        if row.kind == FollowUp.Kind.REPORT_EXPLANATION:
            judge_serious(department, row)


def explain(department: Department, row: FollowUp) -> None:
    """Given some days ago, at a meeting called for the matter."""
    assert row.holder is not None  # by the query
    day = meeting_day(department, row)
    services.explain(
        pk=row.pk,
        explanation=Explanation(
            held_on=day,
            place="七楼党员活动室",
            said=(
                "该同志在岗位纪律方面出现问题，暴露出本人落实“一岗双责”不够到位：日常谈心谈话次数偏少，"
                "对苗头性问题发现不及时、提醒不够。对此本人负有责任，向组织作出检讨。"
            ),
            measures="每月与重点岗位党员谈心谈话一次；每季度开展一次纪律教育；重要情况当日报告。",
            present="机关党委专职副书记",
        ),
        by=department.actor(row.holder, day),
        at=department.calendar.moment(day, 16),
    )


def judge_serious(department: Department, row: FollowUp) -> None:
    day = department.calendar.today
    services.judge(
        pk=row.pk,
        outcome=Judgement.Outcome.SERIOUS,
        reason="支部日常管理监督长期不到位，事前已有群众反映而未处置，情节严重。",
        seen=None,
        by=department.staff(day),
        at=department.calendar.now,
    )


def meeting_day(department: Department, row: FollowUp) -> date:
    """Some days ago, but not before the follow-up was opened."""
    calendar = department.calendar
    return max(calendar.today - timedelta(days=4), timezone.localdate(row.opened_at))
