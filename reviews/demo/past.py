"""The months before the department came over from Excel: its ledger, imported as a whole."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from members.models import Member
from reviews.demo import story
from reviews.demo.roll import Department
from reviews.imports import Ledger, apply_ledger
from reviews.imports.ledger_file import LedgerRow, MonthRow

# What stood in the ledger against members now and then, and for them more often.
PLUS = ("XX-04", "XX-05", "XX-05", "XX-06", "ZY-02", "ZY-02", "ZY-03", "QY-03", "YE-05C", "YW-07")
MINUS = ("XX-02", "ZZ-03", "JL-01", "XX-01", "YW-01")


def import_past(department: Department, months: Collection[date], *, on: date) -> None:
    """Import the ledger of these months, as the department's staff did on that day."""
    sheets = [
        (month, plan)
        for month in months
        for plan in story.PLANS
        if month >= first_month(department, plan)
    ]
    ledger = Ledger(
        rows=tuple(row for month, plan in sheets for row in _rows(department, plan, month)),
        months=tuple(MonthRow(0, month, plan.name) for month, plan in sheets),
    )
    at = department.calendar.moment(on, hour=0, minute=30)
    report = apply_ledger(ledger, by=department.system, at=at)
    if report.problems:
        raise ValueError(report.problems)


def first_month(department: Department, plan: story.Plan) -> date:
    return date(department.calendar.frozen_year, plan.first_month, 1)


def _rows(department: Department, plan: story.Plan, month: date) -> Iterator[LedgerRow]:
    dice = Random(f"{plan.key} {month:%Y-%m}")  # noqa: S311
    key, seat, _reason = story.ALWAYS_EXEMPT
    exempt = department.member(key, seat)
    known = department.codes[plan.key]
    for seat, member in enumerate(department.roster(plan, month)):
        if member is not exempt:
            for code, times in _items(department, plan, member, seat, month, dice).items():
                if code in known:
                    yield LedgerRow(
                        number=0,
                        month=month,
                        branch=plan.name,
                        staff_no=member.staff_no,
                        name=member.name,
                        code=code,
                        times=Decimal(times),
                        points=None,
                        occurred_on=month + timedelta(days=dice.randrange(27)),
                        reason=dice.choice(story.REASONS[code]),
                    )


def _items(
    department: Department,
    plan: story.Plan,
    member: Member,
    seat: int,
    month: date,
    dice: Random,
) -> dict[str, int]:
    """What stands for a member in a month: codes and times."""
    for deed in story.DEEDS:
        place = (deed.branch, deed.seat)
        if place == (plan.key, seat) and department.calendar.month_of(deed) == month:
            return dict(deed.items)
    codes = ["YW-06"] if seat < plan.seats else []
    if (plan.key, seat) in story.PLAIN:
        return dict.fromkeys(codes, 1)
    if member is department.member(*story.PROBATIONARY_FIRST):
        return dict.fromkeys([*codes, "XX-04", "XX-05", "ZY-03", "QY-03", "YE-05C"], 1)
    codes += dice.choices(PLUS, k=department.items_of(member, dice))
    if seat >= plan.seats and dice.random() < 0.08:
        codes.append(dice.choice(MINUS))
    return dict.fromkeys(codes, 1)
