"""Opinions 奖惩意见: an award or a sanction that the organisation bases on points, which the
member confirms (认定) or appeals against; silence is agreement (domain.md §2, §8, §10).

An opinion is no Party discipline and no organisational disposition (domain.md §6): it shares
no field with either, and nothing here leads to one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import month_of
from lib.steps import Refused
from members.models import Event, Member, Membership, User
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.files import Accepted
from points.services.calendar import Workdays
from points.services.evidence import MAX_FILES, store
from points.services.policy import PolicyBook
from reviews.models import Nomination, Opinion, OpinionFile
from reviews.opinion_steps import OPINION_STEPS
from reviews.rules import may_issue

State = Opinion.State


@dataclass(frozen=True, slots=True)
class Wording:
    """What an opinion says."""

    kind: str
    year: int
    title: str
    text: str
    document_number: str = ""
    nomination: int | None = None


# -- issuing -------------------------------------------------------------------------------


@transaction.atomic
def issue(*, member: int, wording: Wording, by: Actor, at: datetime) -> Opinion:
    """Issue an opinion to a member, in the branch of today. The member is told and has the
    policy's working days to confirm it. The same one twice (a double click) is one.

    Raises PermissionDenied (see ``may_issue``); Refused for a member of no branch, an empty
    text, a year to come, or a nomination that is not this member's."""
    row = Member.objects.select_for_update(of=("self",), no_key=True).get(pk=member)
    today = timezone.localdate(at)
    branch = branch_on(row, today)
    if branch is None:
        raise Refused(_("%(name)s is not on the roll today.") % {"name": row.name})
    if not may_issue(by, member_id=member, branch_id=branch.pk):
        raise PermissionDenied
    _check(wording, member, today)
    same = Opinion.objects.exclude(state=State.WITHDRAWN).filter(
        member=member,
        year=wording.year,
        kind=wording.kind,
        title=wording.title.strip(),
        text=wording.text.strip(),
    )
    if (standing := same.first()) is not None:
        return standing
    policy = PolicyBook().of(branch.committee_id, month_of(today))
    opinion = Opinion.objects.create(
        member_id=member,
        branch=branch,
        year=wording.year,
        kind=wording.kind,
        title=wording.title.strip(),
        text=wording.text.strip(),
        document_number=wording.document_number.strip(),
        nomination_id=wording.nomination,
        issued_by=by.user,
        issued_at=at,
        confirm_by=Workdays.load().add(today, policy.confirm_days)[0],
    )
    _record(opinion, "issue_opinion", by=by, at=at)
    subject = _("An opinion on you for %(year)s was issued: confirm it or appeal by %(day)s.") % {
        "year": opinion.year,
        "day": date_format(opinion.confirm_by, "DATE_FORMAT"),
    }
    _tell_member(opinion, "opinion", subject, at=at)
    return opinion


def branch_on(member: Member, day: date) -> Branch | None:
    """The branch to which a member belongs on that day. One query."""
    on_day = Membership.objects.on(day).filter(member=member).select_related("branch")
    found = on_day.order_by("pk").last()
    return found.branch if found else None


def _check(wording: Wording, member: int, today: date) -> None:
    if not wording.title.strip() or not wording.text.strip():
        raise Refused(_("Say what is awarded or imposed, and on what grounds."))
    if wording.year > today.year:
        raise Refused(_("This year has not begun."))
    if wording.nomination is None:
        return
    # Locked: it may be withdrawn at this moment, and with it what rests on it.
    fits = Nomination.objects.select_for_update(of=("self",)).filter(
        pk=wording.nomination, member=member, year=wording.year, withdrawn_at__isnull=True
    )
    if wording.kind != Opinion.Kind.AWARD or not fits.exists():
        raise Refused(_("This opinion does not fit a standing nomination of the member."))


# -- answering -----------------------------------------------------------------------------


@transaction.atomic
def confirm(*, pk: int, by: Actor, at: datetime) -> Opinion:
    """The member confirms an opinion on themself (认定); it can then not be appealed against.
    Twice is once. Raises PermissionDenied for anybody else, Refused once it is answered."""
    opinion = _lock(pk)
    step = OPINION_STEPS["confirm"]
    if opinion.state == State.CONFIRMED and step.may(by, opinion):
        return opinion
    OPINION_STEPS.check("confirm", by, opinion)
    _answer(opinion, State.CONFIRMED, by=by.user, at=at)
    _record(opinion, "confirm_opinion", by=by, at=at)
    return opinion


