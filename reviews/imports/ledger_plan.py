"""What a ledger would do to what is stored: checked row by row, nothing written (formats.md §3)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from branches.models import Branch
from lib.excel import Problem
from lib.imports import ImportReport
from lib.months import format_month, month_of
from members.imports import reaches
from members.models import Exemption, Member, Membership
from members.rights import Actor
from points.models import Criterion, Decision, Entry, MonthlyResult, RuleBook
from reviews.imports.ledger_file import (
    EXEMPTIONS,
    LEDGER,
    MONTHS,
    ExemptionRow,
    Ledger,
    LedgerRow,
)
from reviews.models import Round

Sheet = tuple[date, int]
"""A month of a branch, by the branch's id."""

MOST_POINTS: Final = Decimal("9999999.99")
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored that the ledger's rows refer to. A fixed number of queries."""

    branches: Mapping[str, Branch]
    members: Mapping[str, tuple[int, str]]
    memberships: Mapping[int, list[tuple[date, date, int]]]
    rule_books: Mapping[int, list[RuleBook]]
    criteria: Mapping[int, Mapping[str, Criterion]]
    rounds: Mapping[Sheet, str]
    exemptions: Mapping[int, list[Exemption]]

    @classmethod
    def load(cls, ledger: Ledger) -> "Known":
        names = {row.branch for row in ledger.rows} | {row.branch for row in ledger.months}
        branches = {b.name: b for b in Branch.objects.filter(name__in=names)}
        memberships: defaultdict[int, list[tuple[date, date, int]]] = defaultdict(list)
        for member, branch, starts_on, ends_on in Membership.objects.values_list(
            "member", "branch", "starts_on", "ends_on"
        ):
            memberships[member].append((starts_on or date.min, ends_on or date.max, branch))
        rule_books: defaultdict[int, list[RuleBook]] = defaultdict(list)
        for book in RuleBook.objects.filter(
            branch__in=branches.values(), state=RuleBook.State.APPROVED
        ).order_by("effective_from"):
            rule_books[book.branch_id].append(book)
        criteria: defaultdict[int, dict[str, Criterion]] = defaultdict(dict)
        used = [book for books in rule_books.values() for book in books]
        for criterion in Criterion.objects.filter(rule_book__in=used):
            criteria[criterion.rule_book_id][criterion.code] = criterion
        exemptions: defaultdict[int, list[Exemption]] = defaultdict(list)
        for exemption in Exemption.objects.approved():
            exemptions[exemption.member_id].append(exemption)
        return cls(
            branches=branches,
            members={
                staff_no: (pk, name)
                for pk, staff_no, name in Member.objects.values_list("pk", "staff_no", "name")
            },
            memberships=memberships,
            rule_books=rule_books,
            criteria=criteria,
            rounds={
                (month, branch): state
                for month, branch, state in Round.objects.filter(
                    branch__in=branches.values()
                ).values_list("month", "branch", "state")
            },
            exemptions=exemptions,
        )

    def branch_of(self, member: int, month: date) -> int | None:
        """The branch to which the member belonged on the month's first day (domain.md §4)."""
        held = [span for span in self.memberships.get(member, ()) if span[0] <= month <= span[1]]
        return max(held)[2] if held else None

    def roster(self, branches: Collection[int], month: date) -> dict[int, list[int]]:
        """The members of each branch on the month's first day."""
        roster: dict[int, list[int]] = {branch: [] for branch in branches}
        for member in self.memberships:
            branch = self.branch_of(member, month)
            if branch in roster:
                roster[branch].append(member)
        return roster

    def rule_book(self, branch: int, month: date) -> RuleBook | None:
        """The rule book in force for a branch in a month."""
        books = [b for b in self.rule_books.get(branch, ()) if b.has_begun(month)]
        return books[-1] if books else None

    def points(self, row: LedgerRow, criterion: Criterion) -> Decimal:
        """The decided points of a row."""
        return claimed_points(row, criterion) if row.points is None else row.points


def claimed_points(row: LedgerRow, criterion: Criterion) -> Decimal:
    """The criterion's points × times, two places."""
    return (criterion.points * row.times).quantize(CENT)


@dataclass(frozen=True, slots=True)
class LedgerReport(ImportReport):
    """What a ledger adds: ``sheets`` are the months of branches that it closes, ``unchanged``
    those that it closed before with the same rows."""

    sheets: frozenset[Sheet] = frozenset()
    rows: tuple[LedgerRow, ...] = ()
    exemptions: tuple[ExemptionRow, ...] = ()
    unchanged: frozenset[Sheet] = frozenset()
    known: Known | None = field(default=None, repr=False)


