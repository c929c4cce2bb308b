"""What the steps of a disposition case share: its lock and its current row, the documents
kept with it, and who is told (domain.md §6, §10)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import month_of, months_between
from lib.steps import Overtaken, Refused
from members.models import Member
from members.notices import Message, tell, tell_users
from members.rights import Actor
from members.selectors.staff import StaffOfCommittees
from points.files import Accepted
from points.models import MonthlyResult
from points.services.calendar import Workdays
from points.services.evidence import MAX_FILES, store
from points.services.policy import PolicyBook
from reviews.disposing import NO_CASE, STEPS, later_by
from reviews.models import Disposition, FollowUp, FollowUpFile, RectificationCheck
from reviews.services.duties import duty_of, lock
from reviews.workflow import FOLLOW_UP_STEPS, Duty

State = Disposition.State


@dataclass(frozen=True, slots=True)
class Case:
    """A locked case, its current row, and who acts on it."""

    follow_up: FollowUp
    row: Disposition | None
    duty: Duty
    today: date

    @property
    def state(self) -> str:
        return self.row.state if self.row else NO_CASE

    @property
    def number(self) -> int:
        return self.row.number if self.row else 0


def open_case(pk: int, step: str, *, by: Actor, at: datetime) -> Case:
    """Lock the case, under its branch as reconciliation does. Raises PermissionDenied for whom the step is not."""
    follow_up = lock(pk)
    today = timezone.localdate(at)
    duty = duty_of(by, follow_up, today)
    if not FOLLOW_UP_STEPS[step].may(duty, follow_up):
        raise PermissionDenied
    return Case(follow_up, current_row(follow_up), duty, today)


def current_row(follow_up: FollowUp) -> Disposition | None:
    return follow_up.dispositions.filter(is_current=True).first()


def failed_check(follow_up: FollowUp) -> RectificationCheck | None:
    """The last check that found a correction of this case not made. One query."""
    found = RectificationCheck.objects.filter(
        rectification__follow_up__origin=follow_up,
        outcome=RectificationCheck.Outcome.NOT_PUT_RIGHT,
    )
    return found.select_related("checked_by__member").order_by("checked_at").last()


def came_back_on(follow_up: FollowUp) -> date | None:
    """When the branch had the case again: returned, or its correction found not made; None
    where it never came back. Two queries at most."""
    last = follow_up.dispositions.exclude(decided_on=None).order_by("number").last()
    if last is None or last.state == State.RETURNED:
        return last.decided_on if last else None
    check = failed_check(follow_up)
    return timezone.localdate(check.checked_at) if check else last.decided_on


def check_stage(case: Case, step: str, seen: int | None) -> None:
    """Raise Refused where the case went on meanwhile, or stands elsewhere."""
    FOLLOW_UP_STEPS.check(step, case.duty, case.follow_up)
    if case.state not in STEPS[step]:
        raise Refused(why_not(step, case.row))
    if seen is not None and seen != case.number:
        text = _(
            "Somebody else wrote a new opinion meanwhile: number %(number)s. Look at it first."
        )
        raise Overtaken(text % {"number": case.number}, number=case.number)


def why_not(step: str, row: Disposition | None) -> str:
    """Why a step cannot be taken on a case at this stage, in words."""
    if row is None:
        return _("The branch has given no opinion yet.")
    if step == "decide_case" and row.state == State.PREPARED:
        return _("The branch has not filed the case yet.")
    if row.state == State.FILED:
        return _("The case is filed with the committee, which decides it or returns it.")
    return _("The case is decided already: %(state)s.") % {"state": row.get_state_display()}


def why_partial(follow_up: FollowUp, row: Disposition, by: Actor, today: date) -> str:
    """Why somebody may not decide a case they prepared in place of the branch: as long as
    somebody else of the committee's staff can. Two queries, none for who did not prepare it."""
    prepared = {row.opinion_by_id, row.filed_by_id}
    if by.user.pk not in prepared:
        return ""
    member = follow_up.member.user_id if follow_up.member else None
    staff = StaffOfCommittees(today).up_from(follow_up.branch.committee_id)
    if not staff - prepared - {member}:
        return ""
    return _("You prepared this case yourself: somebody else of the committee decides it.")


