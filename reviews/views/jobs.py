"""Jobs: what is due, what ran, and running a part of it now."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from members.access import is_staff, page_for
from members.requests import Request
from reviews.models import JobRun
from reviews.selectors import jobs as selectors
from reviews.services import jobs as services

PER_PAGE = 30
MOST_DUE = 50


@require_safe
@page_for(is_staff)
def jobs(request: Request) -> HttpResponse:
    due = selectors.due_now(timezone.now())
    page = Paginator(selectors.runs(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "due": due[:MOST_DUE],
        "more": len(due[MOST_DUE:]),
        "page": page,
        "rows": [selectors.run_row(run) for run in page.object_list],
    }
    return render(request, "reviews/job_list.html", context)


@require_POST
@page_for(is_staff)
def run_job(request: Request) -> HttpResponse:
    """Run one part now, in this person's name; what it did stands in the list."""
    job, key = request.POST.get("job", ""), request.POST.get("key", "")
    try:
        services.chunk_of(job=job, key=key)
        label = services.JOBS[job].label
    except (KeyError, ValueError) as error:
        raise Http404 from error
    run = services.run(job=job, key=key, by=request.actor, clock=timezone.now, is_asked_for=True)
    if run is None:
        messages.info(request, _("Nothing is due any more, or it is running already."))
    elif run.state == JobRun.State.FAILED:
        messages.error(request, _("%(job)s failed: %(error)s") % {"job": label, "error": run.error})
    else:
        messages.success(request, _("%(job)s: done.") % {"job": label})
    return redirect("jobs")
