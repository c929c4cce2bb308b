"""个人年度积分表: a member's year on one sheet, for the member, or all of a branch as one
document. Only what was published stands on it; ranks only once the year-end is computed; of a
talk only that it took place (domain.md §8, §9, §10). A fixed number of queries each."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from lib.months import months_of_year
from members.models import Member
from members.rights import Actor
from points.models import Category, MonthlyResult, ResultLine
from points.rules import may_read_matter
from reviews.models import AnnualResult, Appraisal, FollowUp, Nomination, Opinion, YearEnd
from reviews.selectors.results import published

ZERO: Final = Decimal("0.00")
# A month's name as a key of the table below; what may not be named stands together, last.
HIDDEN: Final = _("Registered by the committee")


@dataclass(frozen=True, slots=True)
class SheetMonth:
    """One of the twelve rows; without a result there is nothing to show yet."""

    month: date
    result: MonthlyResult | None
    follow_ups: Sequence[FollowUp]
    elsewhere: Branch | None


@dataclass(frozen=True, slots=True)
class Matter:
    """What points were given or taken for; without a text, it may not be named here."""

    occurred_on: date
    text: str
    credited: Decimal


@dataclass(frozen=True, slots=True)
class Matters:
    """The matters of one category over the year, by date."""

    label: Any
    matters: list[Matter]

    @property
    def sum(self) -> Decimal:
        return sum((matter.credited for matter in self.matters), ZERO)


@dataclass(frozen=True, slots=True)
class Revised:
    """A month whose result was corrected: from what to what, and whether after the freeze."""

    month: date
    before: Decimal | None
    after: Decimal | None
    reason: str
    is_later: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The year-end of a member: frozen or computed figures, and with whom the rank is shared."""

    result: AnnualResult
    ranked: int
    shared_with: int

    @property
    def is_frozen(self) -> bool:
        return self.result.year_end.state == YearEnd.State.FROZEN


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on a member's sheet of one year."""

    member: Member
    branch: Branch
    year: int
    months: list[SheetMonth]
    categories: list[Matters]
    left_out: int
    revised: list[Revised]
    standing: Standing | None
    appraisal: Appraisal | None
    nominations: list[Nomination]
    opinions: list[Opinion]

    @property
    def assessed(self) -> list[MonthlyResult]:
        results = [month.result for month in self.months if month.result]
        return [result for result in results if result.is_assessed]

    @property
    def assessed_months(self) -> int:
        return self.standing.result.assessed_months if self.standing else len(self.assessed)

    @property
    def total(self) -> Decimal:
        """As it was computed at year-end; before that, of what is published so far."""
        if self.standing:
            return self.standing.result.total
        return sum((result.score or ZERO for result in self.assessed), ZERO)

    @property
    def pass_total(self) -> Decimal:
        if self.standing:
            return self.standing.result.pass_total
        return sum((result.pass_line for result in self.assessed), ZERO)

    @property
    def average(self) -> Decimal | None:
        """Exact; shown to two places, half up (domain.md §8)."""
        return self.total / self.assessed_months if self.assessed_months else None

    @property
    def is_below(self) -> bool:
        return self.total < self.pass_total

    @property
    def zero_months(self) -> int:
        if self.standing:
            return self.standing.result.zero_months
        return sum(result.is_zero for result in self.assessed)


# -- whose sheets ---------------------------------------------------------------------------


def branches_with_sheets(actor: Actor, year: int) -> QuerySet[Branch]:
    """The branches whose sheets of a year somebody may see, in the roll's order."""
    months = MonthlyResult.objects.filter(month__range=_span(year)).values("branch")
    visible = actor.committee_branches | actor.branches_below
    return Branch.objects.filter(pk__in=visible).filter(pk__in=months).order_by("roll_order", "pk")


def own_sheet(actor: Actor, year: int) -> Sheet | None:
    """One's own; None while nothing of the year is published. At most nine queries."""
    results = MonthlyResult.objects.filter(member=actor.member_id)
    return next(iter(_sheets(actor, year, results)), None)


