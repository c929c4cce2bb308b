"""试算 as its page shows it: past months of a branch scored with another version of its rule
book. Nothing is stored, and only the branch's own final results are shown."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from members.models import Member
from points.models import MonthlyResult, ResultLine, RuleBook
from points.scoring import CATEGORY_MONTH, POINTS_MONTH, POINTS_YEAR, TIMES_MONTH, ZEROED
from points.services.results import criterion_rule, rules_of
from points.trial import DOWN, UP, Book, Outcome, PastEntry, PastMonth, TriedMonth, try_out

CAPS: dict[str, Any] = {
    TIMES_MONTH: _("times per month"),
    POINTS_MONTH: _("points per month"),
    POINTS_YEAR: _("points per year"),
    CATEGORY_MONTH: _("plus points of a category per month"),
    ZEROED: _("months zeroed as a whole"),
}
DEFAULT_MONTHS = 6
MOST_MONTHS = 24
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Moved:
    """What one criterion or cap brought in the span, before and after."""

    label: Any
    before: Decimal
    after: Decimal
    code: str = ""
    is_retired: bool = False

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class MemberTrial:
    """One member's months; the totals leave out exempt months."""

    member: Member
    months: list[TriedMonth]

    @property
    def assessed(self) -> list[TriedMonth]:
        return [month for month in self.months if month.before is not None]

    @property
    def before(self) -> Decimal:
        return sum((one.before.score for one in self.assessed if one.before), ZERO)

    @property
    def after(self) -> Decimal:
        return sum((one.after.score for one in self.assessed if one.after), ZERO)

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    @property
    def falls(self) -> list[TriedMonth]:
        return [month for month in self.months if month.crosses == DOWN]

    @property
    def rises(self) -> list[TriedMonth]:
        return [month for month in self.months if month.crosses == UP]


class TrialPage:
    """The outcome of a trial, in the roll's order."""

    def __init__(
        self,
        members: list[MemberTrial],
        texts: dict[str, str],
        codes: set[str],
        unused: list[tuple[str, str]],
    ) -> None:
        self.members = members
        self._texts = texts
        self._codes = codes
        self.unused = unused
        self._months = [month for one in members for month in one.assessed]

    @cached_property
    def crossing(self) -> list[tuple[Member, TriedMonth]]:
        """Who would fall below the line, or no longer be below it, and in which month."""
        return [(one.member, m) for one in self.members for m in one.months if m.crosses]

    @property
    def falling(self) -> int:
        return sum(1 for _member, month in self.crossing if month.crosses == DOWN)

    @property
    def rising(self) -> int:
        return sum(1 for _member, month in self.crossing if month.crosses == UP)

    @property
    def months_changed(self) -> int:
        return sum(1 for month in self._months if month.change)

    @property
    def months_tried(self) -> int:
        return len(self._months)

    @cached_property
    def criteria(self) -> list[Moved]:
        """The criteria whose credited points differ, by code."""
        before, after = self._sums("credited")
        return [
            Moved(
                self._texts.get(code, ""), before[code], after[code], code, code not in self._codes
            )
            for code in sorted(before | after)
            if before[code] != after[code]
        ]

    @cached_property
    def caps(self) -> list[Moved]:
        """The points that each kind of cap took, where they differ."""
        before, after = self._sums("lost")
        return [
            Moved(label, before[cap], after[cap])
            for cap, label in CAPS.items()
            if before[cap] != after[cap]
        ]

    def _sums(self, name: str) -> tuple[defaultdict[str, Decimal], defaultdict[str, Decimal]]:
        sums = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
        for month in self._months:
            for total, outcome in zip(sums, (month.before, month.after), strict=True):
                for key, points in getattr(outcome, name).items():
                    total[key] += points
        return sums


def final_months(branch_id: int) -> list[date]:
    """The months with final results of the branch, newest first, as far back as can be tried
    out. One query."""
    return list(
        MonthlyResult.objects.final()
        .filter(branch=branch_id)
        .order_by("-month")
        .values_list("month", flat=True)
        .distinct()[:MOST_MONTHS]
    )


