"""Objections in the inbox and in their thread, and what an answer could put right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from members.models import Member, Position
from members.rights import Actor
from points.models import Criterion, Decision, Entry, MonthlyResult, ResultLine
from points.rules import applies_to, may_read_matter
from points.selectors.cuts import explain_cuts
from reviews.models import Objection, Round
from reviews.rules import Panel, answerers_of
from reviews.services.round import entries_in_review


def objections_of(actor: Actor, *, is_open: bool) -> "QuerySet[Objection]":
    """The inbox: what waits for an answer, oldest first; what was answered, newest first."""
    found = Objection.objects.visible_to(actor).select_related(
        "member",
        "publication__round__branch",
        "line__entry__criterion",
        "answered_by__member",
    )
    if is_open:
        return found.filter(state=Objection.State.OPEN)
    return found.exclude(state=Objection.State.OPEN).order_by("-answered_at", "-pk")


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of a result: what the rule says, what was claimed, decided and credited.
    ``is_hidden``: only its points are shown to this person (党委登记)."""

    line: ResultLine
    decision: Decision | None
    cuts: Sequence[str]
    is_hidden: bool = False

    @property
    def entry(self) -> Entry:
        return self.line.entry


def is_hidden(entry: Entry, actor: Actor) -> bool:
    """Whether this person sees an entry's points alone, not what it is about (党委登记)."""
    return not may_read_matter(
        actor, entry.criterion, branch_id=entry.branch_id, member_id=entry.member_id
    )


def mark_hidden(objections: Iterable[Objection], actor: Actor) -> None:
    """Note on each whether this person may not read what the line it is about is for."""
    for objection in objections:
        line = objection.line
        objection.is_hidden = line is not None and is_hidden(line.entry, actor)  # type: ignore[attr-defined]


def line_views(result: MonthlyResult, actor: Actor) -> list[LineView]:
    """The lines of a result with the decisions on which it was computed. Two queries."""
    earlier = (
        Decision.objects.filter(decided_at__lte=result.computed_at)
        .order_by("-number")
        .select_related("decided_by__member")
    )
    lines = result.lines.select_related("entry__criterion").prefetch_related(
        Prefetch("entry__decisions", queryset=earlier)
    )
    return [
        LineView(
            line=line,
            decision=next(iter(line.entry.decisions.all()), None),
            cuts=explain_cuts(line.cuts, line.entry.criterion.get_category_display()),
            is_hidden=is_hidden(line.entry, actor),
        )
        for line in lines
    ]


def result_now(objection: Objection) -> MonthlyResult | None:
    """The result as it stands today, if it was revised since the objection was raised."""
    current = MonthlyResult.objects.current().filter(
        member=objection.member_id, month=objection.publication.round.month
    )
    return current.exclude(pk=objection.result_id).first()


def correctable(round_: Round, member_id: int) -> list[Entry]:
    """The entries of a member's month that can be decided anew, with what is decided."""
    entries = [e for e in entries_in_review(round_) if e.member_id == member_id]
    return with_decisions(entries)


def with_decisions(entries: list[Entry]) -> list[Entry]:
    """The same with the current decision on each as ``decided``. One query."""
    decisions = {
        decision.entry_id: decision
        for decision in Decision.objects.filter(is_current=True, entry__in=entries)
    }
    for entry in entries:
        entry.decided = decisions.get(entry.pk)  # type: ignore[attr-defined]
    return entries


def addable(round_: Round, member: Member, *, may_lower: bool) -> list[Criterion]:
    """The items of the month's rule book that somebody may add for a member because they were
    forgotten; where points may not fall, only those that give some. What the system proposes,
    and what the committee registers on a document of its own, come in by their own ways. Two
    queries."""
    registrars = Criterion.RegisteredBy
    criteria = Criterion.objects.filter(rule_book=round_.rule_book_id).exclude(
        registered_by__in=[registrars.SYSTEM, registrars.COMMITTEE]
    )
    if not may_lower:
        criteria = criteria.filter(points__gt=0, zeroes_month=False)
    is_secretary = (
        Position.objects.on(round_.month)
        .filter(branch=round_.branch_id, member=member, kind=Position.Kind.SECRETARY)
        .exists()
    )
    return [
        criterion
        for criterion in criteria
        if applies_to(criterion, member=member, is_secretary=is_secretary)
    ]


@dataclass(frozen=True, slots=True)
class WhoAnswers:
    """Who answers an objection: the one to do it first by name and office, and whether it is
    the committee above."""

    name: str = ""
    office: Any = ""
    is_staff: bool = False


def who_answers(objection: Objection, panel: Panel) -> WhoAnswers:
    """The one to answer first; where nobody is left on the bench, the staff above. One query."""
    who = answerers_of(objection, panel)
    if not who.members:
        return WhoAnswers(is_staff=True)
    seats = [kind for member, kind in sorted(panel.bench.seats) if member == who.members[0]]
    kinds = [kind for kind in Position.Kind.values if kind in seats]
    name = Member.objects.get(pk=who.members[0]).name
    return WhoAnswers(name, Position.Kind(kinds[0]).label, who.has_staff)


def why_not(objection: Objection, panel: Panel, actor: Actor) -> str:
    """Why this person may not answer, in words; nothing for one who merely raised it."""
    if objection.member_id == actor.member_id:
        own = _("You raised this objection: somebody else answers it.")
        return own if actor.member_id in panel.bench.members else ""
    if actor.member_id in panel.members_who_decided or actor.user.pk in panel.deciders:
        return _("You decided what is objected to: somebody else answers it.")
    return ""
