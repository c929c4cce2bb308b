"""Which policy holds for a committee in a month, and setting it from a month on (domain.md §2;
docs/decisions/0010-policy-from-a-month.md)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from branches.models import Branch, Committee
from lib.months import add_months, format_month, month_of, months_between, next_month, quarter_of
from lib.steps import Refused
from members.notices import record
from members.rights import Actor
from points.models import Declaration, MonthlyResult, Policy

MOST_MONTHS_AHEAD = 18

# What a committee sets, in the order of the page.
FIGURES = (
    "declare_by_day",
    "review_by_day",
    "publication_period",
    "publication_days",
    "notice_template",
    "appeal_days",
    "decide_appeal_days",
    "confirm_days",
    "inspection_days",
    "talk_after",
    "interview_after",
    "disposition_after",
    "follow_up_days",
    "candidate_ranks",
    "branch_below_percent",
    "escalate_after_days",
)


class PolicyBook:
    """Every policy, and who inherits which: the latest in force of the nearest committee
    upwards that has one, else the source's own numbers (unsaved). Read once for a run,
    whatever its size: two queries."""

    def __init__(self) -> None:
        self._parents = dict(Committee.objects.values_list("pk", "parent_id"))
        self._policies: dict[int, list[Policy]] = defaultdict(list)
        for policy in Policy.objects.order_by("effective_from"):
            self._policies[policy.committee_id].append(policy)
        self._default = Policy(effective_from=date.min)

    def of(self, committee: int, month: date) -> Policy:
        """The policy in force for a committee in the month that ``month`` is the first day of."""
        current: int | None = committee
        while current is not None:
            policies = self._policies.get(current, [])
            if position := bisect_right(policies, month, key=lambda p: p.effective_from):
                return policies[position - 1]
            current = self._parents.get(current)
        return self._default

    def own(self, committee: int) -> list[Policy]:
        """The versions that this committee itself set, the earliest first."""
        return self._policies.get(committee, [])


def may_set_policy(actor: Actor, subtree: Collection[int], committee: int) -> bool:
    """Committee staff set the policy of their own committee and of those below it
    (domain.md §9); ``subtree`` are the ids of these committees."""
    return actor.is_system or committee in subtree


def first_months_not_open(committees: Collection[int], *, today: date) -> dict[int, date]:
    """For each committee the first month from which a policy may hold: no branch below it has
    a sheet or a result of that month or of a later one; never before this month. Four queries.
    """
    parents = dict(Committee.objects.values_list("pk", "parent_id"))
    committee_of = dict(Branch.objects.values_list("pk", "committee_id"))
    first = dict.fromkeys(committees, month_of(today))
    for model in (Declaration, MonthlyResult):
        latest = model.objects.order_by().values_list("branch").annotate(Max("month"))
        for branch, month in latest:
            current: int | None = committee_of[branch]
            while current is not None:
                if current in first:
                    first[current] = max(first[current], next_month(month))
                current = parents.get(current)
    return first


def possible_months(committee: int, *, today: date) -> list[date]:
    """The months from which a new version may hold, the first possible one first."""
    first = first_months_not_open([committee], today=today)[committee]
    return months_between(first, add_months(first, MOST_MONTHS_AHEAD - 1))


@transaction.atomic
def set_policy(
    *,
    committee: Committee,
    effective_from: date,
    figures: Mapping[str, Any],
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Policy:
    """Set a committee's policy from a month on, until the next one takes its place; or change
    one that is still to come (``version``). Months that are open, and all before them, keep
    the policy under which they were opened. Who, when, and what it was before is recorded.

    Raises PermissionDenied, or Refused: the month is open, another version begins with it,
    the version has begun or is gone, or the period of publication changes within a quarter.
    """
    subtree = Committee.objects.subtree_ids(by.committees)
    if not may_set_policy(by, subtree, committee.pk):
        raise PermissionDenied
    # One at a time for a committee: the loser of a race sees what the winner stored.
    Committee.objects.select_for_update(no_key=True).get(pk=committee.pk)
    taken = Policy.objects.filter(committee=committee, effective_from=effective_from).first()
    if version is None and taken and figures.items() <= vars(taken).items():
        return taken  # the same page sent twice
    policy = _version_to_come(committee, version, at)
    _check_month(committee, effective_from, at=at)
    _check_free(taken, version)
    before = PolicyBook().of(committee.pk, add_months(effective_from, -1))
    period = figures.get("publication_period", before.publication_period)
    if period != before.publication_period and quarter_of(effective_from)[0] != effective_from:
        raise Refused(
            _("A change of the publication period holds from the first month of a quarter.")
        )
    was = {name: getattr(policy, name) for name in FIGURES} if policy.pk else None
    policy.effective_from = effective_from
    for name, value in figures.items():
        setattr(policy, name, value)
    policy.save()
    old = was if was is not None else {name: getattr(before, name) for name in FIGURES}
    record(
        by=by.user,
        at=at,
        verb="set_policy",
        target=policy,
        committee=committee.pk,
        effective_from=format_month(effective_from),
        changes={
            name: [old[name], getattr(policy, name)]
            for name in FIGURES
            if old[name] != getattr(policy, name)
        },
    )
    return policy


def _version_to_come(committee: Committee, version: int | None, at: datetime) -> Policy:
    if version is None:
        return Policy(committee=committee)
    policy = Policy.objects.select_for_update(of=("self",)).filter(pk=version).first()
    if policy is None or policy.committee_id != committee.pk:
        raise Refused(_("This version is gone. Look at the policy again."))
    if has_begun(policy, today=timezone.localdate(at)):
        raise Refused(_("This version has begun and is not changed any more. Enter a new version."))
    return policy


def has_begun(policy: Policy, *, today: date) -> bool:
    """Whether a month of this version is open already, or might be any moment."""
    first = first_months_not_open([policy.committee_id], today=today)[policy.committee_id]
    return policy.effective_from < first


def _check_month(committee: Committee, month: date, *, at: datetime) -> None:
    first = first_months_not_open([committee.pk], today=timezone.localdate(at))[committee.pk]
    if month < first or month != month_of(month):
        raise Refused(
            _("%(month)s is open already in a branch below. The first possible month is %(first)s.")
            % {"month": label(month), "first": label(first)}
        )


def _check_free(taken: Policy | None, version: int | None) -> None:
    if taken is not None and taken.pk != version:
        raise Refused(
            _("Another version already begins with %(month)s. Change that one, or choose a month.")
            % {"month": label(taken.effective_from)}
        )


def label(month: date) -> str:
    return date_format(month, "YEAR_MONTH_FORMAT")
