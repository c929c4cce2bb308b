"""Who acts, and what they are today (domain.md §9: rights follow positions in force today).

An ``Actor`` is loaded once per request by a fixed number of queries; every predicate in
the product is a pure function of it and of rows already loaded.
"""

from dataclasses import dataclass, field
from datetime import date

from branches.models import Branch, Committee
from members.models import LeadershipDuty, Membership, Position, StaffAppointment, User

BRANCH_COMMITTEE_KINDS = frozenset(Position.Kind.values)


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person and what they are on one day.

    ``positions`` are (branch id, kind) pairs; ``branches_below`` the ids of all branches
    below the committees this person works for; ``led_branches`` those of whose units they
    are in charge or assist with.
    """

    user: User
    member_id: int | None = None
    branch_id: int | None = None
    positions: frozenset[tuple[int, str]] = frozenset()
    committees: frozenset[int] = frozenset()
    branches_below: frozenset[int] = frozenset()
    led_branches: frozenset[int] = frozenset()
    is_administrator: bool = False
    is_system: bool = field(default=False)
    branch_name: str = ""
    committee_name: str = ""

    def is_secretary_of(self, branch_id: int) -> bool:
        return (branch_id, Position.Kind.SECRETARY) in self.positions

    def is_on_committee_of(self, branch_id: int) -> bool:
        """Secretary, deputy or another member of the branch committee (支委)."""
        return any(branch == branch_id for branch, kind in self.positions)

    def is_staff_over(self, branch_id: int) -> bool:
        """Committee staff whose committee stands above the branch."""
        return self.is_system or branch_id in self.branches_below

    @property
    def is_staff(self) -> bool:
        return self.is_system or bool(self.committees)

    @property
    def committee_branches(self) -> frozenset[int]:
        """The branches on whose committee this person sits."""
        return frozenset(branch for branch, kind in self.positions)

    @property
    def secretary_branches(self) -> frozenset[int]:
        return frozenset(b for b, kind in self.positions if kind == Position.Kind.SECRETARY)


def actor_on(user: User, day: date) -> Actor:
    """Load what this account is on that day. Six queries at most, whoever it is."""
    appointments = dict(
        StaffAppointment.objects.on(day)
        .filter(user=user)
        .order_by("pk")
        .values_list("committee", "committee__name")
    )
    committees = frozenset(appointments)
    committee_name = next(iter(appointments.values()), "")
    below: frozenset[int] = frozenset()
    if committees:
        below = frozenset(
            Branch.objects.filter(
                committee__in=Committee.objects.subtree_ids(committees)
            ).values_list("pk", flat=True)
        )
    member = getattr(user, "member", None)
    if member is None:
        return Actor(
            user=user,
            committees=committees,
            branches_below=below,
            is_administrator=user.is_superuser,
            committee_name=committee_name,
        )
    branch_id, branch_name = (
        Membership.objects.on(day)
        .filter(member=member)
        .order_by("pk")
        .values_list("branch", "branch__name")
        .last()
    ) or (None, "")
    positions = Position.objects.on(day).filter(member=member).values_list("branch", "kind")
    led = LeadershipDuty.objects.on(day).filter(leader=member).values_list("branch", flat=True)
    return Actor(
        user=user,
        member_id=member.pk,
        branch_id=branch_id,
        positions=frozenset(positions),
        committees=committees,
        branches_below=below,
        led_branches=frozenset(led),
        is_administrator=user.is_superuser,
        branch_name=branch_name,
        committee_name=committee_name,
    )


def system_actor() -> Actor:
    """In whose name jobs and commands act."""
    return Actor(user=User.objects.system(), is_system=True)
