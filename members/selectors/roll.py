"""The roll as committee staff see it: members and organisations below their committees
(domain.md §9). A fixed number of queries, whatever the size."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from branches.models import Branch, Committee
from members.models import (
    LeadershipDuty,
    Member,
    Membership,
    Position,
)
from members.rights import Actor


def members_visible_to(actor: Actor, today: date) -> "QuerySet[Member]":
    """Members who are, or are about to be, in a branch below one's committees; for
    administrators everybody who is on the roll."""
    spans = _not_ended(today).filter(member=OuterRef("pk"))
    if not actor.is_administrator:
        spans = spans.filter(branch__in=actor.branches_below)
    return Member.objects.filter(Exists(spans))


def _not_ended(today: date) -> "QuerySet[Membership]":
    return Membership.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))


def search_members(
    members: "QuerySet[Member]", *, words: str, branch: int | None, today: date
) -> "QuerySet[Member]":
    """Narrow down by branch and by what was typed: part of a name or staff number, or the
    beginning of the pinyin or of its initials."""
    if branch is not None:
        members = members.filter(
            Exists(_not_ended(today).filter(member=OuterRef("pk"), branch=branch))
        )
    for word in words.split():
        plain = word.lower()
        members = members.filter(
            Q(name__contains=word)
            | Q(staff_no__icontains=word)
            | Q(pinyin__startswith=plain)
            | Q(initials__startswith=plain)
        )
    return members


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member in the list, with what they are today."""

    member: Member
    branch: str
    since: date | None
    positions: tuple[str, ...]


def member_rows(members: Sequence[Member], today: date) -> list[MemberRow]:
    """Branch and positions of these members. Two queries."""
    ids = [member.pk for member in members]
    spans: dict[int, list[Membership]] = defaultdict(list)
    for span in _not_ended(today).filter(member__in=ids).select_related("branch"):
        spans[span.member_id].append(span)
    positions: dict[int, list[str]] = defaultdict(list)
    for position in Position.objects.on(today).filter(member__in=ids):
        positions[position.member_id].append(position.get_kind_display())
    return [
        _row(member, spans[member.pk], tuple(positions[member.pk]), today) for member in members
    ]


def _row(
    member: Member, spans: Sequence[Membership], positions: tuple[str, ...], today: date
) -> MemberRow:
    """The branch of today; for somebody who is still to come, with the day."""
    now = next((span for span in spans if (span.starts_on or today) <= today), None)
    shown = now or spans[0]
    since = None if now else shown.starts_on
    return MemberRow(member, shown.branch.name, since, positions)


def branch_choices(actor: Actor) -> "QuerySet[Branch]":
    if actor.is_administrator:
        return Branch.objects.all()
    return Branch.objects.filter(pk__in=actor.branches_below)


# -- organisations -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Organisation:
    """A committee with the branches right below it."""

    committee: Committee
    superior: str
    branches: tuple["BranchRow", ...]


@dataclass(frozen=True, slots=True)
class BranchRow:
    branch: Branch
    members: int
    secretary: str


def organisations_below(actor: Actor, today: date) -> list[Organisation]:
    """Committees and branches below one's own, in the roll's order. Five queries."""
    committees = Committee.objects.select_related("parent")
    if not actor.is_administrator:
        committees = committees.filter(pk__in=Committee.objects.subtree_ids(actor.committees))
    below = branch_choices(actor)
    members = Counter(
        Membership.objects.on(today)
        .filter(branch__in=below)
        .order_by()
        .values_list("branch", flat=True)
    )
    secretaries = {
        position.branch_id: position.member.name
        for position in Position.objects.on(today)
        .filter(branch__in=below, kind=Position.Kind.SECRETARY)
        .select_related("member")
    }
    branches: dict[int, list[BranchRow]] = defaultdict(list)
    for branch in below:
        branches[branch.committee_id].append(
            BranchRow(branch, members[branch.pk], secretaries.get(branch.pk, ""))
        )
    return [
        Organisation(
            committee,
            committee.parent.name if committee.parent else "",
            tuple(branches[committee.pk]),
        )
        for committee in committees
    ]


# -- one member ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """Something that holds, or held, from a day to a day."""

    text: str
    starts_on: date | None
    ends_on: date | None
    is_now: bool


@dataclass(frozen=True, slots=True)
class Career:
    """A member's memberships, positions, duties and exemptions by date, the newest first."""

    memberships: list[Held]
    positions: list[Held]
    duties: list[Held]
    exemptions: list[Any]


def career_of(member: Member, today: date) -> Career:
    """Four queries."""
    duties = LeadershipDuty.objects.filter(leader=member).select_related("branch")
    return Career(
        memberships=_held(
            member.memberships.select_related("branch"), lambda span: span.branch.name, today
        ),
        positions=_held(
            member.positions.select_related("branch"),
            lambda span: f"{span.branch.name} · {span.get_kind_display()}",
            today,
        ),
        duties=_held(duties, lambda span: f"{span.get_kind_display()} · {span.branch.name}", today),
        exemptions=list(member.exemptions.select_related("approved_by__member")),
    )


def _held(spans: Iterable[Any], text: Any, today: date) -> list[Held]:
    held = [
        Held(
            text=text(span),
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_now=(span.starts_on or date.min) <= today <= (span.ends_on or date.max),
        )
        for span in spans
    ]
    return sorted(held, key=lambda one: one.starts_on or date.min, reverse=True)
