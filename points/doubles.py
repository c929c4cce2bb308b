"""The same matter counts once, at its highest level (就高不重复, domain.md §4): which entries
share their criterion and date, or their evidence file, with another of the same member.

Values in, values out. What is found is said to the member who fills in a sheet and to those
who review it; nothing is ever dropped or blocked because of it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping

from points.models import Entry

Others = Mapping[int, frozenset[int]]


def with_same_item(entries: Iterable[Entry]) -> Others:
    """The other entries of the same member with the same criterion and date, by entry."""
    return _sharing(
        (entry.pk, (entry.member_id, entry.criterion.code, entry.occurred_on)) for entry in entries
    )


def with_same_file(files: Iterable[tuple[int, int, str]]) -> Others:
    """The other entries of the same member with the same file by content, by entry.
    ``files`` are entry, member and digest of every file."""
    return _sharing((entry, (member, digest)) for entry, member, digest in files)


def _sharing(keyed: Iterable[tuple[int, Hashable]]) -> Others:
    groups: dict[Hashable, set[int]] = defaultdict(set)
    for pk, key in keyed:
        groups[key].add(pk)
    found: dict[int, frozenset[int]] = {}
    for group in groups.values():
        for pk in group if len(group) > 1 else ():
            found[pk] = found.get(pk, frozenset()) | (group - {pk})
    return found
