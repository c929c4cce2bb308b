"""Objections in the inbox and in their thread, and what an answer would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from members.rights import Actor
from points.models import Decision, Entry, MonthlyResult, ResultLine
from points.selectors.cuts import explain_cuts
from points.services.results import Revised
from reviews.models import Objection
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
    """A line of a result: what the rule says, what was claimed, decided and credited."""

    line: ResultLine
    decision: Decision | None
    cuts: Sequence[str]

    @property
    def entry(self) -> Entry:
        return self.line.entry


def line_views(result: MonthlyResult) -> list[LineView]:
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
        )
        for line in lines
    ]


def result_now(objection: Objection) -> MonthlyResult | None:
    """The result as it stands today, if it was revised since the objection was raised."""
    current = MonthlyResult.objects.current().filter(
        member=objection.member_id, month=objection.publication.round.month
    )
    return current.exclude(pk=objection.result_id).first()


def correctable(objection: Objection) -> list[Entry]:
    """The entries of the member's month that an answer could correct, with what is decided."""
    round_ = objection.publication.round
    entries = [e for e in entries_in_review(round_) if e.member_id == objection.member_id]
    decisions = {
        decision.entry_id: decision
        for decision in Decision.objects.filter(is_current=True, entry__in=entries)
    }
    for entry in entries:
        entry.decided = decisions.get(entry.pk)  # type: ignore[attr-defined]
    return entries


@dataclass(frozen=True, slots=True)
class Effect:
    """What a correction changes in one month of the member."""

    new: MonthlyResult
    old: MonthlyResult | None

    @property
    def change(self) -> Any:
        if self.old is None or self.new.score is None or self.old.score is None:
            return None
        return self.new.score - self.old.score


def effects(revised: Sequence[Revised]) -> list[Effect]:
    return [Effect(new=item.new, old=item.old) for item in revised]
