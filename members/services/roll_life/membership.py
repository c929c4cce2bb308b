"""Memberships: transfer, end, return, and somebody new (domain.md §2, §4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import month_of
from lib.steps import Refused
from members.models import (
    SYSTEM_USERNAME,
    Exemption,
    LeadershipDuty,
    Member,
    Membership,
    Position,
    RollChange,
    User,
)
from members.pinyin import pinyin_of
from members.rights import Actor
from members.roll_days import (
    check_has_come,
    check_not_long_ahead,
    check_roster_day,
    last_day_on_roll,
    shown,
    unassessed_months,
)
from members.services.roll_life.change import (
    NO_PAPER,
    Outcome,
    Paper,
    all_named,
    check_may,
    end_spans,
    latest_membership,
    lock_branches,
    lock_member,
    open_membership,
    remember,
    secretaries_on,
    tell_of,
)

Kind = RollChange.Kind
EndReason = Membership.EndReason
# A decision of the organisation, which has a document.
NEEDS_DOCUMENT = frozenset(
    {EndReason.LEFT, EndReason.REMOVED, EndReason.EXPELLED, EndReason.CANCELLED}
)
END_REASONS = tuple(reason for reason in EndReason if reason != EndReason.TRANSFERRED)
ONE_DAY = timedelta(days=1)


@transaction.atomic
def transfer(
    *,
    member_id: int,
    branch: Branch,
    on: date,
    opened_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Outcome:
    """Move a member to another branch from a day on. Positions in the old branch end the day
    before. ``opened_until`` is the latest opened month of the two branches: months up to it
    stay where they are (domain.md §4).

    Raises PermissionDenied unless both branches lie below the person's committee, and Refused
    for a day that would rewrite the roll of an opened month, for somebody who is no longer on
    the roll, or who is in that branch already.
    """
    today = timezone.localdate(at)
    held = Membership.objects.filter(member=member_id, ends_on=None).values_list("branch")
    lock_branches(branch.pk, *(pk for (pk,) in held))
    member = lock_member(member_id)
    old = open_membership(member)
    check_may(by, old.branch_id, branch.pk)
    if old.branch_id == branch.pk:
        raise Refused(
            _("%(name)s belongs to %(branch)s already.")
            % {"name": member.name, "branch": branch.name}
        )
    _check_active(branch)
    if old.starts_on is not None and on <= old.starts_on:
        raise Refused(
            _("%(name)s belongs to %(branch)s from %(day)s: choose a later day.")
            % {"name": member.name, "branch": old.branch.name, "day": shown(old.starts_on)}
        )
    check_roster_day(on, opened_until)
    check_not_long_ahead(on, today)
    old.ends_on, old.end_reason = on - ONE_DAY, EndReason.TRANSFERRED
    old.save(update_fields=["ends_on", "end_reason"])
    Membership.objects.create(member=member, branch=branch, starts_on=on)
    positions = Position.objects.filter(member=member, branch=old.branch_id)
    ended = end_spans(positions.select_related("branch"), last_day=old.ends_on, today=today)
    names = {"old": old.branch.name, "new": branch.name}
    change = remember(
        member=member,
        kind=Kind.TRANSFER,
        on=on,
        text=_with_ended(_("transferred from %(old)s to %(new)s") % names, ended),
        paper=paper,
        branch=branch.pk,
        by=by,
        at=at,
    )
    tell_of(change, others=secretaries_on(today, old.branch_id, branch.pk), at=at)
    lines = [
        _("From %(day)s: transfer from %(old)s to %(new)s") % {"day": shown(on), **names},
        *_ended_lines(ended),
        _("Points up to %(month)s stay with %(branch)s.")
        % {
            "month": date_format(month_of(old.ends_on), "YEAR_MONTH_FORMAT"),
            "branch": old.branch.name,
        },
    ]
    return Outcome(tuple(lines), change)


@transaction.atomic
def end_membership(
    *,
    member_id: int,
    on: date,
    reason: str,
    opened_until: date | None,
    concluded_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Outcome:
    """End a membership: death, leaving, removal, expulsion, cancelled probation, lost contact,
    or a transfer out of the organisation. Positions and duties end that day, the account is
    closed, nothing is deleted and results stay.

    It takes effect at once, so the day may not lie ahead. It may lie before an opened month:
    the day is remembered as it was, while the membership reaches to the first day of that
    month, whose roll is kept. Opened months after that day that are not concluded, and of the
    dead the month of that day too, are exempt from assessment; concluded ones stay as they
    are. ``concluded_until`` is the member's own latest concluded month.

    Raises PermissionDenied, or Refused.
    """
    today = timezone.localdate(at)
    member = lock_member(member_id)
    latest = open_membership(member)
    check_may(by, latest.branch_id)
    _check_reason(member, reason, paper)
    check_has_come(on, today)
    label = EndReason(reason).label
    last_day = last_day_on_roll(on, opened_until)
    end_spans(member.memberships.select_related("branch"), last_day=last_day, today=today)
    stands = latest_membership(member)
    if stands is None:
        raise Refused(_("The membership had not begun on %(day)s.") % {"day": shown(on)})
    stands.ends_on, stands.end_reason = last_day, reason
    stands.save(update_fields=["ends_on", "end_reason"])
    ended = _end_offices(member, on=on, today=today)
    months = unassessed_months(
        on,
        has_died=reason == EndReason.DIED,
        opened_until=opened_until,
        concluded_until=concluded_until,
    )
    exempted = _exempt(member, months, reason=str(label), by=by, at=at)
    closes = _close_account(member)
    text = _("%(reason)s; membership of %(branch)s ended") % {
        "reason": label,
        "branch": stands.branch.name,
    }
    change = remember(
        member=member,
        kind=Kind.END,
        on=on,
        text=_with_ended(text, ended),
        paper=paper,
        branch=stands.branch_id,
        by=by,
        at=at,
    )
    tell_of(change, others=secretaries_on(today, stands.branch_id), at=at)
    lines = [
        _("On %(day)s: %(reason)s. The membership of %(branch)s ends.")
        % {"day": shown(on), "reason": label, "branch": stands.branch.name},
        *_ended_lines(ended),
    ]
    if last_day != on:
        lines.append(
            _(
                "%(month)s is opened already: on its roll the membership reaches to %(day)s; "
                "the real day stands in the history."
            )
            % {"month": date_format(last_day, "YEAR_MONTH_FORMAT"), "day": shown(last_day)}
        )
    if exempted:
        months_text = "、".join(date_format(one, "YEAR_MONTH_FORMAT") for one in exempted)
        lines.append(_("Not assessed: %(months)s.") % {"months": months_text})
    if closes:
        lines.append(_("The account is closed; nothing is deleted, and results stay."))
    return Outcome(tuple(lines), change)


@transaction.atomic
def return_to_roll(
    *,
    member_id: int,
    branch: Branch,
    on: date,
    opened_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Outcome:
    """Take a former member back: contact found again, or another return. A new membership
    begins, the old one stays as it ended; the account is opened again.

    Raises PermissionDenied unless both the last branch and the new one lie below the person's
    committee, and Refused.
    """
    today = timezone.localdate(at)
    lock_branches(branch.pk)
    member = lock_member(member_id)
    last = latest_membership(member)
    check_may(by, *([last.branch_id] if last else []), branch.pk)
    if last is not None and (last.ends_on is None or last.ends_on >= on):
        raise Refused(
            _("%(name)s is on the roll of %(branch)s until %(day)s.")
            % {
                "name": member.name,
                "branch": last.branch.name,
                "day": shown(last.ends_on) if last.ends_on else "—",
            }
        )
    _check_active(branch)
    check_roster_day(on, opened_until)
    check_not_long_ahead(on, today)
    Membership.objects.create(member=member, branch=branch, starts_on=on)
    opens = member.user is not None and not member.user.is_active
    if opens and member.user is not None:
        member.user.is_active = True
        member.user.save(update_fields=["is_active"])
    change = remember(
        member=member,
        kind=Kind.RETURN,
        on=on,
        text=_("returned to the roll: %(branch)s") % {"branch": branch.name},
        paper=paper,
        branch=branch.pk,
        by=by,
        at=at,
    )
    tell_of(change, others=secretaries_on(today, branch.pk), at=at)
    lines = [
        _("From %(day)s: on the roll of %(branch)s again")
        % {"day": shown(on), "branch": branch.name}
    ]
    if opens:
        lines.append(_("The account is opened again."))
    return Outcome(tuple(lines), change)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who comes onto the roll by hand: their own fields and the account's name."""

    fields: Mapping[str, Any]
    username: str = ""


