"""A member's own results as their pages show them. Nothing of a result is shown before the
round is published (domain.md §9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from lib.months import months_of_year
from members.models import Membership
from members.rights import Actor
from points.models import (
    Category,
    Decision,
    Declaration,
    Entry,
    MonthlyResult,
    ResultLine,
)
from points.scoring import ZEROED
from points.selectors.cuts import explain_cuts
from points.selectors.sheet import file_of
from reviews.models import Objection, Publication, Round, Verification
from reviews.rules import is_confirmed
from reviews.selectors.annual import AnnualLine, annual_of
from reviews.services.publication import is_running

OUT: Final = (Round.State.PUBLISHED, Round.State.CLOSED)
ZERO: Final = Decimal("0.00")


def published(results: QuerySet[MonthlyResult]) -> QuerySet[MonthlyResult]:
    """Those whose round is published or closed."""
    out = Round.objects.filter(branch=OuterRef("branch"), month=OuterRef("month"), state__in=OUT)
    return results.filter(Exists(out))


def my_results(actor: Actor) -> QuerySet[MonthlyResult]:
    """My own results that I may see, all revisions. Imported years, whose rounds were
    stored as closed, are among them."""
    return published(MonthlyResult.objects.filter(member=actor.member_id))


@dataclass(slots=True)
class Item:
    """One entry of a result: the rule, what was claimed, decided and credited, and why."""

    entry: Entry
    decision: Decision | None
    files: list[dict[str, Any]]
    line: ResultLine | None = None
    cuts: list[str] = field(default_factory=list)
    objection: Objection | None = None

    @property
    def credited(self) -> Decimal:
        return self.line.credited if self.line else ZERO


@dataclass(slots=True)
class ResultPage:
    """Everything that the page of one month's result shows."""

    result: MonthlyResult
    round: Round
    publication: Publication | None
    items: list[Item]
    rejected: list[Item]
    revisions: list[MonthlyResult]
    objections: list[Objection]
    verification: Verification | None
    filed: bool
    is_running: bool

    @property
    def can_answer(self) -> bool:
        return self.is_running and self.publication is not None

    @property
    def has_open_objection(self) -> bool:
        return any(objection.state == Objection.State.OPEN for objection in self.objections)

    @property
    def can_confirm(self) -> bool:
        confirmed = is_confirmed(self.verification, self.result)
        return self.can_answer and not confirmed and not self.has_open_objection

    @property
    def is_zeroed(self) -> bool:
        return any(
            cut["cap"] == ZEROED for item in self.items if item.line for cut in item.line.cuts
        )

    @property
    def clamp(self) -> str:
        """Why the score is not simply the sum: ZEROED, CEILING, FLOOR, or nothing."""
        result = self.result
        total = result.base + result.plus - result.minus
        if not result.is_assessed or total == result.score:
            return ""
        if self.is_zeroed:
            return "ZEROED"
        return "FLOOR" if total < 0 else "CEILING"

    @property
    def comparison(self) -> "list[Compared]":
        return compare(self.revisions)


@dataclass(frozen=True, slots=True)
class Compared:
    """One entry over the revisions of a result: what each credited; None where it stood not."""

    entry: Entry
    credited: Sequence[Decimal | None]

    @property
    def is_changed(self) -> bool:
        return len(set(self.credited)) > 1


def compare(revisions: Sequence[MonthlyResult]) -> list[Compared]:
    """Revisions side by side, entry by entry, in the entries' order."""
    credited: list[dict[int, Decimal]] = []
    entries: dict[int, Entry] = {}
    for revision in revisions:
        lines = list(revision.lines.all())
        credited.append({line.entry_id: line.credited for line in lines})
        entries |= {line.entry_id: line.entry for line in lines}
    ordered = sorted(entries.values(), key=lambda entry: (entry.occurred_on, entry.pk))
    return [Compared(e, [column.get(e.pk) for column in credited]) for e in ordered]


def result_page(actor: Actor, month: date, today: date) -> ResultPage | None:
    """My result of a month; None while there is none that I may see. Twelve queries."""
    lines = ResultLine.objects.select_related("entry__criterion").order_by(
        "entry__occurred_on", "entry"
    )
    revisions = list(
        my_results(actor)
        .filter(month=month)
        .select_related("branch", "rule_book", "member")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .order_by("revision")
    )
    result = next((revision for revision in revisions if revision.is_current), None)
    if result is None:
        return None
    round_ = Round.objects.get(branch=result.branch_id, month=month)
    publication = Publication.objects.filter(round=round_).select_related("round").first()
    objections = _objections(publication, actor)
    items, rejected = _items(result, objections)
    return ResultPage(
        result=result,
        round=round_,
        publication=publication,
        items=items,
        rejected=rejected,
        revisions=revisions,
        objections=objections,
        verification=_verification(publication, actor),
        filed=_filed(result),
        is_running=publication is not None and is_running(publication, today),
    )


def _objections(publication: Publication | None, actor: Actor) -> list[Objection]:
    """One's own of the month, whichever of its publications they were raised in."""
    if publication is None:
        return []
    own = Objection.objects.filter(publication__round=publication.round_id, member=actor.member_id)
    return list(own.select_related("line__entry__criterion", "answered_by__member"))


