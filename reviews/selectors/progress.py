"""How far the branches below a committee are: months side by side for each branch, and what is
late. States, counts and days, never a score; no branch is set against another (domain.md §8)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.utils.translation import pgettext_lazy

from branches.models import Branch
from lib.months import add_months, month_of, months_between, months_of_year
from members.models import Member, Notice, Position, User
from members.rights import Actor
from reviews.models import Round
from reviews.selectors.rounds import Row, progress_of, row_of
from reviews.services.matters import Matter
from reviews.services.reminders import key_by_hand, late_below

MONTHS = 12
SHORT_WORDS: Final[Mapping[str, Any]] = {
    Round.State.OPEN: pgettext_lazy("short, of a month", "filing"),
    Round.State.REVIEWING: pgettext_lazy("short, of a month", "review"),
    Round.State.CONCLUDED: pgettext_lazy("short, of a month", "reviewed"),
    Round.State.PUBLISHED: pgettext_lazy("short, of a month", "shown"),
    Round.State.CLOSED: pgettext_lazy("short, of a month", "done"),
}


class Cell(NamedTuple):
    """A branch's month; without a row where no round was opened."""

    month: date
    row: Row | None
    word: str


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch, and its month in each column."""

    branch: Branch
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class LateRow:
    """What is late in a branch, since when, and whose turn it is, by name."""

    key: str
    branch: Branch
    subject: str
    since: date
    url: str
    names: Sequence[str]
    more: int
    is_staffs: bool
    is_mine: bool
    has_secretary: bool
    is_reminded: bool


def months_shown(today: date, year: int | None) -> list[date]:
    """The months of a year that have begun, or the last twelve; the latest first."""
    this_month = month_of(today)
    if year is None:
        return months_between(add_months(this_month, 1 - MONTHS), this_month)[::-1]
    return [month for month in months_of_year(year) if month <= this_month][::-1]


def branch_rows(branches: Sequence[Branch], months: Sequence[date], today: date) -> list[BranchRow]:
    """These branches in the order given (the roll's), with their rounds of these months. Four
    queries."""
    rounds = list(
        Round.objects.filter(branch__in=branches, month__in=months).prefetch_related("publications")
    )
    progress = progress_of(rounds)
    by_place = {(round_.branch_id, round_.month): round_ for round_ in rounds}

    def cell(branch: Branch, month: date) -> Cell:
        round_ = by_place.get((branch.pk, month))
        if round_ is None:
            return Cell(month, None, "")
        row = row_of(branch, round_, progress[branch.pk, month], today)
        return Cell(month, row, str(SHORT_WORDS[round_.state]))

    return [BranchRow(branch, [cell(branch, month) for month in months]) for branch in branches]


def legend() -> list[tuple[str, str, str]]:
    """What the short words of the columns stand for: state, short word, whole word."""
    return [(state.value, str(SHORT_WORDS[state]), str(state.label)) for state in Round.State]


MOST_NAMES = 3


def late_rows(actor: Actor, today: date) -> list[LateRow]:
    """All that is late below one's committee, the longest first, with whose turn it is and
    whether they were reminded of it today. A fixed number of queries."""
    matters = late_below(actor, on=today)
    branches = Branch.objects.in_bulk({one.branch for one in matters})
    members = _names_of_members(matters)
    users = _names_of_users(matters)
    with_secretary = set(
        Position.objects.on(today)
        .filter(branch__in=branches, kind=Position.Kind.SECRETARY)
        .values_list("branch", flat=True)
    )
    keys = {one: key_by_hand(one, today) for one in matters}
    reminded = set(Notice.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    rows = []
    for one in matters:
        names = [members[pk] for pk in one.members] or [users[pk] for pk in one.users]
        rows.append(
            LateRow(
                key=one.key(today),
                branch=branches[one.branch],
                subject=one.subject(today),
                since=one.due_on,
                url=one.url_for_staff or one.url,
                names=names[:MOST_NAMES],
                more=max(0, len(names) - MOST_NAMES),
                is_staffs=not one.members,
                is_mine=not one.members and actor.user.pk in one.users,
                has_secretary=one.branch in with_secretary,
                is_reminded=keys[one] in reminded,
            )
        )
    return rows


def _names_of_members(matters: Collection[Matter]) -> Mapping[int, str]:
    ids = {pk for one in matters for pk in one.members}
    return dict(Member.objects.filter(pk__in=ids).values_list("pk", "name"))


def _names_of_users(matters: Collection[Matter]) -> Mapping[int, str]:
    ids = {pk for one in matters for pk in one.users}
    users = User.objects.filter(pk__in=ids).select_related("member")
    return {user.pk: user.display_name for user in users}


def years_below(branches: Collection[int]) -> list[int]:
    """The years in which a branch below has a round, the latest first. One query."""
    months = Round.objects.filter(branch__in=branches).order_by().dates("month", "year")
    return sorted({month.year for month in months}, reverse=True)
