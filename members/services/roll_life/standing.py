"""What changes in a member's own standing: full membership and retirement."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.models import Member, Position, RollChange
from members.rights import Actor
from members.roll_days import check_has_come, check_office_day, joins_on, shown
from members.services.roll_life.change import (
    NO_PAPER,
    Outcome,
    Paper,
    all_named,
    check_may,
    end_spans,
    lock_member,
    open_membership,
    remember,
    tell_of,
)
from members.services.roll_life.membership import transfer

Kind = RollChange.Kind


@transaction.atomic
def become_full_member(
    *, member_id: int, on: date, by: Actor, at: datetime, paper: Paper = NO_PAPER
) -> Outcome:
    """A probationary member becomes a full one (转正). It holds at once, so the day may not lie
    ahead. Raises PermissionDenied, or Refused."""
    member = lock_member(member_id)
    branch = open_membership(member).branch
    check_may(by, branch.pk)
    if member.is_full:
        raise Refused(_("%(name)s is a full member already.") % {"name": member.name})
    check_has_come(on, timezone.localdate(at))
    if member.joined_on is not None and on < member.joined_on:
        raise Refused(
            _("%(name)s joined the Party on %(day)s: choose a later day.")
            % {"name": member.name, "day": shown(member.joined_on)}
        )
    member.category, member.full_since = Member.Category.FULL, on
    member.save(update_fields=["category", "full_since"])
    change = remember(
        member=member,
        kind=Kind.FULL_MEMBER,
        on=on,
        text=_("probationary member becomes a full member"),
        paper=paper,
        branch=branch.pk,
        by=by,
        at=at,
    )
    tell_of(change, at=at)
    line = _("%(name)s is a full member from %(day)s on.") % {
        "name": member.name,
        "day": shown(on),
    }
    return Outcome((line,), change)


@transaction.atomic
def retire(
    *,
    member_id: int,
    on: date,
    branch: Branch | None,
    ends_positions: bool,
    opened_until: date | None,
    concluded_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Outcome:
    """Note that a member retired on a day; where asked, end the positions the day before, and
    move the member to ``branch`` (of the retired, say) in the same act: from that day, or from
    the month after the latest opened one where that day would rewrite its roll.

    Raises PermissionDenied, or Refused.
    """
    today = timezone.localdate(at)
    member = lock_member(member_id)
    old = open_membership(member).branch
    check_may(by, old.pk)
    if member.retired_on is not None:
        raise Refused(
            _("%(name)s retired on %(day)s already.")
            % {"name": member.name, "day": shown(member.retired_on)}
        )
    check_has_come(on, today)
    member.retired_on = on
    member.save(update_fields=["retired_on"])
    ended = []
    if ends_positions:
        check_office_day(on, concluded_until)
        positions = Position.objects.filter(member=member).select_related("branch")
        ended = end_spans(positions, last_day=on - timedelta(days=1), today=today)
    change = remember(
        member=member,
        kind=Kind.RETIREMENT,
        on=on,
        text=_("retired; ends with it: %(offices)s") % {"offices": all_named(ended)}
        if ended
        else _("retired"),
        paper=paper,
        branch=old.pk,
        by=by,
        at=at,
    )
    tell_of(change, at=at)
    lines = [_("%(name)s retired on %(day)s.") % {"name": member.name, "day": shown(on)}]
    if ended:
        lines.append(_("Ends with it: %(offices)s") % {"offices": all_named(ended)})
    if branch is not None:
        moved = transfer(
            member_id=member_id,
            branch=branch,
            on=joins_on(on, opened_until),
            opened_until=opened_until,
            paper=paper,
            by=by,
            at=at,
        )
        lines += moved.lines
    return Outcome(tuple(lines), change)
