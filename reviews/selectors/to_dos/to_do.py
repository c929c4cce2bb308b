"""One thing to do, and how several of them are put in few words."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import ngettext

MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do: what, why, until when, and where a click takes you."""

    title: str
    url: str
    action: str
    icon: str
    note: str = ""
    due_on: date | None = None


def by_key(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def some(names: Iterable[str]) -> str:
    """The first few names, and how many there are if there are more."""
    names = list(names)
    listed = "、".join(names[:MOST_NAMES])
    if len(names) <= MOST_NAMES:
        return listed
    return ngettext(
        "%(names)s and others, %(count)s in all",
        "%(names)s and others, %(count)s in all",
        len(names),
    ) % {"names": listed, "count": len(names)}
