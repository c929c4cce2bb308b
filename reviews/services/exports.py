"""Exports: asked for, made at once or in the background, kept for a month, and logged.

The row is the truth; a message to the worker is only a nudge. Making a file only reads the
database, so that a worker that dies half-way has done no harm: the next tick finds the row and
sends it again, three times at most.
"""

import hashlib
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from tempfile import TemporaryFile
from traceback import clear_frames
from typing import IO, Final

from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import User
from members.notices import Message, record, tell
from members.rights import Actor, actor_on
from reviews.exports.asking import Asked, Progress
from reviews.exports.kinds import KINDS, file_name, is_within_rights, scope_of, standing_in
from reviews.models import Export
from reviews.models.export import export_path
from reviews.services.one_at_a_time import one_at_a_time

logger = logging.getLogger(__name__)

State = Export.State
MOST_AT_ONCE: Final = 2_000
MOST_ATTEMPTS: Final = 3
KEPT_FOR: Final = timedelta(days=30)
DIED: Final = "the process was stopped before it could finish"
UNDER_WAY: Final = (State.QUEUED, State.RUNNING)
Clock = Callable[[], datetime]


# -- asking --------------------------------------------------------------------------------


@transaction.atomic
def request_export(
    *, kind: str, asked: Asked, branches: Collection[int], by: Actor, at: datetime
) -> Export:
    """Ask for a file of these branches. It is logged: who, when, what, of whom.

    Asked twice, as by a double click, while it is under way: the same row. Raises
    PermissionDenied for a kind or branch that is not theirs, Refused for what cannot be made
    now. Source: domain.md §10 (“every export is logged … and obeys the same scope”).
    """
    found = KINDS[Export.Kind(kind)]
    scope = sorted(set(branches))
    if not found.is_for(by) or not set(scope) <= scope_of(found, by):
        raise PermissionDenied
    if not scope:
        raise Refused(_("There is no branch whose data you could export."))
    found.check(asked, scope, by)
    stored = asked.stored() | {"as": standing_in(by, scope)}
    User.objects.select_for_update().get(pk=by.user.pk)
    if (same := _same_under_way(kind, stored, scope, by)) is not None:
        return same
    export = Export.objects.create(
        kind=kind,
        asked=stored,
        requested_by=by.user,
        requested_at=at,
        total=found.estimate(asked, scope, by),
        name=file_name(found, asked=asked, branches=scope, by=by),
    )
    export.branches.set(scope)
    record(
        by=by.user,
        at=at,
        verb="request_export",
        target=export,
        branch=scope[0] if len(scope) == 1 else None,
        kind=kind,
        asked=asked.stored(),
        branches=scope,
        rows=export.total,
    )
    return export


def _same_under_way(
    kind: str, stored: dict[str, object], scope: list[int], by: Actor
) -> Export | None:
    under_way = Export.objects.filter(kind=kind, requested_by=by.user, state__in=UNDER_WAY)
    for one in under_way.order_by("pk"):
        if one.asked == stored and scope_of_export(one) == scope:
            return one
    return None


def scope_of_export(export: Export) -> list[int]:
    """The branches of an export, by id."""
    return list(export.branches.order_by("pk").values_list("pk", flat=True))


def start(*, export: Export, clock: Clock, send: Callable[[int], None]) -> None:
    """Make a small file at once; hand a large one, or one that did not come out, to the
    worker. One that was asked for before and whose worker died is taken up again."""
    if export.state == State.RUNNING:
        _bury_if_dead(export.pk, at=clock())
        export.refresh_from_db()
    if export.total <= MOST_AT_ONCE:
        make(export_id=export.pk, clock=clock)
        export.refresh_from_db()
    if export.state == State.QUEUED:
        send(export.pk)


def note_download(*, export: Export, by: Actor, at: datetime) -> None:
    """Log that somebody took a file: who, when, which."""
    scope = scope_of_export(export)
    record(
        by=by.user,
        at=at,
        verb="download_export",
        target=export,
        branch=scope[0] if len(scope) == 1 else None,
        kind=export.kind,
        sha256=export.sha256,
    )


def is_still_theirs(export: Export, actor: Actor) -> bool:
    """Whether somebody may have this file today."""
    return is_within_rights(
        KINDS[Export.Kind(export.kind)],
        actor,
        branches=scope_of_export(export),
        standing=export.asked["as"],
    )


# -- making --------------------------------------------------------------------------------


def make(*, export_id: int, clock: Clock, tells: bool = False) -> Export | None:
    """Make a file that waits, or one whose worker died. Returns None where nothing waits or
    another process is at it. ``tells``: the person is told when it is there, or will not be.

    The file is written aside and kept only when it is complete. What goes wrong stands in the
    row; after three times it is given up. Rights are asked again when it is made.
    """
    with one_at_a_time(_lock(export_id)) as is_ours:
        if not is_ours:
            return None
        export = _claim(export_id, at=clock())
        if export is None:
            return None
        if error := _attempt(export, clock=clock):
            _put_back(export, error, at=clock())
        export.refresh_from_db()
        if tells and export.state not in UNDER_WAY:
            _tell(export, at=clock())
        return export


def _lock(export_id: int) -> str:
    return f"export {export_id}"


