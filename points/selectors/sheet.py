"""A declaration as a page shows it: what was declared, what the branch registered, and what
it would come to."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from members.rights import Actor
from points.models import Decision, Declaration, Entry, StoredFile
from points.rules import may_read_matter
from points.scoring import Line as ScoredLine
from points.selectors.cuts import explain_cuts
from points.selectors.estimate import Estimate, current_decision, estimate, shown_decision
from points.workflow import DECLARATION_STEPS


@dataclass(slots=True)
class Row:
    """One item of a sheet, and what it would bring."""

    entry: Entry
    decision: Decision | None
    is_decided: bool
    files: list[dict[str, Any]]
    scored: ScoredLine | None = None
    cuts: list[str] = field(default_factory=list)

    @property
    def lacks_evidence(self) -> bool:
        is_declared = self.entry.source == Entry.Source.DECLARED
        return is_declared and self.entry.criterion.needs_evidence and not self.files


@dataclass(slots=True)
class Sheet:
    """A declaration with everything its page shows."""

    declaration: Declaration
    declared: list[Row]
    registered: list[Row]
    estimate: Estimate | None
    steps: list[str]
    is_own: bool

    @property
    def can_write(self) -> bool:
        return "write" in self.steps

    @property
    def can_submit(self) -> bool:
        return bool({"submit", "resubmit"} & set(self.steps))

    @property
    def shows_estimate(self) -> bool:
        """Not once the result is out, nor where nothing was filed."""
        state = Declaration.State
        return self.declaration.state not in (state.REVIEWED, state.MISSING)

    @property
    def can_take_back(self) -> bool:
        return "take_back" in self.steps

    @property
    def lacking(self) -> list[Row]:
        return [row for row in self.declared if row.lacks_evidence]


def file_of(evidence: StoredFile) -> dict[str, Any]:
    """One file as the file list component takes it."""
    url = evidence.get_absolute_url()
    is_picture = evidence.content_type.startswith("image/")
    return {
        "pk": evidence.pk,
        "name": evidence.name,
        "url": url,
        "size": evidence.size,
        "thumbnail_url": url if is_picture else "",
    }


def standing_entries(declaration: Declaration, actor: Actor) -> list[Entry]:
    """The items of a member's month that this person may see. What the committee registered
    is seen by the member and by the committee only (domain.md §10). Four queries."""
    entries = (
        Entry.objects.standing()
        .filter(member=declaration.member_id, month=declaration.month, branch=declaration.branch_id)
        .select_related("criterion", "created_by__member")
        .prefetch_related("decisions", "evidence")
    )
    branch, member = declaration.branch_id, declaration.member_id
    return [
        entry
        for entry in entries
        if may_read_matter(actor, entry.criterion, branch_id=branch, member_id=member)
    ]


def sheet_of(declaration: Declaration, actor: Actor) -> Sheet:
    """Everything of a sheet's page but the picker. Eight queries, however many items."""
    entries = standing_entries(declaration, actor)
    estimated = estimate(declaration, entries)
    scored = {line.key: line for line in estimated.score.lines} if estimated else {}
    is_reviewed = declaration.state == Declaration.State.REVIEWED
    rows = [_row(entry, scored.get(entry.pk), is_reviewed=is_reviewed) for entry in entries]
    return Sheet(
        declaration=declaration,
        declared=[row for row in rows if row.entry.source == Entry.Source.DECLARED],
        registered=[row for row in rows if row.entry.source != Entry.Source.DECLARED],
        estimate=estimated,
        steps=[step.name for step in DECLARATION_STEPS.open_to(actor, declaration)],
        is_own=actor.member_id == declaration.member_id,
    )


def _row(entry: Entry, scored: ScoredLine | None, *, is_reviewed: bool) -> Row:
    category = str(entry.criterion.get_category_display())
    return Row(
        entry=entry,
        decision=shown_decision(entry, is_reviewed=is_reviewed),
        is_decided=current_decision(entry) is not None,
        files=[file_of(evidence) for evidence in entry.evidence.all()],
        scored=scored,
        cuts=explain_cuts(scored.cuts, category) if scored else [],
    )


def my_sheets(actor: Actor) -> QuerySet[Declaration]:
    """One's own sheets, newest first, each with the number of its declared items."""
    declared = (
        Entry.objects.standing()
        .filter(declaration=OuterRef("pk"), source=Entry.Source.DECLARED)
        .order_by()
        .values("declaration")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        Declaration.objects.filter(member=actor.member_id)
        .select_related("branch", "entered_by__member")
        .annotate(declared=Coalesce(Subquery(declared), 0))
        .order_by("-month")
    )
