"""The review grid: deciding entries one by one, all that is in order, and returning sheets."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from points.models import Decision, Declaration, Entry
from reviews.forms.review import DecisionForm, ReturnForm
from reviews.models import Round
from reviews.selectors.review import Grid, Line, Sheet, grid_of, hides, line_of, may_return
from reviews.services import review as reviewing
from reviews.views.rounds import visible_round
from reviews.workflow import ROUND_STEPS, Seat

VIEWS = ("open", "warned", "all")
# Members on one page of the grid.
PER_PAGE = 20


@page_for(is_branch_committee_or_staff)
@require_safe
def review(request: Request, pk: int) -> HttpResponse:
    """The grid, member by member in the roll's order."""
    round_, seat = visible_round(request, pk)
    if round_.state != Round.State.REVIEWING:
        return redirect(round_)
    grid = grid_of(round_, seat)
    view = request.GET.get("show", "open" if grid.waiting else "all")
    view = view if view in VIEWS else "all"
    sheets = [(sheet, shown(sheet.lines, view)) for sheet in grid.sheets]
    on_show = [one for one in sheets if one[1] or view == "all" or one[0].is_returned]
    page = page_of(request, on_show)
    context = {
        "round": round_,
        "grid": grid,
        "view": view,
        "tabs": tabs_of(round_, grid, view),
        "sheets": sheets,
        "page": page,
        "roster": roster_of(grid, on_show, view, page.number),
        "may_decide": ROUND_STEPS.is_open("decide", seat, round_),
    }
    return render(request, "reviews/review.html", context)


