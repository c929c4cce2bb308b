"""Rounds in lists, and how far one is: states, counts and days, never a score (domain.md §8)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from branches.models import Branch
from members.models import Member
from members.rights import Actor
from points.models import Declaration, Entry
from points.workflow import can_write
from reviews.models import Objection, Publication, Round
from reviews.selectors.month_steps import five_steps

State = Round.State
NOT_FILED = (Declaration.State.DRAFT, Declaration.State.MISSING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a round's members have filed, in the round's order of things."""

    filed: int = 0
    members: int = 0
    late: int = 0
    open_objections: int = 0

    @property
    def missing(self) -> int:
        return self.members - self.filed


@dataclass(frozen=True, slots=True)
class Row:
    """One branch's month in a list; without a round the branch has no rule book in force."""

    branch: Branch
    round: Round | None
    progress: Progress
    due_on: date | None = None
    is_overdue: bool = False


def publication_of(round_: Round) -> Publication | None:
    """The publication of a round that was read together with it; None before it."""
    return getattr(round_, "publication", None)


def due_on(round_: Round, today: date) -> date | None:
    """The day by which the round's next step is due: declaring, reviewing, verifying."""
    match round_.state:
        case State.OPEN:
            return round_.declare_by if today <= round_.declare_by else round_.review_by
        case State.REVIEWING:
            return round_.review_by
        case State.PUBLISHED:
            publication = publication_of(round_)
            return publication.ends_on if publication else None
        case _:
            return None


def progress_of(rounds: Collection[Round]) -> dict[tuple[int, date], Progress]:
    """The counts of these rounds, by branch and month. Two queries."""
    branches = {round_.branch_id for round_ in rounds}
    months = {round_.month for round_ in rounds}
    sheets = (
        Declaration.objects.filter(branch__in=branches, month__in=months)
        .order_by()
        .values("branch", "month")
        .annotate(
            members=Count("pk"),
            filed=Count("pk", filter=~Q(state__in=NOT_FILED)),
            late=Count("pk", filter=~Q(state__in=NOT_FILED) & Q(is_late=True)),
        )
    )
    objections = dict(
        Objection.objects.filter(publication__round__in=rounds, state=Objection.State.OPEN)
        .order_by()
        .values("publication__round")
        .annotate(count=Count("pk"))
        .values_list("publication__round", "count")
    )
    counts = {
        (branch, month): (filed, members, late)
        for branch, month, filed, members, late in sheets.values_list(
            "branch", "month", "filed", "members", "late"
        )
    }
    found: dict[tuple[int, date], Progress] = {}
    for round_ in rounds:
        filed, members, late = counts.get((round_.branch_id, round_.month), (0, 0, 0))
        found[round_.branch_id, round_.month] = Progress(
            filed=filed,
            members=members,
            late=late,
            open_objections=objections.get(round_.pk, 0),
        )
    return found


def row_of(branch: Branch, round_: Round | None, progress: Progress, today: date) -> Row:
    due = due_on(round_, today) if round_ else None
    return Row(branch, round_, progress, due, due is not None and due < today)


def month_rows(branches: Sequence[Branch], month: date, today: date) -> list[Row]:
    """These branches in a month, in the order given (the roll's). Three queries."""
    rounds = {
        round_.branch_id: round_
        for round_ in Round.objects.of_month(month)
        .filter(branch__in=branches)
        .prefetch_related("publications")
    }
    progress = progress_of(list(rounds.values()))
    return [
        row_of(branch, rounds.get(branch.pk), progress.get((branch.pk, month), Progress()), today)
        for branch in branches
    ]


def round_rows(rounds: Sequence[Round], today: date) -> list[Row]:
    """These rounds, read with their branch and publication. Two queries."""
    progress = progress_of(rounds)
    return [
        row_of(round_.branch, round_, progress[round_.branch_id, round_.month], today)
        for round_ in rounds
    ]


def branches_visible_to(actor: Actor) -> "Any":
    """The branches whose rounds one may read, in the roll's order."""
    return Branch.objects.active().filter(pk__in=actor.committee_branches | actor.branches_below)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many branches of a month are in which state. No branch is set against another."""

    without_round: int
    by_state: dict[str, int]
    overdue: int


def tally(branches: Collection[int], month: date, today: date) -> Tally:
    """Count the rounds of a month by state. One query."""
    by_state: dict[str, int] = defaultdict(int)
    overdue = 0
    rounds = Round.objects.of_month(month).filter(branch__in=branches)
    for round_ in rounds.prefetch_related("publications"):
        by_state[round_.state] += 1
        due = due_on(round_, today)
        overdue += due is not None and due < today
    return Tally(len(branches) - sum(by_state.values()), dict(by_state), overdue)


# -- one round ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A member of a round's roster, and where the sheet of this month stands."""

    member: Member
    declaration: Declaration | None
    entries: int
    may_enter: bool = False

    @property
    def is_missing(self) -> bool:
        return self.declaration is None or self.declaration.state in NOT_FILED


def sheet_rows(round_: Round, actor: Actor) -> list[SheetRow]:
    """The roster of a round, in the roll's order, with everyone's sheet, and whose paper form
    this person may enter now (代填). Three queries."""
    sheets = {
        sheet.member_id: sheet
        for sheet in Declaration.objects.filter(
            branch=round_.branch_id, month=round_.month
        ).select_related("entered_by__member")
    }
    entries = dict(
        Entry.objects.standing()
        .filter(branch=round_.branch_id, month=round_.month)
        .order_by()
        .values("member")
        .annotate(count=Count("pk"))
        .values_list("member", "count")
    )
    return [
        SheetRow(
            member=member,
            declaration=(sheet := sheets.get(member.pk)),
            entries=entries.get(member.pk, 0),
            may_enter=sheet is not None
            and member.pk != actor.member_id
            and can_write(actor, sheet),
        )
        for member in Member.objects.of_branch(round_.branch, round_.month)
    ]


def month_steps(
    round_: Round, rows: Iterable[SheetRow], today: date, *, decided: str = "", registered: int = 0
) -> list[dict[str, Any]]:
    """The month's five steps with where this round is, for the stepper (domain.md §5)."""
    sheets = list(rows)
    publication = publication_of(round_)
    return five_steps(
        round_,
        registered=registered,
        filed=sum(not row.is_missing for row in sheets),
        sheets=len(sheets),
        ends_on=publication.ends_on if publication else None,
        objections=0,
        today=today,
        decided=decided,
    )
