"""The analysis of one branch, and what the committee sees of all branches below."""

from collections.abc import Collection
from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.models import Branch
from lib.addresses import id_from
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from reviews.forms.analysis import SpanForm
from reviews.selectors.analysis.branch import analysis_of
from reviews.selectors.analysis.overview import SUBJECTS, table_of
from reviews.selectors.analysis.span import known_months, usual_span

PER_PAGE = 50


@page_for(is_branch_committee_or_staff)
@require_safe
def analysis(request: Request) -> HttpResponse:
    """A branch committee goes to its own branch; staff see those below, or choose one."""
    actor = request.actor
    if chosen := request.GET.get("branch", ""):
        return redirect(_address(chosen, request))
    if not actor.is_staff:
        return redirect("branch_analysis", min(actor.committee_branches))
    return _overview(request)


def _address(chosen: str, request: Request) -> str:
    """The page of a chosen branch, with the months that were chosen."""
    if not (branch := id_from(chosen)):
        raise Http404
    query = request.GET.copy()
    query.pop("branch")
    address = reverse("branch_analysis", args=[branch])
    return f"{address}?{query.urlencode()}" if query else address


def _overview(request: Request) -> HttpResponse:
    """Branches in the roll's order, one subject at a time; never a score."""
    today = timezone.localdate()
    branches = Branch.objects.active().filter(pk__in=request.actor.branches_below)
    form, months = _span(request, request.actor.branches_below, today)
    asked = request.GET.get("show", "")
    subject = next((one for one in SUBJECTS if one.key == asked), SUBJECTS[0])
    page = Paginator(branches, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "months": months,
        "own": Branch.objects.filter(pk__in=request.actor.committee_branches),
        "page": page,
        "subject": subject,
        "table": table_of(subject, list(page), months, today),
        "tabs": _tabs(request, subject.key),
        "today": today,
    }
    return render(request, "reviews/analysis.html", context, status=422 if form.errors else 200)


def _tabs(request: Request, current: str) -> list[dict[str, object]]:
    """The subjects, each keeping the months that were chosen."""
    tabs: list[dict[str, object]] = []
    for one in SUBJECTS:
        query = request.GET.copy()
        query.pop("page", None)
        query["show"] = one.key
        url = f"?{query.urlencode()}"
        tabs.append({"label": one.label, "url": url, "is_current": one.key == current})
    return tabs


def _span(request: Request, branches: Collection[int], today: date) -> tuple[SpanForm, list[date]]:
    """The months that were chosen of those in which these branches have a round."""
    known = known_months(branches, today)
    form = SpanForm(request.GET, known=known, usual=usual_span(known, today))
    return form, form.months() if known else []


@page_for(is_branch_committee_or_staff)
@require_safe
def branch_analysis(request: Request, pk: int) -> HttpResponse:
    """One branch: one's own, or one below one's committee."""
    actor, today = request.actor, timezone.localdate()
    visible = Branch.objects.filter(pk__in=actor.committee_branches | actor.branches_below)
    branch = get_object_or_404(visible, pk=pk)
    form, months = _span(request, [branch.pk], today)
    context = {
        "analysis": analysis_of(branch, months, today) if months else None,
        "branch": branch,
        "form": form,
        "is_below": actor.is_staff_over(branch.pk),
        "others": visible.exclude(pk=pk) if not actor.is_staff else (),
        "today": today,
    }
    status = 422 if form.errors else 200
    return render(request, "reviews/branch_analysis.html", context, status=status)
