"""What happened on the demonstration's roll: a transfer, a retirement, a death, and
exemptions asked for and approved."""

from datetime import date, timedelta

from django.utils.translation import gettext as _

from lib.months import add_months, last_day, next_month, previous_month
from members.models import Membership, RollChange
from members.services import exemptions, roll_life
from members.services.exemptions import Span
from members.services.roll_life import Paper
from reviews.demo import story
from reviews.demo.roll import Department
from reviews.selectors.roll_days import opened_until, results_until

# Branch and seat of people of whom the story tells nothing else.
RETIRED = ("finance", 9)
DECEASED = ("retired", 13)
WAITS = ("employment", 9, "产假")
APPROVED = ("pension", 8, "借调省委巡视组，由巡视组临时党支部管理")


def play_roll_life(department: Department) -> None:
    """Everything that the roll's pages show, entered by whoever enters it."""
    _remember_transfer(department)
    _retire(department)
    _bury(department)
    _exempt(department)


def _remember_transfer(department: Department) -> None:
    """The transfer in the middle of the year, which the roll stored as a fact."""
    calendar = department.calendar
    old, seat, new = story.TRANSFERRED
    moved, month = department.member(old, seat), calendar.ago(story.TRANSFERRED_BACK)
    Membership.objects.filter(member=moved, ends_on=last_day(previous_month(month))).update(
        end_reason=Membership.EndReason.TRANSFERRED
    )
    day = month - timedelta(days=4)
    RollChange.objects.create(
        member=moved,
        kind=RollChange.Kind.TRANSFER,
        takes_effect_on=month,
        text=_("transferred from %(old)s to %(new)s")
        % {"old": department.branches[old].name, "new": department.branches[new].name},
        document_no=_paper(day, 3),
        made_by=department.staff(day).user,
        made_at=calendar.moment(day),
    )


def _retire(department: Department) -> None:
    calendar = department.calendar
    day = calendar.today - timedelta(days=40)
    roll_life.retire(
        member_id=department.member(*RETIRED).pk,
        on=day,
        branch=None,
        ends_positions=False,
        opened_until=None,
        concluded_until=None,
        paper=Paper(_paper(day, 7)),
        by=department.staff(day),
        at=calendar.moment(day),
    )


def _bury(department: Department) -> None:
    calendar = department.calendar
    member = department.member(*DECEASED)
    day = max(calendar.present, calendar.today - timedelta(days=3))
    roll_life.end_membership(
        member_id=member.pk,
        on=day,
        reason=Membership.EndReason.DIED,
        opened_until=opened_until(department.branches[DECEASED[0]].pk),
        concluded_until=results_until(member.pk),
        by=department.staff(calendar.today),
        at=calendar.moment(calendar.today, hour=8),
    )


def _exempt(department: Department) -> None:
    """One that the secretary asked for and that waits, and one that was approved."""
    calendar = department.calendar
    day = calendar.today - timedelta(days=1)
    first = next_month(calendar.present)
    for key, seat, reason in (WAITS, APPROVED):
        made = exemptions.request(
            member_id=department.member(key, seat).pk,
            span=Span(first, add_months(first, 3)),
            reason=reason,
            concluded_until=None,
            by=department.actor(department.member(key, 0), day),
            at=calendar.moment(day, hour=15),
        )
        if (key, seat, reason) == APPROVED:
            exemptions.approve(
                pk=made.pk,
                note="",
                concluded_until=None,
                by=department.staff(calendar.today),
                at=calendar.moment(calendar.today, hour=9),
            )


def _paper(day: date, number: int) -> str:
    return f"厅党发〔{day.year}〕{number}号"
