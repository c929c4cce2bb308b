"""试算: what past months would have brought under another rule book. Values in, values out.

Nothing here is stored, and ``points.scoring`` alone works out the scores (domain.md §4).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from points.scoring import CENT, Claim, CriterionRule, Rules, Score, score_month

DOWN: Final = "DOWN"
UP: Final = "UP"


@dataclass(frozen=True, slots=True)
class Book:
    """A rule book as values, its criteria by code."""

    rules: Rules
    criteria: Mapping[str, CriterionRule]


@dataclass(frozen=True, slots=True)
class PastEntry:
    """A counted entry: ``claimed`` and ``decided`` are points for all its times, signed."""

    key: int
    code: str
    occurred_on: date
    times: Decimal
    claimed: Decimal
    decided: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a month brought: credited points by criterion code, points lost by cap."""

    score: Decimal
    pass_line: Decimal
    is_below: bool
    is_zero: bool
    credited: Mapping[str, Decimal] = field(default_factory=dict)
    lost: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastMonth:
    """One member's month as it was. ``before`` is None in an exempt month. A month in another
    branch (``is_elsewhere``) is not tried out: it only uses up the year, as it did."""

    member: int
    month: date
    before: Outcome | None
    entries: tuple[PastEntry, ...] = ()
    is_elsewhere: bool = False
    used: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TriedMonth:
    """One member's month as it was and as it would have been; both None where exempt."""

    member: int
    month: date
    before: Outcome | None
    after: Outcome | None

    @property
    def crosses(self) -> str:
        """``DOWN`` below the line, ``UP`` above it, or empty where it stays on its side."""
        if self.before is None or self.after is None:
            return ""
        if self.before.is_below == self.after.is_below:
            return ""
        return DOWN if self.after.is_below else UP

    @property
    def change(self) -> Decimal:
        if self.before is None or self.after is None:
            return Decimal("0.00")
        return self.after.score - self.before.score


def try_out(*, book: Book, months: Iterable[PastMonth], first: date) -> list[TriedMonth]:
    """Score past months with another rule book; those from ``first`` on are returned, by
    member and month.

    Entries are matched by criterion code. One that was approved as claimed is claimed anew:
    the criterion's points × its times. An adjusted one keeps its share of the claim, half up
    to 0.01; where nothing was claimed, its decided points stay. One whose code the book no
    longer has does not count. The months of a year before ``first`` are scored as well, for
    they use up the yearly caps; what a member used up in another branch stays as it was.
    Exempt months stay exempt. Source: issue “rule books”, domain.md §4.
    """
    used: defaultdict[tuple[int, int], defaultdict[str, Decimal]]
    used = defaultdict(lambda: defaultdict(Decimal))
    tried = []
    for past in sorted(months, key=lambda one: (one.member, one.month)):
        year = used[past.member, past.month.year]
        if past.is_elsewhere:
            _use_up(year, past.used)
            continue
        after = None
        if past.before is not None:
            claims = [claim for entry in past.entries if (claim := claim_anew(entry, book))]
            score = score_month(rules=book.rules, claims=claims, used_this_year=year)
            _use_up(year, score.used)
            after = outcome_of(score, {claim.key: claim.criterion.code for claim in claims})
        if past.month >= first:
            tried.append(TriedMonth(past.member, past.month, past.before, after))
    return tried


def _use_up(year: defaultdict[str, Decimal], used: Mapping[str, Decimal]) -> None:
    for code, points in used.items():
        year[code] += points


def claim_anew(entry: PastEntry, book: Book) -> Claim | None:
    """A past entry as it would be claimed and decided under this rule book; None where it has
    no such criterion."""
    criterion = book.criteria.get(entry.code)
    if criterion is None:
        return None
    claim = (criterion.points * entry.times).quantize(CENT, ROUND_HALF_UP)
    if entry.decided == entry.claimed:
        points = claim
    elif not entry.claimed:
        points = entry.decided
    else:
        points = (entry.decided * claim / entry.claimed).quantize(CENT, ROUND_HALF_UP)
    return Claim(entry.key, criterion, entry.occurred_on, entry.times, points)


def outcome_of(score: Score, codes: Mapping[int, str]) -> Outcome:
    """What a score says, summed up by criterion code and by cap."""
    credited: defaultdict[str, Decimal] = defaultdict(Decimal)
    lost: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in score.lines:
        credited[codes[line.key]] += line.credited
        for cut in line.cuts:
            lost[cut.cap] += cut.lost
    return Outcome(
        score=score.score,
        pass_line=score.pass_line,
        is_below=score.is_below,
        is_zero=score.is_zero,
        credited=dict(credited),
        lost=dict(lost),
    )
