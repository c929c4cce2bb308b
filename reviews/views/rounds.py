"""The rounds of a branch, the rounds of a month, and one round."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lib.months import month_of, next_month, previous_month
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from points.models import Registration
from reviews.models import Round, Verification
from reviews.selectors import rounds as selectors
from reviews.selectors.review import grid_of
from reviews.services import conclusion as concluding
from reviews.services import round as services
from reviews.services.round import seat_of
from reviews.workflow import ROUND_STEPS, Seat

PER_PAGE = 100


def visible_round(request: Request, pk: int) -> tuple[Round, Seat]:
    """A round that this person may read, and the seat from which they act on it; else 404."""
    actor = request.actor
    rounds = (
        Round.objects.visible_to(actor)
        .select_related("branch", "rule_book")
        .prefetch_related("publications")
    )
    round_ = get_object_or_404(rounds, pk=pk)
    return round_, seat_of(actor, round_.branch_id, timezone.localdate())


@page_for(is_branch_committee_or_staff)
@require_safe
def rounds(request: Request) -> HttpResponse:
    """The rounds of one's own branch, newest first; staff start with the current month."""
    actor, today = request.actor, timezone.localdate()
    if not actor.positions:
        return redirect("month_rounds", today.year, today.month)
    mine = Round.objects.filter(branch__in=actor.committee_branches)
    mine = mine.select_related("branch").prefetch_related("publications")
    page = Paginator(mine, 24).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": selectors.round_rows(list(page), today),
        "several": len(actor.committee_branches) > 1,
        "this_month": month_of(today) if actor.is_staff else None,
        "today": today,
    }
    return render(request, "reviews/round_list.html", context)


@page_for(is_branch_committee_or_staff)
@require_safe
def month_rounds(request: Request, year: int, month: int) -> HttpResponse:
    """All branches of a month in the roll's order: how far each one is, never a score."""
    when, today = date(year, month, 1), timezone.localdate()
    branches = selectors.branches_visible_to(request.actor)
    page = Paginator(branches, PER_PAGE).get_page(request.GET.get("page"))
    tally = selectors.tally(list(branches.values_list("pk", flat=True)), when, today)
    context = {
        "month": when,
        "previous": previous_month(when),
        "next": next_month(when) if when < month_of(today) else None,
        "page": page,
        "rows": selectors.month_rows(list(page), when, today),
        "tally": tally,
        "stages": [(state, tally.by_state.get(state, 0)) for state in Round.State],
        "today": today,
    }
    return render(request, "reviews/round_month.html", context)


@page_for(is_branch_committee_or_staff)
@require_safe
def round_detail(request: Request, pk: int) -> HttpResponse:
    """One round: where it is, who has filed, and what to do next."""
    round_, seat = visible_round(request, pk)
    today, rows = timezone.localdate(), selectors.sheet_rows(round_, seat.actor)
    grid = grid_of(round_, seat) if round_.state == Round.State.REVIEWING else None
    obstacles = concluding.obstacles(round_, seat.bench) if grid else []
    registered = Registration.objects.filter(branch=round_.branch_id, month=round_.month).count()
    decided = (
        _("%(decided)s of %(total)s decided") % {"decided": grid.decided, "total": grid.total}
        if grid
        else ""
    )
    context = {
        "round": round_,
        "back": list_of(round_, seat),
        "steps": selectors.month_steps(round_, rows, today, decided=decided, registered=registered),
        "rows": rows,
        "filed": sum(not row.is_missing for row in rows),
        "missing": [row for row in rows if row.is_missing],
        "open_steps": {step.name for step in ROUND_STEPS.open_to(seat, round_)},
        "runs": ROUND_STEPS["start_review"].may(seat, round_),
        "grid": grid,
        "obstacles": obstacles,
        "obstacle_kinds": {obstacle.kind for obstacle in obstacles},
        "register_query": f"?round={round_.pk}",
        "verified": verified(round_),
        "withdrawn": next((one for one in round_.publications.all() if one.is_withdrawn), None),
        "why_waiting": why_waiting(round_),
        "may_reopen": may_reopen(round_, seat, today),
        "today": today,
    }
    return render(request, "reviews/round_detail.html", context)


def why_waiting(round_: Round) -> str:
    """What a concluded month still waits for; empty if it can be published."""
    if round_.state != Round.State.CONCLUDED:
        return ""
    others = concluding.others_of_quarter(round_)
    return concluding.why_still_waiting(round_, others, at=timezone.now())


def may_reopen(round_: Round, seat: Seat, today: date) -> bool:
    """Whether this person may take the month back now, before its publication has ended."""
    publication = round_.publication
    ended = publication is not None and publication.ends_on < today
    return not ended and ROUND_STEPS.is_open("reopen", seat, round_)


def list_of(round_: Round, seat: Seat) -> str:
    """Where this person comes from: the months of their branch, or the month's branches."""
    if seat.actor.is_on_committee_of(round_.branch_id):
        return reverse("rounds")
    return reverse("month_rounds", args=[round_.month.year, round_.month.month])


def verified(round_: Round) -> dict[str, int] | None:
    """How many confirmed, objected, or have been silent so far, once it is published."""
    publication = selectors.publication_of(round_)
    if publication is None:
        return None
    answers = list(publication.verifications.values_list("answer", flat=True))
    people = round_.branch.results.filter(month=round_.month, is_current=True).count()
    return {
        "confirmed": answers.count(Verification.Answer.CONFIRMED),
        "objected": answers.count(Verification.Answer.OBJECTED),
        "silent": people - len(answers),
        "open": publication.objections.filter(state="OPEN").count(),
    }


@page_for(is_branch_committee_or_staff)
@require_POST
def start_review(request: Request, pk: int) -> HttpResponse:
    round_, _seat = visible_round(request, pk)
    try:
        services.start_review(pk=round_.pk, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(round_)
    messages.success(request, _("The review has started. Decide the entries one by one."))
    return redirect("review", round_.pk)
