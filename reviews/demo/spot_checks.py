"""Spot checks of the demonstration: one of some months ago with a finding of every kind, and
a fresh one that is half inspected."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from branches.models import Committee
from members.models import StaffAppointment
from members.rights import actor_on
from points.models import Decision, MonthlyResult, ResultLine
from reviews.demo import story
from reviews.demo.roll import Department
from reviews.models import SpotCheck, SpotCheckItem
from reviews.services import spot_checks as services
from reviews.services.spot_checks import Choice, Found

Finding = SpotCheckItem.Finding

SECOND_STAFF = ("it", 7)
OLD_SIZE, FRESH_SIZE = 12, 6


def play_spot_checks(department: Department) -> None:
    """All of it rests on months that are closed."""
    calendar = department.calendar
    second = department.member(*SECOND_STAFF).user
    assert second is not None
    StaffAppointment.objects.create(
        user=second, committee=Committee.objects.get(name=story.COMMITTEE)
    )
    drawn_on = calendar.ago(1) + timedelta(days=20)
    old = _draw(
        department, first=calendar.ago(4), last=calendar.ago(3), size=OLD_SIZE, day=drawn_on
    )
    for item, found in _findings(old.items.order_by("number")):
        _record(department, item, found, drawn_on + timedelta(days=6))
    day = calendar.today - timedelta(days=2)
    latest = calendar.latest_closed
    fresh = _draw(department, first=latest, last=latest, size=FRESH_SIZE, day=day)
    items = list(fresh.items.select_related("inspector").order_by("number"))
    left = [item for item in items if item.inspector == department.staff(day).user][-1:]
    for item in items[::2]:
        if item not in left:
            _record(department, item, Found(Finding.IN_ORDER), calendar.today - timedelta(days=1))


def _draw(department: Department, *, first: date, last: date, size: int, day: date) -> SpotCheck:
    """The seed and the token follow from the day, so that the story is always the same."""
    seed = sha256(f"{first} {last}".encode()).hexdigest()[:32]
    return services.draw(
        choice=Choice(
            committee=Committee.objects.get(name=story.COMMITTEE),
            first_month=first,
            last_month=last,
            size=size,
            share=None,
            is_each_branch=True,
        ),
        token=UUID(seed),
        seed=seed,
        by=department.staff(day),
        at=department.calendar.moment(day, 15),
    )


def _findings(items: Iterable[SpotCheckItem]) -> Iterator[tuple[SpotCheckItem, Found]]:
    """A finding of each kind that is not in order, where it leaves the month above the line
    and no yearly cap carries it on; everything else is in order."""
    left = [
        Found(Finding.EVIDENCE_MISSING, None, "签到表中没有本人签名，支部未能补充佐证。"),
        Found(Finding.FALSE_DECLARATION, None, "经向活动承办单位核实，本人当天未参加。"),
    ]
    was_wrong = False
    for item in items:
        decision = item.entry.decisions.get(is_current=True)
        if not _is_harmless(item, decision):
            yield item, Found(Finding.IN_ORDER)
        elif not was_wrong and decision.points and decision.points >= 1:
            was_wrong = True
            right = decision.points - Decimal("0.50")
            yield item, Found(Finding.POINTS_WRONG, right, "只参加半天，应按半天计分。")
        elif left:
            yield item, left.pop(0)
        else:
            yield item, Found(Finding.IN_ORDER)


def _is_harmless(item: SpotCheckItem, decision: Decision) -> bool:
    entry = item.entry
    result = MonthlyResult.objects.current().get(member=entry.member_id, month=entry.month)
    return bool(
        decision.points
        and decision.points > 0
        and result.is_assessed
        and not result.minus
        and not _is_cut(item)
    )


def _is_cut(item: SpotCheckItem) -> bool:
    """Whether a cap cut any item of this criterion in the member's year."""
    entry = item.entry
    lines = ResultLine.objects.filter(
        result__is_current=True,
        result__member=entry.member_id,
        result__month__year=entry.month.year,
        entry__criterion__code=entry.criterion.code,
    )
    return any(line.cuts for line in lines)


def _record(department: Department, item: SpotCheckItem, found: Found, day: date) -> None:
    if item.inspector is not None:
        services.record_finding(
            pk=item.pk,
            found=found,
            by=actor_on(item.inspector, day),
            at=department.calendar.moment(day, 16),
        )
