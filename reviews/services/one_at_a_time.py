"""A lock by name that a process holds while it lives: when it dies, however it dies, the
lock is free at that moment, so nobody has to guess from the time whether it is dead."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection


@contextmanager
def one_at_a_time(name: str) -> Iterator[bool]:
    """Hold the lock of this name; yield False where another process holds it.

    On PostgreSQL a lock of the database session, which holds for all machines. Elsewhere a
    locked file under the data folder, which holds for the one machine there is.
    """
    digest = sha256(name.encode()).digest()
    if connection.vendor == "postgresql":
        with _session_lock(int.from_bytes(digest[:8], signed=True)) as is_ours:
            yield is_ours
    else:
        with _locked_file(Path(settings.DATA_DIR) / "locks" / digest.hex()[:32]) as is_ours:
            yield is_ours


@contextmanager
def _session_lock(number: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            # Where the connection is gone, so is the lock.
            with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def _locked_file(path: Path) -> Iterator[bool]:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
