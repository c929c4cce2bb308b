"""Bringing the stored follow-ups to what final results demand (domain.md §6).

``should − is``: the pure function says what must exist, this module reads what is stored
and writes the difference. Twice, late or after a crash: nothing more changes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.months import last_day, month_of
from members.models import Event, LeadershipDuty, Member, Position, User
from members.notices import Message, tell
from points.models import MonthlyResult
from points.services.calendar import Workdays
from points.services.policy import PolicyBook
from reviews.models import FollowUp, FollowUpMonth, Round
from reviews.services.holders import absent_from, holders_of, person_of, secretaries_of_branches
from reviews.services.round import month_label
from reviews.thresholds import (
    EXPLANATION_KINDS,
    STREAK_KINDS,
    Changes,
    Demand,
    FinalResult,
    Stored,
    Thresholds,
    follow_ups_demanded,
    reconcile,
    streaks,
)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation changed."""

    created: int = 0
    withdrawn: int = 0
    reinstated: int = 0
    updated: int = 0
    flagged: int = 0


class Row(NamedTuple):
    """What follow-ups need to know of one final result."""

    pk: int
    member: int
    branch: int
    month: date
    is_below: bool
    is_zero: bool
    streak: int


@transaction.atomic
def reconcile_branches(
    *,
    branches: Collection[int],
    policies: PolicyBook,
    at: datetime,
    rounds: Collection[int] | None = None,
    reason: str = "",
) -> Reconciled:
    """Bring the follow-ups of these branches, and of the members who had months below the
    line in them, to what the final results demand; ``reason`` stands on what is withdrawn.
    With ``rounds`` only the members whom
    these rounds may concern are looked at; without, everybody whom any month may.

    The caller holds the locks of the branches' rows, so that two workers follow one another.
    The number of statements does not depend on the number of members."""
    members = _concerned(branches, rounds)
    rows = _rows(branches, members)
    _store_streaks([row for row in rows if row.member in members])
    should = _demanded(rows, branches, members, policies)
    changes = reconcile(should, _stored(branches, members))
    _apply(changes, policies=policies, at=at, reason=reason)
    return Reconciled(
        created=len(changes.create),
        withdrawn=len(changes.withdraw),
        reinstated=len(changes.reinstate),
        updated=len(changes.update),
        flagged=len(changes.flag),
    )


def _concerned(branches: Collection[int], rounds: Collection[int] | None) -> set[int]:
    """The members whose follow-ups the months of these branches can change: who is, or was
    before a revision, below the line or at zero in them, and who has a follow-up from them.
    A few in a hundred, read through an index of their own."""
    low = MonthlyResult.objects.filter(
        Q(is_below=True) | Q(is_zero=True), branch__in=branches, is_final=True
    )
    if rounds is not None:
        low = low.filter(
            Exists(
                Round.objects.filter(
                    pk__in=rounds, branch=OuterRef("branch"), month=OuterRef("month")
                )
            )
        )
        return set(low.order_by().values_list("member", flat=True))
    tracked = FollowUp.objects.filter(branch__in=branches, kind__in=STREAK_KINDS)
    return {
        *low.order_by().values_list("member", flat=True),
        *tracked.order_by().values_list("member", flat=True),
    }


def _rows(branches: Collection[int], members: Collection[int]) -> list[Row]:
    """All final months below the line or at zero of these members, wherever they were (a
    streak does not end with a transfer), and the zero months of everybody in the branches."""
    final = MonthlyResult.objects.final()
    low = final.filter(Q(is_below=True) | Q(is_zero=True), member__in=members)
    zero = final.filter(is_zero=True, branch__in=branches)
    return [
        Row(*values)
        for values in {
            *low.order_by().values_list(*Row._fields),
            *zero.order_by().values_list(*Row._fields),
        }
    ]


def _store_streaks(rows: Iterable[Row]) -> None:
    lengths = streaks(_results(rows))
    changed: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        length = lengths.get((row.member, row.month), 0)
        if length != row.streak:
            changed[length].append(row.pk)
    for length, ids in changed.items():
        MonthlyResult.objects.filter(pk__in=ids).update(streak=length)


