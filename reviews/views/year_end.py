"""Year-end: what is open, compute, confirm, freeze, eligibility, members by branch, the
workbook."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from branches.models import Branch, Committee
from lib.addresses import id_from
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, is_staff, page_for
from members.requests import Request
from reviews.exports.asking import Asked
from reviews.models import BranchAnnualResult, Export, YearEnd
from reviews.rules import may_close_year
from reviews.selectors import year_end as selectors
from reviews.selectors.awards import branch_awards
from reviews.selectors.eligible import eligible_list
from reviews.selectors.year_page import readable, standing_of, year_page
from reviews.services import exports as exporting
from reviews.services import year_confirmation, year_runs
from reviews.services import year_end as services
from reviews.tasks import send_export, start_computing_year
from reviews.views.exports import as_download


@require_safe
@page_for(is_branch_committee_or_staff)
def years(request: Request) -> HttpResponse:
    context = {"years": selectors.years_of(request.actor), "is_staff": request.actor.is_staff}
    return render(request, "reviews/year_list.html", context)


@require_safe
@page_for(is_branch_committee_or_staff)
def year(request: Request, year: int) -> HttpResponse:
    """A year: for staff with what is open and what they can do; for a branch its own."""
    committees, today = selectors.committees_of(request.actor), timezone.localdate()
    page = year_page(
        year=year,
        actor=request.actor,
        committee=_chosen(committees, request.GET.get("committee", "")),
        wanted=request.GET.get("branch", ""),
        today=today,
    )
    if page is None:
        raise Http404
    awards = None
    if page.branch and page.is_final:
        awards = branch_awards(page.branch, year, request.actor, today)
    context = {"page": page, "year": year, "committees": committees, "awards": awards}
    return render(request, "reviews/year_detail.html", context)


def _chosen(committees: list[Committee], wanted: str) -> Committee | None:
    chosen = [one for one in committees if str(one.pk) == wanted]
    return next(iter(chosen or committees), None)


@require_safe
@page_for(is_branch_committee_or_staff)
def eligible_members(request: Request, year: int) -> HttpResponse:
    """Who may be proposed for commendation by this year's points: names, no points."""
    found = eligible_list(year, readable(request.actor, year))
    return render(request, "reviews/year_eligible.html", {"list": found, "year": year})


# -- steps of the committee ----------------------------------------------------------------


@require_POST
@page_for(is_staff)
def compute_year(request: Request, year: int) -> HttpResponse:
    """Compute the year: at once, or by the worker where there are many members."""
    committee = _committee(request)
    at = timezone.now()
    try:
        if year_runs.is_large(committee, year):
            start_computing_year(committee=committee, year=year, by=request.actor, at=at)
        else:
            closing = services.compute_year(committee=committee, year=year, by=request.actor, at=at)
            messages.success(request, _said(closing))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _to_year(year, committee)


@require_POST
@page_for(is_staff)
def freeze_year(request: Request, year: int) -> HttpResponse:
    """Freeze the figures that were shown."""
    committee = _committee(request)
    try:
        closing = services.freeze_year(
            committee=committee,
            year=year,
            seen=request.POST.get("seen", ""),
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _said(closing))
    return _to_year(year, committee)


@require_safe
@page_for(is_staff)
def year_progress(request: Request, year: int) -> HttpResponse:
    """How far a computation in the background has come; asks for the page once it is done."""
    committee = get_object_or_404(Committee, pk=id_from(request.GET.get("committee", "")))
    subtree = Committee.objects.subtree_ids(request.actor.committees)
    if not may_close_year(request.actor, subtree, committee):
        raise Http404
    standing = standing_of(committee, year, request.actor, timezone.localdate())
    if not request.htmx:
        return _to_year(year, committee)
    response = render(request, "reviews/year_progress.html", {"standing": standing})
    if not standing.is_running:
        response["HX-Refresh"] = "true"
    return response


def _committee(request: Request) -> Committee:
    return get_object_or_404(Committee, pk=id_from(request.POST.get("committee", "")))


def _to_year(year: int, committee: Committee) -> HttpResponse:
    return redirect(f"{reverse('year', args=[year])}?committee={committee.pk}")


def _said(closing: services.Closing) -> str:
    asked = closing.branches - closing.confirmed
    counts = {"branches": closing.branches, "members": closing.members, "asked": asked}
    if closing.was_frozen:
        return _("This year was frozen before. Nothing has changed.")
    if closing.year_end.state == YearEnd.State.FROZEN:
        return _("Closed and frozen: %(members)s members in %(branches)s branches.") % counts
    if closing.year_end.state == YearEnd.State.COMPUTED:
        return (
            _(
                "Computed: %(members)s members in %(branches)s branches. "
                "Asked to confirm: %(asked)s branches."
            )
            % counts
        )
    return _("Computed provisionally: %(members)s members in %(branches)s branches.") % counts


# -- the branch's step, and the workbook ---------------------------------------------------


@require_POST
@page_for(is_branch_committee_or_staff)
def confirm_year(request: Request, year: int) -> HttpResponse:
    """The branch's secretary has looked at the figures."""
    branch = get_object_or_404(
        Branch.objects.filter(pk__in=readable(request.actor, year)),
        pk=id_from(request.POST.get("branch", "")),
    )
    get_object_or_404(BranchAnnualResult, branch=branch, year=year)
    try:
        year_confirmation.confirm_branch_year(
            branch=branch,
            year=year,
            seen=request.POST.get("seen", ""),
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("The figures of %(branch)s are confirmed.") % {"branch": branch}
        )
    return redirect(f"{reverse('year', args=[year])}?branch={branch.pk}")


@require_POST
@page_for(is_branch_committee_or_staff)
def year_workbook(request: Request, year: int) -> HttpResponseBase:
    """The year-end workbook of the branches whose figures this person may see: at once, or
    made in the background where it is large. It is logged."""
    try:
        export = exporting.request_export(
            kind=Export.Kind.YEAR,
            asked=Asked(year=year),
            branches=readable(request.actor, year),
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("year", year)
    exporting.start(export=export, clock=timezone.now, send=send_export)
    if export.state != Export.State.READY:
        return redirect(export)
    exporting.note_download(export=export, by=request.actor, at=timezone.now())
    return as_download(export)
