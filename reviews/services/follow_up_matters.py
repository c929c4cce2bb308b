"""What is due in follow-ups, and whose turn it is: to hold a talk, to put right and to check, to
settle a dispute, to decide a case, to judge an explanation (domain.md §6).

A member is never reminded to confirm a record: silence is agreement. Where no day was set, the
policy's working days of a follow-up are counted from when the turn came. Nobody is asked about
somebody who left the roll, nor anybody who did: people end such a follow-up.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import month_of
from points.services.calendar import Workdays
from points.services.policy import PolicyBook
from reviews.models import Disposition, FollowUp, FollowUpRecord, Judgement, Rectification
from reviews.services.holders import absent_from, holders_of
from reviews.services.matter import Desks, Matter

Absent = Collection[int]
"""Members who left the roll, by their ids."""

Kind = FollowUp.Kind
State = FollowUp.State

RECTIFYING = Q(follow_up__state=State.RECTIFYING)
DISPUTED = Q(is_current=True, answer="DISPUTED", follow_up__state=State.DISPUTED)
TO_FILE = Q(is_current=True, state="PREPARED", follow_up__state=State.RECORDED)
TO_DECIDE = Q(is_current=True, state="FILED", follow_up__state=State.RECORDED)
TO_JUDGE = Q(
    is_current=True,
    follow_up__kind__in=FollowUp.EXPLANATION_KINDS,
    follow_up__state=State.RECORDED,
    follow_up__judgement__isnull=True,
)
TO_ANSWER_FOR = Q(outcome="SERIOUS", decided_at__isnull=True, follow_up__state=State.RECORDED)


def reasons(until: date) -> tuple[Any, ...]:
    """Query sets of what may be due by a day, each with the branch as ``follow_up__branch``."""
    return (
        Rectification.objects.filter(
            RECTIFYING, Q(due_on__lte=until) | Q(handed_in_at__isnull=False)
        ),
        FollowUpRecord.objects.filter(DISPUTED | TO_JUDGE),
        Disposition.objects.filter(TO_FILE | TO_DECIDE),
        Judgement.objects.filter(TO_ANSWER_FOR),
    )


def follow_up_matters(
    on: date, until: date, branches: Collection[int], desks: Desks
) -> Iterator[Matter]:
    """All that is due in the follow-ups of these branches until a day. Ten queries."""
    days, absent = Days(), absent_from(branches, on)
    yield from open_follow_ups(until, branches, desks, absent)
    yield from rectifications(on, until, branches, desks, days, absent)
    yield from disputes(until, branches, desks, days, absent)
    yield from cases(until, branches, desks, days, absent)
    yield from explanations(until, branches, desks, days)


class Days:
    """Until when a turn is to be taken that began at a moment. Three queries, once."""

    def __init__(self) -> None:
        self._policies = PolicyBook()
        self._workdays = Workdays.load()

    def after(self, moment: datetime, committee: int) -> date:
        day = timezone.localdate(moment)
        days = self._policies.of(committee, month_of(day)).follow_up_days
        return self._workdays.add(day, days)[0]


def open_follow_ups(
    until: date, branches: Collection[int], desks: Desks, absent: Absent
) -> Iterator[Matter]:
    """Talks, interviews and cases that nobody has recorded: whoever holds it; the secretary
    and the committee for a disposition; the committee where nobody is named. One query."""
    rows = FollowUp.objects.filter(
        state=FollowUp.State.OPEN, branch__in=branches, due_on__lte=until
    ).exclude(member__in=absent)
    for row in rows.select_related("branch", "member", "holder").order_by("due_on", "pk"):
        assert row.due_on is not None  # by the query
        holders = holders_there(row, desks, absent)
        is_case = row.kind == FollowUp.Kind.DISPOSITION and not holders
        words = {
            "branch": row.branch.name,
            "matter": str(row),
            "day": date_format(row.due_on, "DATE_FORMAT"),
        }
        yield Matter(
            what="follow-up",
            id=str(row.pk),
            branch=row.branch_id,
            due_on=row.due_on,
            before=_("%(branch)s: %(matter)s is due on %(day)s.") % words,
            after=_("%(branch)s: %(matter)s was due on %(day)s.") % words,
            url=row.get_absolute_url(),
            members=desks.secretary_or_deputy(row.branch) if is_case else holders,
            users=() if holders else desks.staff_over(row.branch),
        )


def holders_there(row: FollowUp, desks: Desks, absent: Absent) -> tuple[int, ...]:
    """Who holds it and is on the roll. No query."""
    return tuple(one for one in holders_of(row, desks.secretaries(row.branch)) if one not in absent)


def rectifications(
    on: date, until: date, branches: Collection[int], desks: Desks, days: Days, absent: Absent
) -> Iterator[Matter]:
    """What is to be put right by then: the member, and once it is late also who checks it; and
    what was handed in and waits for its check. One query."""
    rows = Rectification.objects.filter(
        RECTIFYING,
        Q(due_on__lte=until) | Q(handed_in_at__isnull=False),
        follow_up__branch__in=branches,
    ).exclude(follow_up__member__in=absent)
    for one in rows.select_related("follow_up__branch", "follow_up__member").order_by("pk"):
        row = one.follow_up
        members, users = checkers(row, desks, absent)
        if one.handed_in_at is not None:
            day = days.after(one.handed_in_at, row.branch.committee_id)
            if day <= until:
                before = _("%(branch)s: %(matter)s was put right and is to be checked by %(day)s.")
                after = _("%(branch)s: %(matter)s was put right and was to be checked by %(day)s.")
                yield matter("check", row, day, before, after, members=members, users=users)
            continue
        is_late = one.due_on < on
        yield matter(
            "rectify",
            row,
            one.due_on,
            _("%(branch)s: %(matter)s is to be put right by %(day)s."),
            _("%(branch)s: %(matter)s was to be put right by %(day)s."),
            members=(*own(row), *(members if is_late else ())),
            users=users if is_late else (),
        )


def checkers(
    row: FollowUp, desks: Desks, absent: Absent
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Who is asked to check: who held it; after a disposition the branch's secretary; else the
    staff of the committee. Never the member concerned, nor who left the roll."""
    if holders := holders_there(row, desks, absent):
        return holders, ()
    if row.kind == Kind.CORRECTION:
        members = set(desks.secretary_or_deputy(row.branch)) - {row.member_id}
        if members:
            return tuple(sorted(members)), ()
    return (), desks.staff_over(row.branch)


