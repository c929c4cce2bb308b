"""The draw of a random spot check: a pool, a seed and an order that anybody can work out
again, in any language (domain.md §7, docs/decisions/0009). Pure: values in, values out.

A key is the text ``"<branch id>:<entry id>"``. The order of a key is the SHA-256 of
``"<seed>:<key>"`` in hexadecimal, the smallest first.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256
from typing import NamedTuple, TypeVar

ALGORITHM = "sha256-order-1"

Person = TypeVar("Person", bound=Hashable)


class Key(NamedTuple):
    """An entry in the pool. Sorts by branch, then by entry, both as numbers."""

    branch: int
    entry: int

    def __str__(self) -> str:
        return f"{self.branch}:{self.entry}"


def pool_text(pool: Iterable[Key]) -> str:
    """The whole pool as text: a key a line, sorted by branch and entry, no newline at the end."""
    return "\n".join(str(key) for key in sorted(set(pool)))


def pool_digest(pool: Iterable[Key]) -> str:
    """The SHA-256 of the pool as text: another pool has another one."""
    return sha256(pool_text(pool).encode()).hexdigest()


def ordered(pool: Iterable[Key], seed: str) -> list[Key]:
    """The pool in the order that the seed gives it, whatever order it came in."""
    return sorted(set(pool), key=lambda key: sha256(f"{seed}:{key}".encode()).hexdigest())


def sample_size(pool_size: int, *, size: int | None, share: Decimal | None) -> int:
    """How many entries a size, or a share in percent, asks for: a share is rounded up and is
    at least one; nothing is asked for beyond the pool. Exactly one of the two is given."""
    if (size is None) == (share is None):
        raise ValueError("either a size or a share")
    if size is None:
        assert share is not None
        part = (share * pool_size / 100).to_integral_value(rounding=ROUND_CEILING)
        size = max(1, int(part))
    return min(size, pool_size)


def draw(pool: Iterable[Key], *, seed: str, size: int, is_each_branch: bool) -> list[Key]:
    """The sample, in the order of the draw. With ``is_each_branch`` the first entry of each
    branch is in it even if that is more than ``size``; the rest is filled by the order."""
    order = ordered(pool, seed)
    chosen: set[Key] = set()
    if is_each_branch:
        first: dict[int, Key] = {}
        for key in order:
            first.setdefault(key.branch, key)
        chosen.update(first.values())
    for key in order:
        if len(chosen) >= size:
            break
        chosen.add(key)
    return [key for key in order if key in chosen]


def share_out(
    allowed: Sequence[Collection[Person]], people: Sequence[Sequence[Person]]
) -> list[Person | None]:
    """Who inspects each drawn entry: of the first group of ``people`` in which somebody is
    allowed to, the one with the fewest so far, the first of the group among equals. None
    where nobody is allowed to. ``allowed`` holds for each entry those who are."""
    load: Counter[Person] = Counter()
    found: list[Person | None] = []
    for may in allowed:
        groups = ([one for one in group if one in may] for group in people)
        candidates = next((group for group in groups if group), [])
        inspector = min(candidates, key=lambda one: load[one], default=None)
        if inspector is not None:
            load[inspector] += 1
        found.append(inspector)
    return found