def preview_ledger(ledger: Ledger, *, by: Actor, today: date) -> LedgerReport:
    """Check every row against the roll and the rule books, and say what the import would close.

    A month that is closed already is left alone where the ledger has just the rows that it was
    imported with; other rows are a problem, and so is a round under way. Nothing is written; the
    number of queries does not depend on the number of rows. Source: formats.md §3.
    """
    known = Known.load(ledger)
    problems = [
        *ledger.problems,
        *_bad_sheets(ledger, known, by, today),
        *_bad_rows(ledger, known),
        *_bad_exemptions(ledger, known),
    ]
    if problems:
        return LedgerReport(problems=_in_order(problems), notes=ledger.notes)
    named = {(row.month, known.branches[row.branch].pk) for row in ledger.rows}
    named |= {(row.month, known.branches[row.branch].pk) for row in ledger.months}
    closed = {sheet for sheet in named if sheet in known.rounds}
    problems = [
        *_closed_otherwise(ledger, known, closed),
        *_late_exemptions(ledger, known),
    ]
    if problems:
        return LedgerReport(problems=_in_order(problems), notes=ledger.notes)
    sheets = frozenset(named - closed)
    rows = tuple(r for r in ledger.rows if (r.month, known.branches[r.branch].pk) in sheets)
    exemptions = tuple(r for r in ledger.exemptions if not _stored_exemption(r, known))
    return LedgerReport(
        notes=ledger.notes,
        counts=_counts(sheets, rows, exemptions),
        sheets=sheets,
        rows=rows,
        exemptions=exemptions,
        unchanged=frozenset(closed),
        known=known,
    )


def _counts(
    sheets: Collection[Sheet], rows: Collection[LedgerRow], exemptions: Collection[ExemptionRow]
) -> tuple[str, ...]:
    lines = (
        (len(rows), _("Entries imported: %(count)s")),
        (len(sheets), _("Months of branches closed: %(count)s")),
        (len(exemptions), _("Exemptions added: %(count)s")),
    )
    return tuple(text % {"count": count} for count, text in lines if count)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    place = {spec.name: number for number, spec in enumerate((LEDGER, MONTHS, EXEMPTIONS))}
    return tuple(sorted(problems, key=lambda p: (place.get(p.sheet, -1), p.row or 0)))


# -- what stands against it --------------------------------------------------------------


def _bad_sheets(ledger: Ledger, known: Known, by: Actor, today: date) -> Iterable[Problem]:
    """Months and branches that cannot be closed, once for each row that names them."""
    verdicts: dict[tuple[date, str], tuple[str, str] | None] = {}
    for sheet, rows in ((LEDGER.name, ledger.rows), (MONTHS.name, ledger.months)):
        for row in rows:
            key = (row.month, row.branch)
            if key not in verdicts:
                verdicts[key] = _verdict(row.month, row.branch, known, by, today)
            if verdict := verdicts[key]:
                column, expected = verdict
                value = row.branch if column == "支部" else format_month(row.month)
                yield Problem(sheet, row.number, column, value, expected)


def _verdict(
    month: date, name: str, known: Known, by: Actor, today: date
) -> tuple[str, str] | None:
    """The column that is wrong and what it should say; None if the month can be closed."""
    branch = known.branches.get(name)
    if branch is None:
        return "支部", _("a 党支部 of the roll")
    if not reaches(by, branch.pk):
        return "支部", _("something below the committee that you work for")
    if month > month_of(today):
        return "年月", _("a month that has begun")
    if known.rule_book(branch.pk, month) is None:
        return "年月", _("a month in which %(branch)s has a rule book in force") % {"branch": name}
    if known.rounds.get((month, branch.pk), Round.State.CLOSED) != Round.State.CLOSED:
        return "年月", _("a month whose review is not under way in the system")
    return None


def _bad_rows(ledger: Ledger, known: Known) -> Iterable[Problem]:
    for row in ledger.rows:
        member = known.members.get(row.staff_no)
        if member is None:
            yield Problem(LEDGER.name, row.number, "工号", row.staff_no, _("a 工号 of the roll"))
        elif row.name and row.name != member[1]:
            expected = _("%(name)s, who has this 工号 on the roll") % {"name": member[1]}
            yield Problem(LEDGER.name, row.number, "姓名", row.name, expected)
        branch = known.branches.get(row.branch)
        if branch is None:
            continue
        if member is not None and known.branch_of(member[0], row.month) != branch.pk:
            expected = _("a member of %(branch)s on the first day of %(month)s") % {
                "branch": row.branch,
                "month": format_month(row.month),
            }
            yield Problem(LEDGER.name, row.number, "工号", row.staff_no, expected)
        yield from _bad_criterion(row, branch, known)


