"""What every export has in common: what was asked for, how far it is, and what it is about."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final, Protocol, TypeVar

from django.utils import timezone

from branches.models import Branch
from lib.excel import Column, SheetOut
from lib.months import format_month, months_between, parse_month
from members.rights import Actor

Row = TypeVar("Row")
ABOUT: Final = (Column("项目"), Column("内容"))
MOST_NAMES: Final = 30
# Branches are read in blocks of so many, so that memory stays flat.
BLOCK: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A year, a span of months, or a publication: what a kind of export asks for. It is stored
    with the export as JSON."""

    year: int | None = None
    first_month: date | None = None
    last_month: date | None = None
    publication: int | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Asked":
        first, last = stored.get("first_month"), stored.get("last_month")
        return cls(
            year=stored.get("year"),
            first_month=parse_month(first) if first else None,
            last_month=parse_month(last) if last else None,
            publication=stored.get("publication"),
        )

    def stored(self) -> dict[str, Any]:
        """As JSON, without what was not asked for."""
        found: dict[str, Any] = {"year": self.year, "publication": self.publication}
        if self.first_month and self.last_month:
            found["first_month"] = format_month(self.first_month)
            found["last_month"] = format_month(self.last_month)
        return {name: value for name, value in found.items() if value is not None}

    @property
    def span(self) -> tuple[date, date]:
        assert self.first_month is not None  # by the kind that asks for a span
        assert self.last_month is not None
        return self.first_month, self.last_month

    @property
    def months(self) -> list[date]:
        return months_between(*self.span)

    @property
    def the_year(self) -> int:
        assert self.year is not None  # by the kind that asks for a year
        return self.year


class Progress:
    """Counts the rows that were written, and tells now and then whoever wants to know."""

    def __init__(self, tell: Callable[[int], None] | None = None, *, every: int = 500) -> None:
        self.done, self._tell, self._every = 0, tell, every

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            yield row
            self.done += 1
            if self._tell is not None and self.done % self._every == 0:
                self._tell(self.done)


class Writer(Protocol):
    """Writes one kind of file from the branches that ``by`` may see; every row passes through
    ``progress``. ``at`` stands in the file."""

    def __call__(
        self,
        target: IO[bytes],
        *,
        asked: Asked,
        branches: Collection[int],
        by: Actor,
        at: datetime,
        progress: Progress,
    ) -> None: ...


def about_sheet(
    branches: Collection[int], *, by: Actor, at: datetime, more: Iterable[Sequence[str]] = ()
) -> SheetOut:
    """The sheet 说明: whose data this is, who took it out, when, and what is not in it."""
    rows = [
        ("导出范围", names_of(branches)),
        ("导出人", by.user.display_name),
        ("导出时间", f"{timezone.localtime(at):%Y-%m-%d %H:%M}"),
        *more,
    ]
    return SheetOut("说明", ABOUT, rows)


def names_of(branches: Collection[int]) -> str:
    """The branches by name in the roll's order, or how many where they are too many."""
    if len(branches) > MOST_NAMES:
        return f"{len(branches)}个党支部"
    return "、".join(Branch.objects.filter(pk__in=branches).values_list("name", flat=True))


def in_blocks(branches: Collection[int]) -> Iterator[list[Branch]]:
    """Branches in the roll's order, a block at a time."""
    ids = list(Branch.objects.filter(pk__in=branches).values_list("pk", flat=True))
    for start in range(0, len(ids), BLOCK):
        yield list(Branch.objects.filter(pk__in=ids[start : start + BLOCK]))


def day_of(moment: datetime | None) -> date | None:
    """The local day of a moment."""
    return timezone.localtime(moment).date() if moment else None
