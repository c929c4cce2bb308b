"""How far the branches are, for the committee: what is late first, then month by month."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from branches.models import Branch
from lib.steps import Refused
from members.access import is_staff, page_for
from members.requests import Request
from reviews.selectors import progress as selectors
from reviews.services import reminders

PER_PAGE = 50


@page_for(is_staff)
@require_safe
def progress(request: Request) -> HttpResponse:
    """Branches in the roll's order by months, and above them what is late."""
    actor, today = request.actor, timezone.localdate()
    years = selectors.years_below(actor.branches_below)
    text = request.GET.get("year", "")
    year = next((one for one in years if str(one) == text), None)
    months = selectors.months_shown(today, year)
    branches = Branch.objects.active().filter(pk__in=actor.branches_below)
    page = Paginator(branches, PER_PAGE).get_page(request.GET.get("page"))
    tabs = [{"label": _("Last twelve months"), "url": "?", "is_current": year is None}]
    tabs += [{"label": str(one), "url": f"?year={one}", "is_current": one == year} for one in years]
    context = {
        "late": selectors.late_rows(actor, today),
        "legend": selectors.legend(),
        "months": months,
        "page": page,
        "rows": selectors.branch_rows(list(page), months, today),
        "tabs": tabs,
        "today": today,
    }
    return render(request, "reviews/progress.html", context)


@page_for(is_staff)
@require_POST
def remind_late(request: Request) -> HttpResponse:
    """Remind those whose turn it is in one late matter."""
    key = request.POST.get("matter", "")
    try:
        told = reminders.remind_now(key=key, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            ngettext("%(count)s person was reminded.", "%(count)s people were reminded.", told)
            % {"count": told},
        )
    return redirect("progress")
