"""A declaration as a page shows it: what was declared, what the branch registered, and what
it would come to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from lib.display import zh_month
from members.rights import Actor
from points.doubles import with_same_file, with_same_item
from points.models import Decision, Declaration, Entry, Evidence, Remark, StoredFile
from points.rules import may_read_matter
from points.scoring import Line as ScoredLine
from points.selectors.cuts import explain_cuts
from points.selectors.estimate import (
    TYPED,
    Estimate,
    current_decision,
    estimate,
    shown_decision,
)
from points.services.declaration import Line
from points.workflow import DECLARATION_STEPS

FILE_ICONS = {".pdf": "file-text", ".docx": "file-type", ".xlsx": "file-spreadsheet"}


@dataclass(slots=True)
class Row:
    """One item of a sheet, and what it would bring."""

    entry: Entry
    decision: Decision | None
    is_decided: bool
    files: list[dict[str, Any]]
    scored: ScoredLine | None = None
    cuts: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

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
    # Remarks on items that were changed or removed since the sheet was returned.
    gone_remarks: list[Remark] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        return [row.entry for row in (*self.declared, *self.registered)]

    @property
    def remarked(self) -> int:
        return sum(len(row.remarks) for row in self.declared) + len(self.gone_remarks)

    @property
    def doubled(self) -> int:
        return sum(bool(row.doubles) for row in self.declared)

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
    """One file as the components of files take it."""
    return {
        "pk": evidence.pk,
        "name": evidence.name,
        "url": evidence.get_absolute_url(),
        "size": evidence.size,
        "thumbnail_url": evidence.thumbnail_url,
        "icon": FILE_ICONS.get(evidence.suffix, "file-text"),
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
    """Everything of a sheet's page but the picker. Eight queries, however many items; one
    more where files are attached, one more on a returned sheet."""
    entries = standing_entries(declaration, actor)
    estimated = estimate(declaration, entries)
    scored = {line.key: line for line in estimated.score.lines} if estimated else {}
    is_reviewed = declaration.state == Declaration.State.REVIEWED
    rows = [_row(entry, scored.get(entry.pk), is_reviewed=is_reviewed) for entry in entries]
    declared = [row for row in rows if row.entry.source == Entry.Source.DECLARED]
    remarks = remarks_on(declaration)
    doubles = {} if is_reviewed else doubles_on(entries, actor)
    for row in declared:
        row.remarks = remarks.pop(row.entry.pk, [])
        row.doubles = doubles.get(row.entry.pk, [])
    return Sheet(
        declaration=declaration,
        declared=declared,
        registered=[row for row in rows if row.entry.source != Entry.Source.DECLARED],
        estimate=estimated,
        steps=[step.name for step in DECLARATION_STEPS.open_to(actor, declaration)],
        is_own=actor.member_id == declaration.member_id,
        gone_remarks=[remark for said in remarks.values() for remark in said],
    )


def remarks_on(declaration: Declaration) -> dict[int, list[Remark]]:
    """What the reviewers said of single items when they last returned the sheet, by entry;
    nothing once it is filed again. One query on a returned sheet, else none."""
    if declaration.state != Declaration.State.RETURNED:
        return {}
    remarks = Remark.objects.filter(entry__declaration=declaration)
    if declaration.submitted_at is not None:
        remarks = remarks.filter(made_at__gte=declaration.submitted_at)
    found: dict[int, list[Remark]] = defaultdict(list)
    for remark in remarks.select_related("entry__criterion", "made_by__member"):
        found[remark.entry_id].append(remark)
    return found


# -- the same matter counts once (就高不重复) -----------------------------------------------


def doubles_on(entries: Sequence[Entry], actor: Actor) -> dict[int, list[str]]:
    """What a member should look at twice, by declared entry: the same item and date as
    another entry of the month, the same file as with another entry of any month. A word of
    warning, never a bar (domain.md §4). One query where files are attached, else none."""
    by_pk = {entry.pk: entry for entry in entries}
    found: dict[int, list[str]] = defaultdict(list)
    for pk, others in with_same_item(entries).items():
        found[pk].append(same_item_text(by_pk[other] for other in others))
    digests = {file.sha256 for entry in entries for file in entry.evidence.all()}
    if digests:
        files = list(
            Evidence.objects.visible_to(actor)
            .filter(
                sha256__in=digests,
                entry__member=entries[0].member_id,
                entry__in=Entry.objects.standing(),
            )
            .select_related("entry__criterion")
        )
        holders = {file.entry_id: file.entry for file in files}
        shared = with_same_file(
            (file.entry_id, file.entry.member_id, file.sha256) for file in files
        )
        for pk, others in shared.items():
            found[pk] += [same_file_text(holders[other]) for other in sorted(others)]
    return found


def double_of(sheet: Sheet, line: Line, *, changing: int | None = None) -> str:
    """The same warning for the line that is being typed; ``changing`` is the entry that it
    would change."""
    typed = Entry(
        pk=TYPED,
        member_id=sheet.declaration.member_id,
        criterion=line.criterion,
        occurred_on=line.occurred_on,
    )
    entries = {entry.pk: entry for entry in sheet.entries if entry.pk != changing}
    others = with_same_item([*entries.values(), typed]).get(TYPED)
    return same_item_text(entries[other] for other in others) if others else ""


def same_item_text(others: Iterable[Entry]) -> str:
    if any(other.source != Entry.Source.DECLARED for other in others):
        return _(
            "The branch has registered this item for the same day: the same matter counts once."
        )
    return _("This item stands here twice for the same day: the same matter counts once.")


def same_file_text(other: Entry) -> str:
    return _(
        "The same file is attached to “%(item)s” in %(month)s: the same matter counts once."
    ) % {"item": other.criterion.text, "month": zh_month(other.month)}


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
