"""Storing a ledger of past months: entries, decisions, results and closed rounds, month by month
(formats.md §3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import reset_queries, transaction
from django.db.models import Sum
from django.db.models.functions import Abs
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import month_of
from members.models import Exemption
from members.notices import record
from members.rights import Actor
from points.models import Criterion, Decision, Entry, MonthlyResult, ResultLine, RuleBook
from points.scoring import Claim, CriterionRule, Score, score_month
from points.services.policy import PolicyBook
from points.services.results import (
    build_result,
    compute_results,
    criterion_rule,
    rules_of,
    store_results,
)
from reviews.imports.ledger_file import Ledger, LedgerRow
from reviews.imports.ledger_plan import Known, LedgerReport, claimed_points, preview_ledger
from reviews.models import Round
from reviews.services.opening import day_of_month

CHUNK = 1_000
Used = dict[str, Decimal]


@transaction.atomic
def apply_ledger(ledger: Ledger, *, by: Actor, at: datetime) -> LedgerReport:
    """Store what ``preview_ledger`` says, worked out anew under a lock; nothing if there is a
    problem.

    Every row becomes an approved entry; for each month and branch named, every member on the
    roster gets a final result, in the order of months, so that caps per year come out right, and
    the round is stored as closed. Rows are stored in an order of their own, so that the order of
    the file decides nothing (but see ``_order``). Later months of the year that are stored already are revised. The
    threshold check is left to month-end. Source: formats.md §3.
    """
    names = {row.branch for row in ledger.rows} | {row.branch for row in ledger.months}
    locked = Branch.objects.select_for_update().filter(name__in=names)
    list(locked.order_by("pk").values_list("pk"))
    report = preview_ledger(ledger, by=by, today=timezone.localdate(at))
    known = report.known
    if report.problems or report.is_unchanged or known is None:
        return report
    _store_exemptions(report, known, by=by, at=at)
    _Store(known, by=by, at=at).store(report)
    record(
        by=by.user,
        at=at,
        verb="import_ledger",
        entries=len(report.rows),
        rounds=len(report.sheets),
        exemptions=len(report.exemptions),
    )
    return report


def _store_exemptions(report: LedgerReport, known: Known, *, by: Actor, at: datetime) -> None:
    Exemption.objects.bulk_create(
        Exemption(
            member_id=known.members[row.staff_no][0],
            first_month=row.first_month,
            last_month=row.last_month,
            reason=row.reason,
            approved_by=by.user,
            approved_at=at,
        )
        for row in report.exemptions
    )


class _Store:
    """One import under way: what it refers to, and what each member's year has used up."""

    def __init__(self, known: Known, *, by: Actor, at: datetime) -> None:
        self.known, self.by, self.at = known, by, at
        self.policies = PolicyBook()
        self.exempt = _exempt_spans()
        self.branches = {branch.pk: branch for branch in known.branches.values()}
        self.rules = {
            book.pk: rules_of(book) for books in known.rule_books.values() for book in books
        }
        self.criterion_rules: dict[int, CriterionRule] = {
            criterion.pk: criterion_rule(criterion)
            for of_book in known.criteria.values()
            for criterion in of_book.values()
        }

    def store(self, report: LedgerReport) -> None:
        rows: defaultdict[date, list[LedgerRow]] = defaultdict(list)
        for row in report.rows:
            rows[row.month].append(row)
        branches: defaultdict[date, list[int]] = defaultdict(list)
        for month, branch in sorted(report.sheets):
            branches[month].append(branch)
        for year in sorted({month.year for month in branches}):
            # What the year's other months, stored before, have used up.
            elsewhere = _stored_use(year)
            used: defaultdict[int, Used] = defaultdict(dict)
            for number in range(1, 13):
                month = date(year, number, 1)
                _add(used, elsewhere.get(month, {}))
                if month in branches:
                    _add(used, self._store_month(month, branches[month], rows.pop(month, []), used))
                    reset_queries()  # in debug mode Django keeps every statement
            if elsewhere:
                self._revise_later(year, branches)

    def _store_month(
        self,
        month: date,
        branches: Sequence[int],
        rows: Iterable[LedgerRow],
        used: Mapping[int, Used],
    ) -> dict[int, Mapping[str, Decimal]]:
        """Store a month of some branches; return what it used up, by member."""
        books = {branch: self._rule_book(branch, month) for branch in branches}
        claims = self._store_entries(rows, books)
        roster = self.known.roster(branches, month)
        pairs: list[tuple[MonthlyResult, Score | None]] = []
        for branch in branches:
            rule_book = books[branch]
            for member in sorted(roster[branch]):
                score = None
                if not self._is_exempt(member, month):
                    score = score_month(
                        rules=self.rules[rule_book.pk],
                        claims=claims.get(member, ()),
                        used_this_year=used.get(member, {}),
                    )
                result = build_result(
                    member=member,
                    branch=branch,
                    rule_book=rule_book,
                    month=month,
                    score=score,
                    at=self.at,
                )
                result.is_final = True
                pairs.append((result, score))
        for start in range(0, len(pairs), CHUNK):
            store_results(pairs[start : start + CHUNK])
        Round.objects.bulk_create(self._round(month, branch, books[branch]) for branch in branches)
        return {result.member_id: score.used for result, score in pairs if score is not None}

    def _store_entries(
        self, rows: Iterable[LedgerRow], books: Mapping[int, RuleBook]
    ) -> dict[int, list[Claim]]:
        """Store a month's rows with their decisions, in a canonical order; return the claims."""
        claims: defaultdict[int, list[Claim]] = defaultdict(list)
        ordered = sorted(rows, key=_order)
        for start in range(0, len(ordered), CHUNK):
            part: list[tuple[LedgerRow, Criterion, Decimal]] = []
            for row in ordered[start : start + CHUNK]:
                criterion = self._criterion(row, books)
                part.append((row, criterion, self.known.points(row, criterion)))
            entries = Entry.objects.bulk_create([self._entry(row, c) for row, c, p in part])
            Decision.objects.bulk_create(
                Decision(
                    entry_id=entry.pk,
                    outcome=Decision.Outcome.APPROVED,
                    points=points,
                    decided_by_id=self.by.user.pk,
                    decided_at=self.at,
                )
                for entry, (row, criterion, points) in zip(entries, part, strict=True)
            )
            for entry, (row, criterion, points) in zip(entries, part, strict=True):
                rule = self.criterion_rules[criterion.pk]
                claims[entry.member_id].append(
                    Claim(entry.pk, rule, row.occurred_on, row.times, points)
                )
        return claims

    def _criterion(self, row: LedgerRow, books: Mapping[int, RuleBook]) -> Criterion:
        return self.known.criteria[books[self.known.branches[row.branch].pk].pk][row.code]

    def _entry(self, row: LedgerRow, criterion: Criterion) -> Entry:
        return Entry(
            member_id=self.known.members[row.staff_no][0],
            branch_id=self.known.branches[row.branch].pk,
            month=row.month,
            criterion_id=criterion.pk,
            source=Entry.Source.IMPORTED,
            times=row.times,
            claimed_points=claimed_points(row, criterion),
            occurred_on=row.occurred_on,
            reason=row.reason,
            created_by_id=self.by.user.pk,
            created_at=self.at,
        )

    def _round(self, month: date, branch: int, rule_book: RuleBook) -> Round:
        policy = self.policies.of(self.branches[branch].committee_id, month)
        return Round(
            branch_id=branch,
            month=month,
            rule_book=rule_book,
            state=Round.State.CLOSED,
            declare_by=day_of_month(month, policy.declare_by_day),
            review_by=day_of_month(month, policy.review_by_day),
            publication_days=policy.publication_days,
            opened_at=self.at,
            concluded_at=self.at,
            closed_at=self.at,
        )

    def _rule_book(self, branch: int, month: date) -> RuleBook:
        rule_book = self.known.rule_book(branch, month)
        assert rule_book is not None  # by plan
        return rule_book

    def _is_exempt(self, member: int, month: date) -> bool:
        return any(first <= month <= last for first, last in self.exempt.get(member, ()))

    def _revise_later(self, year: int, imported: Mapping[date, Sequence[int]]) -> None:
        """Revise the year's months that were stored before, after the first imported one."""
        first = min(month for month in imported if month.year == year)
        later = Round.objects.filter(
            month__gt=first, month__year=year, branch__results__month__gt=first
        )
        for round_ in later.distinct().select_related("branch", "rule_book").order_by("month"):
            if round_.branch_id in imported.get(round_.month, ()):
                continue
            changed = compute_results(
                branch=round_.branch,
                rule_book=round_.rule_book,
                month=round_.month,
                at=self.at,
                reason=_("An earlier month of the year was imported"),
            )
            if changed:
                branches = {revised.new.branch_id for revised in changed}
                Round.objects.filter(branch__in=branches, month__gte=round_.month).update(
                    thresholds_checked_at=None
                )


