"""Which changes of the roll there are, and for whom each makes sense: one table draws the
buttons of a member's page and guards the pages behind them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Standing:
    """What matters of a member for what one may enter about them."""

    is_on_roll: bool
    is_full: bool
    is_retired: bool
    has_account: bool
    has_open_account: bool


@dataclass(frozen=True, slots=True)
class RollStep:
    """A change with a page of its own; ``hint`` is the rule that is easily missed."""

    name: str
    label: Any
    icon: str
    is_open: Callable[[Standing], bool]
    hint: Any = ""
    is_grave: bool = False


def _is_on_roll(standing: Standing) -> bool:
    return standing.is_on_roll


ROLL_STEPS = {
    step.name: step
    for step in (
        RollStep(
            "transfer",
            _("Transfer"),
            "git-branch",
            _is_on_roll,
            _(
                "A month belongs to the branch of its first day: a transfer in the middle of a "
                "month counts from the next month."
            ),
        ),
        RollStep(
            "position",
            _("Change the positions"),
            "badge-check",
            _is_on_roll,
        ),
        RollStep("duty", _("Change a leadership duty"), "layers", _is_on_roll),
        RollStep(
            "full-member",
            _("Became a full member"),
            "user-round-check",
            lambda standing: standing.is_on_roll and not standing.is_full,
        ),
        RollStep(
            "retirement",
            _("Retirement"),
            "armchair",
            lambda standing: standing.is_on_roll and not standing.is_retired,
        ),
        RollStep(
            "end",
            _("End the membership"),
            "user-round-x",
            _is_on_roll,
            _(
                "Death, contact lost, leaving, removal, expulsion, or a transfer out of the "
                "organisation. Nothing is deleted: past months, results and follow-ups stay."
            ),
            is_grave=True,
        ),
        RollStep(
            "return",
            _("Return to the roll"),
            "user-round-plus",
            lambda standing: not standing.is_on_roll,
            _("A new membership begins; the former one stays as it ended."),
        ),
        RollStep(
            "close-account",
            _("Close the account"),
            "user-lock",
            lambda standing: standing.has_open_account,
            _("The member stays on the roll, but cannot sign in any more."),
            is_grave=True,
        ),
        RollStep(
            "open-account",
            _("Open the account again"),
            "lock-open",
            lambda standing: (
                standing.is_on_roll and standing.has_account and not standing.has_open_account
            ),
        ),
    )
}


def open_roll_steps(standing: Standing) -> list[RollStep]:
    return [step for step in ROLL_STEPS.values() if step.is_open(standing)]
