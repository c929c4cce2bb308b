"""Explanations of zero months: given at the year's meeting, judged by the committee, and, where
they are judged serious, the decision on accountability 追责 (domain.md §6)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.steps import Overtaken, Refused
from members.notices import Message, record, tell, tell_users
from members.rights import Actor
from members.selectors.staff import StaffOfCommittees
from points.files import Accepted
from points.services.evidence import MAX_FILES, store
from reviews.models import FollowUp, FollowUpFile, FollowUpMonth, FollowUpRecord, Judgement
from reviews.services.duties import duty_of, find_holder, finish, lock
from reviews.services.follow_ups import zero_months_demanded
from reviews.workflow import FOLLOW_UP_STEPS, Duty

State = FollowUp.State
Outcome = Judgement.Outcome


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was explained, at which meeting; ``measures`` is what is to be done about it."""

    held_on: date
    place: str
    said: str
    measures: str = ""
    present: str = ""


@dataclass(frozen=True, slots=True)
class Accountability:
    """A decision on accountability, as its document says it."""

    decision: str
    number: str
    decided_on: date


# -- explaining ----------------------------------------------------------------------------


@transaction.atomic
def explain(
    *,
    pk: int,
    explanation: Explanation,
    by: Actor,
    at: datetime,
    who: str = "",
    files: Sequence[Accepted] = (),
    seen: int | None = None,
) -> FollowUpRecord:
    """Give an explanation, or enter what was said at the meeting for whoever gave it. Given
    again while it is not judged, it is a further record; the earlier ones stay. It then stands
    for the zero months of today, so that one whose list had grown is whole again.

    ``who`` names, by staff number or full name, who explained where no secretary was in
    office; ``seen`` is the number of the last record that the writer had before them. The same
    words again (a double click) are one record. Whoever judges is told, and the holder if
    somebody else entered it. Raises PermissionDenied or Refused.
    """
    row, duty = _asked(pk, "explain", by=by, at=at)
    last = row.records.filter(is_current=True).first()
    if last is not None and last.recorded_by_id == by.user.pk and _of(last) == explanation:
        return last
    check_stage("explain", row, duty)
    _check_seen(last, seen)
    _check_words(row, explanation, today=timezone.localdate(at))
    if row.holder_id is None:
        row.holder = find_holder(who)
    kept = _keep(row, explanation, last, by=by, at=at)
    _attach(kept, files, by=by, at=at)
    row.state = State.RECORDED
    before = _bring_to_date(row)
    row.save(update_fields=["state", "holder", "is_basis_changed"])
    record(
        by=by.user,
        at=at,
        verb="explain",
        target=row,
        branch=row.branch_id,
        member=row.holder_id,
        number=kept.number,
        **({"months_before": before} if before else {}),
    )
    _tell_given(row, kept, by=by, at=at)
    return kept


def _keep(
    row: FollowUp,
    explanation: Explanation,
    last: FollowUpRecord | None,
    *,
    by: Actor,
    at: datetime,
) -> FollowUpRecord:
    row.records.filter(is_current=True).update(is_current=False)
    kept = FollowUpRecord.objects.create(
        follow_up=row,
        number=last.number + 1 if last else 1,
        held_on=explanation.held_on,
        place=explanation.place.strip(),
        present=explanation.present.strip(),
        said=explanation.said.strip(),
        measures=explanation.measures.strip(),
        recorded_by=by.user,
        recorded_at=at,
        answer=FollowUpRecord.Answer.NOT_ASKED,
    )
    assert row.holder is not None  # named above where nobody was
    kept.held_by.add(row.holder)
    return kept


def _bring_to_date(row: FollowUp) -> list[str]:
    """Let a flagged explanation list the zero months of today; return those it listed before.
    Where nothing is to be explained any more, the flag and the list stay."""
    if not row.is_basis_changed:
        return []
    demanded = zero_months_demanded(row)
    if not demanded:
        return []
    stored = list(row.zero_months.order_by("month", "member").values_list("member", "month"))
    row.zero_months.all().delete()
    FollowUpMonth.objects.bulk_create(
        FollowUpMonth(follow_up=row, member_id=member, month=month) for member, month in demanded
    )
    row.is_basis_changed = False
    return [f"{member} {month:%Y-%m}" for member, month in stored]