def _order(row: LedgerRow) -> tuple[object, ...]:
    """The order of their ids. An exported ledger says in which order a day's entries counted;
    else only what one member did twice on one day under one criterion is told apart by its place
    in the file: there nothing else says which came first."""
    return row.branch, row.staff_no, row.occurred_on, row.place, row.code, row.number


def _exempt_spans() -> dict[int, list[tuple[date, date]]]:
    spans: defaultdict[int, list[tuple[date, date]]] = defaultdict(list)
    for member, first, last in Exemption.objects.approved().values_list(
        "member", "first_month", "last_month"
    ):
        spans[member].append((first, last))
    return spans


def _stored_use(year: int) -> dict[date, dict[int, Used]]:
    """What the stored months of a year used up, in absolute points, by month, member and code."""
    used: defaultdict[date, defaultdict[int, Used]] = defaultdict(lambda: defaultdict(dict))
    rows = (
        ResultLine.objects.filter(result__is_current=True, result__month__year=year)
        .exclude(credited=0)
        .order_by()
        .values_list("result__month", "result__member", "entry__criterion__code")
        .annotate(used=Sum(Abs("credited")))
    )
    for month, member, code, amount in rows:
        used[month_of(month)][member][code] = amount
    return dict(used)


def _add(total: defaultdict[int, Used], more: Mapping[int, Mapping[str, Decimal]]) -> None:
    for member, by_code in more.items():
        of_member = total[member]
        for code, amount in by_code.items():
            of_member[code] = of_member.get(code, Decimal(0)) + amount
