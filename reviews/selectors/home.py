"""What the home page shows besides the to-dos: the steps of the month, one's last twelve
months, how far the branches below are. A fixed number of queries each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from lib.months import add_months, month_of, months_between
from members.rights import Actor
from points.models import Declaration, MonthlyResult, Registration
from reviews.models import Objection, Publication, Round
from reviews.selectors.month_steps import Step, five_steps
from reviews.selectors.results import my_results
from reviews.services.round import month_label

State = Round.State


# -- the five steps of the month -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonthSteps:
    """A branch's month in five steps, and which it has reached (domain.md §5)."""

    title: str
    steps: list[Step]


def months_under_way(actor: Actor, *, today: date) -> list[MonthSteps]:
    """The unfinished months of one's own branch, the latest first; if all are finished, the
    last one. At most two: a third would be long overdue and is a to-do. Five queries."""
    if actor.branch_id is None:
        return []
    latest = list(Round.objects.filter(branch=actor.branch_id).order_by("-month")[:3])
    shown = [round_ for round_ in latest if round_.state != State.CLOSED] or latest[:1]
    shown = shown[:2]
    months = [round_.month for round_ in shown]
    registered = Counter(
        Registration.objects.filter(branch=actor.branch_id, month__in=months).values_list(
            "month", flat=True
        )
    )
    sheets = Counter(
        Declaration.objects.filter(branch=actor.branch_id, month__in=months).values_list(
            "month", "state"
        )
    )
    standing = Publication.objects.standing().filter(round__in=shown)
    ends = dict(standing.values_list("round__month", "ends_on"))
    objected = Counter(
        Objection.objects.filter(
            publication__round__in=shown, state=Objection.State.OPEN
        ).values_list("publication__round__month", flat=True)
    )
    return [
        MonthSteps(
            title=month_label(round_.month),
            steps=five_steps(
                round_,
                registered=registered[round_.month],
                filed=_filed(sheets, round_.month),
                sheets=sum(n for (month, state), n in sheets.items() if month == round_.month),
                ends_on=ends.get(round_.month),
                objections=objected[round_.month],
                today=today,
            ),
        )
        for round_ in shown
    ]


def _filed(sheets: Counter[tuple[date, str]], month: date) -> int:
    unfiled = {Declaration.State.DRAFT, Declaration.State.MISSING}
    return sum(n for (when, state), n in sheets.items() if when == month and state not in unfiled)


# -- my last twelve months -------------------------------------------------------------------


def twelve_months(actor: Actor, *, today: date) -> list[dict[str, Any]]:
    """One's own last twelve months for the chart, as far as they are published. Empty without
    any result. One query."""
    this_month = month_of(today)
    results = {
        result.month: result
        for result in my_results(actor).filter(
            is_current=True,
            month__gte=add_months(this_month, -12),
            month__lte=this_month,
        )
    }
    if not results:
        return []
    last = this_month if this_month in results else add_months(this_month, -1)
    return [
        _column(month, results.get(month)) for month in months_between(add_months(last, -11), last)
    ]


def _column(month: date, result: MonthlyResult | None) -> dict[str, Any]:
    if result is None:
        return {"month": month, "score": None, "pass_line": None}
    return {
        "month": month,
        "score": result.score,
        "pass_line": result.pass_line,
        "is_below": result.is_below,
        "is_zero": result.is_zero,
        "is_exempt": not result.is_assessed,
        "url": result.get_absolute_url(),
    }


# -- the branches below a committee ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How many branches below a committee have reached what in a month. Never a score
    (domain.md §8: branches are not compared)."""

    month: date
    url: str
    total: int
    opened: int
    reviewing: int
    concluded: int
    published: int
    closed: int
    late: int


def progress_below(actor: Actor, *, today: date) -> Sequence[Progress]:
    """This month and the month before it, for committee staff. One query."""
    if not actor.is_staff:
        return []
    this_month = month_of(today)
    months = [this_month, add_months(this_month, -1)]
    rows = Round.objects.filter(branch__in=actor.branches_below, month__in=months).values_list(
        "month", "state", "review_by"
    )
    found = Counter((month, state) for month, state, review_by in rows)
    late = Counter(
        month
        for month, state, review_by in rows
        if state in (State.OPEN, State.REVIEWING) and review_by < today
    )
    return [
        Progress(
            month=month,
            url=reverse("month_rounds", args=[month.year, month.month]),
            total=len(actor.branches_below),
            opened=found[month, State.OPEN],
            reviewing=found[month, State.REVIEWING],
            concluded=found[month, State.CONCLUDED],
            published=found[month, State.PUBLISHED],
            closed=found[month, State.CLOSED],
            late=late[month],
        )
        for month in months
    ]
