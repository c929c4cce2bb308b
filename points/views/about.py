"""How points are worked out: every figure, and every reading adopted where the rules are silent."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.models import Branch
from lib.months import month_of
from members.requests import Request
from members.rights import Actor
from points.about import CHAPTERS
from points.selectors.policy import figures
from points.services.policy import PolicyBook


@require_safe
def about_rules(request: Request) -> HttpResponse:
    """The rules, with the figures of the reader's committee in force this month."""
    policy = PolicyBook().of(_committee_of(request.actor), month_of(timezone.localdate()))
    context = {
        "policy": policy,
        "chapters": CHAPTERS,
        # The text of the notice is a template, not a figure.
        "figures": [one for one in figures(policy) if one.name != "notice_template"],
    }
    return render(request, "points/about_rules.html", context)


def _committee_of(actor: Actor) -> int:
    """The committee above one's branch; for staff who are not on the roll, their own."""
    own = Branch.objects.filter(pk=actor.branch_id or 0).values_list("committee", flat=True).first()
    return own or min(actor.committees, default=0)
