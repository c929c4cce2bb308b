"""Publications (公示): putting months before the branch, confirming while they run, extending
and withdrawing them (domain.md §5.5, §5.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import months_between
from lib.notice_text import compose_notice
from lib.steps import Refused
from members.models import Member
from members.notices import Message, record, tell
from members.rights import Actor
from points.models import Declaration, MonthlyResult
from points.services.calendar import Workdays
from points.services.policy import PolicyBook
from reviews.models import Meeting, Objection, Publication, Round, Verification
from reviews.services.round import lock_quarter, month_label

State = Round.State
# A publication can be extended by so many days at a time.
MOST_DAYS = 30

# -- publishing --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing these months today means: to how many, from when to when, and in what
    words. ``unknown_years`` are counted Monday to Friday for want of a holiday notice."""

    rounds: tuple[Round, ...]
    starts_on: date
    ends_on: date
    unknown_years: tuple[int, ...]
    members: int
    text: str


def plan_for(rounds: Sequence[Round], *, day: date) -> Plan:
    """Work out the publication of these months (the latest last), begun on that day."""
    lead = rounds[-1]
    ends_on, unknown = Workdays.load().publication_end(day, lead.publication_days)
    people: set[int] = set()
    for round_ in rounds:
        roster = Member.objects.of_branch(round_.branch, round_.month)
        people.update(roster.values_list("pk", flat=True))
    template = PolicyBook().of(lead.branch.committee_id, lead.month).notice_template
    text = compose_notice(
        template,
        branch=lead.branch.name,
        months=months_label(rounds),
        first_day=date_format(day, "DATE_FORMAT"),
        last_day=date_format(ends_on, "DATE_FORMAT"),
        count=len(people),
    )
    return Plan(tuple(rounds), day, ends_on, tuple(sorted(unknown)), len(people), text)


def months_label(rounds: Sequence[Round]) -> str:
    """The months of a notice in words: one, from one to another, or each of them. Pure."""
    months = [round_.month for round_ in rounds]
    if len(months) > 1 and months == months_between(months[0], months[-1]):
        return _("%(first)s to %(last)s") % {
            "first": month_label(months[0]),
            "last": month_label(months[-1]),
        }
    return "、".join(map(month_label, months))


def publish(rounds: Sequence[Round], *, text: str, by: Actor, at: datetime) -> Publication:
    """Publish concluded months in one notice, the latest last; the caller holds their locks.
    The branch hears of it once. Return the notice's publication: that of the latest month."""
    plan = plan_for(rounds, day=timezone.localdate(at))
    lead: Publication | None = None
    for round_ in reversed(rounds):
        publication = Publication.objects.create(
            round=round_,
            together_with=lead,
            starts_on=plan.starts_on,
            ends_on=plan.ends_on,
            published_by=by.user,
            published_at=at,
            notice_text=text.strip() or plan.text,
        )
        lead = lead or publication
        round_.state = State.PUBLISHED
        round_.save(update_fields=["state"])
    assert lead is not None  # there is at least one month
    record(
        by=by.user,
        at=at,
        verb="publish",
        target=lead,
        branch=lead.round.branch_id,
        months=[f"{round_.month:%Y-%m}" for round_ in rounds],
    )
    subject = _("The points of %(month)s are published until %(day)s. Please check yours.") % {
        "month": months_label(rounds),
        "day": date_format(plan.ends_on, "DATE_FORMAT"),
    }
    _tell_shown(lead, rounds, key=f"published:{lead.pk}", subject=subject, at=at)
    return lead


def _tell_shown(
    lead: Publication, rounds: Sequence[Round], *, key: str, subject: str, at: datetime
) -> None:
    """Tell everybody with a result in these months: a single month leads to the own result,
    a quarter to the notice."""
    results = MonthlyResult.objects.current().filter(
        branch=lead.round.branch_id, month__in=[round_.month for round_ in rounds]
    )
    url = lead.get_absolute_url() if len(rounds) > 1 else ""
    urls = {result.member_id: url or result.get_absolute_url() for result in results}
    tell([Message(member, key, subject, address) for member, address in urls.items()], at=at)


def months_of(publication: Publication) -> list[Publication]:
    """The publications of one notice, the earliest month first. One query."""
    lead = publication.together_with_id or publication.pk
    return list(
        Publication.objects.filter(Q(pk=lead) | Q(together_with=lead))
        .select_related("round__branch__committee", "round__rule_book")
        .order_by("round__month")
    )


# -- while it runs -----------------------------------------------------------------------


