"""Does every stored result still say what its entries say? (architecture.md, rule 6)"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from members.models import Exemption, Member
from points.models import Decision, MonthlyResult, RuleBook
from points.scoring import Claim, CriterionRule, Rules, Score, score_month
from points.services.results import criterion_rule, is_same, rules_of

CHUNK = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored result that its entries do not bear out; a score of None is “not assessed”.

    Where both scores agree, the lines differ.
    """

    member: Member
    month: date
    stored: Decimal | None
    computed: Decimal | None


def check_ledger() -> Iterator[Difference]:
    """Recompute every current result from its entries, and yield those that differ.

    The use of a year is carried from the recomputed months, never from stored lines, so that a
    wrong line cannot vouch for the next one. Members are taken in chunks, with a fixed number of
    statements each; nothing is written. Source: formats.md §4.
    """
    books = RuleBook.objects.prefetch_related("category_caps")
    rules = {book.pk: rules_of(book) for book in books}
    members = list(Member.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(members), CHUNK):
        yield from _check_members(members[start : start + CHUNK], rules)


def _check_members(members: Sequence[int], rules: Mapping[int, Rules]) -> Iterator[Difference]:
    claims = _claims(members)
    exempt = _exempt_months(members)
    used: defaultdict[tuple[int, int], dict[str, Decimal]] = defaultdict(dict)
    results = (
        MonthlyResult.objects.current()
        .filter(member__in=members)
        .select_related("member")
        .prefetch_related("lines")
        .order_by("member", "month")
    )
    for result in results:
        of_year = used[result.member_id, result.month.year]
        score: Score | None = None
        if not any(first <= result.month <= last for first, last in exempt[result.member_id]):
            score = score_month(
                rules=rules[result.rule_book_id],
                claims=claims[result.member_id, result.month],
                used_this_year=of_year,
            )
            for code, amount in score.used.items():
                of_year[code] = of_year.get(code, Decimal(0)) + amount
        if not is_same(result, score):
            computed = score.score if score else None
            yield Difference(result.member, result.month, result.score, computed)


def _claims(members: Sequence[int]) -> defaultdict[tuple[int, date], list[Claim]]:
    claims: defaultdict[tuple[int, date], list[Claim]] = defaultdict(list)
    criteria: dict[int, CriterionRule] = {}
    decisions = Decision.objects.filter(
        is_current=True,
        outcome__in=[Decision.Outcome.APPROVED, Decision.Outcome.ADJUSTED],
        entry__member__in=members,
    ).select_related("entry__criterion")
    for decision in decisions.order_by().iterator(chunk_size=5_000):
        entry = decision.entry
        assert decision.points is not None  # by constraint decision_points
        if entry.criterion_id not in criteria:
            criteria[entry.criterion_id] = criterion_rule(entry.criterion)
        claims[entry.member_id, entry.month].append(
            Claim(
                key=entry.pk,
                criterion=criteria[entry.criterion_id],
                occurred_on=entry.occurred_on,
                times=entry.times,
                points=decision.points,
            )
        )
    return claims


def _exempt_months(members: Sequence[int]) -> defaultdict[int, list[tuple[date, date]]]:
    exempt: defaultdict[int, list[tuple[date, date]]] = defaultdict(list)
    for member, first, last in (
        Exemption.objects.approved()
        .filter(member__in=members)
        .values_list("member", "first_month", "last_month")
    ):
        exempt[member].append((first, last))
    return exempt
