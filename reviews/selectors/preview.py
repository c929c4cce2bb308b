"""Every result as it would be published now, with what moved it since the month before: in
the roll's order, never by score (domain.md §8)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.months import previous_month
from members.models import Member
from members.rights import Actor
from points.models import Criterion, MonthlyResult, ResultLine
from points.rules import may_read_matter
from points.scoring import Score
from reviews.models import Round
from reviews.services.conclusion import preview
from reviews.services.round import entries_in_review

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Mover:
    """An item that counts now and did not the month before, or the other way round, with what
    it counts. Without a text it is for others to know (党委登记)."""

    code: str
    text: str
    credited: Decimal


@dataclass(frozen=True, slots=True)
class ExpectedResult:
    """What a member's result would be if the review were concluded now; ``score`` None: not
    assessed. ``change`` is against the month before, where there was a score."""

    member: Member
    score: Score | None
    before: Decimal | None
    came: Sequence[Mover] = ()
    went: Sequence[Mover] = ()

    @property
    def change(self) -> Decimal | None:
        if self.score is None or self.before is None:
            return None
        return Decimal(self.score.score - self.before)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are assessed, and who is below the line or at zero, in the roll's order."""

    assessed: int
    below: Sequence[str]
    zero: Sequence[str]


def tally_of(results: Sequence[ExpectedResult]) -> Tally:
    scored = [row for row in results if row.score is not None]
    return Tally(
        assessed=len(scored),
        below=[row.member.name for row in scored if row.score and row.score.is_below],
        zero=[row.member.name for row in scored if row.score and row.score.is_zero],
    )


def expected_results(round_: Round, actor: Actor) -> list[ExpectedResult]:
    """The results of a round as they would be published now. Nine queries."""
    scores = preview(round_)
    month = previous_month(round_.month)
    before = scores_of(scores, month)
    now, then = credited_now(round_, scores), credited_in(scores, month)

    def movers(member: int, counted: Credited, other: Credited) -> list[Mover]:
        return [
            _mover(criterion, points, round_, member, actor)
            for code, (criterion, points) in counted[member].items()
            if points and code not in other[member]
        ]

    return [
        ExpectedResult(
            member,
            scores.get(member.pk),
            before.get(member.pk),
            came=movers(member.pk, now, then),
            went=movers(member.pk, then, now),
        )
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]


# What was credited: member -> code of the item -> the item and its points together.
Credited = Mapping[int, Mapping[str, tuple[Criterion, Decimal]]]


def _gather(rows: Collection[tuple[int, Criterion, Decimal]]) -> Credited:
    found: dict[int, dict[str, tuple[Criterion, Decimal]]] = defaultdict(dict)
    for member, criterion, points in rows:
        _item, so_far = found[member].get(criterion.code, (criterion, ZERO))
        found[member][criterion.code] = (criterion, so_far + points)
    return found


def credited_now(round_: Round, scores: Mapping[int, Score | None]) -> Credited:
    entries = {entry.pk: entry for entry in entries_in_review(round_)}
    return _gather(
        [
            (member, entries[line.key].criterion, line.credited)
            for member, score in scores.items()
            if score is not None
            for line in score.lines
            if line.key in entries
        ]
    )


def credited_in(members: Collection[int], month: date) -> Credited:
    """What was credited to these members in an earlier month. One query."""
    lines = ResultLine.objects.filter(
        result__is_current=True, result__member__in=list(members), result__month=month
    ).select_related("entry__criterion__rule_book", "result")
    return _gather([(line.result.member_id, line.entry.criterion, line.credited) for line in lines])


def scores_of(members: Collection[int], month: date) -> dict[int, Decimal | None]:
    results = MonthlyResult.objects.current().filter(member__in=list(members), month=month)
    return dict(results.values_list("member", "score"))


def _mover(
    criterion: Criterion, credited: Decimal, round_: Round, member: int, actor: Actor
) -> Mover:
    is_readable = may_read_matter(actor, criterion, branch_id=round_.branch_id, member_id=member)
    return Mover(criterion.code, criterion.text if is_readable else "", credited)
