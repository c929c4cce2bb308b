"""Who may do what with declarations, entries and evidence (domain.md §9). Pure: no query
beyond the rows that are passed in."""

from collections.abc import Collection
from typing import Any

from members.rights import Actor
from points.models import Criterion, Declaration, Entry


def may_write_own(actor: Actor, declaration: Declaration) -> bool:
    return actor.member_id == declaration.member_id


def may_write(actor: Actor, declaration: Declaration) -> bool:
    """The member; or, from the member's paper form, the branch committee (代填)."""
    return (
        may_write_own(actor, declaration)
        or actor.is_on_committee_of(declaration.branch_id)
        or actor.is_system
    )


def may_register(actor: Actor, branch_id: int, *, has_secretary: bool = True) -> bool:
    """The branch committee; committee staff in place of a secretary that is missing."""
    return actor.is_on_committee_of(branch_id) or (
        actor.is_staff_over(branch_id) and (actor.is_system or not has_secretary)
    )


def may_decide(actor: Actor, entry: Entry | Declaration, committee: Collection[int]) -> bool:
    """Recusal (domain.md §5.4): nobody decides an entry of their own. Another member of
    the branch committee does; where there is none, the committee above.

    ``committee`` are the member ids on the branch committee today.
    """
    if actor.is_system:
        return True
    if actor.member_id is not None and actor.member_id == entry.member_id:
        return False
    if actor.is_on_committee_of(entry.branch_id):
        return True
    others = [member for member in committee if member != entry.member_id]
    return actor.is_staff_over(entry.branch_id) and not others


def is_confidential(criterion: Criterion) -> bool:
    """Discipline matters registered by the committee are seen only by the few who decide
    them (domain.md §10): a publication names neither the item nor its reason."""
    return criterion.registered_by == Criterion.RegisteredBy.COMMITTEE


def applies_to(criterion: Criterion, *, member: Any, is_secretary: bool) -> bool:
    """Whether a criterion applies to this member (domain.md §3)."""
    match criterion.applies_to:
        case Criterion.AppliesTo.LEADING_CADRE:
            return bool(member.is_leading_cadre)
        case Criterion.AppliesTo.SECRETARY:
            return is_secretary
        case Criterion.AppliesTo.PROBATIONARY:
            return not member.is_full
        case _:
            return True