def _results(rows: Iterable[Row]) -> list[FinalResult]:
    return [
        FinalResult(row.member, row.branch, row.month, True, row.is_below, row.is_zero)
        for row in rows
    ]


def _demanded(
    rows: list[Row],
    branches: Collection[int],
    members: Collection[int],
    policies: PolicyBook,
) -> set[Demand]:
    months = {(row.branch, row.month) for row in rows}
    committees = dict(
        Branch.objects.filter(pk__in={branch for branch, month in months}).values_list(
            "pk", "committee_id"
        )
    )

    def thresholds(branch: int, month: date) -> Thresholds:
        policy = policies.of(committees[branch], month)
        return Thresholds(policy.talk_after, policy.interview_after, policy.disposition_after)

    demands = follow_ups_demanded(
        results=_results(rows),
        secretaries=secretaries_of(months),
        leaders=leaders_of(months),
        thresholds=thresholds,
    )
    return {
        demand
        for demand in demands
        if (demand.member in members if demand.kind in STREAK_KINDS else demand.branch in branches)
    }


def zero_months_demanded(follow_up: FollowUp) -> tuple[tuple[int, date], ...]:
    """The zero months, as (member, month), that this explanation is to explain as the final
    results stand; none where it is no longer demanded. Four queries."""
    rows = _rows([follow_up.branch_id], [])
    months = {(row.branch, row.month) for row in rows}
    demands = follow_ups_demanded(
        results=_results(rows), secretaries=secretaries_of(months), leaders=leaders_of(months)
    )
    return next((one.members for one in demands if one.key == _key(follow_up)), ())


def secretaries_of(months: Collection[tuple[int, date]]) -> dict[tuple[int, date], tuple[int, ...]]:
    """The secretaries in office in a branch's month, the one at its end first. One query."""
    return _office_holders(
        months,
        Position.objects.filter(
            kind=Position.Kind.SECRETARY, branch__in={branch for branch, month in months}
        ).values_list("branch", "member", "starts_on", "ends_on"),
    )


def leaders_of(months: Collection[tuple[int, date]]) -> dict[tuple[int, date], tuple[int, ...]]:
    """The leading cadres in charge of, or assisting with, a branch in a month. One query."""
    return _office_holders(
        months,
        LeadershipDuty.objects.filter(branch__in={branch for branch, month in months}).values_list(
            "branch", "leader", "starts_on", "ends_on"
        ),
    )


def _office_holders(
    months: Collection[tuple[int, date]],
    spans: Iterable[tuple[int, int, date | None, date | None]],
) -> dict[tuple[int, date], tuple[int, ...]]:
    by_branch: dict[int, list[tuple[date, date, int]]] = defaultdict(list)
    for branch, member, starts_on, ends_on in spans:
        by_branch[branch].append((starts_on or date.min, ends_on or date.max, member))
    for spans_of_branch in by_branch.values():
        spans_of_branch.sort(reverse=True)
    return {
        (branch, month): tuple(
            dict.fromkeys(
                member
                for starts_on, ends_on, member in by_branch[branch]
                if starts_on <= last_day(month) and ends_on >= month
            )
        )
        for branch, month in months
        if branch in by_branch
    }


def _stored(branches: Collection[int], members: Collection[int]) -> list[Stored]:
    """The streak follow-ups of these members, and the explanations of these branches."""
    follow_ups = FollowUp.objects.filter(
        Q(kind__in=EXPLANATION_KINDS, branch__in=branches)
        | Q(kind__in=STREAK_KINDS, member__in=members)
    )
    zero_months: dict[int, list[tuple[int, date]]] = defaultdict(list)
    for pk, member, month in FollowUpMonth.objects.filter(
        follow_up__branch__in=branches
    ).values_list("follow_up", "member", "month"):
        zero_months[pk].append((member, month))
    return [
        Stored(
            id=pk,
            kind=kind,
            branch=branch,
            member=member,
            holder=holder,
            first_month=first_month,
            trigger_month=trigger_month,
            year=year if kind in EXPLANATION_KINDS else None,
            members=tuple(sorted(zero_months.get(pk, ()))),
            is_open=state == FollowUp.State.OPEN,
            is_carried_out=state not in (FollowUp.State.OPEN, FollowUp.State.WITHDRAWN),
            is_withdrawn=state == FollowUp.State.WITHDRAWN,
            is_flagged=is_flagged,
        )
        for (
            pk,
            kind,
            branch,
            member,
            holder,
            first_month,
            trigger_month,
            year,
            state,
            is_flagged,
        ) in follow_ups.select_for_update(of=("self",))
        .order_by("pk")
        .values_list(
            "pk",
            "kind",
            "branch",
            "member",
            "holder",
            "first_month",
            "trigger_month",
            "year",
            "state",
            "is_basis_changed",
        )
    ]


