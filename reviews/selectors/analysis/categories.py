"""What brought and what cost points: by category in the order of the rule book, and the items
that cost most. Nobody is named; what the committee registered is one sum (domain.md §10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from lib.bars import diverging
from points.models import Category, Criterion, MonthlyResult, ResultLine
from reviews.selectors.results import published

ZERO = Decimal("0.00")
MOST = 5
COMMITTEES = _("registered by the committee")


@dataclass(frozen=True, slots=True)
class Credited:
    """So many lines of results that were credited the same under one criterion."""

    code: str
    text: str
    category: str
    is_confidential: bool
    points: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class CategoryPoints:
    """What one category brought and cost, both without sign."""

    label: Any
    plus: Decimal
    minus: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What one item cost, and how often; without a code where it is confidential."""

    code: str
    text: Any
    times: int
    minus: Decimal


def credited(branch: Branch, months: Sequence[date]) -> list[Credited]:
    """The lines of the branch's published results, taken together. One query."""
    results = published(MonthlyResult.objects.current()).filter(branch=branch, month__in=months)
    lines = (
        ResultLine.objects.filter(result__in=results)
        .order_by()
        .values_list(
            "entry__criterion__code",
            "entry__criterion__text",
            "entry__criterion__category",
            "entry__criterion__registered_by",
            "credited",
        )
        .annotate(count=Count("pk"))
        .order_by("entry__criterion__code", "entry__criterion__text", "credited")
    )
    committee = Criterion.RegisteredBy.COMMITTEE
    return [
        Credited(code, text, category, by == committee, points, count)
        for code, text, category, by, points, count in lines
    ]


def by_category(lines: Iterable[Credited]) -> list[CategoryPoints]:
    """Every category in the source's order (§3) with what it brought and cost, and last what
    the committee registered, where there is anything."""
    plus: dict[str, Decimal] = {}
    minus: dict[str, Decimal] = {}
    for line in lines:
        sums = plus if line.points > 0 else minus
        key = "" if line.is_confidential else line.category
        sums[key] = sums.get(key, ZERO) + abs(line.points) * line.count
    rows = [
        CategoryPoints(label, plus.get(value, ZERO), minus.get(value, ZERO))
        for value, label in [*Category.choices, ("", COMMITTEES)]
    ]
    return [row for row in rows if row.label is not COMMITTEES or row.plus or row.minus]


def costs(lines: Iterable[Credited]) -> list[Cost]:
    """The items that cost most, at most five, the dearest first; then, as one sum, what the
    committee registered. An item keeps its code over the versions of a rule book; its newest
    text is shown."""
    found: dict[str, Cost] = {}
    for line in lines:
        if line.points >= 0:
            continue
        code = "" if line.is_confidential else line.code
        text = COMMITTEES if line.is_confidential else line.text
        before = found.get(code, Cost(code, text, 0, ZERO))
        times, lost = before.times + line.count, before.minus - line.points * line.count
        found[code] = Cost(code, text, times, lost)
    committees = found.pop("", None)
    dearest = sorted(found.values(), key=lambda cost: (-cost.minus, cost.code))[:MOST]
    return [*dearest, committees] if committees else dearest


def drawn(rows: Sequence[CategoryPoints]) -> dict[str, Any]:
    return diverging([(row.label, row.plus, row.minus) for row in rows])