def _attempt(export: Export, *, clock: Clock) -> str:
    """Make the file, or give it up for good where it is refused; return what went wrong
    otherwise. Nothing that was being read is open any more then: SQLite would not let it be
    written down."""
    try:
        with TemporaryFile() as file:
            rows = _write(export, file, at=clock())
            _keep(export, file, rows=rows, at=clock())
    except Refused as refusal:
        _give_up(export, str(refusal), at=clock())
    except Exception as error:
        logger.exception("export %s failed", export.pk)
        # Who keeps the error, as a log may, keeps no open cursor with it.
        clear_frames(error.__traceback__)
        return f"{type(error).__name__}: {error}"
    return ""


@transaction.atomic
def _claim(export_id: int, *, at: datetime) -> Export | None:
    """Under the lock of an export: one that still stands as running has died."""
    export = Export.objects.select_for_update(of=("self",)).filter(pk=export_id).first()
    if export is None or export.state not in UNDER_WAY:
        return None
    if export.attempts >= MOST_ATTEMPTS:
        _give_up(export, export.error or DIED, at=at)
        return None
    export.attempts += 1
    export.state, export.started_at, export.done, export.error = State.RUNNING, at, 0, ""
    export.save(update_fields=["attempts", "state", "started_at", "done", "error"])
    return export


def _write(export: Export, file: IO[bytes], *, at: datetime) -> int:
    """Write the file in the name of whoever asked for it; return how many rows it has."""
    kind = KINDS[Export.Kind(export.kind)]
    actor = actor_on(export.requested_by, timezone.localdate(at))
    if not is_still_theirs(export, actor):
        raise Refused(_("These branches are no longer within your rights."))

    def note(done: int) -> None:
        Export.objects.filter(pk=export.pk, state=State.RUNNING).update(done=done)

    progress = Progress(note)
    asked, scope = Asked.read(export.asked), scope_of_export(export)
    kind.check(asked, scope, actor)
    kind.write(
        file,
        asked=asked,
        branches=scope,
        by=actor,
        at=at,
        progress=progress,
    )
    return progress.done


def _keep(export: Export, file: IO[bytes], *, rows: int, at: datetime) -> None:
    """Store the complete file, then say so. What an attempt that died left there gives way."""
    file.seek(0)
    export.sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    export.size = file.tell()
    path = export_path(export, export.name)
    default_storage.delete(path)
    file.seek(0)
    export.file.name = default_storage.save(path, File(file))
    export.state, export.finished_at, export.error = State.READY, at, ""
    export.done = export.total = rows
    names = ["sha256", "size", "file", "state", "finished_at", "error", "done", "total"]
    export.save(update_fields=names)


def _give_up(export: Export, error: str, *, at: datetime) -> None:
    default_storage.delete(export_path(export, export.name))
    export.file = ""
    export.state, export.finished_at, export.error = State.FAILED, at, error
    export.save(update_fields=["file", "state", "finished_at", "error"])


def _put_back(export: Export, error: str, *, at: datetime) -> None:
    """It waits for another attempt; after the third it is given up."""
    if export.attempts >= MOST_ATTEMPTS:
        _give_up(export, error, at=at)
        return
    export.file = ""
    export.state, export.finished_at, export.error = State.QUEUED, None, error
    export.save(update_fields=["file", "state", "finished_at", "error"])


def _tell(export: Export, *, at: datetime) -> None:
    if export.state == State.READY:
        text = _("The export “%(name)s” is ready to be downloaded.")
    else:
        text = _("The export “%(name)s” could not be made.")
    message = Message(
        None,
        f"export:{export.pk}:{export.state.lower()}",
        text % {"name": export.name},
        export.get_absolute_url(),
        user_id=export.requested_by_id,
    )
    tell([message], at=at)


# -- every ten minutes ---------------------------------------------------------------------


def look_after(*, at: datetime) -> list[int]:
    """Put back what died, let go of what is old, and return what waits to be made."""
    bury_dead(at=at)
    expire(at=at)
    return list(
        Export.objects.filter(state=State.QUEUED).order_by("pk").values_list("pk", flat=True)
    )


def bury_dead(*, at: datetime) -> None:
    """Those that stand as running and that nobody is at any more."""
    running = Export.objects.filter(state=State.RUNNING).order_by("pk")
    for pk in running.values_list("pk", flat=True):
        _bury_if_dead(pk, at=at)


def _bury_if_dead(pk: int, *, at: datetime) -> None:
    with one_at_a_time(_lock(pk)) as is_ours:
        running = Export.objects.filter(pk=pk, state=State.RUNNING)
        if is_ours and (export := running.first()):
            _put_back(export, DIED, at=at)


def expire(*, at: datetime) -> int:
    """A file is kept for thirty days; its row stays, as the record of who had it."""
    old = Export.objects.filter(state=State.READY, finished_at__lt=at - KEPT_FOR)
    count = 0
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            export = old.select_for_update(of=("self",)).filter(pk=pk).first()
            if export is not None:
                path = export.file.name or ""
                export.file, export.state = "", State.EXPIRED
                export.save(update_fields=["file", "state"])
                transaction.on_commit(partial(default_storage.delete, path))
                count += 1
    return count
