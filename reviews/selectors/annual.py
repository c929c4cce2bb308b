"""The year of members with its whole arithmetic: twelve months, total, average, line, rank with
its ties, whether they can be nominated and why not, and months revised later (domain.md §8).

The same for a branch's list and for a member's own page. A fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Count, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Branch
from lib.display import points
from lib.months import months_of_year
from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.models import AnnualResult, BranchAnnualResult, YearEnd

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class AnnualMonth:
    """A month as it counted when the year was computed, and as it is now; None where it was not
    assessed. ``is_counted``: it had a final result then."""

    month: date
    then: Decimal | None = None
    now: Decimal | None = None
    pass_line: Decimal | None = None
    is_below: bool = False
    is_zero: bool = False
    is_counted: bool = False

    @property
    def is_revised(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class AnnualLine:
    """A member's year. ``shared_with``: names of those of the branch with the same total;
    ``ranked``: how many are ranked there; ``top``: up to which rank one can be nominated."""

    result: AnnualResult
    months: tuple[AnnualMonth, ...]
    shared_with: tuple[str, ...]
    ranked: int
    top: int

    @property
    def is_frozen(self) -> bool:
        return self.result.year_end.state == YearEnd.State.FROZEN

    @property
    def average(self) -> Decimal:
        """Exact; shown to two places, half up."""
        return self.result.total / self.result.assessed_months

    @property
    def margin(self) -> Decimal:
        """Above the line, or below it."""
        return self.result.total - self.result.pass_total

    @property
    def counted(self) -> tuple[AnnualMonth, ...]:
        return tuple(month for month in self.months if month.then is not None)

    @property
    def sum_in_words(self) -> str:
        """90 + 85 + 0 = 175"""
        return f"{' + '.join(points(month.then) for month in self.counted)} = {points(self.result.total)}"

    @property
    def average_in_words(self) -> str:
        """175 ÷ 3 ≈ 58.33"""
        sign = "=" if self.average * 100 % 1 == 0 else "≈"
        result = self.result
        return f"{points(result.total)} ÷ {result.assessed_months} {sign} {points(self.average)}"

    @property
    def tie(self) -> str:
        """Why the rank is shared, with the number that follows it; empty where it is not."""
        if not self.shared_with:
            return ""
        others = len(self.shared_with)
        return ngettext(
            "Same total as %(count)s other member: the rank is shared, and rank %(next)s comes next.",
            "Same total as %(count)s other members: the rank is shared, and rank %(next)s comes next.",
            others,
        ) % {"count": others, "next": self.result.rank + others + 1}

    @property
    def why_not(self) -> tuple[str, ...]:
        """What keeps the member from being nominated; empty for a candidate."""
        return () if self.result.is_candidate else tuple(self._reasons())

    def _reasons(self) -> Iterable[str]:
        result = self.result
        if result.rank > self.top:
            yield _("rank %(rank)s, not among the first %(top)s") % {
                "rank": result.rank,
                "top": self.top,
            }
        if result.is_below:
            yield _("the total is below the sum of the pass lines")
        if result.zero_months:
            yield ngettext(
                "%(count)s zero month in the year",
                "%(count)s zero months in the year",
                result.zero_months,
            ) % {"count": result.zero_months}
        if not result.is_full_member:
            yield _("a probationary member gets no grade")

    @property
    def revised(self) -> tuple[AnnualMonth, ...]:
        """The months corrected after the year was computed."""
        return tuple(month for month in self.months if month.is_revised)

    @property
    def change(self) -> Decimal:
        """By how much the total would differ, had the later revisions been known."""
        return sum(((month.now or ZERO) - (month.then or ZERO) for month in self.revised), ZERO)

    @property
    def total_now(self) -> Decimal:
        return self.result.total + self.change


@dataclass(frozen=True, slots=True)
class BranchYear:
    """The members of one branch by rank; by staff number and without ranks while the year is
    provisional, because nobody is ranked during a year. ``third`` is the usual ceiling of 优秀,
    a reminder."""

    branch: Branch
    lines: tuple[AnnualLine, ...]
    is_final: bool

    @property
    def candidates(self) -> int:
        return sum(line.result.is_candidate for line in self.lines)

    @property
    def third(self) -> int:
        return len(self.lines) // 3

    @property
    def has_revisions(self) -> bool:
        return any(line.revised for line in self.lines)


def branch_year(branch: Branch, year: int) -> BranchYear:
    """One branch at a time: ranks exist inside a branch only. Four queries."""
    results = list(
        AnnualResult.objects.filter(year=year, branch=branch)
        .select_related("member", "year_end")
        .order_by("member__staff_no")
    )
    is_final = all(result.year_end.state in YearEnd.FINAL for result in results)
    if is_final:
        results.sort(key=lambda result: result.rank)
    months = _months(results, months_of_year(year))
    top = PolicyBook().of(branch.committee_id, date(year, 12, 1)).candidate_ranks
    same: dict[Decimal, list[str]] = defaultdict(list)
    for result in results:
        same[result.total].append(result.member.name)
    lines = []
    for result in results:
        others = list(same[result.total])
        others.remove(result.member.name)
        lines.append(AnnualLine(result, months[result.member_id], tuple(others), len(results), top))
    return BranchYear(branch, tuple(lines), is_final)


def annual_of(member: int, year: int) -> AnnualLine | None:
    """The year of one member, from when it is computed; nothing while it is provisional. Whoever
    shares the rank is counted, not named. One query without a result; five with one."""
    peers = AnnualResult.objects.filter(branch=OuterRef("branch"), year=year)
    ranked = BranchAnnualResult.objects.filter(branch=OuterRef("branch"), year=year)
    result = (
        AnnualResult.objects.filter(member=member, year=year, year_end__state__in=YearEnd.FINAL)
        .select_related("member", "branch", "year_end")
        .annotate(
            ranked=Subquery(ranked.values("ranked")),
            with_same_total=Subquery(
                peers.filter(total=OuterRef("total"))
                .order_by()
                .values("branch")
                .annotate(count=Count("pk"))
                .values("count")
            ),
        )
        .first()
    )
    if result is None:
        return None
    months = _months([result], months_of_year(year))[member]
    top = PolicyBook().of(result.branch.committee_id, date(year, 12, 1)).candidate_ranks
    others = ("",) * (result.with_same_total - 1)
    return AnnualLine(result, months, others, result.ranked, top)


def _months(
    results: Collection[AnnualResult], months: Sequence[date]
) -> Mapping[int, tuple[AnnualMonth, ...]]:
    """The twelve months of each member: the revision that counted, and the current one. One
    query."""
    computed = {result.member_id: result.year_end.computed_at for result in results}
    found: dict[tuple[int, date], AnnualMonth] = {}
    revisions = (
        MonthlyResult.objects.filter(is_final=True, member__in=computed, month__in=months)
        .order_by("revision")
        .only("member", "month", "score", "pass_line", "is_below", "is_zero", "computed_at")
    )
    for one in revisions:
        place = (one.member_id, one.month)
        before = found.get(place)
        if one.computed_at > computed[one.member_id]:
            counted = before or AnnualMonth(one.month)
            found[place] = replace(counted, now=one.score)
            continue
        found[place] = AnnualMonth(
            month=one.month,
            then=one.score,
            now=one.score,
            pass_line=one.pass_line,
            is_below=one.is_below,
            is_zero=one.is_zero,
            is_counted=True,
        )
    return {
        member: tuple(found.get((member, month)) or AnnualMonth(month) for month in months)
        for member in computed
    }
