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


def may_register_item(actor: Actor, criterion: Criterion, branch_id: int) -> bool:
    """What the branch registers, the branch committee may; what the committee registers
    (党委登记, e.g. discipline), only committee staff above the branch (domain.md §3)."""
    if criterion.rule_book.branch_id != branch_id:
        return False
    match criterion.registered_by:
        case Criterion.RegisteredBy.BRANCH | Criterion.RegisteredBy.EITHER:
            return True
        case Criterion.RegisteredBy.COMMITTEE:
            return actor.is_staff_over(branch_id)
        case _:
            return False


def may_decide(actor: Actor, *, member_id: int, branch_id: int, committee: Collection[int]) -> bool:
    """Recusal (domain.md §5.4): nobody decides what concerns themselves. Another member of
    the branch committee does; where there is none, the committee above.

    ``committee`` are the member ids on the branch committee today.
    """
    if actor.is_system:
        return True
    if actor.member_id == member_id:
        return False
    if actor.is_on_committee_of(branch_id):
        return True
    return actor.is_staff_over(branch_id) and not set(committee) - {member_id}


def may_decide_entry(actor: Actor, entry: Entry, *, committee: Collection[int]) -> bool:
    """Recusal as in ``may_decide``; and what the committee registered (党委登记) is changed by
    committee staff above the branch only, never by the branch (domain.md §3)."""
    if is_confidential(entry.criterion):
        own = actor.member_id is not None and actor.member_id == entry.member_id
        return actor.is_staff_over(entry.branch_id) and not own
    return may_decide(
        actor, member_id=entry.member_id, branch_id=entry.branch_id, committee=committee
    )


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


def trigger_of(text: str, applies_to: str) -> str:
    """When the system proposes a criterion that it registers (系统), as its words say it: a
    workbook has no column for it (formats.md §2). Empty where they do not say: it can be
    chosen when the rule book is next drafted."""
    if applies_to == Criterion.AppliesTo.SECRETARY:
        return Criterion.Trigger.REVIEW_LATE.value
    if any(word in text for word in ("迟", "逾期", "超期", "未按时", "未按期")):
        return Criterion.Trigger.LATE.value
    if any(word in text for word in ("未", "没有", "不")):
        return Criterion.Trigger.MISSING.value
    return ""
