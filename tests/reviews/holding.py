"""An activity of a branch's month, held and recorded in one call."""

from decimal import Decimal
from uuid import UUID, uuid4

from points.models import Activity
from points.services.activities import Held
from reviews.services import round as rounds
from tests.reviews.branch_month import BranchMonth, at


def held(month: BranchMonth, *, day: int = 9, items=None, **attendance: str) -> Held:
    """An assembly; ``attendance`` by name, e.g. ``member="ABSENT"``."""
    return Held(
        kind=Activity.Kind.ASSEMBLY,
        held_on=month.day(day),
        place="三楼会议室",
        text="学习贯彻全会精神",
        attendance={month.people[name].pk: state for name, state in attendance.items()},
        items=items or {},
        times=Decimal("1.00"),
    )


def hold(
    month: BranchMonth, activity: Held, *, by: str = "secretary", token: UUID | None = None
) -> Activity:
    return rounds.record_activity(
        pk=month.round.pk,
        token=token or uuid4(),
        held=activity,
        by=month.actor(by),
        at=at(month.month.month, 20),
    )


def undo(month: BranchMonth, activity: Activity, *, by: str = "secretary", reason="日期有误"):
    return rounds.undo_activity(
        pk=month.round.pk,
        activity=activity,
        reason=reason,
        by=month.actor(by),
        at=at(month.month.month, 21),
    )
