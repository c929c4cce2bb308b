"""Who holds a talk or an interview: whoever was named for it, or recorded it; a talk otherwise
the branch's secretary of today; for what then has nobody, the committee names somebody. And whom
a follow-up cannot reach any more, because they left the roll (domain.md §6, §9).

Holders of explanations are those who explain, and stay who they were in the month.
"""

from collections.abc import Collection
from datetime import date

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext as _

from members.models import Member, Membership, Position
from members.rights import Actor
from reviews.models import FollowUp
from reviews.services.round import benches_of

Kind = FollowUp.Kind
DONE = Q(state__in=FollowUp.DONE)
OF_THE_OFFICE = Q(kind=Kind.TALK, holder=None)
"""Talks that fall to whoever is secretary: nobody was named, and nobody has recorded them."""


# -- who holds -------------------------------------------------------------------------------


def held_by(actor: Actor) -> Q:
    """Those that this person holds, or has to explain; as ``is_held_by`` says of one row."""
    if actor.member_id is None:
        return Q(pk__in=[])
    of_office = OF_THE_OFFICE & Q(branch__in=actor.secretary_branches)
    return Q(holder=actor.member_id) | (of_office & ~Q(member=actor.member_id))


def is_held_by(actor: Actor, row: FollowUp) -> bool:
    """Whether this person holds it, or has to explain. Nobody holds a talk with themself."""
    if actor.member_id is None:
        return False
    is_offices = row.kind == Kind.TALK and row.holder_id is None
    is_theirs = is_offices and row.branch_id in actor.secretary_branches
    return row.holder_id == actor.member_id or (is_theirs and row.member_id != actor.member_id)


def to_be_named(on: date) -> Q:
    """Open talks and interviews for which the committee is to name somebody: interviews without
    a holder, talks in branches whose only secretary is the member or that have none, and what
    somebody holds who left the roll; unless the member left it."""
    nobody = Q(holder=None) & (Q(kind=Kind.INTERVIEW) | ~Exists(_other_secretaries(on)))
    return (
        Q(kind__in=FollowUp.SITTING_KINDS, state=FollowUp.State.OPEN)
        & (nobody | has_left("holder", on))
        & ~has_left("member", on)
    )


def _other_secretaries(on: date) -> "QuerySet[Position]":
    """The secretaries of a follow-up's branch on that day, the member concerned left out."""
    secretaries = Position.objects.on(on).filter(
        kind=Position.Kind.SECRETARY, branch=OuterRef("branch")
    )
    return secretaries.exclude(member=OuterRef("member"))


def secretaries_of_branches(branches: Collection[int], on: date) -> dict[int, frozenset[int]]:
    """Who is secretary of these branches on that day, as member ids. One query."""
    return {branch: bench.secretaries for branch, bench in benches_of(branches, on).items()}


def holders_of(row: FollowUp, secretaries: Collection[int]) -> tuple[int, ...]:
    """Whose duty a follow-up is, as member ids, among the secretaries of its branch today; nobody
    where the committee is to name somebody. No query."""
    if row.holder_id is not None:
        return (row.holder_id,)
    others = sorted(set(secretaries) - {row.member_id})
    return tuple(others) if row.kind == Kind.TALK else ()


# -- by name ---------------------------------------------------------------------------------


def with_secretary(rows: "QuerySet[FollowUp]", on: date) -> "QuerySet[FollowUp]":
    """Each with the name of the secretary who is to hold it as ``secretary``, and their 工号 as
    ``secretary_no``, where it is an unfinished talk for which nobody was named. No query more."""
    secretary = _other_secretaries(on).order_by("-starts_on", "pk")

    def told(field: str) -> Case:
        known = Subquery(secretary.values(field)[:1])
        return Case(When(OF_THE_OFFICE & ~DONE, then=known), default=Value(None))

    return rows.annotate(secretary=told("member__name"), secretary_no=told("member__staff_no"))


def name_of_holder(row: FollowUp) -> str:
    """Whose duty it is, in words; reads rows of ``with_secretary`` with their holder."""
    if row.holder is not None:
        return row.holder.name
    if row.kind in (Kind.DISPOSITION, Kind.CORRECTION):
        return _("branch and committee")
    if row.kind == Kind.TALK and row.state in FollowUp.DONE:
        return str(Position.Kind.SECRETARY.label)
    return getattr(row, "secretary", None) or _("to be named by the committee")


# -- who left the roll -----------------------------------------------------------------------


def has_left(field: str, on: date) -> Q:
    """Whether the member whom ``field`` names was on the roll and is no more: no membership
    reaches beyond that day. A transfer from branch to branch is none of it."""
    memberships = Membership.objects.filter(member=OuterRef(field))
    standing = memberships.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on))
    return Q(Exists(memberships)) & ~Q(Exists(standing))


def to_be_ended(on: date) -> Q:
    """What is not finished about somebody who left the roll, or was theirs to explain and is not
    explained: people end it (``follow_up_ends.end_absent``). What was explained is judged."""
    unexplained = Q(kind__in=FollowUp.EXPLANATION_KINDS, state=FollowUp.State.OPEN)
    return ~DONE & (has_left("member", on) | (unexplained & has_left("holder", on)))


def person_of(row: FollowUp) -> int | None:
    """Whom a follow-up cannot do without: the member; of an explanation, who is to give it."""
    return row.holder_id if row.is_explanation else row.member_id


def is_of_absent(row: FollowUp, on: date) -> bool:
    """Whether this follow-up is of somebody who left the roll. One query."""
    person = person_of(row)
    return person is not None and Member.objects.filter(has_left("pk", on), pk=person).exists()


def absent_from(branches: Collection[int], on: date) -> frozenset[int]:
    """Whom the unfinished follow-ups of these branches concern, or fall to, and who left the
    roll, as member ids. One query."""
    unfinished = FollowUp.objects.filter(branch__in=branches).exclude(DONE)
    concerned = Q(pk__in=unfinished.values("member")) | Q(pk__in=unfinished.values("holder"))
    return frozenset(
        Member.objects.filter(concerned, has_left("pk", on)).values_list("pk", flat=True)
    )


def unfinished_of(member: Member) -> "QuerySet[FollowUp]":
    """What is not finished about this member, or theirs to hold or to explain."""
    return (
        FollowUp.objects.filter(Q(member=member) | Q(holder=member))
        .exclude(DONE)
        .select_related("member", "holder")
        .order_by("pk")
    )
