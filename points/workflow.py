"""The states of declarations and of rule books, and the steps between them (domain.md §5.3, §9).

A rule book's ``may`` is asked with a ``Drafter``: who acts, and whether the branch has a
secretary in whose place the committee would act.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from lib.steps import Step, Steps
from points.models import Declaration, RuleBook
from points.rules import (
    may_approve_book,
    may_draft,
    may_offer,
    may_take_back,
    may_withdraw_offer,
    may_write,
)

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
        Step("take_back", _("Take back"), frozenset({State.SUBMITTED}), State.DRAFT, may_take_back),
    ]
)


def can_write(actor: Any, declaration: Declaration) -> bool:
    return DECLARATION_STEPS.is_open("write", actor, declaration)


Book = RuleBook.State
AT_THE_BRANCH = frozenset({Book.DRAFT, Book.RETURNED})

RULE_BOOK_STEPS = Steps(
    [
        Step("edit", _("Edit"), AT_THE_BRANCH, None, may_draft),
        Step("submit", _("Submit"), AT_THE_BRANCH, Book.SUBMITTED, may_draft),
        Step("discard", _("Discard"), AT_THE_BRANCH, None, may_draft),
        Step("take_back", _("Take back"), frozenset({Book.SUBMITTED}), Book.DRAFT, may_draft),
        Step("approve", _("Approve"), frozenset({Book.SUBMITTED}), Book.APPROVED, may_approve_book),
        Step("return", _("Return"), frozenset({Book.SUBMITTED}), Book.RETURNED, may_approve_book),
        Step("offer", _("Offer as a template"), frozenset({Book.APPROVED}), None, may_offer),
        Step(
            "withdraw_offer",
            _("Withdraw the template"),
            frozenset({Book.APPROVED, Book.SUPERSEDED}),
            None,
            may_withdraw_offer,
        ),
    ]
)
