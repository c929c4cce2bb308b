"""Year-end: what is open, compute, freeze, eligibility, members by branch, the workbook."""

from io import BytesIO

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from branches.models import Branch, Committee
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, is_staff, page_for
from members.requests import Request
from reviews.exports.year import export_year
from reviews.models import YearEnd
from reviews.selectors import year_end as selectors
from reviews.services import year_end as services

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@page_for(is_branch_committee_or_staff)
def years(request: Request) -> HttpResponse:
    context = {"years": selectors.years_of(request.actor), "is_staff": request.actor.is_staff}
    return render(request, "reviews/year_list.html", context)


@require_safe
@page_for(is_branch_committee_or_staff)
def year(request: Request, year: int) -> HttpResponse:
    """A year: for staff with what is open and what they can do; for a branch its own."""
    actor = request.actor
    committees = selectors.committees_of(actor)
    committee = _chosen(committees, request.GET.get("committee", ""))
    visible = selectors.branches_of(actor)
    if committee is not None:
        visible &= set(Branch.objects.below(committee).values_list("pk", flat=True))
    eligibilities = selectors.eligibilities(year, visible)
    branch = _branch(request, [one.result.branch for one in eligibilities])
    year_end = YearEnd.objects.filter(committee=committee, year=year).first()
    is_frozen = year_end is not None and year_end.state == YearEnd.State.FROZEN
    rounds = services.open_rounds(committee, year) if committee and not is_frozen else []
    context = {
        "year": year,
        "committee": committee,
        "committees": committees,
        "year_end": year_end,
        "is_frozen": is_frozen,
        "open": selectors.still_open(rounds),
        "eligibilities": eligibilities,
        "scope": selectors.scope_of(year, visible) if committee and not is_frozen else None,
        "branch_year": selectors.branch_year(branch, year) if branch else None,
        "is_provisional": any(
            one.result.year_end.state == YearEnd.State.PROVISIONAL for one in eligibilities
        ),
    }
    return render(request, "reviews/year_detail.html", context)


def _chosen(committees: list[Committee], wanted: str) -> Committee | None:
    chosen = [one for one in committees if str(one.pk) == wanted]
    return next(iter(chosen or committees), None)


def _branch(request: Request, branches: list[Branch]) -> Branch | None:
    """The one branch whose members are shown: asked for, or one's own, or the first."""
    wanted = request.GET.get("branch", "")
    if wanted:
        found = next((branch for branch in branches if str(branch.pk) == wanted), None)
        if found is None:
            raise Http404
        return found
    own = [branch for branch in branches if branch.pk == request.actor.branch_id]
    return next(iter(own or branches), None)


@require_POST
@page_for(is_staff)
def close_year(request: Request, year: int) -> HttpResponse:
    """Compute provisional figures, or close the year and freeze them."""
    committee = get_object_or_404(Committee, pk=request.POST.get("committee") or 0)
    try:
        closing = services.close_year(
            committee=committee,
            year=year,
            provisional="freeze" not in request.POST,
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _said(closing))
    return redirect("year", year)


def _said(closing: services.Closing) -> str:
    counts = {"branches": closing.branches, "members": closing.members}
    if closing.was_frozen:
        return _("This year was frozen before. Nothing has changed.")
    if closing.year_end.state == YearEnd.State.FROZEN:
        return _("Closed and frozen: %(members)s members in %(branches)s branches.") % counts
    return _("Computed provisionally: %(members)s members in %(branches)s branches.") % counts


@require_POST
@page_for(is_branch_committee_or_staff)
def year_workbook(request: Request, year: int) -> HttpResponse:
    """The year-end workbook of the branches this person may see. It is logged."""
    workbook = BytesIO()
    export_year(
        workbook,
        year=year,
        branches=selectors.branches_of(request.actor),
        by=request.actor,
        at=timezone.now(),
    )
    name = _("Year-end %(year)s.xlsx") % {"year": year}
    return HttpResponse(
        workbook.getvalue(),
        content_type=XLSX,
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )
