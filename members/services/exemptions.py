"""Exemptions: asked for by the branch, approved by committee staff (domain.md §2, §4)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import next_month
from lib.steps import Refused
from members.models import Exemption, Member
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from members.rules import may_decide_exemption, may_request_exemption
from members.selectors.staff import StaffOfCommittees
from members.services.roll_life.change import latest_membership, lock_member
from members.workflow import EXEMPTION_STEPS, Approver

State = Exemption.State


@dataclass(frozen=True, slots=True)
class Span:
    """The months that are not to be assessed, both included."""

    first_month: date
    last_month: date


@transaction.atomic
def request(
    *,
    member_id: int,
    span: Span,
    reason: str,
    concluded_until: date | None,
    by: Actor,
    at: datetime,
) -> Exemption:
    """Ask that a member is not assessed in a span of months. The branch committee asks for its
    own members; what staff above the branch enter is approved at once, but never their own.

    ``concluded_until`` is the member's latest concluded month: its result stands, so it can no
    longer be exempt. Staff of the nearest committee are told.

    Raises PermissionDenied, or Refused for concluded or overlapping months.
    """
    member = lock_member(member_id)
    held = latest_membership(member)
    branch = held.branch if held else None
    if not may_request_exemption(by, branch.pk if branch else None):
        raise PermissionDenied
    assert branch is not None  # or nobody may ask
    _check_span(span, concluded_until)
    overlapping = (
        Exemption.objects.filter(
            member=member,
            first_month__lte=span.last_month,
            last_month__gte=span.first_month,
        )
        .exclude(state=State.REFUSED)
        .first()
    )
    if overlapping is not None:
        raise Refused(
            _("These months overlap with %(months)s (%(state)s). Choose others.")
            % {"months": months_of(overlapping), "state": overlapping.get_state_display()}
        )
    is_approved = may_decide_exemption(by, member=member.pk, branch=branch.pk)
    exemption = Exemption.objects.create(
        member=member,
        first_month=span.first_month,
        last_month=span.last_month,
        reason=reason,
        state=State.APPROVED if is_approved else State.REQUESTED,
        requested_by=by.user,
        requested_at=at,
        approved_by=by.user if is_approved else None,
        approved_at=at if is_approved else None,
    )
    record(
        by=by.user,
        at=at,
        verb="request_exemption",
        target=exemption,
        branch=branch,
        member=member,
        state=exemption.state,
    )
    if is_approved:
        _tell_decided(exemption, at=at)
    else:
        staff = StaffOfCommittees(timezone.localdate(at))
        tell_users(
            staff.of(staff.nearest(branch.committee_id)),
            key=f"exemption:{exemption.pk}",
            subject=_("Exemption to approve: %(name)s, %(months)s")
            % {"name": member.name, "months": months_of(exemption)},
            url=exemption.get_absolute_url(),
            at=at,
        )
    return exemption


@transaction.atomic
def approve(
    *, pk: int, note: str, concluded_until: date | None, by: Actor, at: datetime
) -> Exemption:
    """Approve what the branch asked for. Raises PermissionDenied, or Refused: decided before,
    or the months have been concluded since."""
    exemption = _lock(pk, "approve", by)
    _check_span(Span(exemption.first_month, exemption.last_month), concluded_until)
    return _decide(exemption, State.APPROVED, note, by=by, at=at)


@transaction.atomic
def refuse(*, pk: int, note: str, by: Actor, at: datetime) -> Exemption:
    """Refuse it, with a reason that the branch and the member read. Raises PermissionDenied, or
    Refused."""
    exemption = _lock(pk, "refuse", by)
    if not note.strip():
        raise Refused(_("Say why it is refused: the branch and the member will read it."))
    return _decide(exemption, State.REFUSED, note, by=by, at=at)


@transaction.atomic
def shorten(
    *, pk: int, last_month: date, concluded_until: date | None, by: Actor, at: datetime
) -> Exemption:
    """Let an approved exemption end earlier: after its first month, and after the member's
    latest concluded one, whose result was worked out by it. Raises PermissionDenied, or
    Refused."""
    exemption = _lock(pk, "shorten", by)
    old = months_of(exemption)
    if not exemption.first_month <= last_month < exemption.last_month:
        raise Refused(_("Choose a last month within %(months)s, before its end.") % {"months": old})
    if concluded_until is not None and last_month < concluded_until < exemption.last_month:
        raise Refused(_concluded(concluded_until))
    exemption.last_month = last_month
    exemption.save(update_fields=["last_month"])
    record(
        by=by.user,
        at=at,
        verb="shorten_exemption",
        target=exemption,
        member=exemption.member_id,
        old=old,
        new=months_of(exemption),
    )
    subject = _("Your exemption now ends with %(month)s.") % {
        "month": date_format(last_month, "YEAR_MONTH_FORMAT")
    }
    key = f"exemption:{exemption.pk}:until:{last_month:%Y-%m}"
    tell([Message(exemption.member_id, key, subject)], at=at)
    return exemption


def branch_of(member: Member) -> int | None:
    """The branch whose committee and superiors deal with the member's exemptions: that of the
    membership that stands now, is to come, or was the last one."""
    held = latest_membership(member)
    return held.branch_id if held else None


def months_of(exemption: Exemption) -> str:
    first, last = (
        date_format(month, "YEAR_MONTH_FORMAT")
        for month in (exemption.first_month, exemption.last_month)
    )
    return first if first == last else f"{first} – {last}"


def _lock(pk: int, step: str, by: Actor) -> Exemption:
    exemption = (
        Exemption.objects.select_for_update(of=("self",)).select_related("member").get(pk=pk)
    )
    EXEMPTION_STEPS.check(step, Approver(by, branch_of(exemption.member)), exemption)
    return exemption


def _check_span(span: Span, concluded_until: date | None) -> None:
    if span.last_month < span.first_month:
        raise Refused(_("The last month lies before the first."))
    if concluded_until is not None and span.first_month <= concluded_until:
        raise Refused(_concluded(concluded_until))


def _concluded(month: date) -> str:
    return _(
        "%(month)s is concluded and its result stands. The earliest month that can still be "
        "changed is %(next)s."
    ) % {
        "month": date_format(month, "YEAR_MONTH_FORMAT"),
        "next": date_format(next_month(month), "YEAR_MONTH_FORMAT"),
    }


def _decide(exemption: Exemption, state: str, note: str, *, by: Actor, at: datetime) -> Exemption:
    exemption.state = state
    exemption.approved_by, exemption.approved_at = by.user, at
    exemption.decision_note = note.strip()[:200]
    exemption.save(update_fields=["state", "approved_by", "approved_at", "decision_note"])
    record(
        by=by.user,
        at=at,
        verb="approve_exemption" if state == State.APPROVED else "refuse_exemption",
        target=exemption,
        member=exemption.member_id,
    )
    _tell_decided(exemption, at=at)
    return exemption


def _tell_decided(exemption: Exemption, *, at: datetime) -> None:
    """Tell whoever asked, and the member, who has no page of the request."""
    key = f"exemption:{exemption.pk}:decided"
    about = {
        "months": months_of(exemption),
        "state": exemption.get_state_display(),
        "name": exemption.member.name,
    }
    asked = exemption.requested_by_id
    if asked and asked not in (exemption.approved_by_id, exemption.member.user_id):
        tell_users(
            [asked],
            key=key,
            subject=_("Exemption of %(name)s, %(months)s: %(state)s") % about,
            url=exemption.get_absolute_url(),
            at=at,
        )
    subject = _("Your exemption, %(months)s: %(state)s") % about
    tell([Message(exemption.member_id, key, subject)], at=at)
