"""What keeps a year from being frozen, and whose turn it is; and what is unfinished besides
(domain.md §8). A fixed number of queries, whatever there is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Branch
from lib.display import zh_date
from lib.months import month_of
from members.models import Position
from reviews.models import Appeal, FollowUp, Objection, Publication, Round
from reviews.rules import Bench, answerers_of
from reviews.services.panels import panels_of
from reviews.services.round import benches_of
from reviews.services.year_end import OpenRound

State = Round.State
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class OpenMonths:
    """Months of a branch in the same state, for which the same person has the turn.

    ``turn`` says who and what; empty where nobody has to do anything."""

    branch: Branch
    months: tuple[date, ...]
    state: str
    label: str
    turn: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What of a branch is unfinished besides, for information: it keeps nothing from being
    frozen, but an appeal that is upheld later changes figures."""

    branch: Branch
    appeals: int
    follow_ups: int


@dataclass(frozen=True, slots=True)
class StillOpen:
    """Everything open in a year. ``count`` months, those ``to_come`` among them, which open by
    themselves; only the first rows of the others are listed."""

    count: int = 0
    to_come: tuple[date, ...] = ()
    rows: tuple[OpenMonths, ...] = ()
    more: int = 0
    unfinished: tuple[Unfinished, ...] = ()


@dataclass(slots=True)
class _Read:
    """What is known of the open months: who sits where, publications, open objections."""

    today: date
    benches: Mapping[int, Bench]
    ends_on: dict[tuple[int, date], date] = field(default_factory=dict)
    answers: dict[tuple[int, date], list[str]] = field(default_factory=dict)


def still_open(
    rounds: Sequence[OpenRound], *, year: int, branches: Collection[int], today: date
) -> StillOpen:
    """Open months by branch in the roll's order, those alike together; then what else is
    unfinished. At most ten queries."""
    read = _read(rounds, year, today)
    together: dict[tuple[int, str, str], tuple[OpenMonths, list[date]]] = {}
    present = month_of(today)
    to_come = {one.month for one in rounds if one.state is None and one.month > present}
    for one in rounds:
        if one.month in to_come and one.state is None:
            continue
        row = _row(one, read)
        key = (one.branch.pk, row.label, row.turn)
        together.setdefault(key, (row, []))[1].append(one.month)
    rows = [
        OpenMonths(row.branch, tuple(months), row.state, row.label, row.turn, row.waits)
        for row, months in together.values()
    ]
    return StillOpen(
        count=len(rounds),
        to_come=tuple(sorted(to_come)),
        rows=tuple(rows[:MOST_ROWS]),
        more=len(rows[MOST_ROWS:]),
        unfinished=tuple(unfinished(year, branches)),
    )


def _read(rounds: Sequence[OpenRound], year: int, today: date) -> _Read:
    branches = {one.branch.pk for one in rounds}
    read = _Read(today, benches_of(branches, today) if branches else {})
    published = {one.branch.pk for one in rounds if one.state == State.PUBLISHED}
    if not published:
        return read
    standing = Publication.objects.filter(
        round__branch__in=published, round__month__year=year, withdrawn_at=None
    )
    for branch, month, ends_on in standing.values_list("round__branch", "round__month", "ends_on"):
        read.ends_on[branch, month] = ends_on
    objections = list(
        Objection.objects.filter(
            state=Objection.State.OPEN, publication__in=standing
        ).select_related("member", "publication__round__branch", "line__entry__criterion")
    )
    panels = panels_of(objections, today)
    for objection in objections:
        round_, panel = objection.publication.round, panels[objection.pk]
        who = answerers_of(objection, panel)
        names = [panel.bench.names.get(member, "") for member in who.members]
        place = read.answers.setdefault((round_.branch_id, round_.month), [])
        place.append("、".join(filter(None, names)) or _staff())
    return read


def _row(one: OpenRound, read: _Read) -> OpenMonths:
    label = str(State(one.state).label) if one.state else pgettext("month", "not opened")
    turn, waits = _turn(one, read)
    return OpenMonths(one.branch, (), one.state or "PENDING", label, turn, waits)


def _turn(one: OpenRound, read: _Read) -> tuple[str, bool]:
    """Who has to do what; and whether it goes on by itself."""
    bench = read.benches[one.branch.pk]
    if one.state is None:
        return _("%(who)s: open the month, or import its ledger") % {"who": _staff()}, False
    if one.state == State.PUBLISHED:
        return _turn_of_published(one, read)
    words: dict[str, Any] = {
        State.OPEN: _("%(who)s: start the review"),
        State.REVIEWING: _("%(who)s: conclude the review"),
        State.CONCLUDED: _("%(who)s: publish the results"),
    }
    return words[one.state] % {"who": who_runs(bench)}, False


def _turn_of_published(one: OpenRound, read: _Read) -> tuple[str, bool]:
    place = (one.branch.pk, one.month)
    answering = read.answers.get(place)
    if answering:
        text = ngettext(
            "%(who)s: answer %(count)s objection",
            "%(who)s: answer %(count)s objections",
            len(answering),
        )
        names = "、".join(dict.fromkeys(answering))
        return text % {"who": names, "count": len(answering)}, False
    ends_on = read.ends_on.get(place)
    if ends_on is not None and ends_on >= read.today:
        return _("closes by itself after the publication, which ends on %(day)s") % {
            "day": zh_date(ends_on)
        }, True
    return _("closes by itself with the next month-end"), True


def who_runs(bench: Bench) -> str:
    """The secretary by name; committee staff in place of one that is missing."""
    names = [bench.names.get(member, "") for member in sorted(bench.secretaries)]
    if not names:
        return _("committee staff (no secretary in office)")
    return f"{Position.Kind.SECRETARY.label} {'、'.join(names)}"


def _staff() -> str:
    return _("committee staff")


def unfinished(year: int, branches: Collection[int]) -> Iterable[Unfinished]:
    """Undecided appeals and unfinished follow-ups of the year, by branch in the roll's order;
    how many, never about whom. Three queries."""
    appeals = Counter(
        Appeal.objects.open()
        .filter(branch__in=branches, raised_at__year__gte=year)
        .values_list("branch", flat=True)
    )
    follow_ups = Counter(
        FollowUp.objects.filter(branch__in=branches, year=year)
        .exclude(state__in=FollowUp.DONE)
        .values_list("branch", flat=True)
    )
    concerned = Branch.objects.filter(pk__in={*appeals, *follow_ups})
    for branch in concerned.order_by("roll_order", "pk"):
        yield Unfinished(branch, appeals[branch.pk], follow_ups[branch.pk])


def missing_confirmations(branches: Iterable[Any]) -> defaultdict[bool, list[str]]:
    """Names of branches by whether they have confirmed, in the order given. No query."""
    found: defaultdict[bool, list[str]] = defaultdict(list)
    for one in branches:
        found[one.result.confirmed_at is not None].append(one.result.branch.name)
    return found
