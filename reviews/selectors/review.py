"""The review grid: every member's lines with their evidence, warnings and decisions, and what
this person may do with each. A fixed number of queries, whatever the branch's size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from members.models import Member, Position
from members.rights import Actor
from points.models import Decision, Declaration, Entry, Evidence, Remark
from points.rules import is_confidential, may_decide, may_decide_entry, may_read_matter
from reviews.models import Round
from reviews.rules import Bench
from reviews.services.review import RETURNABLE, must_confirm, warnings_of
from reviews.services.round import entries_in_review, is_returned
from reviews.workflow import ROUND_STEPS, Seat


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the grid. ``locked`` says why this person cannot decide it; empty: they
    can. ``seen`` is the number of the decision shown (0: none). ``is_hidden``: only its points
    are shown to this person, not what it is about (党委登记)."""

    entry: Entry
    decision: Decision | None
    warnings: Sequence[str]
    evidence: Sequence[Evidence]
    locked: str
    is_hidden: bool = False
    remarks: Sequence[Remark] = ()

    @property
    def seen(self) -> int:
        return self.decision.number if self.decision else 0

    @property
    def is_open(self) -> bool:
        """Waiting for a decision in this review; a returned sheet waits for the member."""
        return self.decision is None and not is_returned(self.entry)

    @property
    def is_proposed(self) -> bool:
        return self.entry.source == Entry.Source.PROPOSED


@dataclass(slots=True)
class Sheet:
    """A member's part of the grid."""

    member: Member
    declaration: Declaration | None
    lines: list[Line] = field(default_factory=list)
    is_own: bool = False
    may_return: bool = False
    # Who decides it, where it is that of a member of the branch committee.
    recusal: str = ""
    # Remarks on items that the member has since taken off the sheet or declared anew.
    gone_remarks: Sequence[Remark] = ()

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
    """Read the grid for this person. Nine queries."""
    entries = entries_in_review(round_)
    remarks = remarks_of(round_)
    lines = lines_of(round_, seat, entries, remarks)
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
            recusal=(
                who_decides_own(member.pk, seat.bench) if member.pk in seat.bench.members else ""
            ),
            gone_remarks=[
                remark
                for entry, said in remarks.items()
                for remark in said
                if entry not in lines and remark.entry.member_id == member.pk
            ],
        )
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]
    return Grid(sheets)


def line_of(round_: Round, seat: Seat, entry_id: int) -> Line | None:
    """One line of the grid, for the part of the page that is replaced."""
    entries = [entry for entry in entries_in_review(round_) if entry.pk == entry_id]
    return lines_of(round_, seat, entries, remarks_of(round_)).get(entry_id)


def remarks_of(round_: Round) -> dict[int, list[Remark]]:
    """What was said of single entries when their sheets were returned (退回意见), by entry,
    the oldest first. One query."""
    remarks: dict[int, list[Remark]] = defaultdict(list)
    for remark in Remark.objects.filter(
        entry__branch=round_.branch_id, entry__month=round_.month
    ).select_related("entry__criterion", "made_by__member"):
        remarks[remark.entry_id].append(remark)
    return remarks


def lines_of(
    round_: Round,
    seat: Seat,
    entries: Sequence[Entry],
    remarks: Mapping[int, Sequence[Remark]],
) -> dict[int, Line]:
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
    confirmed = must_confirm()
    return {
        entry.pk: Line(
            entry=entry,
            decision=(decision := decisions.get(entry.pk)),
            warnings=[
                warning
                for warning in warnings.get(entry.pk, [])
                if decision is None or warning != confirmed
            ],
            evidence=[] if (is_hidden := hides(seat.actor, entry)) else evidence[entry.pk],
            locked=why_locked(round_, seat, entry),
            is_hidden=is_hidden,
            remarks=remarks.get(entry.pk, ()),
        )
        for entry in entries
    }


def hides(actor: Actor, entry: Entry) -> bool:
    """Whether this person sees the points of an entry alone, not what it is about."""
    return not may_read_matter(
        actor, entry.criterion, branch_id=entry.branch_id, member_id=entry.member_id
    )


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
        return who_decides_own(entry.member_id, bench)
    return _("The branch committee decides this.")


def who_decides_own(member_id: int, bench: Bench) -> str:
    """Who decides what concerns a member of the branch committee themselves, by name, and who
    does where that person cannot either."""
    named = [
        f"{Position.Kind(kind).label} {bench.names.get(member, '')}".strip()
        for member, kind in bench.stand_ins_for(member_id)
    ]
    staff = _("staff of the committee above")
    first, second = [*named, staff, staff][:2]
    if first == staff:
        return _("Own matter (recusal): the %(first)s decides it.") % {"first": first}
    return _("Own matter (recusal): %(first)s decides it, else %(second)s.") % {
        "first": first,
        "second": second,
    }


def may_return(round_: Round, seat: Seat, sheet: Declaration | None) -> bool:
    """Whether this person may return a sheet now: the service's own preconditions."""
    return (
        sheet is not None
        and sheet.state in RETURNABLE
        and ROUND_STEPS.is_open("return_sheet", seat, round_)
        and may_decide(
            seat.actor,
            member_id=sheet.member_id,
            branch_id=round_.branch_id,
            committee=seat.bench.members,
        )
    )
