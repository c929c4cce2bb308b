"""Exports of the demonstration: what a secretary and the committee staff took out lately."""

from contextlib import suppress
from datetime import date, timedelta

from lib.steps import Refused
from members.models import Member
from reviews.demo.roll import Department
from reviews.exports.asking import Asked
from reviews.exports.kinds import KINDS, scope_of
from reviews.models import Export, Publication
from reviews.services import exports as services

Kind = Export.Kind


def play_exports(department: Department) -> None:
    """Two files of the secretary, two of the staff, all of them made and taken once."""
    calendar = department.calendar
    last = calendar.latest_closed
    months = Asked(first_month=date(last.year, 1, 1), last_month=last)
    secretary, staff = department.account("secretary"), department.account("staff")
    _export(department, staff, Kind.YEAR, Asked(year=calendar.frozen_year), days=9)
    _export(department, staff, Kind.PROGRESS, months, days=2)
    _export(department, secretary, Kind.LEDGER, months, days=4)
    own = Publication.objects.standing().filter(
        round__branch=department.branches["employment"], together_with=None
    )
    if latest := own.order_by("round__month").last():
        _export(department, secretary, Kind.PUBLICATION, Asked(publication=latest.pk), days=1)


def _export(department: Department, who: Member, kind: Kind, asked: Asked, *, days: int) -> None:
    """Somebody exported all that is theirs, so many days ago."""
    calendar = department.calendar
    day = calendar.today - timedelta(days=days)
    at, by = calendar.moment(day, 15), department.actor(who, calendar.today)
    with suppress(Refused):
        export = services.request_export(
            kind=kind, asked=asked, branches=scope_of(KINDS[kind], by), by=by, at=at
        )
        services.make(export_id=export.pk, clock=lambda: at)
        export.refresh_from_db()
        services.note_download(export=export, by=by, at=at)
