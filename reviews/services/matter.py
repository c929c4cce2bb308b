"""A matter: something that is due by a day, and whose turn it is (domain.md §5, §6, §7)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from branches.models import Branch
from members.models import Position
from members.selectors.staff import StaffOfCommittees
from reviews.rules import Bench
from reviews.services.round import benches_of

# Whoever is waited for hears of it so many days before the day, and once after it.
DAYS_BEFORE = (3, 1)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something with a day by which it is due: in which branch, in words for before its day
    and after it, and whose turn it is, as members and as accounts of committee staff."""

    what: str
    id: str
    branch: int
    due_on: date
    before: str
    after: str
    url: str
    members: tuple[int, ...] = ()
    users: tuple[int, ...] = ()
    is_committees_own: bool = False
    # Where committee staff look at it, if that is not where those go whose turn it is.
    url_for_staff: str = ""

    def key(self, on: date) -> str:
        """What the notice of that day is called: a person hears of each stage once."""
        stage = reminder_stage(on=on, due_on=self.due_on)
        if stage == "late":
            return f"late-{self.what}:{self.id}"
        return f"{self.what}-due:{self.id}:{stage}"

    def subject(self, on: date) -> str:
        return self.after if self.due_on < on else self.before


def reminder_stage(*, on: date, due_on: date) -> str:
    """Which reminder a day has reached: "3" or "1" days before the due day, or "late". A day
    on which nothing ran is made up for by the next; an earlier one is not sent any more."""
    days = (due_on - on).days
    if days < 0:
        return "late"
    return str(min(before for before in DAYS_BEFORE if days <= before))


def soonest(on: date) -> date:
    """The last due day of which somebody hears on a day."""
    return on + timedelta(days=max(DAYS_BEFORE))


class Desks:
    """Who acts for these branches on a day: the branch committees, and the staff above. Three
    queries."""

    def __init__(self, on: date, branches: Collection[int]) -> None:
        self._benches = benches_of(branches, on)
        self.staff = StaffOfCommittees(on)

    def staff_over(self, branch: Branch) -> tuple[int, ...]:
        return tuple(self.staff.of(self.staff.nearest(branch.committee_id)))

    def secretaries(self, branch: Branch) -> frozenset[int]:
        return self._benches.get(branch.pk, Bench(branch.pk, frozenset())).secretaries

    def secretary_or_deputy(self, branch: Branch) -> tuple[int, ...]:
        bench = self._benches.get(branch.pk, Bench(branch.pk, frozenset()))
        deputies = {m for m, kind in bench.seats if kind == Position.Kind.DEPUTY_SECRETARY}
        return tuple(sorted(bench.secretaries or deputies))

    def of_round(self, branch: Branch) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The secretary; the deputy where there is none; else the committee's staff."""
        members = self.secretary_or_deputy(branch)
        return members, () if members else self.staff_over(branch)
