"""Exemptions: those that wait, those that are decided, and for whom one may ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from lib.steps import Step
from members.models import Exemption, Member, Membership
from members.rights import Actor
from members.services.exemptions import branch_of
from members.workflow import EXEMPTION_STEPS, Approver

State = Exemption.State


def exemptions_of(actor: Actor, *, is_waiting: bool) -> "QuerySet[Exemption]":
    """What waits for approval, oldest first; what was decided, latest months first."""
    found = Exemption.objects.visible_to(actor).select_related(
        "member", "requested_by__member", "approved_by__member"
    )
    if is_waiting:
        return found.filter(state=State.REQUESTED).order_by("requested_at", "pk")
    return found.exclude(state=State.REQUESTED).order_by("-last_month", "-pk")


@dataclass(frozen=True, slots=True)
class ExemptionRow:
    exemption: Exemption
    branch: str


def exemption_rows(exemptions: Sequence[Exemption]) -> list[ExemptionRow]:
    """Each with the branch to which the member belongs, or did last. One query."""
    members = {one.member_id for one in exemptions}
    branches = dict(
        Membership.objects.filter(member__in=members)
        .order_by("starts_on", "pk")
        .values_list("member", "branch__name")
    )
    return [ExemptionRow(one, branches.get(one.member_id, "")) for one in exemptions]


def members_to_exempt(actor: Actor, today: date) -> "QuerySet[Member]":
    """Members for whom this person may ask: of their branch committee's branch, and below
    their committee."""
    there = Membership.objects.on(today).filter(
        branch__in=actor.committee_branches | actor.branches_below
    )
    return Member.objects.filter(memberships__in=there)


def open_steps(actor: Actor, exemption: Exemption) -> Sequence[Step]:
    branch = branch_of(exemption.member)
    return EXEMPTION_STEPS.open_to(Approver(actor, branch), exemption)


def waiting_for_me(actor: Actor) -> "QuerySet[Exemption]":
    """Requests below one's committee that one may decide: not one's own. One query to count."""
    rows = Exemption.objects.filter(
        state=State.REQUESTED,
        member__in=Membership.objects.filter(branch__in=actor.branches_below).values("member"),
    )
    return rows.exclude(member=actor.member_id) if actor.member_id else rows
