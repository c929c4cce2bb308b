"""Rows of a large export, some at a time, with nothing left open in between.

SQLite refuses a write at once on a connection that has not read to the end, when anybody else
has written since; and while a file is made, it is noted how far it is. So the keys are read
first, in one statement and to its end; then the rows, each chunk in a statement of its own.
"""

from array import array
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet

# What every database takes as values of one statement.
SIZE: Final = 1_000


class ChangedMeanwhile(Exception):
    """A row is gone that was there when the keys were read: what stands in the file so far is
    of another time. The export is taken up again."""


def row_chunks(listed: "QuerySet[Any]", rows: "QuerySet[Any, Any]") -> Iterator[list[Any]]:
    """The rows of ``listed``, in its order, as they were at one moment; each read as ``rows``
    says: a query of the same model without a filter, or its values with the key first.

    One statement for the keys, eight bytes of each in memory, and one for each chunk. Raises
    ChangedMeanwhile.
    """
    keys = array("q", listed.values_list("pk", flat=True).iterator())
    for start in range(0, len(keys), SIZE):
        wanted = keys[start : start + SIZE].tolist()
        found = {_key(row): row for row in rows.filter(pk__in=wanted).order_by()}
        if len(found) < len(wanted):
            raise ChangedMeanwhile(listed.model._meta.label)
        yield [found[key] for key in wanted]


def _key(row: Any) -> int:
    return row[0] if isinstance(row, tuple) else row.pk
