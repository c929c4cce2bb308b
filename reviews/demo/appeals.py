"""Appeals of the demonstration: one waits for the committee's staff, one was upheld and
withdrew a talk; and a thread in which more was said."""

from datetime import date, timedelta

from lib.months import next_month
from points.models import Decision, Entry
from reviews.demo import files, story
from reviews.demo.roll import Department
from reviews.models import Appeal, FollowUp, Objection
from reviews.services import appeals as appealing
from reviews.services import objections as objecting
from reviews.services.corrections import Change


def play_appeals(department: Department) -> None:
    """The last of the story: all of it rests on months played before."""
    uphold_against_talk(department)
    ask_for_more(department)
    appeal_against_answer(department)


def uphold_against_talk(department: Department) -> None:
    """The talk was opened a month ago; the member had asked for leave after all."""
    calendar = department.calendar
    branch, seat = story.APPELLANT
    member = department.member(branch, seat)
    talk = FollowUp.objects.get(member=member, trigger_month=calendar.ago(1))
    opened = date(talk.opened_at.year, talk.opened_at.month, talk.opened_at.day)
    letter = files.letter(name="请假条", on=calendar.ago(1), number=314)
    appeal = appealing.appeal_against(
        matter=talk,
        text="两次均因公出差并事先请假，不应扣分，请党委复核。",
        files=[letter],
        by=department.actor(member, opened + timedelta(days=1)),
        at=calendar.moment(opened + timedelta(days=1)),
    )
    decided = next_month(calendar.ago(1)) + timedelta(days=19)
    absence = Entry.objects.get(member=member, month=calendar.ago(1), criterion__code="ZZ-01")
    appealing.decide(
        appeal_id=appeal.pk,
        is_upheld=True,
        text="经核对请假条和出差审批单，请假手续完备，原扣分依据不成立。",
        correction=Change(absence.pk, Decision.Outcome.REJECTED, None),
        by=department.staff(decided),
        at=calendar.moment(decided, 15),
    )


def ask_for_more(department: Department) -> None:
    """The branch asks for a paper before it answers, and the member sends it."""
    calendar = department.calendar
    objection = Objection.objects.filter(state=Objection.State.OPEN).latest("pk")
    by = department.actor(department.bench(_plan(objection), calendar.today)[0], calendar.today)
    objecting.post(
        objection_id=objection.pk, text="请补交批示件第二页。", files=[], by=by, at=calendar.now
    )
    objecting.post(
        objection_id=objection.pk,
        text="已补交，请见附件。",
        files=[files.letter(name="批示件", on=calendar.today, number=2718)],
        by=department.actor(objection.member, calendar.today),
        at=calendar.now,
    )


def appeal_against_answer(department: Department) -> Appeal:
    """A kept result is brought before the committee, which has yet to decide."""
    calendar = department.calendar
    kept = Objection.objects.filter(state=Objection.State.KEPT).latest("pk")
    return appealing.appeal_against(
        matter=kept,
        text="支部答复未说明本人承担的具体部分，请党委复核批示件。",
        by=department.actor(kept.member, calendar.today),
        at=calendar.now,
    )


def _plan(objection: Objection) -> story.Plan:
    name = objection.publication.round.branch.name
    return next(plan for plan in story.PLANS if plan.name == name)