def branch_sheets(actor: Actor, year: int, branch: Branch) -> list[Sheet]:
    """The sheets of a branch, in the roll's order: of those whose last assessed month of the
    year was in it. At most nine queries, whatever the number of members."""
    of_branch = MonthlyResult.objects.filter(branch=branch, month__range=_span(year))
    results = MonthlyResult.objects.filter(member__in=of_branch.values("member"))
    return [sheet for sheet in _sheets(actor, year, results) if sheet.branch == branch]


def member_sheet(actor: Actor, year: int, member: int) -> Sheet | None:
    """The sheet of a member of a branch that one looks after; else None. At most nine queries."""
    results = MonthlyResult.objects.filter(member=member)
    sheet = next(iter(_sheets(actor, year, results)), None)
    if sheet is None:
        return None
    branch = sheet.branch.pk
    may = actor.is_on_committee_of(branch) or actor.is_staff_over(branch)
    return sheet if may else None


# -- the sheets -------------------------------------------------------------------------------


def _span(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 1)


def _sheets(actor: Actor, year: int, results: QuerySet[MonthlyResult]) -> Iterator[Sheet]:
    revisions: dict[Member, dict[date, list[MonthlyResult]]] = defaultdict(dict)
    found = published(results.filter(month__range=_span(year)))
    for result in found.select_related("member", "branch").order_by(
        "member__roll_order", "member", "month", "revision"
    ):
        revisions[result.member].setdefault(result.month, []).append(result)
    standings = _standings(year, revisions)
    shown = {
        member: {month: _shown(known, standings.get(member.pk)) for month, known in months.items()}
        for member, months in revisions.items()
    }
    lines = ResultLine.objects.select_related("entry__criterion__rule_book").order_by(
        "entry__occurred_on", "entry"
    )
    all_shown = [result for months in shown.values() for result in months.values()]
    prefetch_related_objects(all_shown, Prefetch("lines", queryset=lines))
    given = _given(actor, year, revisions)
    for member, months in shown.items():
        standing = standings.get(member.pk)
        branch = standing.result.branch if standing else _branch_of(list(months.values()))
        readable, left_out = _readable(actor, months.values())
        yield Sheet(
            member=member,
            branch=branch,
            year=year,
            months=[
                SheetMonth(
                    month,
                    months.get(month),
                    given.follow_ups[member.pk, month],
                    _elsewhere(months.get(month), branch),
                )
                for month in months_of_year(year)
            ],
            categories=_by_category(actor, readable),
            left_out=left_out,
            revised=list(_revised(revisions[member], standing)),
            standing=standing,
            appraisal=given.appraisals.get(member.pk),
            nominations=given.nominations[member.pk],
            opinions=given.opinions[member.pk],
        )


def _standings(year: int, members: Iterable[Member]) -> dict[int, Standing]:
    """The computed or frozen year-end of some members. Two queries."""
    annual = AnnualResult.objects.filter(year=year, year_end__state__in=YearEnd.FINAL)
    mine = list(
        annual.filter(member__in=[one.pk for one in members]).select_related("branch", "year_end")
    )
    ranks = Counter(
        annual.filter(branch__in={one.branch_id for one in mine}).values_list("branch", "rank")
    )
    ranked: Counter[int] = Counter()
    for (branch, _rank), count in ranks.items():
        ranked[branch] += count
    return {
        one.member_id: Standing(one, ranked[one.branch_id], ranks[one.branch_id, one.rank] - 1)
        for one in mine
    }


def _shown(known: Sequence[MonthlyResult], standing: Standing | None) -> MonthlyResult:
    """The revision that the year-end was computed from; without one, the last. Pure."""
    if standing is None:
        return known[-1]
    computed_at = standing.result.year_end.computed_at
    return next((one for one in reversed(known) if one.computed_at <= computed_at), known[-1])


