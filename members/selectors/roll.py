"""The roll as committee staff see it: members and organisations below their committees
(domain.md §9). A fixed number of queries, whatever the size."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from branches.models import Branch, BranchQuerySet, Committee
from members.models import (
    LeadershipDuty,
    Member,
    Membership,
    Position,
    RollChange,
)
from members.rights import Actor
from members.roll_changes import Standing

ON_ROLL, GONE, EVERYBODY = "on", "gone", "all"


def members_visible_to(actor: Actor, today: date, show: str = ON_ROLL) -> "QuerySet[Member]":
    """Members who are, or are about to be, in a branch below one's committees; those who have
    left the roll from such a branch; or both. For administrators everybody."""
    here = anywhere = _not_ended(today).filter(member=OuterRef("pk"))
    last = (
        Membership.objects.filter(member=OuterRef("pk"))
        .order_by(F("ends_on").desc(), "-pk")
        .values("branch")[:1]
    )
    has_left = Q(~Exists(anywhere))
    if not actor.is_administrator:
        here = here.filter(branch__in=actor.branches_below)
        has_left &= Q(last_branch__in=actor.branches_below)
    members = Member.objects.all()
    if show == ON_ROLL:
        return members.filter(Exists(here))
    members = members.annotate(last_branch=Subquery(last))
    return members.filter(has_left if show == GONE else Exists(here) | has_left)


def _not_ended(today: date) -> "QuerySet[Membership]":
    return Membership.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))


def search_members(
    members: "QuerySet[Member]",
    *,
    words: str,
    branch: int | None,
    today: date,
    show: str = ON_ROLL,
) -> "QuerySet[Member]":
    """Narrow down by branch (of those who left: the last one) and by what was typed: part of a
    name or staff number, or the beginning of the pinyin or of its initials."""
    if branch is not None:
        is_there = Q(Exists(_not_ended(today).filter(member=OuterRef("pk"), branch=branch)))
        if show == GONE:
            is_there = Q(last_branch=branch)
        elif show == EVERYBODY:
            anywhere = _not_ended(today).filter(member=OuterRef("pk"))
            is_there |= Q(~Exists(anywhere), last_branch=branch)
        members = members.filter(is_there)
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
    left_on: date | None = None
    why_left: str = ""


def member_rows(members: Sequence[Member], today: date) -> list[MemberRow]:
    """Branch and positions of these members. Two queries."""
    ids = [member.pk for member in members]
    spans: dict[int, list[Membership]] = defaultdict(list)
    for span in Membership.objects.filter(member__in=ids).select_related("branch"):
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
    """The branch of today; for somebody who is still to come, with the day; for somebody who
    has left, the last one."""
    reaching = [span for span in spans if span.ends_on is None or span.ends_on >= today]
    if not reaching:
        last = max(spans, key=lambda span: span.ends_on or date.min)
        why = last.get_end_reason_display()
        return MemberRow(member, last.branch.name, None, positions, last.ends_on, why)
    now = next((span for span in reaching if (span.starts_on or today) <= today), None)
    shown = now or reaching[0]
    since = None if now else shown.starts_on
    return MemberRow(member, shown.branch.name, since, positions)


def branch_choices(actor: Actor) -> BranchQuerySet:
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
    why: str = ""


@dataclass(frozen=True, slots=True)
class Career:
    """A member's memberships, positions, duties and exemptions by date, the newest first."""

    memberships: list[Held]
    positions: list[Held]
    duties: list[Held]
    exemptions: list[Any]
    changes: list[RollChange]


def standing_of(member: Member) -> Standing:
    """What one may enter about a member follows from this: whoever has a membership without
    an end is on the roll. One query; reads the account."""
    return Standing(
        is_on_roll=member.memberships.filter(ends_on__isnull=True).exists(),
        is_full=member.is_full,
        is_retired=member.retired_on is not None,
        has_account=member.user is not None,
        has_open_account=member.user is not None and member.user.is_active,
    )


def positions_of(member: Member, today: date) -> list[str]:
    """The kinds of position held today or from a later day on."""
    return list(
        Position.objects.filter(member=member)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .values_list("kind", flat=True)
    )


def career_of(member: Member, today: date) -> Career:
    """Five queries."""
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
        changes=list(member.roll_changes.select_related("made_by__member")),
    )


def _held(spans: Iterable[Any], text: Any, today: date) -> list[Held]:
    held = [
        Held(
            text=text(span),
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_now=(span.starts_on or date.min) <= today <= (span.ends_on or date.max),
            why=span.get_end_reason_display() if isinstance(span, Membership) else "",
        )
        for span in spans
    ]
    return sorted(held, key=lambda one: one.starts_on or date.min, reverse=True)
