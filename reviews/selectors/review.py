"""The review grid: every member's lines with their evidence, warnings and decisions, and what
this person may do with each. A fixed number of queries, whatever the branch's size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from lib.months import previous_month
from members.models import Member
from members.rights import Actor
from points.models import Decision, Declaration, Entry, Evidence, MonthlyResult
from points.rules import is_confidential, may_decide, may_decide_entry
from reviews.models import Round
from reviews.rules import Bench
from reviews.services.conclusion import preview
from reviews.services.review import warnings_of
from reviews.services.round import entries_in_review, is_returned
from reviews.workflow import ROUND_STEPS, Seat


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the grid. ``locked`` says why this person cannot decide it; empty: they
    can. ``seen`` is the number of the decision shown (0: none)."""

    entry: Entry
    decision: Decision | None
    warnings: Sequence[str]
    evidence: Sequence[Evidence]
    locked: str

    @property
    def seen(self) -> int:
        return self.decision.number if self.decision else 0

    @property
    def is_open(self) -> bool:
        """Waiting for a decision in this review; a returned sheet waits for the member."""
        return self.decision is None and not is_returned(self.entry)

    @property
    def is_confidential(self) -> bool:
        return is_confidential(self.entry.criterion)


@dataclass(slots=True)
class Sheet:
    """A member's part of the grid."""

    member: Member
    declaration: Declaration | None
    lines: list[Line] = field(default_factory=list)
    is_own: bool = False
    may_return: bool = False

    @property
    def waiting(self) -> int:
        return sum(line.is_open for line in self.lines)

    @property
    def decided(self) -> int:
        return sum(line.decision is not None for line in self.lines)

    @property
    def is_returned(self) -> bool:
        return self.declaration is not None and self.declaration.state == "RETURNED"


@dataclass(frozen=True, slots=True)
class Grid:
    """The whole review of a round, in the roll's order."""

    sheets: Sequence[Sheet]

    @property
    def total(self) -> int:
        return sum(len(sheet.lines) for sheet in self.sheets)

    @property
    def decided(self) -> int:
        return sum(sheet.decided for sheet in self.sheets)

    @property
    def waiting(self) -> int:
        return sum(sheet.waiting for sheet in self.sheets)

    @property
    def in_order(self) -> int:
        """How many “approve all that is in order” would approve for this person."""
        return sum(
            line.is_open and not line.warnings and not line.locked
            for sheet in self.sheets
            for line in sheet.lines
        )

    @property
    def warned(self) -> int:
        """How many to look at twice, those approved when they were registered among them."""
        return sum(bool(line.warnings) for sheet in self.sheets for line in sheet.lines)

    @property
    def left_over(self) -> int:
        """How many “approve all that is in order” would leave because of a warning."""
        return sum(
            line.is_open and bool(line.warnings) for sheet in self.sheets for line in sheet.lines
        )

    def find(self, entry_id: int) -> tuple[Sheet, Line]:
        """The line of an entry, and the sheet that it stands on."""
        return next(
            (sheet, line)
            for sheet in self.sheets
            for line in sheet.lines
            if line.entry.pk == entry_id
        )


def grid_of(round_: Round, seat: Seat) -> Grid:
    """Read the grid for this person. Eight queries."""
    entries = entries_in_review(round_)
    lines = lines_of(round_, seat, entries)
    by_member: dict[int, list[Line]] = defaultdict(list)
    for entry in entries:
        by_member[entry.member_id].append(lines[entry.pk])
    declarations = {
        sheet.member_id: sheet
        for sheet in Declaration.objects.filter(
            branch=round_.branch_id, month=round_.month
        ).select_related("entered_by__member")
    }
    sheets = [
        Sheet(
            member=member,
            declaration=declarations.get(member.pk),
            lines=by_member[member.pk],
            is_own=member.pk == seat.actor.member_id,
            may_return=may_return(round_, seat, declarations.get(member.pk)),
        )
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]
    return Grid(sheets)


def line_of(round_: Round, seat: Seat, entry_id: int) -> Line | None:
    """One line of the grid, for the part of the page that is replaced."""
    entries = [entry for entry in entries_in_review(round_) if entry.pk == entry_id]
    return lines_of(round_, seat, entries).get(entry_id)


def lines_of(round_: Round, seat: Seat, entries: Sequence[Entry]) -> dict[int, Line]:
    warnings = warnings_of(round_)
    decisions = {
        decision.entry_id: decision
        for decision in Decision.objects.filter(is_current=True, entry__in=entries).select_related(
            "decided_by__member"
        )
    }
    evidence: dict[int, list[Evidence]] = defaultdict(list)
    for file in Evidence.objects.filter(entry__in=entries):
        evidence[file.entry_id].append(file)
    return {
        entry.pk: Line(
            entry=entry,
            decision=decisions.get(entry.pk),
            warnings=warnings.get(entry.pk, []),
            evidence=evidence[entry.pk],
            locked=why_locked(round_, seat, entry),
        )
        for entry in entries
    }


def why_locked(round_: Round, seat: Seat, entry: Entry) -> str:
    """Why this person cannot decide an entry now; empty if they can."""
    actor, bench = seat.actor, seat.bench
    if not ROUND_STEPS.is_open("decide", seat, round_):
        return _("The review is not open to decisions now.")
    if is_returned(entry):
        return _("Returned for correction: waiting for the member.")
    if may_decide_entry(actor, entry, committee=bench.members):
        return ""
    if is_confidential(entry.criterion):
        return _("Registered by the committee: only the committee can change it.")
    if actor.member_id == entry.member_id:
        return who_decides_own(actor, bench)
    return _("The branch committee decides this.")


def who_decides_own(actor: Actor, bench: Bench) -> str:
    if bench.members - {actor.member_id}:
        return _("This concerns yourself: another member of the branch committee decides it.")
    return _("This concerns yourself: the committee above decides it.")


def may_return(round_: Round, seat: Seat, sheet: Declaration | None) -> bool:
    """Whether this person may return a sheet now: the service's own preconditions."""
    return (
        sheet is not None
        and sheet.state in (Declaration.State.IN_REVIEW, Declaration.State.MISSING)
        and ROUND_STEPS.is_open("return_sheet", seat, round_)
        and may_decide(
            seat.actor,
            member_id=sheet.member_id,
            branch_id=round_.branch_id,
            committee=seat.bench.members,
        )
    )


# -- results before they are published -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExpectedResult:
    """What a member's result would be if the review were concluded now; ``score`` None: not
    assessed. ``change`` is against the month before, where there was a score."""

    member: Member
    score: Any
    before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        if self.score is None or self.before is None:
            return None
        return Decimal(self.score.score - self.before)


def expected_results(round_: Round) -> list[ExpectedResult]:
    """The results of a round as they would be published now, in the roll's order."""
    scores = preview(round_)
    before = results_before(round_, scores)
    return [
        ExpectedResult(member, scores.get(member.pk), before.get(member.pk))
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]


def results_before(round_: Round, members: Mapping[int, Any]) -> dict[int, Decimal | None]:
    month: date = previous_month(round_.month)
    results = MonthlyResult.objects.current().filter(member__in=members, month=month)
    return dict(results.values_list("member", "score"))
