"""Keeping evidence: stored once by its content, dropped when nothing refers to it any more.

A file on the disk is written before its row is committed and removed after its row is gone,
so that a row never points at nothing; a crash in between leaves at most a file without rows.
"""

import io
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import IO, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.rights import Actor
from points.files import Accepted, thumbnail
from points.models import Entry, Evidence, StoredFile, stored_path

File = TypeVar("File", bound=StoredFile)

MAX_FILES = 9
"""Files on one entry: enough for any meeting, too few for a habit (domain.md §10)."""


def keep(*, entry: Entry, files: Sequence[Accepted], by: Actor, at: datetime) -> list[Evidence]:
    """Attach files to an entry whose sheet the caller has locked; the same file twice on one
    entry is one. Files that this transaction wrote are removed if it does not succeed.

    Raises Refused for more than MAX_FILES files on the entry.
    """
    present = set(entry.evidence.values_list("sha256", flat=True))
    new = {file.sha256: file for file in files if file.sha256 not in present}
    if len(present) + len(new) > MAX_FILES:
        raise Refused(
            _("At most %(count)s files can be attached to one item.") % {"count": MAX_FILES}
        )
    return store([(Evidence(entry=entry), file) for file in new.values()], by=by, at=at)


def store(pairs: Sequence[tuple[File, Accepted]], *, by: Actor, at: datetime) -> list[File]:
    """Write accepted files and insert their rows, which say already what they belong to. All
    are of one model. Files that this transaction wrote are removed if it does not succeed."""
    rows = [_described(row, file, by=by, at=at) for row, file in pairs]
    if not rows:
        return rows
    model = type(rows[0])
    content = {file.sha256: file.content for row, file in pairs}
    paths = {row.sha256: str(row.file.name) for row in rows}
    written = [digest for digest in paths if _write(paths[digest], content[digest])]
    try:
        with transaction.atomic():
            model._default_manager.bulk_create(rows)
    except BaseException:
        remove_unused(written, paths=paths, model=model)
        raise
    for digest, path in paths.items():
        # Somebody who dropped the same content at this moment may have removed the file.
        transaction.on_commit(partial(_write, path, content[digest]))
    return rows


def _described(row: File, file: Accepted, *, by: Actor, at: datetime) -> File:
    row.name, row.suffix, row.content_type = file.name, file.suffix, file.content_type
    row.size, row.sha256 = len(file.content), file.sha256
    row.uploaded_by, row.uploaded_at = by.user, at
    row.file.name = stored_path(row, file.name)
    return row


def _write(path: str, content: bytes) -> bool:
    """Write a file unless it stands there already; say whether it was written."""
    if default_storage.exists(path):
        return False
    stored = default_storage.save(path, ContentFile(content))
    if stored != path:  # somebody else wrote the same content at this moment
        default_storage.delete(stored)
    return stored == path


def forget(evidence: Collection[Evidence]) -> None:
    """Delete these rows; their files go after the commit, unless another row shares them."""
    paths = {row.sha256: str(row.file.name) for row in evidence}
    Evidence.objects.filter(pk__in=[row.pk for row in evidence]).delete()
    transaction.on_commit(partial(remove_unused, list(paths), paths=paths, model=Evidence))


def remove_unused(
    digests: Collection[str], *, paths: dict[str, str], model: type[StoredFile]
) -> None:
    """Remove stored files that no row refers to. A shared file is never removed."""
    if not digests:
        return
    rows = model._default_manager.filter(sha256__in=digests)
    for digest in set(digests) - set(rows.values_list("sha256", flat=True).distinct()):
        default_storage.delete(paths[digest])
        default_storage.delete(thumbnail_path(digest))


def thumbnail_path(digest: str) -> str:
    return f"thumbnails/{digest[:2]}/{digest}.jpg"


def thumbnail_of(evidence: Evidence) -> IO[bytes]:
    """The small picture of a stored picture, made when it is first asked for and kept beside
    the files until the file goes.

    Raises FileNotFoundError if the file is gone, Refused if it is no picture.
    """
    path = thumbnail_path(evidence.sha256)
    try:
        return default_storage.open(path)
    except FileNotFoundError:
        with evidence.file.open("rb") as stored:
            small = thumbnail(stored.read())
    _write(path, small)
    if not Evidence.objects.filter(pk=evidence.pk).exists():  # dropped at this moment
        remove_unused(
            [evidence.sha256], paths={evidence.sha256: str(evidence.file.name)}, model=Evidence
        )
    return io.BytesIO(small)
