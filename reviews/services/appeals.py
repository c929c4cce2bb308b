"""Appeals: a member asks the committee above the branch to decide what the branch answered,
what a spot check found, what followed from the results, or an opinion (domain.md §5.6, §6–§8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import month_of
from lib.steps import Refused
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from points.files import Accepted
from points.models import Entry, Policy
from points.services.calendar import Workdays
from points.services.policy import PolicyBook
from reviews.models import Appeal, FollowUp, Objection, Opinion, Post, Round, SpotCheckItem
from reviews.opinion_steps import OPINION_STEPS
from reviews.rules import Panel, may_decide_appeal
from reviews.services import opinions, threads
from reviews.services.corrections import (
    Addition,
    Change,
    Effect,
    check_seen,
    correct,
    lock_branches,
)
from reviews.services.panels import APPEALED, months_of, panel_of_appeal

Matter = Objection | FollowUp | SpotCheckItem | Opinion
"""What can be appealed against."""

# -- the window ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """Until when a matter can be appealed against; or why it cannot be (any more)."""

    last_day: date | None
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        return not self.why_not


def window_of(matter: Matter, today: date) -> Window:
    """Until when this matter can be appealed against: within the policy's working days after
    it was answered, found, opened or issued; an opinion at least as long as it waits to be
    confirmed. Closing a follow-up does not shorten that. Four queries at most."""
    since = _decided_on(matter)
    if since is None:
        return Window(None, _cannot(matter))
    last_day = _workdays_after(since, _policy(matter, since).appeal_days)
    if isinstance(matter, Opinion):
        last_day = max(last_day, matter.confirm_by)
    if why_not := _cannot(matter):
        return Window(last_day, why_not)
    if today > last_day:
        closed = _("The time for an appeal ended on %(day)s.")
        return Window(last_day, closed % {"day": date_format(last_day, "DATE_FORMAT")})
    return Window(last_day)


def _workdays_after(day: date, days: int) -> date:
    return Workdays.load().add(day, days)[0]


def _policy(matter: Matter, day: date) -> Policy:
    return PolicyBook().of(_branch(matter).committee_id, month_of(day))


def _decided_on(matter: Matter) -> date | None:
    """The day from which the window is counted; None where nothing was decided yet."""
    if isinstance(matter, Objection):
        moment = matter.answered_at
    elif isinstance(matter, FollowUp):
        moment = _carried_out_at(matter) if matter.member_id else None
    elif isinstance(matter, Opinion):
        moment = matter.issued_at
    else:
        moment = matter.found_at
    return timezone.localdate(moment) if moment else None


def _carried_out_at(row: FollowUp) -> datetime:
    """When it was recorded or the case decided, as it stands; before that, when it was opened.
    One query."""
    found = FollowUp.objects.filter(pk=row.pk).aggregate(
        recorded=Max("records__recorded_at", filter=Q(records__is_current=True)),
        decided=Max("dispositions__decided_at", filter=Q(dispositions__is_current=True)),
    )
    return found["decided"] or found["recorded"] or row.opened_at


def _cannot(matter: Matter) -> str:
    """Why this matter cannot be appealed against, whatever the day."""
    if isinstance(matter, Objection):
        if matter.state not in (Objection.State.KEPT, Objection.State.CORRECTED):
            return _("Only an objection that was answered can be appealed against.")
    elif isinstance(matter, FollowUp):
        if matter.member_id is None:
            return _("An explanation is not appealed against.")
        if matter.state == FollowUp.State.WITHDRAWN:
            return _("This follow-up was withdrawn: nothing is left to appeal against.")
    elif isinstance(matter, Opinion):
        if matter.state not in OPINION_STEPS["appeal"].sources:
            return _("This opinion is answered: %(state)s.") % {"state": matter.get_state_display()}
    elif matter.finding in ("", SpotCheckItem.Finding.IN_ORDER):
        return _("The spot check found nothing wrong with this entry.")
    return ""


def _branch(matter: Matter) -> Branch:
    if isinstance(matter, Objection):
        return matter.publication.round.branch
    return matter.entry.branch if isinstance(matter, SpotCheckItem) else matter.branch


def _member(matter: Matter) -> int | None:
    return matter.entry.member_id if isinstance(matter, SpotCheckItem) else matter.member_id


def standing_appeal(matter: Matter) -> Appeal | None:
    """The appeal against this matter that was not withdrawn. One query."""
    standing = Appeal.objects.filter(**_against(matter)).exclude(state=Appeal.State.WITHDRAWN)
    return standing.first()


def _against(matter: Matter) -> dict[str, Matter]:
    if isinstance(matter, Objection):
        return {"objection": matter}
    if isinstance(matter, Opinion):
        return {"opinion": matter}
    return {"follow_up" if isinstance(matter, FollowUp) else "finding": matter}


# -- raising, writing, withdrawing ---------------------------------------------------------


@transaction.atomic
def appeal_against(
    *,
    matter: Matter,
    text: str,
    by: Actor,
    at: datetime,
    files: Sequence[Accepted] = (),
) -> Appeal:
    """Appeal to the committee against an answered objection, a follow-up, a finding or an
    opinion of one's own, within the window. One appeal stands at a time; the same one twice
    (a double click) is one. The staff who may decide are told.

    Raises PermissionDenied where it is not one's own, Refused outside the window."""
    matter = type(matter)._default_manager.select_for_update(of=("self",)).get(pk=matter.pk)
    if by.member_id is None or _member(matter) != by.member_id:
        raise PermissionDenied
    standing = standing_appeal(matter)
    if standing is not None:
        if standing.text == text:
            return standing
        raise Refused(
            _("You have appealed against this already: %(state)s.")
            % {"state": standing.get_state_display()}
        )
    today = timezone.localdate(at)
    window = window_of(matter, today)
    if not window.is_open:
        raise Refused(window.why_not)
    if not text.strip():
        raise Refused(_("Say what you appeal against and why."))
    appeal = Appeal.objects.create(
        member_id=by.member_id,
        branch=_branch(matter),
        text=text,
        raised_at=at,
        decide_by=_workdays_after(today, _policy(matter, today).decide_appeal_days),
        **_against(matter),
    )
    if isinstance(matter, Opinion):
        opinions.appealed(matter, by=by, at=at)
    threads.open_with(thread=appeal, files=files, by=by, at=at)
    _record(appeal, "appeal", by=by, at=at)
    subject = _("%(name)s appeals to the committee: please decide by %(day)s.") % {
        "name": appeal.member.name,
        "day": date_format(appeal.decide_by, "DATE_FORMAT"),
    }
    panel = panel_of_appeal(appeal, today)
    tell_users(
        panel.staff_for(appeal.member.user_id),
        key=f"appeal:{appeal.pk}",
        subject=subject,
        url=appeal.get_absolute_url(),
        at=at,
    )
    return appeal


