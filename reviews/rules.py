"""Who may do what with rounds, publications and objections (domain.md §9). Pure: no query
beyond the rows that are passed in."""

from dataclasses import dataclass

from branches.models import Branch
from members.models import Position
from members.rights import Actor
from points.rules import may_decide
from reviews.models import Objection, Round


@dataclass(frozen=True, slots=True)
class Bench:
    """Who sits on a branch committee today: (member id, kind of position) pairs."""

    branch_id: int
    seats: frozenset[tuple[int, str]]

    @property
    def members(self) -> frozenset[int]:
        return frozenset(member for member, kind in self.seats)

    @property
    def has_secretary(self) -> bool:
        return any(kind == Position.Kind.SECRETARY for member, kind in self.seats)

    @property
    def secretaries(self) -> frozenset[int]:
        return frozenset(m for m, kind in self.seats if kind == Position.Kind.SECRETARY)


def may_run(actor: Actor, round_: Round, bench: Bench) -> bool:
    """The secretary runs the round; committee staff in place of one that is missing."""
    if actor.is_system or actor.is_secretary_of(round_.branch_id):
        return True
    return actor.is_staff_over(round_.branch_id) and not bench.has_secretary


def may_work_on(actor: Actor, round_: Round, bench: Bench) -> bool:
    """The branch committee registers and decides; staff where there is no secretary."""
    return actor.is_on_committee_of(round_.branch_id) or may_run(actor, round_, bench)


def may_read_round(actor: Actor, branch: Branch) -> bool:
    return actor.is_on_committee_of(branch.pk) or actor.is_staff_over(branch.pk)


def may_answer(actor: Actor, objection: Objection, branch_id: int, bench: Bench) -> bool:
    """The secretary answers for the branch. Nobody answers their own objection: the
    secretary's is answered by another member of the branch committee or, where there is
    none, by the committee above (domain.md §5.4)."""
    if actor.is_system:
        return True
    if actor.member_id == objection.member_id:
        return False
    if objection.member_id in bench.secretaries:
        return may_decide(
            actor,
            member_id=objection.member_id,
            branch_id=branch_id,
            committee=bench.members,
        )
    if actor.is_secretary_of(branch_id):
        return True
    return actor.is_staff_over(branch_id) and not bench.has_secretary
