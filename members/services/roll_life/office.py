"""Offices: positions in the branch, and leading cadres' duties (domain.md §2)."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from branches.models import Branch
from lib.steps import Refused
from members.models import LeadershipDuty, Member, Membership, Position, RollChange
from members.rights import Actor
from members.roll_days import check_not_long_ahead, check_office_day, shown
from members.services.roll_life.change import (
    NO_PAPER,
    Outcome,
    Paper,
    check_may,
    end_spans,
    latest_membership,
    lock_branches,
    lock_member,
    named,
    remember,
    tell_of,
)

Kind = Position.Kind
ONE_DAY = timedelta(days=1)


@transaction.atomic
def change_position(
    *,
    member_id: int,
    kinds: Collection[str],
    on: date,
    replaces: bool,
    concluded_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Outcome:
    """Appoint a member to positions in their own branch, or remove them: from the day on they
    hold exactly ``kinds``; what they no longer hold ends the day before.

    A branch has one secretary: while there is another, the appointment is refused, unless it
    ``replaces`` them; their term then ends the day before. ``concluded_until`` is the branch's
    latest concluded month, whose officers stay as they were.

    Raises PermissionDenied, or Refused.
    """
    today = timezone.localdate(at)
    member = lock_member(member_id)
    branch = _branch_on(member, on)
    check_may(by, branch.pk)
    lock_branches(branch.pk)
    check_office_day(on, concluded_until)
    check_not_long_ahead(on, today)
    standing = Position.objects.filter(member=member, branch=branch)
    touched, added = _bring(standing.select_related("branch"), kinds, on=on, today=today)
    if not touched and not added:
        raise Refused(_("Nothing changes: these are the positions held on that day."))
    replaced: list[Position] = []
    if Kind.SECRETARY in added:
        replaced = _make_room(member, branch, on=on, replaces=replaces, today=today)
    Position.objects.bulk_create(
        Position(member=member, branch=branch, kind=kind, starts_on=on) for kind in added
    )
    text = _("positions in %(branch)s: %(positions)s") % {
        "branch": branch.name,
        "positions": _labels(kinds),
    }
    change = remember(
        member=member,
        kind=RollChange.Kind.POSITION,
        on=on,
        text=text,
        paper=paper,
        branch=branch.pk,
        by=by,
        at=at,
    )
    tell_of(change, at=at)
    for one in replaced:
        theirs = _("no longer secretary of %(branch)s: %(name)s takes over") % {
            "branch": branch.name,
            "name": member.name,
        }
        other = remember(
            member=one.member,
            kind=RollChange.Kind.POSITION,
            on=on,
            text=theirs,
            paper=paper,
            branch=branch.pk,
            by=by,
            at=at,
        )
        tell_of(other, at=at)
    lines = [_("From %(day)s: %(text)s") % {"day": shown(on), "text": text}]
    lines += [_("Ends on %(day)s: %(office)s") % _end(one, on) for one in touched]
    lines += [
        _("%(name)s is secretary until %(day)s.")
        % {"name": one.member.name, "day": shown(on - ONE_DAY)}
        for one in replaced
    ]
    return Outcome(tuple(lines), change)


@transaction.atomic
def set_duty(
    *,
    leader_id: int,
    branch: Branch,
    kind: str,
    on: date,
    marks_leading_cadre: bool,
    concluded_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Outcome:
    """From the day on the leader is in charge of the branch's unit, assists with it, or (kind
    "") has no duty for it; what they had ends the day before. The mark as a leading cadre
    changes only where that is said.

    Raises PermissionDenied unless both the leader's branch and this one lie below the person's
    committee, and Refused.
    """
    today = timezone.localdate(at)
    leader = lock_member(leader_id)
    check_may(by, _branch_on(leader, on).pk, branch.pk)
    check_office_day(on, concluded_until)
    check_not_long_ahead(on, today)
    standing = LeadershipDuty.objects.filter(leader=leader, branch=branch)
    wanted = [kind] if kind else []
    touched, added = _bring(standing.select_related("branch"), wanted, on=on, today=today)
    if not touched and not added:
        raise Refused(_("Nothing changes: this is the duty held on that day."))
    LeadershipDuty.objects.bulk_create(
        LeadershipDuty(leader=leader, branch=branch, kind=one, starts_on=on) for one in added
    )
    if marks_leading_cadre and not leader.is_leading_cadre:
        leader.is_leading_cadre = True
        leader.save(update_fields=["is_leading_cadre"])
    text = _("duty for %(branch)s: %(duty)s") % {
        "branch": branch.name,
        "duty": LeadershipDuty.Kind(kind).label if kind else pgettext("duty", "none"),
    }
    change = remember(
        member=leader,
        kind=RollChange.Kind.DUTY,
        on=on,
        text=text,
        paper=paper,
        branch=branch.pk,
        by=by,
        at=at,
    )
    tell_of(change, at=at)
    lines = [_("From %(day)s: %(text)s") % {"day": shown(on), "text": text}]
    lines += [_("Ends on %(day)s: %(office)s") % _end(one, on) for one in touched]
    return Outcome(tuple(lines), change)


def _branch_on(member: Member, day: date) -> Branch:
    """The branch in which the member is on that day. Raises Refused."""
    held = Membership.objects.on(day).filter(member=member).select_related("branch").first()
    if held is not None:
        return held.branch
    latest = latest_membership(member)
    if latest is None or (latest.ends_on is not None and latest.ends_on < day):
        raise Refused(_("%(name)s is no longer on the roll.") % {"name": member.name})
    raise Refused(
        _("%(name)s belongs to %(branch)s from %(day)s: choose a later day.")
        % {
            "name": member.name,
            "branch": latest.branch.name,
            "day": shown(latest.starts_on) if latest.starts_on else "—",
        }
    )


def _bring(
    standing: QuerySet[Any], kinds: Collection[str], *, on: date, today: date
) -> tuple[list[Any], list[str]]:
    """End what is not wanted from the day on, keep what is, without end; return what ended and
    the kinds that are to begin."""
    reaching = list(standing.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on)))
    kept = [
        one
        for one in reaching
        if one.kind in kinds and (one.starts_on is None or one.starts_on <= on)
    ]
    for one in kept:
        if one.ends_on is not None:
            one.ends_on = None
            one.save(update_fields=["ends_on"])
    others = [one for one in reaching if one not in kept]
    ended = end_spans(others, last_day=on - ONE_DAY, today=today)
    have = {one.kind for one in kept}
    return ended, [kind for kind in dict.fromkeys(kinds) if kind not in have]


def _make_room(
    member: Member, branch: Branch, *, on: date, replaces: bool, today: date
) -> list[Position]:
    """The other secretaries from that day on, ended the day before. Raises Refused."""
    others = list(
        Position.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on), branch=branch, kind=Kind.SECRETARY
        )
        .exclude(member=member)
        .select_related("member", "branch")
    )
    if others and not replaces:
        raise Refused(
            _(
                "%(name)s is secretary of %(branch)s. End that position first, or tick that this "
                "appointment takes its place."
            )
            % {"name": others[0].member.name, "branch": branch.name}
        )
    end_spans(others, last_day=on - ONE_DAY, today=today)
    return others


def _end(span: Any, on: date) -> dict[str, str]:
    return {"day": shown(on - ONE_DAY), "office": named(span)}


def _labels(kinds: Collection[str]) -> str:
    labels = [str(kind.label) for kind in Kind if kind in kinds]
    return "、".join(labels) or pgettext("position", "none")
