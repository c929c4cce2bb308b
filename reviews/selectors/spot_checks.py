"""Spot checks as their pages show them: the list with what was found, one draw, one entry."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from branches.models import Branch, Committee
from lib.display import signed_points
from lib.states import STATES
from members.models import User
from members.rights import Actor
from points.models import Category, Decision, Entry, ResultLine
from points.selectors.cuts import explain_cuts
from points.selectors.sheet import file_of
from reviews.drawing import Key, sample_size
from reviews.models import Round, SpotCheck, SpotCheckItem
from reviews.services.inspectors import deciders_of, inspectors_of, why_not
from reviews.services.spot_checks import Choice, Repetition, pool_of, rounds_of

Finding = SpotCheckItem.Finding

# -- the list, and statistics by kind of finding ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many findings of one kind."""

    value: str
    label: Any
    count: int


def draws(actor: Actor) -> "QuerySet[SpotCheck]":
    """The draws that somebody may see, the newest first, each with the number of its entries,
    of those inspected, and of the findings of each kind."""
    kinds = {
        f"count_{value.lower()}": Count("items", filter=Q(items__finding=value))
        for value in Finding.values
    }
    return (
        SpotCheck.objects.visible_to(actor)
        .select_related("committee", "drawn_by__member")
        .annotate(
            total=Count("items"), inspected=Count("items", filter=~Q(items__finding="")), **kinds
        )
        .order_by("-drawn_at", "-pk")
    )


def found_in(spot_check: SpotCheck) -> list[KindCount]:
    """The findings of a row of ``draws`` by kind; kinds that were not found are left out."""
    counts = {value: getattr(spot_check, f"count_{value.lower()}") for value in Finding.values}
    return _by_kind(counts)


def _by_kind(counts: "dict[str, int]") -> list[KindCount]:
    return [
        KindCount(value, Finding(value).label, counts[value])
        for value in Finding.values
        if counts.get(value)
    ]


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """The findings in one category of criteria, in the order of the kinds."""

    label: Any
    cells: Sequence[tuple[Any, int]]

    @property
    def total(self) -> int:
        return sum(count for _kind, count in self.cells)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was found in all, by kind, and by the category of the criterion. Never by branch:
    branches are not compared (domain.md §8)."""

    kinds: Sequence[Any]
    rows: Sequence[CategoryRow]

    @property
    def whole(self) -> CategoryRow:
        """All categories together."""
        counts = [sum(row.cells[place][1] for row in self.rows) for place in range(len(self.kinds))]
        return CategoryRow("", list(zip(self.kinds, counts, strict=True)))


def statistics(actor: Actor) -> Statistics:
    """One query."""
    rows = (
        SpotCheckItem.objects.filter(spot_check__in=SpotCheck.objects.visible_to(actor))
        .exclude(finding="")
        .order_by()
        .values_list("entry__criterion__category", "finding")
        .annotate(count=Count("pk"))
    )
    counts = {(category, finding): count for category, finding, count in rows}
    found = [
        CategoryRow(
            Category(category).label,
            [(Finding(value).label, counts.get((category, value), 0)) for value in Finding.values],
        )
        for category in Category.values
        if any((category, finding) in counts for finding in Finding.values)
    ]
    return Statistics([Finding(value).label for value in Finding.values], found)


# -- before the draw -------------------------------------------------------------------------------


def committees_of(actor: Actor) -> list[Committee]:
    """The committees for which somebody may draw, in the roll's order. Two queries."""
    return list(Committee.objects.filter(pk__in=Committee.objects.subtree_ids(actor.committees)))


