"""What a sheet would bring if every item on it were approved as claimed.

An estimate for the member who fills it in. The scoring is the product's only one; nothing
is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from lib.months import last_day
from points.models import Criterion, Decision, Declaration, Entry
from points.scoring import (
    CATEGORY_MONTH,
    CENT,
    POINTS_MONTH,
    POINTS_YEAR,
    TIMES_MONTH,
    Claim,
    CriterionRule,
    Rules,
    Score,
    score_month,
)
from points.selectors.cuts import explain_cuts
from points.services.declaration import Line, claimed_points
from points.services.results import criterion_rule, exempt_members, rules_of, used_before

TYPED: Final = 2**62
"""The key of the line being typed: after every stored entry of its day."""
MANY: Final = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Left:
    """What one more entry could still bring: all of it, and which cap binds (a name of
    ``points.scoring``) with its limit. ``points`` is None where no cap ever binds."""

    points: Decimal | None
    cap: str = ""
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What is left under one cap (a name of ``points.scoring``): times for TIMES_MONTH, points
    for all others."""

    cap: str
    limit: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated score of a month, and what it rests on."""

    month: date
    rules: Rules
    claims: Sequence[Claim]
    used: Mapping[str, Decimal]
    score: Score

    def left(self, criterion: Criterion) -> Left:
        """What the item can still bring under all its caps: a claim far above every cap,
        on the month's last day, is credited exactly that."""
        huge = Claim(
            key=TYPED,
            criterion=criterion_rule(criterion),
            occurred_on=last_day(self.month),
            times=MANY,
            points=criterion.points * MANY,
        )
        score = score_month(rules=self.rules, claims=[*self.claims, huge], used_this_year=self.used)
        line = next(line for line in score.lines if line.key == TYPED)
        if not line.cuts:
            return Left(None)
        return Left(abs(line.credited), line.cuts[-1].cap, line.cuts[-1].limit)

    def rooms(self, criterion: Criterion) -> list[Room]:
        """What is left for this member under every cap that binds the item, in the order in
        which caps bind: times and points of this month, points of this year, plus points of
        its category. Each is asked of the scoring with a claim that meets that cap alone.
        Nothing is left to say in a month that is zero as a whole."""
        rule = criterion_rule(criterion)
        free = replace(rule, max_times_month=None, max_points_month=None, max_points_year=None)
        own = [
            (
                TIMES_MONTH,
                rule.max_times_month,
                replace(free, max_times_month=rule.max_times_month),
            ),
            (
                POINTS_MONTH,
                rule.max_points_month,
                replace(free, max_points_month=rule.max_points_month),
            ),
            (
                POINTS_YEAR,
                rule.max_points_year,
                replace(free, max_points_year=rule.max_points_year),
            ),
        ]
        rooms = []
        for cap, limit, alone in own:
            if limit is not None and rule.points:
                rooms += self._room(cap, alone)
        if rule.points > 0 and rule.category in self.rules.category_caps:
            rooms += self._room(CATEGORY_MONTH, free)
        return rooms

    def _room(self, cap: str, rule: CriterionRule) -> list[Room]:
        """What is left under one cap; the rule carries no other cap of the item."""
        huge = Claim(TYPED, rule, last_day(self.month), MANY, rule.points * MANY)
        score = score_month(rules=self.rules, claims=[*self.claims, huge], used_this_year=self.used)
        cuts = next(line for line in score.lines if line.key == TYPED).cuts
        cut = next((cut for cut in cuts if cut.cap == cap), None)
        if cut is None:
            return []
        points = abs(huge.points) - cut.lost
        left = (points / abs(rule.points)).quantize(CENT) if cap == TIMES_MONTH else points
        return [Room(cap, cut.limit, left)]

    def category_room(self, category: str) -> Room | None:
        """What is left of a category's cap; None where it has none."""
        rule = CriterionRule("", category, Decimal(1))
        if category not in self.rules.category_caps:
            return None
        return next(iter(self._room(CATEGORY_MONTH, rule)), None)

    def without(self, entry_id: int) -> "Estimate":
        """The estimate of the sheet without one of its items: what an item that is being
        changed has used up is free for it."""
        claims = [claim for claim in self.claims if claim.key != entry_id]
        score = score_month(rules=self.rules, claims=claims, used_this_year=self.used)
        return replace(self, claims=claims, score=score)

    def with_line(self, line: Line) -> "Trial":
        """What the line that is being typed would bring."""
        claim = Claim(
            key=TYPED,
            criterion=criterion_rule(line.criterion),
            occurred_on=line.occurred_on,
            times=line.times,
            points=claimed_points(line),
        )
        score = score_month(
            rules=self.rules, claims=[*self.claims, claim], used_this_year=self.used
        )
        scored = next(line for line in score.lines if line.key == TYPED)
        category = str(line.criterion.get_category_display())
        return Trial(score.score, scored.credited, explain_cuts(scored.cuts, category))


@dataclass(frozen=True, slots=True)
class Trial:
    """The estimate with one more line: the score, what the line brings to it, and why less."""

    score: Decimal
    credited: Decimal
    cuts: list[str]


def claims_so_far(entries: Iterable[Entry], *, is_reviewed: bool) -> list[Claim]:
    """Standing entries as claims: declared ones as claimed until the sheet is reviewed, all
    others as decided. What was rejected counts nothing; nor does what the system proposes
    before a person has confirmed it."""
    claims = []
    for entry in entries:
        decision = shown_decision(entry, is_reviewed=is_reviewed)
        if decision is None and entry.source == Entry.Source.PROPOSED:
            continue
        if decision is not None and decision.outcome in NOT_COUNTING:
            continue
        decided = decision.points if decision else None
        claims.append(
            Claim(
                key=entry.pk,
                criterion=criterion_rule(entry.criterion),
                occurred_on=entry.occurred_on,
                times=entry.times,
                points=entry.claimed_points if decided is None else decided,
            )
        )
    return claims


NOT_COUNTING: Final = (Decision.Outcome.REJECTED, Decision.Outcome.WITHDRAWN)


def current_decision(entry: Entry) -> Decision | None:
    """The decision in force, from decisions loaded with the entry."""
    return next((d for d in entry.decisions.all() if d.is_current), None)


def shown_decision(entry: Entry, *, is_reviewed: bool) -> Decision | None:
    """The decision as far as the member may know it: what reviewers decide about declared
    items comes out with the publication, not before."""
    if entry.source == Entry.Source.DECLARED and not is_reviewed:
        return None
    return current_decision(entry)


def estimate(declaration: Declaration, entries: Sequence[Entry]) -> Estimate | None:
    """The estimate of a sheet from its standing entries (loaded with criterion and
    decisions); None where the member is exempt. Three queries."""
    members = [declaration.member_id]
    if exempt_members(members=members, month=declaration.month):
        return None
    rules = rules_of(declaration.rule_book)
    used = used_before(members=members, month=declaration.month).get(declaration.member_id, {})
    is_reviewed = declaration.state == Declaration.State.REVIEWED
    claims = claims_so_far(entries, is_reviewed=is_reviewed)
    score = score_month(rules=rules, claims=claims, used_this_year=used)
    return Estimate(declaration.month, rules, claims, used, score)
