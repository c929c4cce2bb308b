"""Publications: what a branch shows its members, on the screen and on paper."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.addresses import words_from
from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from reviews.forms.conclusion import ExtensionForm
from reviews.models import Publication, Round
from reviews.selectors.publications import publication_page, publications_of
from reviews.services import publication as publishing
from reviews.services.round import seat_of
from reviews.workflow import ROUND_STEPS


@require_safe
def publications(request: Request) -> HttpResponse:
    """The publications of my branch, and of those that I look after."""
    query = words_from(request.GET.get("q", ""))
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
    """A notice: of a month, or of a quarter, whose months share one page."""
    found = _publication(request, pk)
    lead = found.together_with_id
    if lead and Publication.objects.visible_to(request.actor).filter(pk=lead).exists():
        return redirect("publication", lead)
    return render(request, "reviews/publication_detail.html", _context(request, found))


@require_safe
def publication_notice(request: Request, pk: int) -> HttpResponse:
    """The same as a notice for the board: A4, with the branch's line to sign."""
    found = _publication(request, pk)
    return render(request, "reviews/publication_notice.html", _context(request, found))


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: Request, pk: int) -> HttpResponse:
    """Show a notice for longer: until when, and why."""
    found, today = _publication(request, pk), timezone.localdate()
    seat = seat_of(request.actor, found.round.branch_id, today)
    if not ROUND_STEPS["extend"].may(seat, found.round):
        raise PermissionDenied
    page = publication_page(found, request.actor, today)
    if not page.may_extend and request.method != "POST":
        messages.error(request, _("This publication cannot be extended now."))
        return redirect(found)
    form = ExtensionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            lead = publishing.extend(
                pk=found.pk, by=request.actor, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The publication is extended; the branch is told."))
            return redirect(lead)
    context = {"page": page, "form": form, "latest": publishing.last_day_to_extend(found, today)}
    status = 422 if form.errors else 200
    return render(request, "reviews/publication_extend.html", context, status=status)


# -- below the views -----------------------------------------------------------------------


def _publication(request: Request, pk: int) -> Publication:
    visible = Publication.objects.visible_to(request.actor).select_related(
        "round__branch__committee",
        "round__rule_book",
        "published_by__member",
        "withdrawn_by__member",
    )
    return get_object_or_404(visible, pk=pk)


def _context(request: Request, found: Publication) -> dict[str, object]:
    today = timezone.localdate()
    as_published = request.GET.get("as") == "published"
    actor = request.actor
    page = publication_page(found, actor, today, as_published=as_published)
    may_export = found.round.branch_id in actor.committee_branches | actor.branches_below
    export_url = f"{reverse('new_export', args=['publication'])}?publication={page.publication.pk}"
    return {"page": page, "today": today, "export_url": export_url if may_export else ""}