@transaction.atomic
def post(*, appeal_id: int, text: str, files: Sequence[Accepted], by: Actor, at: datetime) -> Post:
    """Write in the thread of an open appeal: the appellant, and the staff who may decide. The
    other side is told. Raises PermissionDenied, or Refused once it is decided."""
    appeal, panel = _lock(appeal_id, at)
    is_own = by.member_id is not None and by.member_id == appeal.member_id
    if not is_own and not may_decide_appeal(by, appeal, panel):
        raise PermissionDenied
    _check_open(appeal)
    told = (
        panel.staff_for(appeal.member.user_id)
        if is_own
        else threads.accounts_of([appeal.member_id])
    )
    return threads.say(thread=appeal, text=text, files=files, told=told, by=by, at=at)


@transaction.atomic
def withdraw(*, appeal_id: int, by: Actor, at: datetime) -> Appeal:
    """Take back one's own appeal before it is decided. Twice is once. Raises PermissionDenied
    for anybody else, Refused once it is decided."""
    appeal, _panel = _lock(appeal_id, at)
    if by.member_id is None or by.member_id != appeal.member_id:
        raise PermissionDenied
    if appeal.state == Appeal.State.WITHDRAWN:
        return appeal
    _check_open(appeal)
    appeal.state = Appeal.State.WITHDRAWN
    appeal.save(update_fields=["state"])
    if appeal.opinion_id is not None:
        opinions.appeal_withdrawn(appeal.opinion_id, at=at)
    _record(appeal, "withdraw_appeal", by=by, at=at)
    return appeal


def _lock(appeal_id: int, at: datetime) -> tuple[Appeal, Panel]:
    appeal = (
        Appeal.objects.select_for_update(of=("self",)).select_related(*APPEALED).get(pk=appeal_id)
    )
    return appeal, panel_of_appeal(appeal, timezone.localdate(at))


def _check_open(appeal: Appeal) -> None:
    if appeal.state == Appeal.State.WITHDRAWN:
        raise Refused(_("%(name)s has withdrawn this appeal.") % {"name": appeal.member.name})
    if appeal.state != Appeal.State.OPEN:
        raise Refused(
            _("%(name)s has decided this appeal already: %(state)s.")
            % {
                "name": appeal.decided_by.display_name if appeal.decided_by else "",
                "state": appeal.get_state_display(),
            }
        )