def _branch_of(results: Sequence[MonthlyResult]) -> Branch:
    """That of the last assessed month; of the last month where none is (domain.md §8). Pure."""
    assessed = [result for result in results if result.is_assessed] or results
    return max(assessed, key=lambda result: result.month).branch


def _elsewhere(result: MonthlyResult | None, branch: Branch) -> Branch | None:
    return result.branch if result and result.branch_id != branch.pk else None


def _revised(
    months: Mapping[date, Sequence[MonthlyResult]], standing: Standing | None
) -> Iterator[Revised]:
    computed_at = standing.result.year_end.computed_at if standing else None
    for month, known in months.items():
        for old, new in pairwise(known):
            is_later = computed_at is not None and new.computed_at > computed_at
            yield Revised(month, old.score, new.score, new.revision_reason, is_later)


# -- matters ----------------------------------------------------------------------------------


def _readable(
    actor: Actor, results: Iterable[MonthlyResult]
) -> tuple[list[tuple[MonthlyResult, ResultLine]], int]:
    """The lines of months that one may look into, and how many are left out: what a member
    did in an earlier branch is that branch's, its points alone come along."""
    lines, left_out = [], 0
    for result in results:
        own = actor.member_id is not None and actor.member_id == result.member_id
        place = result.branch_id
        of_result = list(result.lines.all())
        if own or actor.is_on_committee_of(place) or actor.is_staff_over(place):
            lines += [(result, line) for line in of_result]
        else:
            left_out += len(of_result)
    return lines, left_out


def _by_category(actor: Actor, lines: Sequence[tuple[MonthlyResult, ResultLine]]) -> list[Matters]:
    grouped: dict[str, list[Matter]] = defaultdict(list)
    for result, line in lines:
        entry, criterion = line.entry, line.entry.criterion
        may_read = may_read_matter(
            actor, criterion, branch_id=result.branch_id, member_id=result.member_id
        )
        text = criterion.text if may_read else ""
        place = criterion.category if may_read else ""
        grouped[place].append(Matter(entry.occurred_on, text, line.credited))
    labels = [*Category.choices, ("", HIDDEN)]
    return [
        Matters(label, sorted(grouped[value], key=lambda matter: matter.occurred_on))
        for value, label in labels
        if value in grouped
    ]


# -- what people decided ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """Follow-ups, grades, nominations and opinions of some members, by member."""

    follow_ups: Mapping[tuple[int, date], list[FollowUp]]
    appraisals: Mapping[int, Appraisal]
    nominations: Mapping[int, list[Nomination]]
    opinions: Mapping[int, list[Opinion]]


def _given(actor: Actor, year: int, members: Collection[Member]) -> Given:
    """What people decided of these members' year, as far as one may see it. Four queries."""
    ids = [member.pk for member in members]
    of_year: dict[str, Any] = {"member__in": ids, "year": year}
    follow_ups: dict[tuple[int, date], list[FollowUp]] = defaultdict(list)
    opinions: dict[int, list[Opinion]] = defaultdict(list)
    nominations: dict[int, list[Nomination]] = defaultdict(list)
    for row in (
        FollowUp.objects.visible_to(actor)
        .standing()
        .filter(member__in=ids, trigger_month__range=_span(year))
        .order_by("trigger_month", "pk")
    ):
        if row.member_id and row.trigger_month:
            follow_ups[row.member_id, row.trigger_month].append(row)
    for opinion in Opinion.objects.visible_to(actor).filter(**of_year).order_by("issued_at", "pk"):
        if opinion.state != Opinion.State.WITHDRAWN:
            opinions[opinion.member_id].append(opinion)
    for nomination in Nomination.objects.filter(**of_year, withdrawn_at__isnull=True):
        nominations[nomination.member_id].append(nomination)
    appraisals = Appraisal.objects.filter(**of_year, is_current=True)
    return Given(follow_ups, {one.member_id: one for one in appraisals}, nominations, opinions)
