"""What the committee sees of all branches below: follow-ups, punctuality, findings, burden, in
the roll's order. Never a score, an average of scores, a band or how many are below: branches
are not compared (domain.md §8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from lib.display import number, percent
from reviews.models import FollowUp
from reviews.selectors.analysis.findings import Finding, Findings, findings_of
from reviews.selectors.analysis.follow_ups import OpenFollowUps, open_follow_ups
from reviews.selectors.analysis.punctuality import Punctuality, punctuality_of, together
from reviews.selectors.burden import Burden, burden_of, each_month


@dataclass(frozen=True, slots=True)
class Table:
    """One subject over branches: the names of the columns, and each branch's cells as text."""

    columns: Sequence[Any]
    rows: Sequence[tuple[Branch, Sequence[tuple[Any, str]]]]


Cells = tuple[str, ...]
Read = Callable[[Sequence[Branch], Sequence[date], date], Callable[[Branch], Cells]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a table is about: its columns, and how a branch's cells are read. ``is_of_today``:
    how things stand now, whatever months are chosen. ``export``: the kind of file that has the
    same, one row after another."""

    key: str
    label: Any
    columns: tuple[Any, ...]
    read: Read
    is_of_today: bool = False
    export: str = ""


def _follow_ups(
    branches: Sequence[Branch], months: Sequence[date], today: date
) -> Callable[[Branch], Cells]:
    found = open_follow_ups([one.pk for one in branches], today)

    def cells(branch: Branch) -> Cells:
        one = found.get(branch.pk, OpenFollowUps())
        kinds = [one.of_kind(kind) for kind in FollowUp.Kind]
        return tuple(number(count) for count in (*kinds, one.total, one.total_overdue))

    return cells


def _punctuality(
    branches: Sequence[Branch], months: Sequence[date], today: date
) -> Callable[[Branch], Cells]:
    rows = punctuality_of([one.pk for one in branches], months, today)
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.branch, []).append(row)

    def cells(branch: Branch) -> Cells:
        one: Punctuality = together(found.get(branch.pk, ()))
        sheets = one.sheets
        counts = (sheets.in_time, sheets.late, sheets.unfiled)
        reviews = (one.reviews_in_time, one.reviews_late, one.published)
        share = None if sheets.in_time_share is None else round(sheets.in_time_share, 3)
        return (*map(number, counts), percent(share), *map(number, reviews))

    return cells


def _findings(
    branches: Sequence[Branch], months: Sequence[date], today: date
) -> Callable[[Branch], Cells]:
    found = findings_of([one.pk for one in branches], months)

    def cells(branch: Branch) -> Cells:
        one = found.get(branch.pk, Findings())
        return tuple(map(number, (one.inspected, *(count for _v, _l, count in one.rows))))

    return cells


def _burden(
    branches: Sequence[Branch], months: Sequence[date], today: date
) -> Callable[[Branch], Cells]:
    found: dict[int, list[Burden]] = {}
    for row in burden_of([one.pk for one in branches], months):
        found.setdefault(row.branch.pk, []).append(row)

    def cells(branch: Branch) -> Cells:
        rows = found.get(branch.pk, [])
        counts = (
            sum(row.declarations for row in rows),
            sum(row.declared for row in rows),
            sum(row.registered for row in rows),
            sum(row.files for row in rows),
        )
        each = (each_month("declared", rows), each_month("files", rows))
        return (*map(number, counts), *map(number, each))

    return cells


SUBJECTS = (
    Subject(
        "follow-ups",
        _("Open follow-ups"),
        (*(kind.label for kind in FollowUp.Kind), _("In all"), _("of these overdue")),
        _follow_ups,
        is_of_today=True,
        export="follow-ups",
    ),
    Subject(
        "punctuality",
        _("Punctuality"),
        (
            _("Sheets filed in time"),
            _("Filed late"),
            _("Not filed"),
            _("Share in time"),
            _("Months reviewed in time"),
            _("Reviewed late"),
            _("Months published"),
        ),
        _punctuality,
        export="progress",
    ),
    Subject(
        "findings",
        _("Spot-check findings"),
        (_("Entries inspected"), *Finding.labels),
        _findings,
    ),
    Subject(
        "burden",
        _("Burden"),
        (
            _("Declarations"),
            _("Entries declared"),
            _("Entries registered"),
            _("Files"),
            _("Entries declared a member and month"),
            _("Files a member and month"),
        ),
        _burden,
        export="burden",
    ),
)


def table_of(
    subject: Subject, branches: Sequence[Branch], months: Sequence[date], today: date
) -> Table:
    """These branches, in the order given, with the subject's figures. Five queries at most."""
    cells = subject.read(branches, months, today)
    return Table(
        subject.columns,
        [(one, list(zip(subject.columns, cells(one), strict=True))) for one in branches],
    )
