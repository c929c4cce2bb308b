"""Personal year sheets: one's own, one member's, and a branch's as one document for paper."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from branches.models import Branch
from lib.addresses import id_from
from members.access import is_branch_committee_or_staff, is_member, page_for
from members.requests import Request
from reviews.selectors import year_sheets as selectors


@page_for(is_member)
@require_safe
def own_year_sheet(request: Request, year: int) -> HttpResponse:
    """My year on one sheet, with lines to sign."""
    sheet = selectors.own_sheet(request.actor, year)
    return render(request, "reviews/year_sheet.html", {"sheet": sheet, "year": year})


@page_for(is_branch_committee_or_staff)
@require_safe
def year_sheets(request: Request, year: int) -> HttpResponse:
    """A branch's sheets as one document, a sheet of paper for each member."""
    branches = list(selectors.branches_with_sheets(request.actor, year))
    branch = _branch(request, branches)
    sheets = selectors.branch_sheets(request.actor, year, branch) if branch else []
    context = {"year": year, "branch": branch, "branches": branches, "sheets": sheets}
    return render(request, "reviews/year_sheets.html", context)


@page_for(is_branch_committee_or_staff)
@require_safe
def member_year_sheet(request: Request, year: int, pk: int) -> HttpResponse:
    """The sheet of one member of a branch that one looks after."""
    sheet = selectors.member_sheet(request.actor, year, pk)
    if sheet is None:
        raise Http404
    context = {"sheet": sheet, "year": year, "of_branch": True}
    return render(request, "reviews/year_sheet.html", context)


def _branch(request: Request, branches: list[Branch]) -> Branch | None:
    """The branch that is asked for, one's own, or the first."""
    if wanted := request.GET.get("branch", ""):
        within = Branch.objects.filter(pk__in=[branch.pk for branch in branches])
        return get_object_or_404(within, pk=id_from(wanted))
    own = [branch for branch in branches if branch.pk == request.actor.branch_id]
    return next(iter(own or branches), None)
