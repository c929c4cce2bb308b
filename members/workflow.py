"""The steps of an exemption, and who may take them (domain.md §9)."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.steps import Step, Steps
from members.models import Exemption
from members.rights import Actor
from members.rules import may_decide_exemption

State = Exemption.State


@dataclass(frozen=True, slots=True)
class Approver:
    """Who acts on an exemption of a member of that branch."""

    actor: Actor
    branch_id: int | None


def _decides(approver: Approver, exemption: Exemption) -> bool:
    return may_decide_exemption(
        approver.actor, member=exemption.member_id, branch=approver.branch_id
    )


EXEMPTION_STEPS = Steps(
    [
        Step(
            "approve",
            pgettext_lazy("exemption", "Approve"),
            frozenset({State.REQUESTED}),
            State.APPROVED,
            _decides,
        ),
        Step("refuse", _("Refuse"), frozenset({State.REQUESTED}), State.REFUSED, _decides),
        Step("shorten", _("End it earlier"), frozenset({State.APPROVED}), None, _decides),
    ]
)