def _bad_criterion(row: LedgerRow, branch: Branch, known: Known) -> Iterable[Problem]:
    rule_book = known.rule_book(branch.pk, row.month)
    if rule_book is None:
        return
    criterion = known.criteria.get(rule_book.pk, {}).get(row.code)
    if criterion is None:
        expected = _("a code of the rule book of %(branch)s") % {"branch": row.branch}
        yield Problem(LEDGER.name, row.number, "编号", row.code, expected)
    elif abs(criterion.points * row.times) > MOST_POINTS:
        expected = _("fewer times: their points are too many to be stored")
        yield Problem(LEDGER.name, row.number, "次数", str(row.times), expected)


def _bad_exemptions(ledger: Ledger, known: Known) -> Iterable[Problem]:
    taken: defaultdict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in ledger.exemptions:
        member = known.members.get(row.staff_no)
        if member is None:
            expected = _("a 工号 of the roll")
            yield Problem(EXEMPTIONS.name, row.number, "工号", row.staff_no, expected)
            continue
        stored = [(e.first_month, e.last_month) for e in known.exemptions.get(member[0], ())]
        others = [span for span in stored if span != (row.first_month, row.last_month)]
        if any(
            first <= row.last_month and last >= row.first_month
            for first, last in (*others, *taken[row.staff_no])
        ):
            expected = _("months that overlap no other exemption of this member")
            value = format_month(row.first_month)
            yield Problem(EXEMPTIONS.name, row.number, "起始年月", value, expected)
        taken[row.staff_no].append((row.first_month, row.last_month))


def _stored_exemption(row: ExemptionRow, known: Known) -> bool:
    return any(
        (stored.first_month, stored.last_month) == (row.first_month, row.last_month)
        for stored in known.exemptions.get(known.members[row.staff_no][0], ())
    )


def _late_exemptions(ledger: Ledger, known: Known) -> Iterable[Problem]:
    """An exemption that comes after its month was closed would contradict a final result."""
    new = [row for row in ledger.exemptions if not _stored_exemption(row, known)]
    if not new:
        return
    assessed: defaultdict[int, list[date]] = defaultdict(list)
    for member, month in (
        MonthlyResult.objects.current()
        .filter(member__in=[known.members[row.staff_no][0] for row in new], is_assessed=True)
        .order_by("month")
        .values_list("member", "month")
    ):
        assessed[member].append(month)
    for row in new:
        months = assessed[known.members[row.staff_no][0]]
        if any(row.first_month <= month <= row.last_month for month in months):
            expected = _("months that are not closed yet")
            value = format_month(row.first_month)
            yield Problem(EXEMPTIONS.name, row.number, "起始年月", value, expected)


def _closed_otherwise(ledger: Ledger, known: Known, closed: Collection[Sheet]) -> Iterable[Problem]:
    """Closed months for which the ledger has other rows than they were imported with."""
    if not closed:
        return
    said: defaultdict[Sheet, Counter[tuple[object, ...]]] = defaultdict(Counter)
    first_row: dict[Sheet, tuple[str, int]] = {}
    for month_row in ledger.months:
        sheet = (month_row.month, known.branches[month_row.branch].pk)
        first_row.setdefault(sheet, (MONTHS.name, month_row.number))
    for row in ledger.rows:
        sheet = (row.month, known.branches[row.branch].pk)
        if sheet in closed:
            said[sheet][_identity(row, sheet, known)] += 1
            if first_row.get(sheet, (MONTHS.name, 0))[0] == MONTHS.name:
                first_row[sheet] = (LEDGER.name, row.number)
    stored = _imported_before(closed)
    for sheet in sorted(closed):
        if said[sheet] != stored[sheet]:
            name, number = first_row[sheet]
            expected = _(
                "a month that is not closed yet: it is closed with other entries than these"
            )
            yield Problem(name, number, "年月", format_month(sheet[0]), expected)


def _identity(row: LedgerRow, sheet: Sheet, known: Known) -> tuple[object, ...]:
    rule_book = known.rule_book(sheet[1], row.month)
    assert rule_book is not None  # checked before
    points = known.points(row, known.criteria[rule_book.pk][row.code])
    member = known.members[row.staff_no][0]
    return member, row.code, row.occurred_on, row.times, points, row.reason


def _imported_before(closed: Collection[Sheet]) -> defaultdict[Sheet, Counter[tuple[object, ...]]]:
    """The rows with which closed months were imported: their first decisions, never overwritten."""
    stored: defaultdict[Sheet, Counter[tuple[object, ...]]] = defaultdict(Counter)
    rows = Decision.objects.filter(
        number=1,
        entry__source=Entry.Source.IMPORTED,
        entry__branch__in={branch for month, branch in closed},
        entry__month__in={month for month, branch in closed},
    ).values_list(
        "entry__month",
        "entry__branch",
        "entry__member",
        "entry__criterion__code",
        "entry__occurred_on",
        "entry__times",
        "points",
        "entry__reason",
    )
    for month, branch, *identity in rows.order_by().iterator(chunk_size=5_000):
        stored[month, branch][tuple(identity)] += 1
    return stored
