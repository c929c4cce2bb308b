"""The score of one member's month (domain.md §4): values in, values out.

Nothing else in the product computes a score. All arithmetic is exact decimal, two places.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

TIMES_MONTH: Final = "TIMES_MONTH"
POINTS_MONTH: Final = "POINTS_MONTH"
POINTS_YEAR: Final = "POINTS_YEAR"
CATEGORY_MONTH: Final = "CATEGORY_MONTH"
ZEROED: Final = "ZEROED"

ZERO: Final = Decimal("0.00")
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CriterionRule:
    """What one criterion of a rule book says about crediting; ``None`` means no cap."""

    code: str
    category: str
    points: Decimal
    max_times_month: Decimal | None = None
    max_points_month: Decimal | None = None
    max_points_year: Decimal | None = None
    zeroes_month: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What a rule book says about a whole month; category caps bind plus points only."""

    base: Decimal
    pass_line: Decimal
    ceiling: Decimal | None
    category_caps: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Claim:
    """One approved entry: ``points`` are those decided for all its ``times``, signed."""

    key: int
    criterion: CriterionRule
    occurred_on: date
    times: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class Cut:
    """Points that a cap took from an entry: which cap, its limit, the absolute points lost."""

    cap: str
    limit: Decimal
    lost: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one claim: decided points, credited points (both signed), and every cut."""

    key: int
    points: Decimal
    credited: Decimal
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """The result of a month; ``plus`` and ``minus`` are positive, ``used`` is by criterion code."""

    base: Decimal
    plus: Decimal
    minus: Decimal
    score: Decimal
    pass_line: Decimal
    is_below: bool
    is_zero: bool
    lines: tuple[Line, ...]
    used: Mapping[str, Decimal]


def score_month(
    *, rules: Rules, claims: Iterable[Claim], used_this_year: Mapping[str, Decimal]
) -> Score:
    """Score a month from its rules, its approved entries, and what the year has already used.

    ``score = base + credited plus − credited minus``, never below 0, never above the ceiling;
    0 if any entry zeroes the month, which then credits and uses nothing. Entries are credited in
    order of (occurred_on, key), each cut in this order to what is left under: the criterion's
    times per month (pro rata, half up to 0.01), points per month, points per calendar year under
    the same code, and, for plus points, the category's monthly cap. Caps bind by absolute value.

    ``used_this_year`` holds the absolute points credited in the year's earlier months, by
    criterion code; the result's ``used`` is what this month adds to it. Source: domain.md §4.
    """
    ordered = sorted(claims, key=lambda claim: (claim.occurred_on, claim.key))
    if any(claim.criterion.zeroes_month for claim in ordered):
        return _result(rules, tuple(map(_zeroed, ordered)), {}, is_zeroed=True)
    month = _Month(rules.category_caps, used_this_year)
    lines = tuple(map(month.credit, ordered))
    return _result(rules, lines, dict(month.points), is_zeroed=False)


class _Month:
    """What one month has used up so far, under every cap."""

    def __init__(
        self, category_caps: Mapping[str, Decimal], used_this_year: Mapping[str, Decimal]
    ) -> None:
        self.category_caps = category_caps
        self.used_this_year = used_this_year
        self.times: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.points: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.plus: defaultdict[str, Decimal] = defaultdict(Decimal)

    def credit(self, claim: Claim) -> Line:
        """Credit ``claim`` what is left under the caps, and use that much of them up."""
        rule = claim.criterion
        cuts: list[Cut] = []
        times, amount = self._within_times(claim, cuts)
        for cap, limit, used in self._point_caps(claim):
            if limit is not None and amount > (left := max(limit - used, ZERO)):
                cuts.append(Cut(cap, limit, amount - left))
                amount = left
        if amount:
            self.times[rule.code] += times
            self.points[rule.code] += amount
            if claim.points > 0:
                self.plus[rule.category] += amount
        credited = amount if claim.points >= 0 else -amount
        return Line(claim.key, claim.points, credited, tuple(cuts))

    def _within_times(self, claim: Claim, cuts: list[Cut]) -> tuple[Decimal, Decimal]:
        """Return the times and the absolute points that the criterion's times per month leave."""
        amount, limit = abs(claim.points), claim.criterion.max_times_month
        if limit is None:
            return claim.times, amount
        left = max(limit - self.times[claim.criterion.code], ZERO)
        if claim.times <= left:
            return claim.times, amount
        share = (amount * left / claim.times).quantize(CENT, ROUND_HALF_UP)
        if share < amount:
            cuts.append(Cut(TIMES_MONTH, limit, amount - share))
        return left, share

    def _point_caps(self, claim: Claim) -> Iterable[tuple[str, Decimal | None, Decimal]]:
        """Yield the caps in points, in the order in which they bind: cap, limit, used so far."""
        rule = claim.criterion
        used = self.points[rule.code]
        yield POINTS_MONTH, rule.max_points_month, used
        yield POINTS_YEAR, rule.max_points_year, self.used_this_year.get(rule.code, ZERO) + used
        if claim.points > 0:
            yield CATEGORY_MONTH, self.category_caps.get(rule.category), self.plus[rule.category]


def _zeroed(claim: Claim) -> Line:
    cuts = (Cut(ZEROED, ZERO, abs(claim.points)),) if claim.points else ()
    return Line(claim.key, claim.points, ZERO, cuts)


def _result(
    rules: Rules, lines: tuple[Line, ...], used: dict[str, Decimal], *, is_zeroed: bool
) -> Score:
    plus = sum((line.credited for line in lines if line.credited > 0), ZERO)
    minus = -sum((line.credited for line in lines if line.credited < 0), ZERO)
    score = ZERO if is_zeroed else max(rules.base + plus - minus, ZERO)
    if rules.ceiling is not None:
        score = min(score, rules.ceiling)
    return Score(
        base=rules.base,
        plus=plus,
        minus=minus,
        score=score,
        pass_line=rules.pass_line,
        is_below=score < rules.pass_line,
        is_zero=score == 0,
        lines=lines,
        used={code: amount for code, amount in used.items() if amount},
    )
