"""The states of an opinion (奖惩意见) and the steps between them (domain.md §8): the member
confirms it or appeals, silence is agreement, whoever issued it can take it back. What somebody
else enters from paper leaves the member the time to appeal.

Appealing, and what follows from an appeal's decision, are steps of the appeal's own services;
they are in the table so that all of an opinion's life stands in one place.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.steps import Step, Steps
from members.rights import Actor
from reviews.models import Opinion
from reviews.rules import may_issue

State = Opinion.State


def is_own(actor: Actor, opinion: Opinion) -> bool:
    """The member concerned answers; nobody answers for them, unless from paper."""
    return actor.member_id is not None and actor.member_id == opinion.member_id


def speaks_for_it(actor: Actor, opinion: Opinion) -> bool:
    return may_issue(actor, member_id=opinion.member_id, branch_id=opinion.branch_id)


def takes_back(actor: Actor, opinion: Opinion) -> bool:
    """Whoever issued it, while they still hold that office; or the committee above."""
    is_issuer = actor.user.pk == opinion.issued_by_id or actor.is_staff_over(opinion.branch_id)
    return is_issuer and speaks_for_it(actor, opinion)


OPINION_STEPS = Steps(
    [
        Step(
            "confirm",
            pgettext_lazy("opinion", "Confirm"),
            frozenset({State.OPEN}),
            State.CONFIRMED,
            is_own,
        ),
        Step(
            "confirm_on_paper",
            _("Signed on paper"),
            frozenset({State.OPEN, State.SILENT}),
            State.PAPER,
            speaks_for_it,
        ),
        Step(
            "agree",
            _("Let silence count"),
            frozenset({State.OPEN}),
            State.SILENT,
            lambda actor, opinion: actor.is_system,
        ),
        Step(
            "appeal",
            _("Raise an appeal"),
            frozenset({State.OPEN, State.PAPER, State.SILENT}),
            State.APPEALED,
            is_own,
        ),
        Step(
            "withdraw",
            pgettext_lazy("opinion", "Withdraw"),
            frozenset({State.OPEN, State.CONFIRMED, State.PAPER, State.SILENT, State.KEPT}),
            State.WITHDRAWN,
            takes_back,
        ),
    ]
)