@transaction.atomic
def add_member(
    *,
    newcomer: Newcomer,
    branch: Branch,
    on: date,
    opened_until: date | None,
    by: Actor,
    at: datetime,
    paper: Paper = NO_PAPER,
) -> Member:
    """Put somebody new on the roll, with an account that has no password yet.

    Raises PermissionDenied, or Refused where the number or the account name is taken or the
    day would rewrite the roll of an opened month.
    """
    check_may(by, branch.pk)
    lock_branches(branch.pk)
    staff_no = newcomer.fields["staff_no"]
    if known := Member.objects.filter(staff_no=staff_no).first():
        raise Refused(
            _("The staff number %(number)s belongs to %(name)s, who stands in the roll.")
            % {"number": staff_no, "name": known.name}
        )
    username = newcomer.username or staff_no
    if username == SYSTEM_USERNAME or User.objects.filter(username=username).exists():
        raise Refused(_("The account name %(name)s is taken.") % {"name": username})
    _check_active(branch)
    check_roster_day(on, opened_until)
    check_not_long_ahead(on, timezone.localdate(at))
    last = Member.objects.aggregate(last=Max("roll_order"))["last"] or 0
    member = Member.objects.create(
        **newcomer.fields,
        **pinyin_of(newcomer.fields["name"]),
        user=User.objects.create(username=username, password=make_password(None)),
        roll_order=last + 1,
    )
    Membership.objects.create(member=member, branch=branch, starts_on=on)
    remember(
        member=member,
        kind=Kind.TRANSFER,
        on=on,
        text=_("put on the roll of %(branch)s") % {"branch": branch.name},
        paper=paper,
        branch=branch.pk,
        by=by,
        at=at,
    )
    return member