def _record(appeal: Appeal, verb: str, *, by: Actor, at: datetime) -> None:
    record(
        by=by.user,
        at=at,
        verb=verb,
        target=appeal,
        branch=appeal.branch_id,
        member=appeal.member_id,
        state=appeal.state,
    )


# -- deciding ------------------------------------------------------------------------------


def effect_of_decision(
    *, appeal_id: int, text: str, correction: Change | Addition, by: Actor, at: datetime
) -> Effect:
    """What upholding would change: decided and taken back again, so that it is worked out by
    the same rules; nothing is written. Raises what ``decide`` raises."""
    with transaction.atomic():
        _appeal, effect = _decide(
            appeal_id=appeal_id,
            is_upheld=True,
            text=text,
            correction=correction,
            seen=None,
            by=by,
            at=at,
        )
        transaction.set_rollback(True)
    return effect


@transaction.atomic
def decide(
    *,
    appeal_id: int,
    is_upheld: bool,
    text: str,
    by: Actor,
    at: datetime,
    correction: Change | Addition | None = None,
    seen: str | None = None,
) -> Appeal:
    """Decide an appeal with a reason. Dismissed, nothing changes. Upheld, an entry of a month
    that it concerns may be decided anew or added, never to the member's loss: the result and
    later months are revised, streaks run again and follow-ups brought to them, all in this
    transaction. An opinion that was appealed against is withdrawn, or stands if dismissed.
    ``seen`` is the digest of the effect that was shown. Source: domain.md §5, §6, §8.

    Raises PermissionDenied (see ``may_decide_appeal``); Refused if it was decided already, or
    if the effect is no longer the one that was shown."""
    appeal, _effect = _decide(
        appeal_id=appeal_id,
        is_upheld=is_upheld,
        text=text,
        correction=correction,
        seen=seen,
        by=by,
        at=at,
    )
    return appeal


def _decide(
    *,
    appeal_id: int,
    is_upheld: bool,
    text: str,
    correction: Change | Addition | None,
    seen: str | None,
    by: Actor,
    at: datetime,
) -> tuple[Appeal, Effect]:
    appeal, panel = _lock(appeal_id, at)
    if not may_decide_appeal(by, appeal, panel):
        raise PermissionDenied
    _check_open(appeal)
    if not text.strip():
        raise Refused(_("Give a reason: the member will read it."))
    effect = Effect()
    if correction is not None and is_upheld:
        effect = correct(
            member=appeal.member_id,
            round_=_round_of(appeal, correction),
            change=correction,
            reason=text,
            by=by,
            at=at,
            may_lower=False,
        )
        check_seen(effect, seen)
    appeal.state = Appeal.State.UPHELD if is_upheld else Appeal.State.DISMISSED
    appeal.decision, appeal.decided_by, appeal.decided_at = text, by.user, at
    appeal.save(update_fields=["state", "decision", "decided_by", "decided_at"])
    if appeal.opinion_id is not None:
        opinions.appeal_decided(appeal.opinion_id, is_upheld=is_upheld, reason=text, at=at)
    _record(appeal, "decide_appeal", by=by, at=at)
    subject = _("Your appeal was decided: %(state)s.") % {"state": appeal.get_state_display()}
    tell(
        [Message(appeal.member_id, f"decided:{appeal.pk}", subject, appeal.get_absolute_url())],
        at=at,
    )
    return appeal, effect


def _round_of(appeal: Appeal, correction: Change | Addition) -> Round:
    """The round of the month that is put right, locked after the branches of all that it can
    touch; Refused for a month that the appeal does not concern."""
    if isinstance(correction, Addition):
        month = month_of(correction.item.occurred_on)
        branch = correction.item.criterion.rule_book.branch_id
    else:
        entry = Entry.objects.filter(pk=correction.entry_id, member=appeal.member_id).first()
        if entry is None:
            raise Refused(_("Choose which entry is corrected."))
        month, branch = entry.month, entry.branch_id
    rounds = Round.objects.filter(branch=branch, month=month)
    where = rounds.select_related("branch").first()
    if where is None or month not in months_of(appeal):
        raise Refused(_("This appeal does not concern that month."))
    lock_branches(appeal.member_id, where)
    return rounds.select_for_update(of=("self",)).select_related("branch", "rule_book").get()