@transaction.atomic
def confirm_on_paper(*, pk: int, scan: Sequence[Accepted], by: Actor, at: datetime) -> Opinion:
    """Enter that the member signed the paper form, with its scan. The member is told, sees the
    scan, and can appeal until the day as before. The same scan twice is once.

    Raises PermissionDenied; Refused without a scan, or once it is answered."""
    opinion = _lock(pk)
    step = OPINION_STEPS["confirm_on_paper"]
    new = {file.sha256: file for file in scan}
    kept = set(opinion.scans.values_list("sha256", flat=True))
    if opinion.state == State.PAPER and kept == set(new) and step.may(by, opinion):
        return opinion
    OPINION_STEPS.check("confirm_on_paper", by, opinion)
    if not new:
        raise Refused(_("Attach the scan of the signed form."))
    if len(new) > MAX_FILES:
        raise Refused(_("At most %(count)s files can be attached.") % {"count": MAX_FILES})
    store([(OpinionFile(opinion=opinion), file) for file in new.values()], by=by, at=at)
    _answer(opinion, State.PAPER, by=by.user, at=at)
    _record(opinion, "confirm_opinion", by=by, at=at, on_paper=True)
    subject = _(
        "Your signature under the opinion on you for %(year)s was entered from paper: "
        "please look whether it is right."
    )
    _tell_member(opinion, "opinion-paper", subject % {"year": opinion.year}, at=at)
    return opinion


@transaction.atomic
def agree_silently(*, on: date, branches: Collection[int], at: datetime) -> int:
    """Let silence count as agreement where the day of confirmation is past; return how many
    opinions this concerns. Within a longer window an appeal stays possible. Running it twice
    changes nothing more; a fixed number of statements, however many. Source: domain.md §10."""
    due = list(
        Opinion.objects.filter(
            state=State.OPEN, confirm_by__lt=on, branch__in=branches
        ).select_for_update(of=("self",))
    )
    if not due:
        return 0
    system = User.objects.system()
    Opinion.objects.filter(pk__in=[one.pk for one in due]).update(
        state=State.SILENT, answered_by=system, answered_at=at
    )
    Event.objects.bulk_create(
        Event(
            by=system,
            at=at,
            verb="agree_silently",
            target_type="opinion",
            target_id=one.pk,
            branch_id=one.branch_id,
            member_id=one.member_id,
            details={"state": State.SILENT.value},
        )
        for one in due
    )
    return len(due)


# -- withdrawing ---------------------------------------------------------------------------


@transaction.atomic
def withdraw(*, pk: int, reason: str, by: Actor, at: datetime) -> Opinion:
    """Take an opinion back, with a reason that the member reads. Twice is once.

    Raises PermissionDenied (whoever issued it, or the committee above); Refused without a
    reason, or while an appeal waits: then the committee decides."""
    opinion = _lock(pk)
    step = OPINION_STEPS["withdraw"]
    if opinion.state == State.WITHDRAWN and step.may(by, opinion):
        return opinion
    if opinion.state == State.APPEALED and step.may(by, opinion):
        raise Refused(_("The member has appealed: the committee decides."))
    OPINION_STEPS.check("withdraw", by, opinion)
    if not reason.strip():
        raise Refused(_("Give a reason: the member will read it."))
    _take_back(opinion, reason.strip(), at=at)
    _record(opinion, "withdraw_opinion", by=by, at=at)
    _tell_withdrawn(opinion, at=at)
    return opinion


# -- what becomes of its nomination: called by the nominations' services, under their locks ----


def lose_basis(nomination: Nomination, *, reason: str, by: Actor, at: datetime) -> None:
    """A nomination was withdrawn: an opinion that rests on it and waits for the member is
    withdrawn with the same reason, so that silence cannot make it stand. One that stands, or
    was appealed against, is left to people. Whoever issued it is told."""
    resting = Opinion.objects.select_for_update(of=("self",)).filter(nomination=nomination)
    for opinion in resting.exclude(state=State.WITHDRAWN).order_by("pk"):
        if opinion.state == State.OPEN:
            _take_back(opinion, reason, at=at)
            _record(opinion, "withdraw_opinion", by=by, at=at)
            _tell_withdrawn(opinion, at=at)
            subject = _("An opinion that you issued was withdrawn with the member's nomination.")
        else:
            subject = _(
                "The nomination on which an opinion that you issued rests was withdrawn: "
                "decide whether the opinion can stand."
            )
        _tell_issuer(opinion, f"opinion-baseless:{opinion.pk}:{nomination.pk}", subject, at=at)