def is_running(publication: Publication, day: date) -> bool:
    """Whether members can still verify: the round is published, the publication was not
    withdrawn, and its last day has not passed."""
    return (
        publication.round.state == State.PUBLISHED
        and not publication.is_withdrawn
        and publication.starts_on <= day <= publication.ends_on
    )


def lock_running(*, pk: int, at: datetime) -> Publication:
    """Lock the round of a publication in which members can still verify; else Refused."""
    round_id = Publication.objects.values_list("round", flat=True).get(pk=pk)
    Round.objects.select_for_update().get(pk=round_id)
    # Read under the lock: it may have been withdrawn or extended while we waited.
    publication = Publication.objects.select_related(
        "round__branch__committee", "round__rule_book"
    ).get(pk=pk)
    if publication.is_withdrawn:
        raise Refused(
            _("This publication was withdrawn: %(reason)s. The results are published again later.")
            % {"reason": publication.withdrawal_reason}
        )
    if not is_running(publication, timezone.localdate(at)):
        raise Refused(_("The publication has ended: the result can no longer be answered here."))
    return publication


def own_result(publication: Publication, by: Actor) -> MonthlyResult:
    """The current result of the person who acts; PermissionDenied if there is none."""
    result = (
        MonthlyResult.objects.current()
        .filter(
            member=by.member_id,
            branch=publication.round.branch_id,
            month=publication.round.month,
        )
        .first()
    )
    if by.member_id is None or result is None:
        raise PermissionDenied
    return result


@transaction.atomic
def confirm(*, pk: int, by: Actor, at: datetime) -> Verification:
    """Confirm one's own result. Confirming twice changes nothing; while an objection of
    one's own waits for its answer, there is nothing to confirm yet."""
    publication = lock_running(pk=pk, at=at)
    result = own_result(publication, by)
    # Of any publication of the month: one raised before a withdrawal still waits.
    raised = Objection.objects.filter(publication__round=publication.round_id)
    if raised.filter(member=result.member_id, state=Objection.State.OPEN).exists():
        raise Refused(_("Your objection has not been answered yet."))
    verification, _created = Verification.objects.update_or_create(
        publication=publication,
        member_id=result.member_id,
        defaults={"answer": Verification.Answer.CONFIRMED, "answered_at": at},
    )
    record(
        by=by.user,
        at=at,
        verb="confirm_result",
        target=publication,
        branch=publication.round.branch_id,
        member=result.member_id,
    )
    return verification


# -- extending and withdrawing -------------------------------------------------------------


def _lock_notice(
    *, pk: int, step: str, by: Actor, at: datetime
) -> tuple[Publication, list[Publication]]:
    """Lock the months of a notice for a step: the publication that was asked for, and all of
    its notice that still run. Refused where it was withdrawn meanwhile."""
    round_id = Publication.objects.values_list("round", flat=True).get(pk=pk)
    lock_quarter(pk=round_id, step=step, by=by, at=at)
    publication = Publication.objects.select_related("round").get(pk=pk)
    if publication.is_withdrawn:
        raise Refused(_("This publication was withdrawn already."))
    return publication, [
        one
        for one in months_of(publication)
        if not one.is_withdrawn and one.round.state == State.PUBLISHED
    ]


def last_day_to_extend(publication: Publication, day: date) -> date:
    """The latest day to which a publication can be extended on that day. Pure."""
    return max(publication.ends_on, day) + timedelta(days=MOST_DAYS)


def why_not_extend(publication: Publication, day: date, *, has_open_objection: bool) -> str:
    """Why a publication cannot be extended on that day; empty if it can. Pure."""
    if publication.is_withdrawn:
        return _("This publication was withdrawn already.")
    if publication.ends_on < day and not has_open_objection:
        return _("The publication has ended: it can be extended only while it runs.")
    return ""


