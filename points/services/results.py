"""Monthly results: the only place where stored rows meet the scoring function.

A correction never overwrites: it stores a new revision of the result, and of every later
month of the calendar year that it changes through the yearly caps (domain.md §5).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Abs

from branches.models import Branch
from members.models import Exemption, Member
from points.models import (
    Criterion,
    Decision,
    MonthlyResult,
    ResultLine,
    RuleBook,
)
from points.scoring import Claim, CriterionRule, Cut, Rules, Score, score_month

Used = Mapping[str, Decimal]


def rules_of(rule_book: RuleBook) -> Rules:
    """The whole-month rules of a rule book. One query for its category caps."""
    return Rules(
        base=rule_book.base_points,
        pass_line=rule_book.pass_line,
        ceiling=rule_book.ceiling,
        category_caps={cap.category: cap.max_plus_month for cap in rule_book.category_caps.all()},
    )


def criterion_rule(criterion: Criterion) -> CriterionRule:
    return CriterionRule(
        code=criterion.code,
        category=criterion.category,
        points=criterion.points,
        max_times_month=criterion.max_times_month,
        max_points_month=criterion.max_points_month,
        max_points_year=criterion.max_points_year,
        zeroes_month=criterion.zeroes_month,
    )


def claims_of(*, members: Collection[int], month: date) -> dict[int, list[Claim]]:
    """The counting entries of these members in a month, as claims. One query."""
    claims: dict[int, list[Claim]] = defaultdict(list)
    decisions = Decision.objects.filter(
        is_current=True,
        outcome__in=[Decision.Outcome.APPROVED, Decision.Outcome.ADJUSTED],
        entry__member__in=members,
        entry__month=month,
    ).select_related("entry__criterion")
    for decision in decisions:
        entry = decision.entry
        assert decision.points is not None  # by constraint decision_points
        claims[entry.member_id].append(
            Claim(
                key=entry.pk,
                criterion=criterion_rule(entry.criterion),
                occurred_on=entry.occurred_on,
                times=entry.times,
                points=decision.points,
            )
        )
    return claims


def used_before(*, members: Collection[int], month: date) -> dict[int, dict[str, Decimal]]:
    """What each member's earlier months of the calendar year have used up, in absolute
    points by criterion code, from the current revisions. One query."""
    used: dict[int, dict[str, Decimal]] = defaultdict(dict)
    rows = (
        ResultLine.objects.filter(
            result__is_current=True,
            result__member__in=members,
            result__month__gte=date(month.year, 1, 1),
            result__month__lt=month,
        )
        .exclude(credited=0)
        .values("result__member", "entry__criterion__code")
        .annotate(used=Sum(Abs("credited")))
        .order_by()
    )
    for row in rows:
        used[row["result__member"]][row["entry__criterion__code"]] = row["used"]
    return used


def exempt_members(*, members: Collection[int], month: date) -> set[int]:
    return set(
        Exemption.objects.in_month(month)
        .filter(member__in=members)
        .values_list("member", flat=True)
    )


def score_members(
    *, rule_book: RuleBook, members: Collection[int], month: date
) -> dict[int, Score | None]:
    """Score a month of these members from what is stored now; None where exempt.

    Nothing is written: previews and estimates call this too. Four queries.
    """
    rules = rules_of(rule_book)
    claims = claims_of(members=members, month=month)
    used = used_before(members=members, month=month)
    exempt = exempt_members(members=members, month=month)
    return {
        member: None
        if member in exempt
        else score_month(
            rules=rules, claims=claims.get(member, []), used_this_year=used.get(member, {})
        )
        for member in members
    }


@dataclass(frozen=True, slots=True)
class Revised:
    """A result that a computation stored, and the one it took the place of."""

    new: MonthlyResult
    old: MonthlyResult | None


@transaction.atomic
def compute_results(
    *,
    branch: Branch,
    rule_book: RuleBook,
    month: date,
    at: datetime,
    members: Collection[int] | None = None,
    reason: str = "",
) -> list[Revised]:
    """Bring the stored results of a branch's month to what its entries say now.

    Every member on the roster of the month's first day gets a result (``members`` narrows
    it down); one that is already right is left alone, so that doing it twice changes
    nothing. Later months of the year that a yearly cap touches are revised with it.
    Source: domain.md §4, §5.
    """
    if members is None:
        members = list(Member.objects.of_branch(branch, month).values_list("pk", flat=True))
    changed = _compute_month(
        branch_of=dict.fromkeys(members, branch.pk),
        rule_book=rule_book,
        month=month,
        at=at,
        reason=reason,
    )
    touched = {revised.new.member_id for revised in changed}
    return changed + _revise_later_months(members=touched, month=month, at=at, reason=reason)


def _revise_later_months(
    *, members: Collection[int], month: date, at: datetime, reason: str
) -> list[Revised]:
    changed: list[Revised] = []
    if not members:
        return changed
    later = MonthlyResult.objects.current().filter(
        member__in=members, month__gt=month, month__lte=date(month.year, 12, 1)
    )
    sheets: dict[tuple[date, int], dict[int, int]] = defaultdict(dict)
    for member, branch, rule_book, when in later.values_list(
        "member", "branch", "rule_book", "month"
    ):
        sheets[when, rule_book][member] = branch
    rule_books = RuleBook.objects.in_bulk({rule_book for when, rule_book in sheets})
    for (when, rule_book), branch_of in sorted(sheets.items()):
        changed += _compute_month(
            branch_of=branch_of,
            rule_book=rule_books[rule_book],
            month=when,
            at=at,
            reason=reason,
        )
    return changed


def _compute_month(
    *,
    branch_of: Mapping[int, int],
    rule_book: RuleBook,
    month: date,
    at: datetime,
    reason: str,
) -> list[Revised]:
    scores = score_members(rule_book=rule_book, members=list(branch_of), month=month)
    stored = {
        result.member_id: result
        for result in MonthlyResult.objects.current()
        .select_for_update()
        .filter(member__in=branch_of, month=month)
        .prefetch_related("lines")
    }
    new: list[tuple[MonthlyResult, Score | None]] = []
    for member, score in scores.items():
        old = stored.get(member)
        if old is not None and is_same(old, score):
            continue
        result = build_result(
            member=member,
            branch=branch_of[member],
            rule_book=rule_book,
            month=month,
            score=score,
            at=at,
        )
        if old is not None:
            result.revision = old.revision + 1
            result.is_final = old.is_final
            result.revision_reason = reason
        new.append((result, score))
    store_results(new, replaced=[stored[r.member_id].pk for r, s in new if r.revision > 1])
    return [Revised(new=result, old=stored.get(result.member_id)) for result, score in new]


def is_same(stored: MonthlyResult, score: Score | None) -> bool:
    """Whether a stored result, with its lines, says what the scoring says now."""
    if score is None:
        return not stored.is_assessed
    lines = {line.entry_id: (line.points, line.credited, line.cuts) for line in stored.lines.all()}
    return (
        stored.is_assessed
        and (stored.base, stored.plus, stored.minus, stored.score, stored.pass_line)
        == (score.base, score.plus, score.minus, score.score, score.pass_line)
        and (stored.is_below, stored.is_zero) == (score.is_below, score.is_zero)
        and lines
        == {line.key: (line.points, line.credited, cuts_as_json(line.cuts)) for line in score.lines}
    )


def build_result(
    *,
    member: int,
    branch: int,
    rule_book: RuleBook,
    month: date,
    score: Score | None,
    at: datetime,
) -> MonthlyResult:
    """An unsaved first revision of a result; without a score the month is not assessed."""
    result = MonthlyResult(
        member_id=member,
        branch_id=branch,
        rule_book=rule_book,
        month=month,
        base=rule_book.base_points,
        plus=Decimal("0.00"),
        minus=Decimal("0.00"),
        pass_line=rule_book.pass_line,
        is_assessed=score is not None,
        computed_at=at,
    )
    if score is not None:
        result.base, result.plus, result.minus = score.base, score.plus, score.minus
        result.score, result.pass_line = score.score, score.pass_line
        result.is_below, result.is_zero = score.is_below, score.is_zero
    return result


def store_results(
    new: Iterable[tuple[MonthlyResult, Score | None]], *, replaced: Collection[int] = ()
) -> None:
    """Insert results with their lines; those they replace stop being current. Set-based."""
    pairs = list(new)
    if replaced:
        MonthlyResult.objects.filter(pk__in=replaced).update(is_current=False)
    MonthlyResult.objects.bulk_create([result for result, score in pairs])
    ResultLine.objects.bulk_create(
        ResultLine(
            result=result,
            entry_id=line.key,
            points=line.points,
            credited=line.credited,
            cuts=cuts_as_json(line.cuts),
        )
        for result, score in pairs
        if score is not None
        for line in score.lines
    )


def cuts_as_json(cuts: Iterable[Cut]) -> list[dict[str, str]]:
    return [{"cap": cut.cap, "limit": str(cut.limit), "lost": str(cut.lost)} for cut in cuts]
