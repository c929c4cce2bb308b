"""A name for the figures of a year: the same figures have the same digest, and one that
differs anywhere has another (domain.md §8). Pure: lines in, value out."""

from collections.abc import Iterable
from hashlib import sha256
from itertools import islice

FORMAT = "year-end 1"
AT_A_TIME = 1_000


def line_of(values: Iterable[object]) -> str:
    """One row as a line: its values joined by ``|``. Points are whole hundredths, truths are
    0 or 1, so that every database says the same."""
    return "|".join(map(str, values))


def digest_of(year: int, *parts: Iterable[str]) -> str:
    """SHA-256, in hexadecimal, over lines that each end with a line feed: the format's name and
    the year, then the lines of each part in the order given, an empty line after each part.

    The caller sorts. Lines are taken a thousand at a time: a hundred thousand need no more
    memory than these.
    """
    digest = sha256(f"{FORMAT}|{year}\n".encode())
    for part in parts:
        lines = iter(part)
        while some := list(islice(lines, AT_A_TIME)):
            digest.update("\n".join([*some, ""]).encode())
        digest.update(b"\n")
    return digest.hexdigest()