def trial_of(book: RuleBook, *, first: date, last: date) -> TrialPage:
    """Try a version out on the branch's months from ``first`` to ``last``. Five queries,
    however many members and months."""
    criteria = list(book.criteria.all())
    draft = Book(rules_of(book), {one.code: criterion_rule(one) for one in criteria})
    months, members, texts = _past(book.branch_id, first, last)
    by_member: defaultdict[int, list[TriedMonth]] = defaultdict(list)
    for tried in try_out(book=draft, months=months, first=first):
        by_member[tried.member].append(tried)
    used = {entry.code for month in months if not month.is_elsewhere for entry in month.entries}
    codes = {one.code for one in criteria}
    rows = [MemberTrial(members[pk], tried) for pk, tried in by_member.items()]
    rows.sort(key=lambda row: (row.member.roll_order, row.member.pk))
    return TrialPage(
        members=rows,
        texts=texts | {one.code: one.text for one in criteria},
        codes=codes,
        unused=[(one.code, one.text) for one in criteria if one.code not in used],
    )


def _past(
    branch_id: int, first: date, last: date
) -> tuple[list[PastMonth], dict[int, Member], dict[str, str]]:
    """The stored months of the branch's members from January of the first year on. What they
    did in another branch is not shown: it only uses up yearly caps. Three queries."""
    january = date(first.year, 1, 1)
    own = MonthlyResult.objects.final().filter(branch=branch_id, month__range=(january, last))
    everywhere = (
        MonthlyResult.objects.final()
        .filter(member__in=own.values("member"), month__range=(january, last))
        .select_related("member")
        .order_by("member", "month")
    )
    results = list(everywhere)
    lines: defaultdict[int, list[ResultLine]] = defaultdict(list)
    for line in ResultLine.objects.filter(
        result__in=everywhere.order_by().values("pk")
    ).select_related("entry__criterion"):
        lines[line.result_id].append(line)
    texts = {
        line.entry.criterion.code: line.entry.criterion.text
        for result in results
        if result.branch_id == branch_id
        for line in lines[result.pk]
    }
    months = [_month(result, lines[result.pk], branch_id) for result in results]
    members = {result.member_id: result.member for result in results}
    return months, members, texts


def _month(result: MonthlyResult, lines: Sequence[ResultLine], branch_id: int) -> PastMonth:
    before = _outcome(result, lines) if result.is_assessed else None
    if result.branch_id != branch_id:
        used: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            used[line.entry.criterion.code] += abs(line.credited)
        return PastMonth(result.member_id, result.month, None, is_elsewhere=True, used=used)
    entries = tuple(
        PastEntry(
            key=line.entry_id,
            code=line.entry.criterion.code,
            occurred_on=line.entry.occurred_on,
            times=line.entry.times,
            claimed=line.entry.claimed_points,
            decided=line.points,
        )
        for line in lines
    )
    return PastMonth(result.member_id, result.month, before, entries)


def _outcome(result: MonthlyResult, lines: Sequence[ResultLine]) -> Outcome:
    credited: defaultdict[str, Decimal] = defaultdict(Decimal)
    lost: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        credited[line.entry.criterion.code] += line.credited
        for cut in line.cuts:
            lost[cut["cap"]] += Decimal(cut["lost"])
    return Outcome(
        score=result.score if result.score is not None else ZERO,
        pass_line=result.pass_line,
        is_below=result.is_below,
        is_zero=result.is_zero,
        credited=dict(credited),
        lost=dict(lost),
    )


def by_month(page: TrialPage) -> dict[date, list[tuple[Member, TriedMonth]]]:
    """The same, month by month: only those whose score changes."""
    months: defaultdict[date, list[tuple[Member, TriedMonth]]] = defaultdict(list)
    for row in page.members:
        for month in row.months:
            if month.change or month.crosses:
                months[month.month].append((row.member, month))
    return dict(sorted(months.items()))