def _check_seen(last: FollowUpRecord | None, seen: int | None) -> None:
    number = last.number if last else 0
    if seen is not None and seen != number:
        text = _(
            "Somebody else has written here meanwhile. Compare the two; "
            "then send yours again if it is still needed."
        )
        raise Overtaken(text, number=number)


def _check_words(row: FollowUp, explanation: Explanation, *, today: date) -> None:
    if not explanation.said.strip() or not explanation.place.strip():
        raise Refused(_("Say where it was explained, and what was said."))
    if explanation.held_on > today:
        raise Refused(_("The meeting is still to come: enter it once it was held."))
    first = row.zero_months.order_by("month").values_list("month", flat=True).first()
    if first is not None and explanation.held_on < first:
        raise Refused(_("The meeting is earlier than the first month that is to be explained."))


@transaction.atomic
def attach(*, pk: int, files: Sequence[Accepted], by: Actor, at: datetime) -> int:
    """Keep the scan of the signed explanation with the record that stands; also after it was
    judged. Return how many files are new. Raises PermissionDenied or Refused."""
    row, _duty = _asked(pk, "explain", by=by, at=at)
    last = row.records.filter(is_current=True).first()
    if last is None or row.state == State.WITHDRAWN:
        raise Refused(_("There is no explanation yet that a signed paper could belong to."))
    if not files:
        raise Refused(_("Choose a file."))
    added = _attach(last, files, by=by, at=at)
    if added:
        record(by=by.user, at=at, verb="attach_scan", target=row, branch=row.branch_id, files=added)
    return added


def _attach(kept: FollowUpRecord, files: Collection[Accepted], *, by: Actor, at: datetime) -> int:
    present = set(kept.scans.values_list("sha256", flat=True))
    new = {file.sha256: file for file in files if file.sha256 not in present}
    if len(present) + len(new) > MAX_FILES:
        raise Refused(
            _("At most %(count)s files can be attached to one record.") % {"count": MAX_FILES}
        )
    rows = [
        (FollowUpFile(follow_up_id=kept.follow_up_id, record=kept), file) for file in new.values()
    ]
    return len(store(rows, by=by, at=at))


# -- judging ---------------------------------------------------------------------------------


@transaction.atomic
def judge(
    *, pk: int, outcome: str, reason: str, seen: int | None, by: Actor, at: datetime
) -> Judgement:
    """Take note of an explanation, which closes it; or judge it serious, with a reason: then it
    stays until accountability is decided. ``seen`` is the number of the record that was read.

    Nobody judges their own. Raises PermissionDenied or Refused.
    """
    row, duty = _asked(pk, "judge", by=by, at=at)
    before = Judgement.objects.filter(follow_up=row).first()
    if before is not None and (before.judged_by_id, before.outcome, before.reason) == (
        by.user.pk,
        outcome,
        reason.strip(),
    ):
        return before
    check_stage("judge", row, duty)
    last = row.records.get(is_current=True)
    if seen is not None and seen != last.number:
        text = _("It was explained again meanwhile. Read it before you judge.")
        raise Overtaken(text, number=last.number)
    if outcome == Outcome.SERIOUS and not reason.strip():
        raise Refused(_("Say why it is serious: whoever explained will read it."))
    made = Judgement.objects.create(
        follow_up=row, outcome=outcome, reason=reason.strip(), judged_by=by.user, judged_at=at
    )
    if outcome == Outcome.ACCEPTED:
        finish(row, by=by, at=at)
    record(
        by=by.user,
        at=at,
        verb="judge",
        target=row,
        branch=row.branch_id,
        member=row.holder_id,
        outcome=outcome,
    )
    subject = _("Your explanation was judged: %(kind)s of %(year)s")
    _tell_holder(row, "judged", subject, by=by, at=at)
    return made


