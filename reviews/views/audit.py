"""The audit log: who did what, for committee staff and administrators."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from members.access import is_staff_or_administrator, page_for
from members.requests import Request
from reviews.forms.audit import AuditForm
from reviews.selectors import audit as selectors

PER_PAGE = 50


@page_for(is_staff_or_administrator)
@require_safe
def audit(request: Request) -> HttpResponse:
    """The steps that one may look into, the latest first, narrowed as asked."""
    form = AuditForm(request.GET or None, branches=selectors.branches_of(request.actor))
    form.is_valid()
    wanted = form.cleaned_data if form.is_bound else {}
    events = selectors.narrowed(selectors.events_for(request.actor), wanted)
    page = Paginator(events, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": list(selectors.rows(page)),
        "is_narrowed": any(wanted.values()),
    }
    return render(request, "reviews/audit.html", context)
