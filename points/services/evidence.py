"""Keeping evidence: stored once by its content, dropped when nothing refers to it any more.

A file on the disk is written before its row is committed and removed after its row is gone,
so that a row never points at nothing; a crash in between leaves at most a file without rows.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.rights import Actor
from points.files import Accepted
from points.models import Entry, Evidence, evidence_path

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
    rows = [_row(entry, file, by=by, at=at) for file in new.values()]
    paths = {row.sha256: str(row.file.name) for row in rows}
    written = [digest for digest in paths if _write(paths[digest], new[digest].content)]
    try:
        with transaction.atomic():
            Evidence.objects.bulk_create(rows)
    except BaseException:
        remove_unused(written, paths=paths)
        raise
    for row in rows:
        # Somebody who dropped the same content at this moment may have removed the file.
        transaction.on_commit(partial(_write, paths[row.sha256], new[row.sha256].content))
    return rows


def _row(entry: Entry, file: Accepted, *, by: Actor, at: datetime) -> Evidence:
    row = Evidence(
        entry=entry,
        name=file.name,
        suffix=file.suffix,
        content_type=file.content_type,
        size=len(file.content),
        sha256=file.sha256,
        uploaded_by=by.user,
        uploaded_at=at,
    )
    row.file.name = evidence_path(row, file.name)
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
    transaction.on_commit(partial(remove_unused, list(paths), paths=paths))


def remove_unused(digests: Collection[str], *, paths: dict[str, str]) -> None:
    """Remove stored files that no row refers to. A shared file is never removed."""
    if not digests:
        return
    used = set(
        Evidence.objects.filter(sha256__in=digests).values_list("sha256", flat=True).distinct()
    )
    for digest in set(digests) - used:
        default_storage.delete(paths[digest])