@transaction.atomic
def extend(*, pk: int, until: date, reason: str, by: Actor, at: datetime) -> Publication:
    """Extend a running publication to a later day, with the reason: for every month of its
    notice. One that has ended is extended only while an objection still waits.

    Raises Refused with what to do. Source: domain.md §5.5.
    """
    publication, shown = _lock_notice(pk=pk, step="extend", by=by, at=at)
    today = timezone.localdate(at)
    waiting = Objection.objects.filter(
        publication__round__in=[one.round_id for one in shown], state=Objection.State.OPEN
    ).exists()
    if why := why_not_extend(publication, today, has_open_objection=waiting):
        raise Refused(why)
    if not reason.strip():
        raise Refused(_("Give a reason: the branch will read it."))
    latest = last_day_to_extend(publication, today)
    if not max(publication.ends_on + timedelta(days=1), today) <= until <= latest:
        raise Refused(
            _("Choose a day after %(end)s, until %(latest)s at most.")
            % {
                "end": date_format(publication.ends_on, "DATE_FORMAT"),
                "latest": date_format(latest, "DATE_FORMAT"),
            }
        )
    was = publication.ends_on
    Publication.objects.filter(pk__in=[one.pk for one in shown]).update(ends_on=until)
    lead = shown[-1]
    lead.ends_on = until
    record(
        by=by.user,
        at=at,
        verb="extend_publication",
        target=lead,
        branch=lead.round.branch_id,
        was=f"{was:%Y-%m-%d}",
        until=f"{until:%Y-%m-%d}",
        reason=reason.strip()[:500],
    )
    rounds = [one.round for one in shown]
    subject = _("The publication of %(month)s was extended to %(day)s: %(reason)s") % {
        "month": months_label(rounds),
        "day": date_format(until, "DATE_FORMAT"),
        "reason": reason.strip(),
    }
    key = f"extended:{lead.pk}:{until:%Y-%m-%d}"
    _tell_shown(lead, rounds, key=key, subject=subject, at=at)
    return lead


@transaction.atomic
def reopen(*, pk: int, reason: str, by: Actor, at: datetime) -> Round:
    """Take a concluded round back into review, with the reason: its publication is withdrawn,
    and the results stay as the revision they are. The other months of a quarter's notice wait
    again. What was decided stands until it is decided anew; another meeting is recorded.

    Raises Refused once the publication has ended: an objection or an appeal corrects then.
    Source: domain.md §5.5.
    """
    round_, seat, others = lock_quarter(pk=pk, step="reopen", by=by, at=at)
    if not reason.strip():
        raise Refused(_("Give a reason: the branch will read it."))
    reason = reason.strip()[:500]
    publication = round_.publications.standing().first()
    if publication is not None:
        _withdraw(publication, others, reason=reason, by=by, at=at)
    else:
        _tell_bench(round_, sorted(seat.bench.members - {by.member_id}), reason=reason, at=at)
    round_.state, round_.concluded_at = State.REVIEWING, None
    round_.save(update_fields=["state", "concluded_at"])
    Meeting.objects.filter(round=round_, is_current=True).update(is_current=False)
    Declaration.objects.filter(
        branch=round_.branch_id, month=round_.month, state=Declaration.State.REVIEWED
    ).update(state=Declaration.State.IN_REVIEW)
    record(by=by.user, at=at, verb="reopen", target=round_, branch=round_.branch_id, reason=reason)
    return round_


def _withdraw(
    publication: Publication, others: Sequence[Round], *, reason: str, by: Actor, at: datetime
) -> None:
    if publication.ends_on < timezone.localdate(at):
        raise Refused(
            _(
                "The publication ended on %(day)s: the review can no longer be reopened. "
                "An objection or an appeal corrects a result now."
            )
            % {"day": date_format(publication.ends_on, "DATE_FORMAT")}
        )
    locked = {one.pk: one for one in others}
    shown = [
        one
        for one in months_of(publication)
        if not one.is_withdrawn and one.round.state == State.PUBLISHED
    ]
    Publication.objects.filter(pk__in=[one.pk for one in shown]).update(
        withdrawn_by=by.user, withdrawn_at=at, withdrawal_reason=reason
    )
    for one in shown:
        if one.round_id in locked:
            locked[one.round_id].state = State.CONCLUDED
            locked[one.round_id].save(update_fields=["state"])
    lead = shown[-1]
    rounds = [one.round for one in shown]
    subject = _("The publication of %(month)s was withdrawn and is reviewed again: %(reason)s") % {
        "month": months_label(rounds),
        "reason": reason,
    }
    results = MonthlyResult.objects.current().filter(
        branch=lead.round.branch_id, month__in=[round_.month for round_ in rounds]
    )
    members = set(results.values_list("member", flat=True))
    key, url = f"withdrawn:{lead.pk}", lead.get_absolute_url()
    tell([Message(member, key, subject, url) for member in sorted(members)], at=at)


def _tell_bench(round_: Round, members: Sequence[int], *, reason: str, at: datetime) -> None:
    subject = _("The review of %(month)s was reopened: %(reason)s") % {
        "month": month_label(round_.month),
        "reason": reason,
    }
    key = f"reopened:{round_.pk}:{round_.concluded_at:%Y%m%d%H%M%S}"
    tell([Message(one, key, subject, round_.get_absolute_url()) for one in members], at=at)
