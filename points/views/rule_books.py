"""Rule books, and how points are worked out."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.models import Branch
from lib.months import month_of
from members.requests import Request
from points.models import Policy, RuleBook
from points.selectors.rule_book import (
    books_in_force,
    content_of,
    reader_of,
    versions,
    versions_of,
)
from points.services.policy import PolicyBook


@require_safe
def rule_books(request: Request) -> HttpResponse:
    """The rule book of my branch with its versions; below it, those of other branches that
    I may read."""
    actor, month = request.actor, month_of(timezone.localdate())
    query = request.GET.get("q", "").strip()[:50]
    others = books_in_force(actor, month).exclude(branch=actor.branch_id)
    if query:
        others = others.filter(branch__name__icontains=query)
    mine = RuleBook.objects.filter(branch=actor.branch_id).select_related("branch")
    context = {
        "branch": Branch.objects.filter(pk=actor.branch_id or 0).first(),
        "mine": versions(mine, month),
        "page": Paginator(others, 30).get_page(request.GET.get("page")),
        "query": query,
    }
    return render(request, "points/rule_book_list.html", context)


@require_safe
def rule_book(request: Request, pk: int) -> HttpResponse:
    """One version of a branch's rule book."""
    book = get_object_or_404(
        RuleBook.objects.visible_to(request.actor).select_related("branch", "approved_by__member"),
        pk=pk,
    )
    reader = reader_of(book, request.actor)
    mine = request.GET.get("mine") == "1"
    all_versions = versions_of(book, month_of(timezone.localdate()))
    context = {
        "book": book,
        "reader": reader,
        "mine": mine,
        "groups": content_of(book, mine=mine, reader=reader),
        "versions": all_versions,
        "version": next(version for version in all_versions if version.book.pk == book.pk),
    }
    return render(request, "points/rule_book_detail.html", context)


@require_safe
def about_rules(request: Request) -> HttpResponse:
    """How points are worked out, and what was decided where the rules are silent."""
    branch = Branch.objects.filter(pk=request.actor.branch_id or 0).first()
    month = month_of(timezone.localdate())
    policy = PolicyBook().of(branch.committee_id, month) if branch else Policy(effective_from=month)
    return render(request, "points/about_rules.html", {"policy": policy})