def _check_active(branch: Branch) -> None:
    if not branch.is_active:
        raise Refused(_("%(branch)s is no longer active.") % {"branch": branch.name})


def _check_reason(member: Member, reason: str, paper: Paper) -> None:
    if reason not in END_REASONS:
        raise Refused(_("Choose why the membership ends."))
    if reason == EndReason.CANCELLED and member.is_full:
        raise Refused(_("Only a probationary membership can be cancelled."))
    if reason in NEEDS_DOCUMENT and not paper.document_no:
        raise Refused(_("Give the number of the document that decided it."))


def _end_offices(member: Member, *, on: date, today: date) -> list[Any]:
    positions = Position.objects.filter(member=member).select_related("branch")
    duties = LeadershipDuty.objects.filter(leader=member).select_related("branch")
    return [
        *end_spans(positions, last_day=on, today=today),
        *end_spans(duties, last_day=on, today=today),
    ]


def _exempt(
    member: Member, months: list[date], *, reason: str, by: Actor, at: datetime
) -> list[date]:
    """Exempt the months that no approved exemption covers yet; requests that still wait have
    become pointless."""
    standing = list(member.exemptions.exclude(state=Exemption.State.REFUSED))
    for one in standing:
        if one.state == Exemption.State.REQUESTED:
            one.state, one.approved_by, one.approved_at = Exemption.State.REFUSED, by.user, at
            one.decision_note = _("The membership has ended.")
            one.save(update_fields=["state", "approved_by", "approved_at", "decision_note"])
    approved = [one for one in standing if one.state == Exemption.State.APPROVED]
    missing = [
        month
        for month in months
        if not any(one.first_month <= month <= one.last_month for one in approved)
    ]
    Exemption.objects.bulk_create(
        Exemption(
            member=member,
            first_month=month,
            last_month=month,
            reason=reason,
            state=Exemption.State.APPROVED,
            requested_by=by.user,
            requested_at=at,
            approved_by=by.user,
            approved_at=at,
        )
        for month in missing
    )
    return missing


def _close_account(member: Member) -> bool:
    if member.user is None or not member.user.is_active:
        return False
    member.user.is_active = False
    member.user.save(update_fields=["is_active"])
    return True


def _ended_lines(ended: list[Any]) -> list[str]:
    return [_("Ends with it: %(offices)s") % {"offices": all_named(ended)}] if ended else []


def _with_ended(text: str, ended: list[Any]) -> str:
    if not ended:
        return text
    return _("%(change)s; ends with it: %(offices)s") % {
        "change": text,
        "offices": all_named(ended),
    }
