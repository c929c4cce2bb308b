"""Who may do what with rounds, publications and objections (domain.md §9). Pure: no query
beyond the rows that are passed in."""

from collections.abc import Collection
from dataclasses import dataclass

from branches.models import Branch, Committee
from members.models import Position
from members.rights import Actor
from points.models import Criterion
from points.rules import is_confidential, may_decide, may_register_item
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


def may_register(actor: Actor, criterion: Criterion, round_: Round, bench: Bench) -> bool:
    """Staff register what is the committee's to register; the rest only in place of a
    secretary that is missing (domain.md §3, §9)."""
    return may_register_item(actor, criterion, round_.branch_id) and (
        is_confidential(criterion) or may_work_on(actor, round_, bench)
    )


def may_read_round(actor: Actor, branch: Branch) -> bool:
    return actor.is_on_committee_of(branch.pk) or actor.is_staff_over(branch.pk)


def may_answer(actor: Actor, objection: Objection, branch_id: int, bench: Bench) -> bool:
    """The secretary answers for the branch. Nobody answers their own objection: the
    secretary's is answered by another member of the branch committee or, where there is
    none, by the committee above (domain.md §5.4). Reads the line's entry and criterion."""
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
    in_place_of_secretary = not bench.has_secretary or is_committee_matter(objection)
    return actor.is_staff_over(branch_id) and in_place_of_secretary


def is_committee_matter(objection: Objection) -> bool:
    """Whether it is about a line that the committee registered (党委登记): the branch cannot
    correct it, so the committee may answer."""
    return objection.line is not None and is_confidential(objection.line.entry.criterion)


def may_close_year(actor: Actor, subtree: Collection[int], committee: Committee) -> bool:
    """Committee staff close the year of their own committee and of those below it
    (domain.md §9); ``subtree`` are the ids of these committees."""
    return actor.is_system or committee.pk in subtree