def closed_months(committees: Sequence[Committee]) -> list[date]:
    """The months of which some branch below has closed its round, the newest first."""
    closed = Round.objects.closed().filter(branch__committee__in=committees)
    return list(closed.order_by("-month").values_list("month", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a draw would draw from, and how much it would draw."""

    pool: int
    branches: int
    months: int
    asked: int
    size: int
    left_out: Sequence[Round]


def outlook(choice: Choice, *, at: datetime) -> Outlook:
    """Before anything is drawn. Six queries."""
    rounds = rounds_of(choice, at=at)
    pool = pool_of(rounds, at=at)
    branches = len({key.branch for key in pool})
    asked = sample_size(len(pool), size=choice.size, share=choice.share)
    return Outlook(
        pool=len(pool),
        branches=branches,
        months=rounds.count(),
        asked=asked,
        size=max(asked, branches) if choice.is_each_branch else asked,
        left_out=not_in(rounds, choice.committee, first=choice.first_month, last=choice.last_month),
    )


def not_in(
    rounds: "QuerySet[Round]", committee: Committee, *, first: date, last: date
) -> list[Round]:
    """The months of branches below in the span that are not among these rounds: they were not
    closed yet."""
    return list(
        Round.objects.filter(branch__in=Branch.objects.below(committee), month__range=(first, last))
        .exclude(pk__in=rounds.order_by().values("pk"))
        .select_related("branch")
        .order_by("month", "branch__roll_order")
    )


# -- one draw --------------------------------------------------------------------------------------


def items_of(spot_check: SpotCheck, *, reader: int | None = None) -> list[SpotCheckItem]:
    """The drawn entries in order, each with ``decided``: the decision at the moment of the
    draw; and ``can_open``: nobody of the staff reads of an entry of their own before something
    was found (``reader`` is their member id). Two queries."""
    then = Decision.objects.filter(decided_at__lte=spot_check.drawn_at).order_by("-number")
    items = list(
        spot_check.items.select_related(
            "entry__member", "entry__branch", "entry__criterion", "inspector__member"
        ).prefetch_related(Prefetch("entry__decisions", queryset=then))
    )
    for item in items:
        item.decided = next(iter(item.entry.decisions.all()), None)  # type: ignore[attr-defined]
        item.can_open = bool(item.finding) or item.entry.member_id != reader  # type: ignore[attr-defined]
    return items


def left_out_of(spot_check: SpotCheck) -> list[Round]:
    """The months in the span that were not closed at the moment of the draw. Three queries."""
    span = {"first": spot_check.first_month, "last": spot_check.last_month}
    return not_in(spot_check.rounds.all(), spot_check.committee, **span)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One place of the draw: what was recorded and what came out again."""

    number: int
    recorded: Key | None
    again: Key | None
    entry: Entry | None

    @property
    def is_same(self) -> bool:
        return self.recorded == self.again


def comparison(repetition: Repetition) -> list[Comparison]:
    """Both lists side by side. One query."""
    entries = Entry.objects.select_related("member", "branch").in_bulk(
        {key.entry for key in (*repetition.recorded, *repetition.again)}
    )
    length = max(len(repetition.recorded), len(repetition.again))
    found = []
    for place in range(length):
        recorded, again = (
            keys[place] if place < len(keys) else None
            for keys in (repetition.recorded, repetition.again)
        )
        key = recorded or again
        assert key is not None
        found.append(Comparison(place + 1, recorded, again, entries.get(key.entry)))
    return found


# -- one drawn entry -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choosable:
    """A member of staff in the list of inspectors: why not, where they may not."""

    user: int
    name: str
    why_not: str


@dataclass(slots=True)
class Dossier:
    """Everything about a drawn entry: decisions, the oldest first; what it brought to the
    month as it stands; its files."""

    entry: Entry
    decisions: list[Decision]
    line: ResultLine | None
    files: list[dict[str, Any]]
    cuts: list[str] = field(default_factory=list)

    @property
    def decision(self) -> Decision | None:
        return next((one for one in self.decisions if one.is_current), None)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The decisions as the timeline takes them."""
        return [
            {
                "at": one.decided_at,
                "who": one.decided_by.display_name,
                "text": _outcome(one),
                "note": one.reason,
                "icon": STATES[one.outcome][1],
                "tone": STATES[one.outcome][0],
            }
            for one in self.decisions
        ]


def _outcome(decision: Decision) -> str:
    if decision.points is None:
        return str(decision.get_outcome_display())
    return f"{decision.get_outcome_display()} {signed_points(decision.points)}"


def dossier(item: SpotCheckItem) -> Dossier:
    """Three queries."""
    entry = item.entry
    line = (
        ResultLine.objects.filter(entry=entry, result__is_current=True)
        .select_related("result")
        .first()
    )
    return Dossier(
        entry=entry,
        decisions=list(entry.decisions.select_related("decided_by__member").order_by("number")),
        line=line,
        files=[file_of(evidence) for evidence in entry.evidence.all()],
        cuts=explain_cuts(line.cuts, str(entry.criterion.get_category_display())) if line else [],
    )


def choosable(item: SpotCheckItem, day: date) -> list[Choosable]:
    """The staff who could inspect, and why some of them may not this entry. Five queries."""
    deciders = deciders_of([item.entry_id])[item.entry_id]
    staff = inspectors_of(item.spot_check.committee, day)
    return [Choosable(one.user, one.name, why_not(one, item.entry, deciders)) for one in staff]


def next_of(item: SpotCheckItem, user: User) -> SpotCheckItem | None:
    """The next entry of the draw that this inspector has still to inspect. One query."""
    waiting = SpotCheckItem.objects.waiting().filter(spot_check=item.spot_check_id, inspector=user)
    return waiting.exclude(pk=item.pk).order_by("number").first()
