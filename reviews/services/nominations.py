"""Nominations 推荐: a branch nominates candidates of the year for 优秀 or for next year's
commendation (domain.md §8). Nobody but a candidate; whoever stops being one is withdrawn."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.notices import Message, record, tell
from members.rights import Actor
from reviews.models import AnnualResult, Nomination, YearEnd
from reviews.rules import may_nominate
from reviews.services import opinions
from reviews.services.round import bench_of, benches_of


@transaction.atomic
def nominate(
    *, member: int, year: int, award: str, reason: str, by: Actor, at: datetime
) -> Nomination:
    """Nominate a candidate of a computed or frozen year. The member is told. The usual ceiling
    of one third is a reminder and stops nobody. Twice is once. The year-end's row is locked, so
    that nobody is nominated on figures that are being computed anew. Source: domain.md §8.

    Raises PermissionDenied (see ``may_nominate``); Refused where the year is not computed, the
    member is no candidate of it, or is nominated already with other words."""
    found = _figures(member, year)
    if found is None:
        raise Refused(_("The year has no figures for this member."))
    _check_may(by, found.member_id, found.branch_id, at)
    if lock_final(found.year_end_id) is None:
        raise Refused(_("The year is not computed yet: nominations follow from its final figures."))
    # Locked as well: a committee above computes anew by deleting this row, not the year's.
    found = _figures(member, year, is_locked=True)
    if found is None or not found.is_candidate:
        raise Refused(_("Only a candidate of the year can be nominated."))
    standing = Nomination.objects.filter(
        member=member, year=year, award=award, withdrawn_at__isnull=True
    ).first()
    if standing is not None:
        return standing
    nomination = Nomination.objects.create(
        member_id=member,
        branch_id=found.branch_id,
        year=year,
        award=award,
        reason=reason.strip(),
        nominated_by=by.user,
        nominated_at=at,
    )
    opinions.regain_basis(nomination)
    _record(nomination, "nominate", by=by, at=at)
    subject = _("Your branch has nominated you for the year %(year)s.") % {"year": year}
    tell([_message(nomination, member, f"nominated:{nomination.pk}", subject)], at=at)
    return nomination


def _figures(member: int, year: int, *, is_locked: bool = False) -> AnnualResult | None:
    rows = AnnualResult.objects.filter(member=member, year=year)
    return (rows.select_for_update(of=("self",)) if is_locked else rows).first()


def lock_final(year_end: int) -> YearEnd | None:
    """The year-end, locked, if its figures are final: computed or frozen. One query."""
    finals = YearEnd.objects.filter(pk=year_end, state__in=YearEnd.FINAL)
    return finals.select_for_update(of=("self",)).first()


def _check_may(by: Actor, member: int, branch: int, at: datetime) -> None:
    bench = bench_of(branch, timezone.localdate(at))
    if not may_nominate(by, member_id=member, branch_id=branch, bench=bench):
        raise PermissionDenied


@transaction.atomic
def withdraw(*, pk: int, reason: str, by: Actor, at: datetime) -> Nomination:
    """Take a nomination back, with a reason that the member reads; an opinion that rests on it
    and still waits goes with it. Twice is once.

    Raises PermissionDenied (see ``may_nominate``), or Refused without a reason."""
    nomination = Nomination.objects.select_for_update(of=("self",)).get(pk=pk)
    _check_may(by, nomination.member_id, nomination.branch_id, at)
    if nomination.withdrawn_at is not None:
        return nomination
    if not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    _withdraw(nomination, reason.strip(), by=by, at=at)
    tell([_told(nomination, nomination.member_id)], at=at)
    return nomination


@transaction.atomic(savepoint=False)
def withdraw_those_no_longer_candidates(*, year_end: YearEnd, by: Actor, at: datetime) -> int:
    """Bring the standing nominations to figures that were just stored under the year-end's
    lock: whoever is no candidate any more is withdrawn with the reason, and so is an opinion that
    rests on it and still waits; the member and the secretaries of today are told. Returns how
    many. Source: domain.md §8."""
    candidates = AnnualResult.objects.filter(
        member=OuterRef("member"), year=OuterRef("year"), is_candidate=True
    )
    gone = list(
        Nomination.objects.filter(
            ~Exists(candidates),
            year=year_end.year,
            withdrawn_at__isnull=True,
            branch__in=Branch.objects.below(year_end.committee),
        )
        .select_related("member")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    if not gone:
        return 0
    reason = _("By the figures computed anew, the member is no candidate of the year any more.")
    benches = benches_of({one.branch_id for one in gone}, timezone.localdate(at))
    for nomination in gone:
        _withdraw(nomination, reason, by=by, at=at)
    tell(
        [
            _told(nomination, person)
            for nomination in gone
            for person in {nomination.member_id, *benches[nomination.branch_id].secretaries}
        ],
        at=at,
    )
    return len(gone)


def _withdraw(nomination: Nomination, reason: str, *, by: Actor, at: datetime) -> None:
    nomination.withdrawal_reason = reason[:300]
    nomination.withdrawn_by, nomination.withdrawn_at = by.user, at
    nomination.save(update_fields=["withdrawal_reason", "withdrawn_by", "withdrawn_at"])
    _record(nomination, "withdraw_nomination", by=by, at=at)
    opinions.lose_basis(nomination, reason=nomination.withdrawal_reason, by=by, at=at)


def _told(nomination: Nomination, person: int) -> Message:
    subject = _("A nomination of %(name)s for the year %(year)s was withdrawn: %(reason)s") % {
        "name": nomination.member.name,
        "year": nomination.year,
        "reason": nomination.withdrawal_reason,
    }
    return _message(nomination, person, f"nomination-withdrawn:{nomination.pk}", subject)


def _message(nomination: Nomination, person: int, key: str, subject: str) -> Message:
    """Members look at their own year, secretaries at the branch's."""
    page = "year_results" if person == nomination.member_id else "year"
    return Message(person, key, subject, reverse(page, args=[nomination.year]))


def _record(nomination: Nomination, verb: str, *, by: Actor, at: datetime) -> None:
    record(
        by=by.user,
        at=at,
        verb=verb,
        target=nomination,
        branch=nomination.branch_id,
        member=nomination.member_id,
        year=nomination.year,
        award=nomination.award,
    )