def probation_end(member: Member) -> date | None:
    """When a year of probation ends, as far as the roll tells."""
    return later_by(member.joined_on, 12) if member.joined_on and not member.is_full else None


def has_zero_month(follow_up: FollowUp) -> bool:
    """Whether a month of the streak is zero, as the final results stand. One query."""
    assert follow_up.first_month is not None  # by constraint follow_up_kind
    assert follow_up.trigger_month is not None
    months = months_between(follow_up.first_month, follow_up.trigger_month)
    final = MonthlyResult.objects.final().filter(member=follow_up.member_id, month__in=months)
    return final.filter(is_zero=True).exists()


class Incomplete(Refused):
    """A step refused for what was said, with what is wrong by the name of what was said."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(next(iter(problems.values())))
        self.problems = problems


def refuse_if(problems: Mapping[str, str]) -> None:
    """Raise Incomplete if there is a problem; an empty text is none."""
    if found := {name: text for name, text in problems.items() if text}:
        raise Incomplete(found)


def missing(value: object, message: str) -> str:
    is_missing = not value.strip() if isinstance(value, str) else not value
    return message if is_missing else ""


def day_problem(day: date, *, today: date, not_before: date, earlier: str) -> str:
    if day > today:
        return _("This day lies in the future.")
    if day < not_before:
        return earlier % {"day": date_format(not_before, "DATE_FORMAT")}
    return ""


def due_again(follow_up: FollowUp, today: date) -> date:
    """Until when the branch takes the case up again: the policy's working days from today."""
    days = PolicyBook().of(follow_up.branch.committee_id, month_of(today)).follow_up_days
    return Workdays.load().add(today, days)[0]


def keep(case: Case, files: Sequence[Accepted], *, by: Actor, at: datetime) -> None:
    """Keep documents of the case; the same file twice is one."""
    own = FollowUpFile.objects.filter(follow_up=case.follow_up, record=None, step=None)
    present = set(own.values_list("sha256", flat=True))
    new = {file.sha256: file for file in files if file.sha256 not in present}
    if len(new) > MAX_FILES:
        raise Refused(_("At most %(count)s files can be added at a time.") % {"count": MAX_FILES})
    store([(FollowUpFile(follow_up=case.follow_up), file) for file in new.values()], by=by, at=at)


# -- who is told: that there is something, never what (domain.md §10) --------------------------


def _key(case: Case, stage: str) -> str:
    """A person hears of each stage of each row once."""
    return f"case:{case.follow_up.pk}:{case.number}:{stage or case.state}"


def tell_member(case: Case, subject: str, *, at: datetime, stage: str = "") -> None:
    url = case.follow_up.get_absolute_url()
    tell([Message(case.follow_up.member_id, _key(case, stage), subject, url)], at=at)


def tell_staff(case: Case, *, by: Actor, at: datetime) -> None:
    """The staff of the nearest committee above that has any: the case is theirs to decide."""
    staff = StaffOfCommittees(case.today)
    committee = staff.nearest(case.follow_up.branch.committee_id)
    subject = _("The disposition case of %(name)s is filed: decide it")
    _tell_users(case, staff.of(committee), subject, by=by, at=at)


def tell_branch(case: Case, subject: str, *, by: Actor, at: datetime, stage: str = "") -> None:
    """The secretaries of today, and whoever gave the opinion and filed it."""
    held = Member.objects.filter(pk__in=case.duty.secretaries, user__isnull=False)
    people: list[int | None] = [*held.values_list("user", flat=True)]
    if case.row:
        people += [case.row.opinion_by_id, case.row.filed_by_id]
    _tell_users(case, people, subject, by=by, at=at, stage=stage)


def _tell_users(
    case: Case,
    people: Iterable[int | None],
    subject: str,
    *,
    by: Actor,
    at: datetime,
    stage: str = "",
) -> None:
    """Never the member concerned, who is told on their own, nor whoever acts."""
    member = case.follow_up.member
    assert member is not None  # by constraint follow_up_kind
    tell_users(
        {pk for pk in people if pk is not None} - {by.user.pk, member.user_id},
        key=_key(case, stage),
        subject=subject % {"name": member.name},
        url=case.follow_up.get_absolute_url(),
        at=at,
    )
