"""Publications: what a branch shows its members, on the screen and on paper."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.requests import Request
from reviews.models import Publication, Round
from reviews.rules import may_read_round
from reviews.selectors.publications import publication_page, publications_of


@require_safe
def publications(request: Request) -> HttpResponse:
    """The publications of my branch, and of those that I look after."""
    query = request.GET.get("q", "").strip()[:50]
    found = publications_of(request.actor)
    if query:
        found = found.filter(round__branch__name__icontains=query)
    context = {
        "page": Paginator(found, 20).get_page(request.GET.get("page")),
        "query": query,
        "today": timezone.localdate(),
        "states": Round.State,
        "has_many": bool(request.actor.branches_below),
    }
    return render(request, "reviews/publication_list.html", context)


@require_safe
def publication(request: Request, pk: int) -> HttpResponse:
    return render(request, "reviews/publication_detail.html", _context(request, pk))


@require_safe
def publication_notice(request: Request, pk: int) -> HttpResponse:
    """The same as a notice for the board: A4, with the branch's line to sign."""
    return render(request, "reviews/publication_notice.html", _context(request, pk))


def _context(request: Request, pk: int) -> dict[str, object]:
    visible = Publication.objects.visible_to(request.actor)
    found = get_object_or_404(
        visible.select_related("round__branch__committee", "round__rule_book"), pk=pk
    )
    today = timezone.localdate()
    page = publication_page(found, request.actor, today)
    may_correct = found.round.state == Round.State.PUBLISHED and may_read_round(
        request.actor, found.round.branch
    )
    return {"page": page, "today": today, "may_correct": may_correct}