def _apply(changes: Changes, *, policies: PolicyBook, at: datetime, reason: str) -> None:
    if changes.withdraw:
        FollowUp.objects.filter(pk__in=changes.withdraw).update(
            state=FollowUp.State.WITHDRAWN,
            withdrawn_at=at,
            withdrawal_reason=(reason or _("the results no longer demand it"))[:500],
        )
        _tell_withdrawn(changes.withdraw, at=at)
    _log(
        {
            "withdraw": changes.withdraw,
            "reinstate": [pk for pk, demand in changes.reinstate],
            "flag": changes.flag,
            "unflag": changes.unflag,
        },
        reason=reason,
        at=at,
    )
    if changes.reinstate:
        FollowUp.objects.filter(pk__in=[pk for pk, demand in changes.reinstate]).update(
            state=FollowUp.State.OPEN, withdrawn_at=None, withdrawal_reason=""
        )
    if changes.flag:
        FollowUp.objects.filter(pk__in=changes.flag).update(is_basis_changed=True)
        _tell_flagged(changes.flag, at=at)
    if changes.unflag:
        FollowUp.objects.filter(pk__in=changes.unflag).update(is_basis_changed=False)
    contents = [*changes.reinstate, *changes.update]
    if contents:
        _rewrite(contents)
    if changes.create:
        _create(changes.create, policies=policies, at=at)


def _log(verbs: Mapping[str, Collection[int]], *, reason: str, at: datetime) -> None:
    """Write the history of what a revision did to these follow-ups. Three statements, however
    many; none where it did nothing."""
    ids = {pk for pks in verbs.values() for pk in pks}
    if not ids:
        return
    rows = FollowUp.objects.in_bulk(ids)
    system = User.objects.system()
    Event.objects.bulk_create(
        Event(
            by=system,
            at=at,
            verb=verb,
            target_type=FollowUp._meta.model_name or "",
            target_id=pk,
            branch_id=rows[pk].branch_id,
            member_id=rows[pk].member_id,
            details={"reason": reason},
        )
        for verb, pks in verbs.items()
        for pk in pks
    )


def _tell_withdrawn(ids: Collection[int], *, at: datetime) -> None:
    """Tell the members and the duty holders. Four statements, however many."""
    rows = list(FollowUp.objects.filter(pk__in=ids).select_related("member"))
    secretaries = secretaries_of_branches({row.branch_id for row in rows}, timezone.localdate(at))
    tell(
        [
            Message(
                person, f"withdrawn:{row.pk}:{at:%Y%m%d%H%M%S}", subject, row.get_absolute_url()
            )
            for row in rows
            for subject in [
                _("Withdrawn: %(follow_up)s, because %(reason)s")
                % {"follow_up": row, "reason": row.withdrawal_reason}
            ]
            for person in {row.member_id, *holders_of(row, secretaries[row.branch_id])}
            if person is not None
        ],
        at=at,
    )


def _tell_flagged(ids: Collection[int], *, at: datetime) -> None:
    """Tell whoever carried it out, or has to. Four statements, however many."""
    rows = FollowUp.objects.filter(pk__in=ids, holder__isnull=False).select_related("member")
    tell(
        [
            Message(
                row.holder_id,
                f"flagged:{row.pk}:{at:%Y%m%d%H%M%S}",
                _("The results behind it were revised, look at it again: %(follow_up)s")
                % {"follow_up": row},
                row.get_absolute_url(),
            )
            for row in rows
        ],
        at=at,
    )