@transaction.atomic
def decide_accountability(
    *, pk: int, accountability: Accountability, by: Actor, at: datetime
) -> Judgement:
    """Record the decision on accountability for an explanation that was judged serious, with
    its document; that closes it. Raises PermissionDenied or Refused."""
    row, duty = _asked(pk, "decide_accountability", by=by, at=at)
    judged = Judgement.objects.filter(follow_up=row).first()
    if judged is not None and judged.decision and _decided(judged) == accountability:
        return judged
    check_stage("decide_accountability", row, duty)
    assert judged is not None  # by the stages
    _check_decision(row, accountability, today=timezone.localdate(at))
    judged.decision = accountability.decision.strip()
    judged.decision_number = accountability.number.strip()
    judged.decided_on = accountability.decided_on
    judged.decided_by, judged.decided_at = by.user, at
    judged.save(
        update_fields=["decision", "decision_number", "decided_on", "decided_by", "decided_at"]
    )
    finish(row, by=by, at=at)
    record(
        by=by.user,
        at=at,
        verb="decide_accountability",
        target=row,
        branch=row.branch_id,
        member=row.holder_id,
        number=judged.decision_number,
    )
    subject = _("Accountability was decided: %(kind)s of %(year)s")
    _tell_holder(row, "accountability", subject, by=by, at=at)
    return judged


def _check_decision(row: FollowUp, accountability: Accountability, *, today: date) -> None:
    if not accountability.decision.strip() or not accountability.number.strip():
        raise Refused(_("Enter what was decided, and the number of its document."))
    if accountability.decided_on > today:
        raise Refused(_("The decision is still to come: enter it once it was taken."))
    if accountability.decided_on < row.records.get(is_current=True).held_on:
        raise Refused(_("The decision is earlier than the explanation it rests on."))


# -- stages, rights, telling -------------------------------------------------------------------


def check_stage(step: str, row: FollowUp, duty: Duty) -> None:
    """Raise Refused where an explanation does not wait for this step, saying why. One query."""
    judged = Judgement.objects.filter(follow_up=row).first()
    if why := _why_not(step, row, judged):
        raise Refused(why)
    FOLLOW_UP_STEPS.check(step, duty, row)


def _why_not(step: str, row: FollowUp, judged: Judgement | None) -> str:
    """Once judged it stands; only one whose list of zero months has changed since is added to."""
    if step == "decide_accountability":
        is_serious = judged is not None and judged.outcome == Outcome.SERIOUS
        text = _("Only an explanation that was judged serious leads to accountability.")
        return "" if is_serious else text
    if judged is not None and not (step == "explain" and row.is_basis_changed):
        return _("This explanation is judged already.")
    if step == "judge" and row.state == State.OPEN:
        return _("Not explained yet: it is given at the year's meeting.")
    return ""


def _asked(pk: int, step: str, *, by: Actor, at: datetime) -> tuple[FollowUp, Duty]:
    """The explanation, locked, for whom the step is. Raises PermissionDenied."""
    row = lock(pk)
    duty = duty_of(by, row, timezone.localdate(at))
    if not FOLLOW_UP_STEPS[step].may(duty, row):
        raise PermissionDenied
    return row, duty


def _of(kept: FollowUpRecord) -> Explanation:
    return Explanation(kept.held_on, kept.place, kept.said, kept.measures, kept.present)


def _decided(judged: Judgement) -> Accountability | None:
    if judged.decided_on is None:
        return None
    return Accountability(judged.decision, judged.decision_number, judged.decided_on)


def _words(row: FollowUp) -> dict[str, object]:
    return {"kind": row.get_kind_display(), "branch": row.branch.name, "year": row.year}


def _tell_given(row: FollowUp, kept: FollowUpRecord, *, by: Actor, at: datetime) -> None:
    """The committee's staff, who judge it; and the holder, if somebody else entered it."""
    key, url = f"explained:{row.pk}:{kept.number}", row.get_absolute_url()
    staff = StaffOfCommittees(timezone.localdate(at))
    users = set(staff.of(staff.nearest(row.branch.committee_id))) - {by.user.pk}
    if row.holder is not None:
        users.discard(row.holder.user_id)
    given = _("To be judged: %(kind)s of %(year)s, %(branch)s") % _words(row)
    tell_users(users, key=key, subject=given, url=url, at=at)
    entered = _("Entered for you, please check: %(kind)s of %(year)s")
    _tell_holder(row, f"explained:{kept.number}", entered, by=by, at=at)


def _tell_holder(row: FollowUp, what: str, subject: str, *, by: Actor, at: datetime) -> None:
    """Whoever explained, unless they act themselves; never what it says."""
    if row.holder_id is None or row.holder_id == by.member_id:
        return
    key, url = f"{what}:{row.pk}:holder", row.get_absolute_url()
    tell([Message(row.holder_id, key, subject % _words(row), url)], at=at)
