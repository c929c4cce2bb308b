"""Disposition cases of the demonstration: one waits for the branch's opinion, one was returned
to the secretary who can be tried out, one is filed, and of one a correction is running."""

from datetime import date, timedelta

from django.utils import timezone

from lib.months import next_month
from members.models import Member
from reviews.demo import story
from reviews.demo.roll import Department
from reviews.disposing import later_by
from reviews.models import FollowUp
from reviews.services import dispositions as services
from reviews.services.dispositions import CaseDecision, CaseOpinion

FACTS = (
    "近三个月两次无故不参加支部党员大会，未按时完成支部交办的调研任务，窗口有责投诉一件经核实属实；"
    "经支部提醒和谈话后改进不明显。"
)
STATEMENT = "本人承认上述情况，主要是思想上有所松懈，愿意接受组织批评教育，按要求改正。"
CONDITIONS = (
    "按时参加“三会一课”和主题党日；每月底向支部书面汇报一次；完成交办任务，窗口服务零有责投诉。"
)


def play_dispositions(department: Department) -> None:
    """Whichever of the cases there are by then: a young story has fewer."""
    for place, stage in story.CASES.items():
        case = FollowUp.objects.filter(
            kind=FollowUp.Kind.DISPOSITION,
            member=department.member(*place),
            state=FollowUp.State.OPEN,
        ).first()
        if case is not None:
            _play(department, case, department.member(place[0], 0), stage)


def _play(department: Department, case: FollowUp, secretary: Member, stage: str) -> None:
    calendar = department.calendar
    met, filed, decided = (_day(department, case, days) for days in (7, 10, 17))
    services.give_opinion(
        pk=case.pk,
        opinion=_opinion(met),
        by=department.actor(secretary, met),
        at=calendar.moment(met, 17),
    )
    services.file_case(
        pk=case.pk,
        filed_on=filed,
        number=f"支〔{filed.year}〕{filed.month + 10}号",
        by=department.actor(secretary, filed),
        at=calendar.moment(filed, 17, 10),
    )
    if stage == "FILED":
        return
    services.decide_case(
        pk=case.pk,
        decision=_decision(decided, is_approved=stage == "APPROVED"),
        by=department.staff(decided),
        at=calendar.moment(decided, 17, 20),
    )


def _day(department: Department, case: FollowUp, days: int) -> date:
    """So many days after the case was there, and the month that set it off had ended."""
    assert case.trigger_month is not None  # by constraint follow_up_kind
    since = max(timezone.localdate(case.opened_at), next_month(case.trigger_month))
    return min(since + timedelta(days=days), department.calendar.today)


def _opinion(met: date) -> CaseOpinion:
    return CaseOpinion(
        measure="CORRECTION",
        held_on=met,
        number=f"支〔{met.year}〕{met.month + 8}号",
        ground="DUTIES",
        facts=FACTS,
        statement=STATEMENT,
        deadline=later_by(met, 6),
        conditions=CONDITIONS,
    )


def _decision(day: date, *, is_approved: bool) -> CaseDecision:
    number = f"机党〔{day.year}〕{day.month + 20}号"
    if is_approved:
        return CaseDecision(
            True, day, number, "同意支部意见，由支部负责跟踪督促，期满报告改正情况。"
        )
    return CaseDecision(
        False,
        day,
        number,
        "事实部分未附会议签到和投诉核实材料，请补充核实，并结合民主评议情况重新研究后报送。",
    )
