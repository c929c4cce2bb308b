"""Who may do what with the roll (domain.md §9). Pure: no query beyond what is passed in."""

from members.rights import Actor


def may_keep_roll(actor: Actor, *branches: int | None) -> bool:
    """Staff keep the roll of what lies below their committee: of every branch that a change
    touches. Administrators, as at the very first import, of everything."""
    if actor.is_system or actor.is_administrator:
        return True
    return bool(branches) and all(branch in actor.branches_below for branch in branches)


def may_request_exemption(actor: Actor, branch: int | None) -> bool:
    """The branch committee asks for its own members, staff for those below their committee."""
    if branch is None:
        return False
    return actor.is_on_committee_of(branch) or actor.is_staff_over(branch)


def may_decide_exemption(actor: Actor, *, member: int, branch: int | None) -> bool:
    """Staff above the branch; nobody decides on their own exemption."""
    return branch is not None and actor.is_staff_over(branch) and actor.member_id != member
