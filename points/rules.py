"""Who may do what with declarations, entries and evidence (domain.md §9). Pure: no query
beyond the rows that are passed in."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from members.rights import Actor
from points.models import Criterion, Declaration, Entry, RuleBook


def may_write_own(actor: Actor, declaration: Declaration) -> bool:
    return actor.member_id == declaration.member_id


def may_write(actor: Actor, declaration: Declaration) -> bool:
    """The member; or, from the member's paper form, the branch committee (代填)."""
    return (
        may_write_own(actor, declaration)
        or actor.is_on_committee_of(declaration.branch_id)
        or actor.is_system
    )


def may_take_back(actor: Actor, declaration: Declaration) -> bool:
    """The member; or whoever entered the paper form (代填), as long as they may write it."""
    entered = declaration.entered_by_id is not None and declaration.entered_by_id == actor.user.pk
    return may_write_own(actor, declaration) or (entered and may_write(actor, declaration))


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


def may_read_matter(
    actor: Actor, criterion: Criterion, *, branch_id: int, member_id: int | None
) -> bool:
    """Whether a person may read what an entry is about: item, reason, document and evidence.
    What the committee registered (党委登记) is read by the member concerned and by committee
    staff above the branch; everybody else sees its points alone (domain.md §10).

    ``member_id`` None: asked for a registration of several members.
    """
    own = actor.member_id is not None and actor.member_id == member_id
    return not is_confidential(criterion) or own or actor.is_staff_over(branch_id)


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


@dataclass(frozen=True, slots=True)
class Drafter:
    """Who works on a rule book, and whether its branch has a secretary today."""

    actor: Actor
    has_secretary: bool


def may_draft_for(drafter: Drafter, branch_id: int) -> bool:
    """The secretary drafts the branch's rule book; committee staff in place of one that is
    missing (domain.md §9)."""
    actor = drafter.actor
    if actor.is_system or actor.is_secretary_of(branch_id):
        return True
    return actor.is_staff_over(branch_id) and not drafter.has_secretary


def may_draft(drafter: Drafter, book: RuleBook) -> bool:
    return may_draft_for(drafter, book.branch_id)


def may_approve_book(drafter: Drafter, book: RuleBook) -> bool:
    """Committee staff above the branch approve or return; nobody what they drafted or
    submitted themselves (domain.md §9)."""
    actor = drafter.actor
    if actor.is_system:
        return True
    own = actor.user.pk in {book.drafted_by_id, book.submitted_by_id}
    return actor.is_staff_over(book.branch_id) and not own


def may_offer(drafter: Drafter, book: RuleBook) -> bool:
    return drafter.actor.is_staff_over(book.branch_id)


def may_withdraw_offer(drafter: Drafter, book: RuleBook) -> bool:
    """Staff of the committee that offers the template."""
    return drafter.actor.is_system or book.offered_by_id in drafter.actor.committees


def may_read_drafts(actor: Actor, branch_id: int) -> bool:
    """The branch committee and the staff above it see what is in the making, try it out, and
    see who has read what is in force."""
    return actor.is_on_committee_of(branch_id) or actor.is_staff_over(branch_id)
