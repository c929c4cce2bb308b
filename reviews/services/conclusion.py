"""Concluding a round: what still stands in the way, the results, and what happens to them:
published, or kept until their quarter is complete (domain.md §5.4, §5.5)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.months import last_day, quarter_of
from lib.steps import Refused
from members.models import Member
from members.notices import record
from members.rights import Actor
from points.models import Declaration, Entry, Policy
from points.scoring import Score
from points.services.results import compute_results, score_members
from reviews.models import Meeting, Publication, Round
from reviews.rules import Bench
from reviews.services.corrections import follow_revisions
from reviews.services.meeting import MeetingRecord, quorum_of, record_meeting
from reviews.services.publication import publish
from reviews.services.round import (
    decider_for,
    is_returned,
    lock_quarter,
    month_label,
    propose_before_concluding,
    undecided,
)

__all__ = ["MeetingRecord", "record_meeting"]

State = Round.State
UNFINISHED = (State.OPEN, State.REVIEWING)


def preview(round_: Round) -> dict[int, Score | None]:
    """What every member's result would be if the review were concluded now."""
    members = Member.objects.of_branch(round_.branch, round_.month).values_list("pk", flat=True)
    return score_members(rule_book=round_.rule_book, members=list(members), month=round_.month)


# -- what stands in the way --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands between a round and its conclusion, and what to do about it, in words:
    UNDECIDED, RECUSED, RETURNED, MEETING, QUORUM or EARLIER."""

    kind: str
    text: str


def obstacles(round_: Round, bench: Bench) -> list[Obstacle]:
    """What still stands between a round and its conclusion, each with what to do."""
    return [
        *_undecided(round_, bench),
        *_returned(round_),
        *_meeting(round_),
        *_earlier(round_),
    ]


def _undecided(round_: Round, bench: Bench) -> list[Obstacle]:
    waiting = [entry for entry in undecided(round_) if not is_returned(entry)]
    found: list[Obstacle] = []
    if theirs := [entry for entry in waiting if entry.member_id not in bench.members]:
        names = "、".join(dict.fromkeys(entry.member.name for entry in theirs))
        text = _("%(count)s entries have no decision yet: %(names)s.")
        found.append(Obstacle("UNDECIDED", text % {"count": len(theirs), "names": names}))
    return found + _recused(waiting, bench)


def _recused(waiting: Sequence[Entry], bench: Bench) -> list[Obstacle]:
    """What concerns a member of the branch committee: who is waited for, by name."""
    counts = Counter(entry.member_id for entry in waiting if entry.member_id in bench.members)
    names = {entry.member_id: entry.member.name for entry in waiting}
    text = _("Recusal: %(count)s entries of %(name)s wait for the decision of %(decider)s.")
    return [
        Obstacle(
            "RECUSED",
            text % {"count": count, "name": names[member], "decider": decider_for(bench, member)},
        )
        for member, count in counts.items()
    ]


def _returned(round_: Round) -> list[Obstacle]:
    returned = Declaration.objects.filter(
        branch=round_.branch_id, month=round_.month, state=Declaration.State.RETURNED
    ).select_related("member")
    if names := "、".join(sheet.member.name for sheet in returned):
        text = _("Returned sheets have not come back: %(names)s. Wait, or enter them on behalf.")
        return [Obstacle("RETURNED", text % {"names": names})]
    return []


def _meeting(round_: Round) -> list[Obstacle]:
    """A resolution without a quorum is void, so it stops the conclusion like no meeting."""
    meeting = (
        Meeting.objects.filter(round=round_, is_current=True).prefetch_related("attendees").first()
    )
    if meeting is None:
        text = _("The meeting is not recorded yet: enter its date and chair.")
        return [Obstacle("MEETING", text)]
    quorum = quorum_of(meeting, round_.branch)
    if quorum.is_met:
        return []
    text = _(
        "The meeting had no quorum: %(entitled)s entitled, %(present)s present, at least "
        "%(needed)s needed. Meet again and record that meeting, or complete the attendees."
    )
    return [
        Obstacle(
            "QUORUM",
            text
            % {
                "entitled": quorum.entitled,
                "present": quorum.present,
                "needed": quorum.needed,
            },
        )
    ]


def _earlier(round_: Round) -> list[Obstacle]:
    """The last month of a quarter is published with the earlier ones: they come first."""
    if not (is_quarterly(round_) and is_last_of_quarter(round_)):
        return []
    others = others_of_quarter(round_)
    earlier = [one for one in others if is_quarterly(one) and one.state in UNFINISHED]
    if not earlier:
        return []
    months = "、".join(month_label(one.month) for one in earlier)
    text = _("The quarter is published at once: conclude %(months)s first.")
    return [Obstacle("EARLIER", text % {"months": months})]


# -- which months are published together (定期公示) ------------------------------------------


def is_quarterly(round_: Round) -> bool:
    return round_.publication_period == Policy.Period.QUARTERLY


def is_last_of_quarter(round_: Round) -> bool:
    return round_.month == quarter_of(round_.month)[-1]


def others_of_quarter(round_: Round) -> list[Round]:
    """The other rounds of the branch in the quarter, the earliest first. One query."""
    return list(
        Round.objects.filter(branch=round_.branch_id, month__in=quarter_of(round_.month))
        .exclude(pk=round_.pk)
        .order_by("month")
    )


def published_with(round_: Round, others: Sequence[Round]) -> list[Round] | None:
    """The months that concluding this round publishes, in their order; None: it waits for the
    rest of its quarter.

    A monthly round is published alone; the last of a quarter takes along what waited for it,
    so that nothing is left behind when a policy changes. A quarterly round that is concluded
    after the last one (it had been reopened) publishes what waits as soon as nothing else of
    the quarter is under way. Pure.
    """
    waiting = [one for one in others if one.state == State.CONCLUDED]
    last = quarter_of(round_.month)[-1]
    if not is_quarterly(round_) and not is_last_of_quarter(round_):
        return [round_]
    if not is_last_of_quarter(round_):
        pending = [
            one
            for one in others
            if one.state in UNFINISHED and (is_quarterly(one) or one.month == last)
        ]
        if pending or last not in {one.month for one in others}:
            return None
    return sorted([*waiting, round_], key=lambda one: one.month)


def conclude(*, pk: int, by: Actor, at: datetime, text: str = "") -> Publication | None:
    """Conclude the review: compute every result, and publish it to the branch for the round's
    working days, with the months of its quarter where the policy says so (domain.md §5.5).
    ``text`` is the notice's; without it, the committee's template is filled. Everything at
    once or nothing; None where the results wait for the rest of their quarter.

    What the system has noticed since the review started, such as that it is late, is put
    before the reviewers first, in a transaction of its own: it stands though concluding is
    refused. Raises Refused with everything that is still missing.
    """
    propose_before_concluding(pk=pk, by=by, at=at)
    return _conclude(pk=pk, by=by, at=at, text=text)


@transaction.atomic
def _conclude(*, pk: int, by: Actor, at: datetime, text: str) -> Publication | None:
    round_, seat, others = lock_quarter(pk=pk, step="conclude", by=by, at=at)
    if missing := obstacles(round_, seat.bench):
        raise Refused(" ".join(obstacle.text for obstacle in missing))
    _compute(round_, at=at)
    Declaration.objects.filter(
        branch=round_.branch_id, month=round_.month, state=Declaration.State.IN_REVIEW
    ).update(state=Declaration.State.REVIEWED)
    round_.state, round_.concluded_at = State.CONCLUDED, at
    round_.save(update_fields=["state", "concluded_at"])
    record(by=by.user, at=at, verb="conclude", target=round_, branch=round_.branch_id)
    together = published_with(round_, others)
    return publish(together, text=text, by=by, at=at) if together else None


def _compute(round_: Round, *, at: datetime) -> None:
    """Bring the month's results to what was decided. A month that was published before gets
    new revisions; its members hear of them by the new publication."""
    withdrawn = round_.publications.filter(withdrawn_at__isnull=False).first()
    reason = _("%(month)s was concluded later") % {"month": month_label(round_.month)}
    if withdrawn is not None:
        reason = _("%(month)s was reviewed again: %(reason)s") % {
            "month": month_label(round_.month),
            "reason": withdrawn.withdrawal_reason,
        }
    revised = compute_results(
        branch=round_.branch,
        rule_book=round_.rule_book,
        month=round_.month,
        at=at,
        reason=reason[:300],
    )
    follow_revisions([one for one in revised if one.new.month != round_.month], at=at)


@transaction.atomic
def publish_waiting(*, pk: int, by: Actor, at: datetime, text: str = "") -> Publication:
    """Publish the concluded months of a quarter that is over without its last month: nobody
    waits for a month that was never opened, or whose branch is gone.

    Raises Refused as long as the last month may still come.
    """
    round_, _seat, others = lock_quarter(pk=pk, step="publish", by=by, at=at)
    if why := why_still_waiting(round_, others, at=at):
        raise Refused(why)
    waiting = [one for one in [*others, round_] if one.state == State.CONCLUDED]
    return publish(sorted(waiting, key=lambda one: one.month), text=text, by=by, at=at)


def why_still_waiting(round_: Round, others: Sequence[Round], *, at: datetime) -> str:
    """Why the concluded months of a quarter cannot be published yet; empty if they can. Pure."""
    if unfinished := [one for one in others if one.state in UNFINISHED]:
        months = "、".join(month_label(one.month) for one in unfinished)
        return _("The quarter is published at once: conclude %(months)s first.") % {
            "months": months
        }
    last = quarter_of(round_.month)[-1]
    if timezone.localdate(at) <= last_day(last):
        return _("The results are published with those of %(month)s, once it is reviewed.") % {
            "month": month_label(last)
        }
    return ""