def regain_basis(nomination: Nomination) -> None:
    """The member is nominated anew for the same: what stands rests on this nomination again."""
    again = Opinion.objects.baseless().filter(
        nomination__member=nomination.member_id,
        nomination__year=nomination.year,
        nomination__award=nomination.award,
    )
    again.update(nomination=nomination)


# -- what an appeal does to it: called by the appeal's services, under the appeal's lock ------


def appealed(opinion: Opinion, *, by: Actor, at: datetime) -> None:
    """The member has appealed against an opinion that the caller has locked and checked; whoever
    issued it is told."""
    OPINION_STEPS.check("appeal", by, opinion)
    _answer(opinion, State.APPEALED, by=by.user, at=at)
    subject = _("A member has appealed to the committee against an opinion that you issued.")
    _tell_issuer(opinion, f"opinion-appealed:{opinion.pk}:{at:%Y%m%d%H%M}", subject, at=at)


def appeal_decided(pk: int, *, is_upheld: bool, reason: str, at: datetime) -> None:
    """Upheld, the opinion is withdrawn with the decision as its reason, and whoever issued it
    is told; dismissed, it stands for good."""
    opinion = _lock(pk)
    if is_upheld:
        _take_back(opinion, reason, at=at)
        subject = _("The committee upheld an appeal against an opinion that you issued.")
    else:
        opinion.state = State.KEPT
        opinion.save(update_fields=["state"])
        subject = _("The committee dismissed an appeal against an opinion that you issued.")
    _tell_issuer(opinion, f"opinion-decided:{pk}", subject, at=at)


def appeal_withdrawn(pk: int, *, at: datetime) -> None:
    """It is again as it was before: signed where there is a scan; else the member is asked to
    confirm while that day has not passed, and silent afterwards."""
    opinion = _lock(pk)
    signed = opinion.scans.select_related("uploaded_by").first()
    if signed is not None:
        _answer(opinion, State.PAPER, by=signed.uploaded_by, at=signed.uploaded_at)
    elif timezone.localdate(at) > opinion.confirm_by:
        _answer(opinion, State.SILENT, by=User.objects.system(), at=at)
    else:
        _answer(opinion, State.OPEN, by=None, at=None)


# -- below ---------------------------------------------------------------------------------


def _lock(pk: int) -> Opinion:
    return Opinion.objects.select_for_update(of=("self",)).get(pk=pk)


def _answer(opinion: Opinion, state: State, *, by: User | None, at: datetime | None) -> None:
    opinion.state, opinion.answered_by, opinion.answered_at = state, by, at
    opinion.save(update_fields=["state", "answered_by", "answered_at"])


def _take_back(opinion: Opinion, reason: str, *, at: datetime) -> None:
    opinion.state, opinion.withdrawal_reason, opinion.withdrawn_at = State.WITHDRAWN, reason, at
    opinion.save(update_fields=["state", "withdrawal_reason", "withdrawn_at"])


def _tell_member(opinion: Opinion, key: str, subject: str, *, at: datetime) -> None:
    """Notices say that there is something, never what it is (domain.md §10)."""
    url = opinion.get_absolute_url()
    tell([Message(opinion.member_id, f"{key}:{opinion.pk}", subject, url)], at=at)


def _tell_withdrawn(opinion: Opinion, *, at: datetime) -> None:
    subject = _("The opinion on you for %(year)s was withdrawn.") % {"year": opinion.year}
    _tell_member(opinion, "opinion-withdrawn", subject, at=at)


def _tell_issuer(opinion: Opinion, key: str, subject: str, *, at: datetime) -> None:
    url = opinion.get_absolute_url()
    tell_users([opinion.issued_by_id], key=key, subject=subject, url=url, at=at)


def _record(opinion: Opinion, verb: str, *, by: Actor, at: datetime, **details: object) -> None:
    record(
        by=by.user,
        at=at,
        verb=verb,
        target=opinion,
        branch=opinion.branch_id,
        member=opinion.member_id,
        state=opinion.state,
        **details,
    )