def _rewrite(contents: list[tuple[int, Demand]]) -> None:
    rows = FollowUp.objects.in_bulk([pk for pk, demand in contents])
    months: list[FollowUpMonth] = []
    for pk, demand in contents:
        row = rows[pk]
        row.branch_id, row.holder_id = demand.branch, demand.holder
        row.trigger_month = demand.trigger_month
        months += [
            FollowUpMonth(follow_up=row, member_id=member, month=month)
            for member, month in demand.members
        ]
    FollowUp.objects.bulk_update(rows.values(), ["branch", "holder", "trigger_month"])
    FollowUpMonth.objects.filter(follow_up__in=rows).delete()
    FollowUpMonth.objects.bulk_create(months)


def _create(demands: Collection[Demand], *, policies: PolicyBook, at: datetime) -> None:
    today = timezone.localdate(at)
    committees = dict(
        Branch.objects.filter(pk__in={demand.branch for demand in demands}).values_list(
            "pk", "committee_id"
        )
    )
    workdays, due_by_days = Workdays.load(), dict[int, date]()

    def due_on(demand: Demand) -> date | None:
        if demand.kind in EXPLANATION_KINDS:
            return None
        days = policies.of(committees[demand.branch], month_of(today)).follow_up_days
        if days not in due_by_days:
            due_by_days[days] = workdays.add(today, days)[0]
        return due_by_days[days]

    FollowUp.objects.bulk_create(
        [
            FollowUp(
                kind=demand.kind,
                branch_id=demand.branch,
                member_id=demand.member,
                holder_id=demand.holder,
                first_month=demand.first_month,
                trigger_month=demand.trigger_month,
                year=demand.year or (demand.trigger_month or today).year,
                due_on=due_on(demand),
                opened_at=at,
            )
            for demand in demands
        ],
        ignore_conflicts=True,
    )
    _after_create({demand.key: demand for demand in demands}, at=at)


def _after_create(demands: dict[tuple[object, ...], Demand], *, at: datetime) -> None:
    """Write the zero months and the notices of what was just created. Who left the roll
    meanwhile is not told, nor is anybody asked to talk with them: people end it."""
    created = FollowUp.objects.filter(
        branch__in={demand.branch for demand in demands.values()}, opened_at=at
    )
    pairs = [(row, demands[key]) for row in created if (key := _key(row)) in demands]
    FollowUpMonth.objects.bulk_create(
        [
            FollowUpMonth(follow_up=row, member_id=member, month=month)
            for row, demand in pairs
            for member, month in demand.members
        ],
        ignore_conflicts=True,
    )
    today, places = timezone.localdate(at), {row.branch_id for row, demand in pairs}
    secretaries, absent = secretaries_of_branches(places, today), absent_from(places, today)
    names = dict(
        Member.objects.filter(
            pk__in={row.member_id for row, demand in pairs if row.member_id}
        ).values_list("pk", "name")
    )
    tell(
        [
            message
            for row, demand in pairs
            if person_of(row) not in absent
            for message in _messages(row, names, holders_of(row, secretaries[row.branch_id]))
        ],
        at=at,
    )


def _key(row: FollowUp) -> tuple[object, ...]:
    return Stored(
        id=row.pk,
        kind=row.kind,
        branch=row.branch_id,
        member=row.member_id,
        holder=row.holder_id,
        first_month=row.first_month,
        trigger_month=row.trigger_month,
        year=row.year,
    ).key


def _messages(row: FollowUp, names: dict[int, str], holders: Collection[int]) -> list[Message]:
    key, url = f"follow_up:{row.pk}", row.get_absolute_url()
    kind = row.get_kind_display()
    if row.is_explanation:
        subject = _("%(kind)s: zero months in %(year)s") % {"kind": kind, "year": row.year}
        return [Message(holder, key, subject, url) for holder in holders]
    assert row.member_id is not None
    assert row.trigger_month is not None
    month = month_label(row.trigger_month)
    own = _("%(kind)s: your points of %(month)s are below the line") % {
        "kind": kind,
        "month": month,
    }
    theirs = _("%(kind)s with %(name)s, points of %(month)s") % {
        "kind": kind,
        "name": names[row.member_id],
        "month": month,
    }
    return [
        Message(row.member_id, key, own, url),
        *(Message(holder, key, theirs, url) for holder in holders),
    ]