def _verification(publication: Publication | None, actor: Actor) -> Verification | None:
    if publication is None:
        return None
    return publication.verifications.filter(member=actor.member_id).first()


def _filed(result: MonthlyResult) -> bool:
    """Whether a sheet was filed; a month without one (imported) counts as filed."""
    sheets = Declaration.objects.filter(member=result.member_id, month=result.month)
    state = sheets.values_list("state", flat=True).first()
    return state != Declaration.State.MISSING


def _items(result: MonthlyResult, objections: Iterable[Objection]) -> tuple[list[Item], list[Item]]:
    """The credited lines, and the entries that were rejected."""
    current = Decision.objects.filter(is_current=True).select_related("decided_by__member")
    entries = (
        Entry.objects.standing()
        .filter(member=result.member_id, branch=result.branch_id, month=result.month)
        .select_related("criterion", "created_by__member", "registration")
        .prefetch_related(Prefetch("decisions", queryset=current), "evidence")
    )
    lines = {line.entry_id: line for line in result.lines.all()}
    about = {o.line.entry_id: o for o in objections if o.line is not None}
    items, rejected = [], []
    for entry in entries:
        decision = next(iter(entry.decisions.all()), None)
        files = [file_of(evidence) for evidence in entry.evidence.all()]
        item = Item(entry, decision, files, objection=about.get(entry.pk))
        if line := lines.get(entry.pk):
            item.line = line
            item.cuts = explain_cuts(line.cuts, str(entry.criterion.get_category_display()))
            items.append(item)
        elif decision is not None and decision.outcome == Decision.Outcome.REJECTED:
            rejected.append(item)
    return items, rejected


@dataclass(frozen=True, slots=True)
class Awaited:
    """A month whose result cannot be seen yet, and how far its review has come."""

    month: date
    state: str
    review_by: date | None


def awaited(actor: Actor, month: date) -> Awaited | None:
    """How far the month of my branch has come; None if it never was a month of mine."""
    branches = Membership.objects.on(month).filter(member=actor.member_id).values("branch")
    round_ = Round.objects.filter(branch__in=branches, month=month).first()
    if round_ is None:
        return None
    return Awaited(month, round_.state, round_.review_by)


# -- the year ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CategorySum:
    """What one category brought over the year."""

    label: Any
    plus: Decimal
    minus: Decimal


@dataclass(frozen=True, slots=True)
class Year:
    """My year so far: twelve months, what they come to, and the year-end once computed."""

    year: int
    months: list[dict[str, Any]]
    assessed: int
    total: Decimal
    pass_total: Decimal
    below_months: int
    zero_months: int
    categories: list[CategorySum]
    annual: AnnualLine | None
    years: list[int]

    @property
    def average(self) -> Decimal | None:
        """Exact; shown to two places, half up (domain.md §8)."""
        return self.total / self.assessed if self.assessed else None

    @property
    def difference(self) -> Decimal:
        return self.total - self.pass_total


def my_year(actor: Actor, year: int) -> Year:
    """Twelve months of results that I may see. No rank before the year-end is computed. Four
    queries, and four more with a year-end."""
    results = list(
        my_results(actor)
        .filter(is_current=True, month__range=(date(year, 1, 1), date(year, 12, 1)))
        .order_by("month")
    )
    assessed = [result for result in results if result.is_assessed]
    return Year(
        year=year,
        months=_months(year, results),
        assessed=len(assessed),
        total=sum((result.score or ZERO for result in assessed), ZERO),
        pass_total=sum((result.pass_line for result in assessed), ZERO),
        below_months=sum(result.is_below for result in assessed),
        zero_months=sum(result.is_zero for result in assessed),
        categories=_categories(results),
        annual=annual_of(actor.member_id, year) if actor.member_id else None,
        years=sorted({when.year for when in my_results(actor).dates("month", "year")} | {year}),
    )


def _months(year: int, results: Iterable[MonthlyResult]) -> list[dict[str, Any]]:
    by_month = {result.month: result for result in results}
    months: list[dict[str, Any]] = []
    for month in months_of_year(year):
        result = by_month.get(month)
        if result is None:
            months.append({"month": month, "score": None, "pass_line": None})
            continue
        months.append(
            {
                "month": month,
                "score": result.score,
                "pass_line": result.pass_line,
                "is_below": result.is_below,
                "is_zero": result.is_zero,
                "is_exempt": not result.is_assessed,
                "url": result.get_absolute_url(),
                "result": result,
            }
        )
    return months


def _categories(results: Sequence[MonthlyResult]) -> list[CategorySum]:
    plus: dict[str, Decimal] = {}
    minus: dict[str, Decimal] = {}
    lines = ResultLine.objects.filter(result__in=results).values_list(
        "entry__criterion__category", "credited"
    )
    for category, credited in lines:
        sums = plus if credited > 0 else minus
        sums[category] = sums.get(category, ZERO) + abs(credited)
    return [
        CategorySum(label, plus.get(value, ZERO), minus.get(value, ZERO))
        for value, label in Category.choices
        if plus.get(value) or minus.get(value)
    ]
