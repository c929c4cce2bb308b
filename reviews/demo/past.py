"""The months before the department came over from Excel: its ledger, imported as a whole."""

from collections.abc import Iterator
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


def import_past(department: Department) -> None:
    """Import the frozen year's ledger from January to November, as the department's staff did
    when December began in the product."""
    year = department.calendar.frozen_year
    sheets = [
        (date(year, number, 1), plan)
        for number in range(1, story.FIRST_ROUND_MONTH)
        for plan in story.PLANS
        if number >= plan.first_month
    ]
    ledger = Ledger(
        rows=tuple(row for month, plan in sheets for row in _rows(department, plan, month)),
        months=tuple(MonthRow(0, month, plan.name) for month, plan in sheets),
    )
    at = department.calendar.moment(date(year, story.FIRST_ROUND_MONTH, 1), hour=0, minute=30)
    report = apply_ledger(ledger, by=department.system, at=at)
    if report.problems:
        raise ValueError(report.problems)


def _rows(department: Department, plan: story.Plan, month: date) -> Iterator[LedgerRow]:
    dice = Random(f"{plan.key} {month:%Y-%m}")  # noqa: S311
    key, seat, _reason = story.ALWAYS_EXEMPT
    exempt = department.member(key, seat)
    known = department.codes[plan.key]
    for seat, member in enumerate(department.roster(plan, month)):
        if member is exempt:
            continue
        codes = _codes(department, plan, member, seat, dice)
        for code in dict.fromkeys(code for code in codes if code in known):
            day = month + timedelta(days=dice.randrange(27))
            reason = dice.choice(story.REASONS[code])
            yield LedgerRow(
                number=0,
                month=month,
                branch=plan.name,
                staff_no=member.staff_no,
                name=member.name,
                code=code,
                times=Decimal("1.00"),
                points=None,
                occurred_on=day,
                reason=reason,
            )


def _codes(
    department: Department, plan: story.Plan, member: Member, seat: int, dice: Random
) -> list[str]:
    codes = ["YW-06"] if seat < plan.seats else []
    if (plan.key, seat) in story.PLAIN:
        return codes
    if member is department.member(*story.PROBATIONARY_FIRST):
        return [*codes, "XX-04", "XX-05", "ZY-03", "QY-03", "YE-05C"]
    codes += dice.choices(PLUS, k=dice.choice((0, 0, 1, 1, 2)))
    if dice.random() < 0.08:
        codes.append(dice.choice(MINUS))
    return codes