def disputes(
    until: date, branches: Collection[int], desks: Desks, days: Days, absent: Absent
) -> Iterator[Matter]:
    """Disputed records: who held it records it again, or the committee lets it stand. One
    query."""
    disputed = FollowUpRecord.objects.filter(DISPUTED, follow_up__branch__in=branches)
    rows = disputed.exclude(follow_up__member__in=absent)
    for kept in rows.select_related("follow_up__branch", "follow_up__member").order_by("pk"):
        row = kept.follow_up
        assert kept.answered_at is not None  # by constraint record_answered
        day = days.after(kept.answered_at, row.branch.committee_id)
        if day <= until:
            yield matter(
                "dispute",
                row,
                day,
                _("%(branch)s: the dispute about %(matter)s is to be settled by %(day)s."),
                _("%(branch)s: the dispute about %(matter)s was to be settled by %(day)s."),
                members=holders_there(row, desks, absent),
                users=desks.staff_over(row.branch),
            )


def cases(
    until: date, branches: Collection[int], desks: Desks, days: Days, absent: Absent
) -> Iterator[Matter]:
    """Disposition cases whose opinion is to be filed: the branch; and those filed, which the
    committee decides. One query."""
    undecided = Disposition.objects.filter(TO_FILE | TO_DECIDE, follow_up__branch__in=branches)
    rows = undecided.exclude(follow_up__member__in=absent)
    for one in rows.select_related("follow_up__branch", "follow_up__member").order_by("pk"):
        row = one.follow_up
        since = one.filed_at or one.opinion_at
        day = days.after(since, row.branch.committee_id)
        if day > until:
            continue
        if one.filed_at is not None:
            yield matter(
                "decide-case",
                row,
                day,
                _("%(branch)s: %(matter)s was filed and is to be decided by %(day)s."),
                _("%(branch)s: %(matter)s was filed and was to be decided by %(day)s."),
                users=desks.staff_over(row.branch),
                is_committees_own=True,
            )
            continue
        secretaries = set(desks.secretary_or_deputy(row.branch)) - {row.member_id}
        yield matter(
            "file-case",
            row,
            day,
            _("%(branch)s: the opinion on %(matter)s is to be filed by %(day)s."),
            _("%(branch)s: the opinion on %(matter)s was to be filed by %(day)s."),
            members=tuple(sorted(secretaries)),
            users=() if secretaries else desks.staff_over(row.branch),
        )


def explanations(
    until: date, branches: Collection[int], desks: Desks, days: Days
) -> Iterator[Matter]:
    """Explanations given and not judged, and those judged serious without a decision: the
    staff of the committee. Two queries."""
    given = FollowUpRecord.objects.filter(TO_JUDGE, follow_up__branch__in=branches)
    serious = Judgement.objects.filter(TO_ANSWER_FOR, follow_up__branch__in=branches)
    related = ("follow_up__branch", "follow_up__holder")
    before = _("%(branch)s: %(matter)s was given and is to be judged by %(day)s.")
    after = _("%(branch)s: %(matter)s was given and was to be judged by %(day)s.")
    due = partial(matter, is_committees_own=True)
    for kept in given.select_related(*related).order_by("pk"):
        row = kept.follow_up
        day = days.after(kept.recorded_at, row.branch.committee_id)
        if day <= until:
            yield due("judge", row, day, before, after, users=desks.staff_over(row.branch))
    before = _("%(branch)s: accountability after %(matter)s is to be decided by %(day)s.")
    after = _("%(branch)s: accountability after %(matter)s was to be decided by %(day)s.")
    for judged in serious.select_related(*related).order_by("pk"):
        row = judged.follow_up
        day = days.after(judged.judged_at, row.branch.committee_id)
        if day <= until:
            yield due("accountability", row, day, before, after, users=desks.staff_over(row.branch))


def matter(what: str, row: FollowUp, day: date, before: str, after: str, **whose: Any) -> Matter:
    """A matter about a follow-up, in the words for before its day and after it. A new day (a
    check that found it not put right yet) is a new matter to hear of."""
    words = {
        "branch": row.branch.name,
        "matter": str(row),
        "day": date_format(day, "DATE_FORMAT"),
    }
    return Matter(
        what=what,
        id=f"{row.pk}:{day:%Y-%m-%d}",
        branch=row.branch_id,
        due_on=day,
        before=before % words,
        after=after % words,
        url=row.get_absolute_url(),
        **whose,
    )


def own(row: FollowUp) -> tuple[int, ...]:
    return (row.member_id,) if row.member_id else ()