def page_of(request: Request, on_show: list[tuple[Sheet, list[Line]]]) -> Page[Any]:
    """So many members at a time, so that a large branch opens quickly on a small machine: the
    page that was asked for, or the one on which a member stands."""
    pages = Paginator(on_show, PER_PAGE)
    asked = request.GET.get("member", "")
    if "page" not in request.GET and asked:
        ids = [str(sheet.member.pk) for sheet, _lines in on_show]
        return pages.get_page(ids.index(asked) // PER_PAGE + 1 if asked in ids else 1)
    return pages.get_page(request.GET.get("page"))


def roster_of(
    grid: Grid, on_show: list[tuple[Sheet, list[Line]]], view: str, current: int
) -> list[tuple[Sheet, str]]:
    """Everybody, each with the address at which they stand: on this page, on another one, or
    among all, where this view does not show them."""
    places = {sheet.member.pk: i // PER_PAGE + 1 for i, (sheet, _lines) in enumerate(on_show)}
    found = []
    for sheet in grid.sheets:
        member = sheet.member.pk
        number = places.get(member)
        query = f"?show={view}&page={number}" if number else f"?show=all&member={member}"
        found.append((sheet, f"{'' if number == current else query}#member-{member}"))
    return found


def shown(lines: list[Line], view: str) -> list[Line]:
    """The lines that a view of the grid shows."""
    if view == "open":
        return [line for line in lines if line.is_open]
    if view == "warned":
        return [line for line in lines if line.warnings]
    return lines


def tabs_of(round_: Round, grid: Grid, view: str) -> list[dict[str, Any]]:
    address = reverse("review", args=[round_.pk])
    counts = {"open": grid.waiting, "warned": grid.warned, "all": grid.total}
    labels = {"open": _("To be decided"), "warned": _("Look at twice"), "all": _("All entries")}
    return [
        {
            "label": labels[name],
            "url": f"{address}?show={name}",
            "count": counts[name],
            "is_current": name == view,
        }
        for name in VIEWS
    ]


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def decide_entry(request: Request, pk: int, entry_id: int) -> HttpResponse:
    """The form to decide one entry, and the decision. The grid replaces only that line."""
    round_, seat = visible_round(request, pk)
    if request.method == "POST":
        return decided(request, round_, seat, entry_id)
    line = line_of(round_, seat, entry_id)
    if line is None:
        return gone(request, round_, entry_id)
    if "cancel" in request.GET:
        return line_response(request, round_, seat, entry_id)
    if line.locked:
        raise PermissionDenied
    return form_response(request, round_, line, initial_form(request, line))


def decided(request: Request, round_: Round, seat: Seat, entry_id: int) -> HttpResponse:
    """Decide as the form says; what stops it is shown with the line as it stands now."""
    form, status = DecisionForm(request.POST), 422
    if form.is_valid():
        try:
            reviewing.decide_entry(
                pk=round_.pk,
                entry_id=entry_id,
                by=request.actor,
                at=timezone.now(),
                **form.cleaned_data,
            )
        except Refused as refused:
            refuse(form, refused)
            status = 409
        else:
            return line_response(request, round_, seat, entry_id)
    line = line_of(round_, seat, entry_id)
    if line is None:
        return gone(request, round_, entry_id)
    return form_response(request, round_, line, form, status=status)


def gone(request: Request, round_: Round, entry_id: int) -> HttpResponse:
    """What is shown of an entry that was withdrawn while somebody looked at it."""
    entries = Entry.objects.filter(branch=round_.branch_id, month=round_.month)
    entry = get_object_or_404(entries.select_related("criterion"), pk=entry_id)
    if request.htmx:
        context = {"entry": entry, "is_hidden": hides(request.actor, entry)}
        return render(request, "reviews/review_line_gone.html", context, status=409)
    messages.error(request, _("This entry is no longer part of the review: it was withdrawn."))
    return redirect("review", round_.pk)


def initial_form(request: Request, line: Line) -> DecisionForm:
    """The form as the person asked for it: with what is decided now, or ready to reject."""
    decision = line.decision
    initial = {"seen": line.seen, "outcome": request.GET.get("outcome", "")}
    if decision is not None:
        initial |= {"points": decision.points, "reason": decision.reason}
        initial["outcome"] = initial["outcome"] or decision.outcome
    form = DecisionForm(initial=initial)
    first = "points" if initial["outcome"] == Decision.Outcome.ADJUSTED else "reason"
    form.fields[first].widget.attrs["autofocus"] = True
    return form


def line_response(request: Request, round_: Round, seat: Seat, entry_id: int) -> HttpResponse:
    """The line as it stands now, with the counts of the page; without htmx, the whole grid."""
    if not request.htmx:
        line = line_of(round_, seat, entry_id)
        member = line.entry.member_id if line else ""
        query = f"?show=all&member={member}#entry-{entry_id}"
        return redirect(reverse("review", args=[round_.pk]) + query)
    grid = grid_of(round_, seat)
    sheet, line = grid.find(entry_id)
    context = {"round": round_, "line": line, "grid": grid, "sheet": sheet, "is_focused": True}
    return render(request, "reviews/review_line_new.html", context)


def form_response(
    request: Request, round_: Round, line: Line, form: DecisionForm, *, status: int = 200
) -> HttpResponse:
    template = "reviews/review_line_form.html" if request.htmx else "reviews/review_entry.html"
    context = {"round": round_, "line": line, "form": form}
    return render(request, template, context, status=status)


@page_for(is_branch_committee_or_staff)
@require_POST
def approve_all(request: Request, pk: int) -> HttpResponse:
    """Approve every entry that is in order and that this person may decide."""
    round_, _seat = visible_round(request, pk)
    try:
        count = reviewing.approve_all_in_order(pk=round_.pk, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        text = ngettext("%(count)s entry approved.", "%(count)s entries approved.", count)
        messages.success(request, text % {"count": count})
    return redirect("review", round_.pk)


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def return_sheet(request: Request, pk: int, declaration_id: int) -> HttpResponse:
    """Return a member's sheet for correction, with remarks beside its items."""
    round_, seat = visible_round(request, pk)
    sheets = Declaration.objects.filter(branch=round_.branch_id, month=round_.month)
    sheet = get_object_or_404(sheets.select_related("member"), pk=declaration_id)
    if request.method != "POST":
        if not may_return(round_, seat, sheet):
            return not_returnable(request, round_, sheet)
        form = ReturnForm(entries=declared_on(sheet))
        return return_page(request, round_, sheet, form)
    form, status = ReturnForm(request.POST, entries=declared_on(sheet)), 422
    if form.is_valid():
        try:
            reviewing.return_sheet(
                pk=round_.pk,
                declaration_id=sheet.pk,
                reason=form.cleaned_data["reason"],
                remarks=form.remarks,
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            refuse(form, refused)
            status = 409
        else:
            text = _("The sheet was returned to %(name)s.") % {"name": sheet.member.name}
            messages.success(request, text)
            return redirect("review", round_.pk)
    return return_page(request, round_, sheet, form, status=status)


def declared_on(sheet: Declaration) -> list[Entry]:
    """The items that stand on a sheet as declared, with their files."""
    entries = Entry.objects.standing().filter(declaration=sheet, source=Entry.Source.DECLARED)
    return list(entries.select_related("criterion").prefetch_related("evidence"))


def not_returnable(request: Request, round_: Round, sheet: Declaration) -> HttpResponse:
    """Whoever may not return this sheet is refused; where the sheet has moved on, the review
    says so."""
    if sheet.state in reviewing.RETURNABLE:
        raise PermissionDenied
    messages.error(request, _("This sheet cannot be returned: it is not in the review."))
    return redirect("review", round_.pk)


def return_page(
    request: Request, round_: Round, sheet: Declaration, form: ReturnForm, *, status: int = 200
) -> HttpResponse:
    context = {"round": round_, "sheet": sheet, "form": form}
    return render(request, "reviews/review_return_page.html", context, status=status)


@page_for(is_branch_committee_or_staff)
@require_safe
def round_of_sheet(request: Request, declaration_id: int) -> HttpResponse:
    """From a sheet that was entered on behalf (代填) back to the round, to the next one."""
    sheet = get_object_or_404(Declaration.objects.visible_to(request.actor), pk=declaration_id)
    rounds = Round.objects.visible_to(request.actor)
    return redirect(get_object_or_404(rounds, branch=sheet.branch_id, month=sheet.month))
