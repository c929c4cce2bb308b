"""Asking for an export as a person would, and opening what came of it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import openpyxl

from lib.months import parse_month
from members.rights import Actor
from reviews.exports.asking import Asked
from reviews.exports.kinds import KINDS, scope_of
from reviews.models import Export
from reviews.services import exports as services

NOW = datetime(2027, 1, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=NOW.tzinfo)


def ask(kind: str, by: Actor, *, branches=None, first="", last="", at=NOW, **asked) -> Export:
    """A request, of all that ``by`` may export where no branches are named."""
    definition = KINDS[Export.Kind(kind)]
    months = {"first_month": parse_month(first), "last_month": parse_month(last)} if first else {}
    return services.request_export(
        kind=kind,
        asked=Asked(**asked, **months),
        branches=scope_of(definition, by) if branches is None else branches,
        by=by,
        at=at,
    )


def made(kind: str, by: Actor, *, at=NOW, **asked) -> Export:
    export = ask(kind, by, at=at, **asked)
    services.make(export_id=export.pk, clock=lambda: at)
    export.refresh_from_db()
    assert export.state == Export.State.READY, export.error
    return export


def workbook_of(export: Export):
    with export.file.open("rb") as file:
        return openpyxl.load_workbook(file)


def rows_of(book, sheet: str) -> list[tuple]:
    """The rows below the header, dates as days."""
    return [
        tuple(value.date() if isinstance(value, datetime) else value for value in row)
        for row in book[sheet].iter_rows(min_row=2, values_only=True)
    ]


def header_of(book, sheet: str) -> list[str]:
    return [cell.value for cell in book[sheet][1]]
