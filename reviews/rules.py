"""Who may do what with rounds, publications and objections (domain.md §9). Pure: no query
beyond the rows that are passed in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from branches.models import Branch, Committee
from members.models import Position
from members.rights import Actor
from points.models import Criterion, MonthlyResult
from points.rules import is_confidential, may_decide, may_register_item
from reviews.models import Appeal, Objection, Round, Verification


@dataclass(frozen=True, slots=True)
class Bench:
    """Who sits on a branch committee today: (member id, kind of position) pairs, and their
    names where they were read together."""

    branch_id: int
    seats: frozenset[tuple[int, str]]
    names: Mapping[int, str] = field(default_factory=dict, compare=False)

    @property
    def members(self) -> frozenset[int]:
        return frozenset(member for member, kind in self.seats)

    @property
    def has_secretary(self) -> bool:
        return any(kind == Position.Kind.SECRETARY for member, kind in self.seats)

    @property
    def secretaries(self) -> frozenset[int]:
        return frozenset(m for m, kind in self.seats if kind == Position.Kind.SECRETARY)

    def stand_ins_for(self, member_id: int) -> list[tuple[int, str]]:
        """Who decides in place of a member of the branch committee whose own matter it is, the
        first to be asked first: secretary, deputy, then the others in the order of their posts.
        Nobody left: the staff of the committee above (domain.md §5.4)."""
        order = list(Position.Kind.values)
        ranked = sorted((order.index(kind), member) for member, kind in self.seats)
        posts: dict[int, str] = {}
        for rank, member in ranked:
            if member != member_id:
                posts.setdefault(member, order[rank])
        return list(posts.items())


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


@dataclass(frozen=True, slots=True)
class Answerers:
    """Who answers an objection for the branch: the members of its committee who may, the one
    to answer first; and whether the committee staff above may."""

    members: tuple[int, ...]
    has_staff: bool


def answerers(bench: Bench, *, excluded: Collection[int], committee_matter: bool) -> Answerers:
    """The secretary answers. Where the secretary is excluded (who objected, or decided what is
    objected to) or missing: the deputy, else anybody on the branch committee who is not.
    Committee staff where nobody of it is left, where there is no secretary, and for what the
    committee registered. Members are told by their ids. Source: domain.md §5.4, §5.6."""
    left = sorted(bench.members - set(excluded), key=lambda member: _precedence(bench, member))
    secretaries = [member for member in left if member in bench.secretaries]
    has_staff = not left or not bench.has_secretary or committee_matter
    return Answerers(tuple(secretaries or left), has_staff)


def _precedence(bench: Bench, member: int) -> tuple[int, int]:
    order = (Position.Kind.SECRETARY, Position.Kind.DEPUTY_SECRETARY)
    ranks = [
        order.index(kind) if kind in order else len(order) for m, kind in bench.seats if m == member
    ]
    return min(ranks), member


@dataclass(frozen=True, slots=True)
class Panel:
    """Everybody who could answer an objection or decide an appeal: the branch committee, and
    the accounts of the staff appointed above it; and who decided already, as accounts and as
    members."""

    bench: Bench
    staff: frozenset[int] = frozenset()
    deciders: frozenset[int] = frozenset()
    members_who_decided: frozenset[int] = frozenset()

    def staff_for(self, party: int | None) -> frozenset[int]:
        """The staff who did not decide before; all of them where nobody else is appointed, so
        that nothing stays undecided. Never the party itself (accounts)."""
        others = self.staff - {party}
        return others - self.deciders or others


def may_answer(actor: Actor, objection: Objection, panel: Panel) -> bool:
    """Whether this person may answer: nobody answers their own objection, nor what they
    decided themselves (see ``answerers``). Reads the line's entry and criterion, and the
    objection's member."""
    if actor.is_system:
        return True
    if actor.member_id == objection.member_id:
        return False
    who = answerers_of(objection, panel)
    if actor.member_id in who.members:
        return True
    staff = panel.staff_for(objection.member.user_id)
    return who.has_staff and actor.is_staff_over(panel.bench.branch_id) and actor.user.pk in staff


def answerers_of(objection: Objection, panel: Panel) -> Answerers:
    return answerers(
        panel.bench,
        excluded=panel.members_who_decided | {objection.member_id},
        committee_matter=is_committee_matter(objection),
    )


def may_decide_appeal(actor: Actor, appeal: Appeal, panel: Panel) -> bool:
    """Committee staff above the branch decide; never the appellant; whoever decided before
    only where nobody else is appointed. Reads the appeal's member. Source: domain.md §9."""
    if actor.is_system:
        return True
    own = actor.member_id is not None and actor.member_id == appeal.member_id
    staff = panel.staff_for(appeal.member.user_id)
    return not own and actor.is_staff_over(appeal.branch_id) and actor.user.pk in staff


def may_correct(
    actor: Actor, *, member_id: int, branch_id: int, bench: Bench, criterion: Criterion | None
) -> bool:
    """A published result is corrected by the branch committee, never one's own; by committee
    staff in place of a secretary that is missing, of a bench that would decide its own, and for
    what the committee registered."""
    if actor.is_system:
        return True
    if criterion is not None and is_confidential(criterion):
        own = actor.member_id is not None and actor.member_id == member_id
        return actor.is_staff_over(branch_id) and not own
    in_place = actor.is_staff_over(branch_id) and not bench.has_secretary
    return may_decide(actor, member_id=member_id, branch_id=branch_id, committee=bench.members) or (
        in_place and actor.member_id != member_id
    )


def is_confirmed(verification: Verification | None, result: MonthlyResult) -> bool:
    """Whether the member confirmed the result as it stands: one that was corrected since
    can be confirmed, or objected to, again."""
    return (
        verification is not None
        and verification.answer == Verification.Answer.CONFIRMED
        and verification.answered_at >= result.computed_at
    )


def is_committee_matter(objection: Objection) -> bool:
    """Whether it is about a line that the committee registered (党委登记): the branch cannot
    correct it, so the committee may answer."""
    return objection.line is not None and is_confidential(objection.line.entry.criterion)


def may_close_year(actor: Actor, subtree: Collection[int], committee: Committee) -> bool:
    """Committee staff close the year of their own committee and of those below it
    (domain.md §9); ``subtree`` are the ids of these committees."""
    return actor.is_system or committee.pk in subtree


def may_nominate(actor: Actor, *, member_id: int, branch_id: int, bench: Bench) -> bool:
    """The branch's secretary nominates; committee staff where there is none, or where it is
    about the secretary. Nobody nominates themself. Source: domain.md §8, §9."""
    if actor.is_system:
        return True
    if actor.member_id == member_id:
        return False
    in_place = actor.is_staff_over(branch_id) and not bench.secretaries - {member_id}
    return actor.is_secretary_of(branch_id) or in_place


def may_grade(actor: Actor, *, branch_id: int, bench: Bench) -> bool:
    """The branch committee enters the grades that its meeting gave, everybody's in one go;
    committee staff where there is no secretary. Source: domain.md §8."""
    in_place = actor.is_staff_over(branch_id) and not bench.has_secretary
    return actor.is_on_committee_of(branch_id) or in_place


def may_issue(actor: Actor, *, member_id: int, branch_id: int) -> bool:
    """The branch's secretary or committee staff above issue an opinion; nobody one about
    themself. Source: domain.md §8."""
    if actor.is_system:
        return True
    speaks = actor.is_secretary_of(branch_id) or actor.is_staff_over(branch_id)
    return speaks and actor.member_id != member_id
