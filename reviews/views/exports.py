"""Exports: what I asked for, asking for more, how far one is, and the file itself."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from reviews.exports.kinds import CONTENT_TYPES, kind_of_slug, kinds_for, related_to
from reviews.forms.exports import ExportForm
from reviews.models import Export
from reviews.selectors import exports as selectors
from reviews.services import exports as services
from reviews.tasks import send_export

PER_PAGE = 20


@require_safe
@page_for(is_branch_committee_or_staff)
def exports(request: Request) -> HttpResponse:
    """What can be exported, and what I asked for."""
    found = selectors.exports_of(request.actor)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [selectors.export_row(one) for one in page.object_list]
    context = {"kinds": kinds_for(request.actor), "page": page, "rows": rows}
    return render(request, "reviews/export_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_branch_committee_or_staff)
def new_export(request: Request, kind: str) -> HttpResponse:
    """Ask for a file; a small one is there at once, a large one is made in the background."""
    found, actor = kind_of_slug(kind), request.actor
    if found is None:
        raise Http404
    if not found.is_for(actor):
        raise PermissionDenied
    form = ExportForm(
        request.POST or None,
        initial=request.GET.dict(),
        kind=found,
        actor=actor,
        today=timezone.localdate(),
    )
    if request.method == "POST" and form.is_valid():
        try:
            export = services.request_export(
                kind=found.kind,
                asked=form.asked,
                branches=form.branches,
                by=actor,
                at=timezone.now(),
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            services.start(export=export, clock=timezone.now, send=send_export)
            return redirect(export)
    query = request.GET.urlencode()
    tabs = [
        {
            "label": one.label,
            "url": f"{reverse('new_export', args=[one.slug])}?{query}",
            "is_current": one is found,
        }
        for one in related_to(found, actor)
    ]
    context = {"form": form, "kind": found, "kept_days": services.KEPT_FOR.days, "tabs": tabs}
    status = 422 if form.errors else 200
    return render(request, "reviews/export_new.html", context, status=status)


@require_safe
@page_for(is_branch_committee_or_staff)
def export(request: Request, pk: int) -> HttpResponse:
    """One export; htmx asks for its state again while it is made."""
    found = _export(request, pk)
    template = "export_state.html" if request.htmx else "export_detail.html"
    context = {"row": selectors.export_row(found), "export": found}
    return render(request, f"reviews/{template}", context)


@require_safe
@page_for(is_branch_committee_or_staff)
def export_file(request: Request, pk: int) -> HttpResponseBase:
    """The file. Every time it is taken is logged."""
    found = _export(request, pk)
    try:
        response = as_download(found)
    except FileNotFoundError:
        messages.error(request, _("This file is not there any more. Ask for it again."))
        return redirect(found)
    if request.method == "GET":
        services.note_download(export=found, by=request.actor, at=timezone.now())
    return response


def as_download(export: Export) -> FileResponse:
    """A file that is saved, never shown, and kept in no cache. Raises FileNotFoundError."""
    if not export.file:
        raise FileNotFoundError
    kind = CONTENT_TYPES[export.name.rsplit(".", 1)[-1]]
    content = export.file.open("rb")
    response = FileResponse(content, as_attachment=True, filename=export.name, content_type=kind)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _export(request: Request, pk: int) -> Export:
    """One's own, as long as its branches are within one's rights. Raises Http404."""
    found = get_object_or_404(selectors.exports_of(request.actor), pk=pk)
    if not services.is_still_theirs(found, request.actor):
        raise Http404
    return found
