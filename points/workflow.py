"""The states of a declaration and the steps between them (domain.md §5.3)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from lib.steps import Step, Steps
from points.models import Declaration
from points.rules import may_write, may_write_own

State = Declaration.State

DECLARATION_STEPS = Steps(
    [
        Step(
            "write",
            _("Fill in"),
            frozenset({State.DRAFT, State.RETURNED}),
            None,
            may_write,
        ),
        Step("submit", _("Submit"), frozenset({State.DRAFT}), State.SUBMITTED, may_write),
        Step(
            "resubmit",
            _("Submit again"),
            frozenset({State.RETURNED}),
            State.IN_REVIEW,
            may_write,
        ),
        Step("take_back", _("Take back"), frozenset({State.SUBMITTED}), State.DRAFT, may_write_own),
    ]
)


def can_write(actor: Any, declaration: Declaration) -> bool:
    return DECLARATION_STEPS.is_open("write", actor, declaration)
