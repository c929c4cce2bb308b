"""Files made while others write. On SQLite a reader that has not read to the end keeps its own
connection from writing as soon as anybody else has written: so none is left open."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, connections
from django.db.models import QuerySet

from members.models import Member
from members.rights import system_actor
from reviews.exports import chunks, kinds
from reviews.exports.asking import Progress
from reviews.exports.kinds import KINDS
from reviews.models import Export, FollowUp, Publication
from reviews.services import exports as services
from reviews.services.year_end import close_year
from tests.factories import BranchFactory
from tests.reviews.branch_month import BranchMonth
from tests.reviews.exporting import NOW, ask
from tests.reviews.final_results import even_year

Kind, State = Export.Kind, Export.State


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def file(transactional_db, tmp_path) -> Iterator[Path]:
    """The tests' database as a file in which a second connection can write."""
    if connection.vendor != "sqlite":
        pytest.skip("a reader never keeps a writer out there")
    in_memory, path = connections["default"], tmp_path / "file.sqlite3"
    with closing(sqlite3.connect(path)) as target:
        connection.ensure_connection()
        in_memory.connection.backup(target)
    connections["default"] = type(in_memory)({**in_memory.settings_dict, "NAME": path}, "default")
    yield path
    connections["default"].close()
    connections["default"] = in_memory


@contextmanager
def somebody_writing(path: Path) -> Iterator[list[int]]:
    """Somebody else writes just before every note of how far an export is; yields the notes."""
    notes: list[int] = []

    def write_first(execute, sql, params, many, context):
        if sql.startswith('UPDATE "reviews_export" SET "done"'):
            write(path)
            notes.append(params[0])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(write_first):
        yield notes


def write(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE IF NOT EXISTS elsewhere (number integer)")
        other.execute("INSERT INTO elsewhere VALUES (1)")


@pytest.fixture
def month(file) -> BranchMonth:
    """A closed month, a computed year and follow-ups: something to write for every kind."""
    found = BranchMonth()
    found.register("other", "deputy")
    found.publish()
    found.close()
    people = even_year(found.branch, 2025, [90, 80], at=NOW)
    even_year(BranchFactory(committee=found.committee), 2025, [70], at=NOW)
    FollowUp.objects.bulk_create(
        FollowUp(
            kind="TALK",
            branch=found.branch,
            member=member,
            first_month=date(2025, 9, 1),
            trigger_month=date(2025, 9, 1),
            year=2025,
            opened_at=NOW,
        )
        for member in people
    )
    close_year(committee=found.committee, year=2025, provisional=False, by=system_actor(), at=NOW)
    return found


@pytest.fixture
def in_small_steps(monkeypatch) -> None:
    """Every row is noted; no chunk has more than one, and no iterator more in hand."""
    monkeypatch.setattr(chunks, "SIZE", 1)
    monkeypatch.setattr(services, "Progress", partial(Progress, every=1))
    iterator = QuerySet.iterator

    def one_by_one(self, chunk_size=None):
        return iterator(self, chunk_size=1)

    monkeypatch.setattr(QuerySet, "iterator", one_by_one)


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize("kind", [one for one in KINDS.values() if one.suffix == "xlsx"])
def test_a_file_comes_out_while_others_write(file, month, kind):
    asked = {
        kinds.YEAR: {"year": 2025},
        kinds.SPAN: {"first": "2025-11", "last": "2026-10"},
        kinds.PUBLICATION: {"branches": [month.branch.pk]},
        "": {},
    }[kind.asks]
    if kind.asks == kinds.PUBLICATION:
        asked["publication"] = Publication.objects.get().pk
    export = ask(kind.kind, month.actor("staff"), **asked)

    with somebody_writing(file) as notes:
        services.make(export_id=export.pk, clock=lambda: NOW)

    export.refresh_from_db()
    assert (export.state, export.error, export.attempts) == (State.READY, "", 1)
    assert notes == list(range(1, export.done + 1))
    assert export.done >= 2


def test_what_fails_in_the_middle_of_reading_waits_for_another_attempt(file, month, monkeypatch):
    def leave_open(target, **more):
        rows = Member.objects.iterator(chunk_size=1)
        next(rows)
        write(file)
        raise OSError("the disk is full")

    kind = KINDS[Kind.ROLL]
    changed = {name: getattr(kind, name) for name in kind.__slots__} | {"write": leave_open}
    monkeypatch.setitem(kinds.KINDS, Kind.ROLL, kinds.ExportKind(**changed))
    export = ask("ROLL", month.actor("staff"))

    services.make(export_id=export.pk, clock=lambda: NOW)

    export.refresh_from_db()
    assert (export.state, export.error) == (State.QUEUED, "OSError: the disk is full")
