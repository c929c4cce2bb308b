"""Who may inspect a drawn entry: staff of the committee that drew or of its superiors, never
of the entry's own branch, never who decided it (domain.md §5.4, §7)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from branches.models import Committee
from members.models import Membership, Position, StaffAppointment, User
from points.models import Decision, Entry, committee_chain


@dataclass(frozen=True, slots=True)
class Inspector:
    """A member of staff as inspector. ``rank`` counts the committees upwards from the one that
    drew, itself 0; ``branches`` are those to which they belong or on whose committee they sit."""

    user: int
    name: str
    rank: int
    member: int | None = None
    branches: frozenset[int] = frozenset()


def why_not(inspector: Inspector, entry: Entry, deciders: Collection[int]) -> str:
    """Why this person may not inspect this entry, in words; empty where they may.
    ``deciders`` are the accounts of those who decided it."""
    if inspector.member is not None and inspector.member == entry.member_id:
        return _("the entry is their own")
    if entry.branch_id in inspector.branches:
        return _("belongs to this branch")
    if inspector.user in deciders or inspector.user == entry.created_by_id:
        return _("decided or registered this entry")
    return ""


def inspectors_of(committee: Committee, day: date) -> list[Inspector]:
    """The staff in office that day in the committee and in those above it, the nearest first.
    Four queries."""
    ranks = {pk: rank for rank, pk in enumerate(committee_chain(committee))}
    appointments = (
        StaffAppointment.objects.on(day)
        .filter(committee__in=ranks, user__is_active=True)
        .select_related("user__member")
        .order_by("user")
    )
    users: dict[int, User] = {}
    nearest: dict[int, int] = {}
    for appointment in appointments:
        user = appointment.user
        rank = ranks[appointment.committee_id]
        users[user.pk] = user
        nearest[user.pk] = min(rank, nearest.get(user.pk, rank))
    members = {pk: getattr(user, "member", None) for pk, user in users.items()}
    branches = _branches([member.pk for member in members.values() if member], day)
    found = []
    for pk, user in users.items():
        member = members[pk]
        own = branches[member.pk] if member else set()
        found.append(
            Inspector(
                user=pk,
                name=user.display_name,
                rank=nearest[pk],
                member=member.pk if member else None,
                branches=frozenset(own),
            )
        )
    return sorted(found, key=lambda one: (one.rank, one.user))


def _branches(members: Collection[int], day: date) -> dict[int, set[int]]:
    """The branches to which these members belong, or on whose committees they sit."""
    found: dict[int, set[int]] = defaultdict(set)
    for model in (Membership, Position):
        rows = model.objects.on(day).filter(member__in=members).values_list("member", "branch")
        for member, branch in rows:
            found[member].add(branch)
    return found


def deciders_of(entries: Iterable[int]) -> dict[int, set[int]]:
    """The accounts of those who decided each of these entries, at any time. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Decision.objects.filter(entry__in=entries).order_by().values_list("entry", "decided_by")
    for entry, user in rows.distinct():
        found[entry].add(user)
    return found
