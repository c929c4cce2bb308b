"""One's own results: a month, the year, and the answer to a publication."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_member, page_for
from members.requests import Request
from reviews.forms.verification import ObjectionForm
from reviews.models import Publication, Round
from reviews.selectors.awards import own_awards
from reviews.selectors.results import ResultPage, awaited, my_year, result_page
from reviews.services import objections as objecting
from reviews.services import publication as publications


@page_for(is_member)
@require_safe
def my_current_year(request: Request) -> HttpResponse:
    return redirect("year_results", timezone.localdate().year)


@page_for(is_member)
@require_safe
def year_results(request: Request, year: int) -> HttpResponse:
    """My year: twelve months against the line, and what followed from it."""
    assert request.actor.member_id is not None  # by is_member
    context = {
        "year": my_year(request.actor, year),
        "awards": own_awards(request.actor.member_id, year),
    }
    return render(request, "reviews/result_year.html", context)


@page_for(is_member)
@require_safe
def result(request: Request, year: int, month: int) -> HttpResponse:
    """My result of one month; until it is published, that it is still to come."""
    when, today = date(year, month, 1), timezone.localdate()
    page = result_page(request.actor, when, today)
    if page is None:
        to_come = awaited(request.actor, when)
        if to_come is None:
            raise Http404
        context = {"awaited": to_come, "today": today, "states": Round.State}
        return render(request, "reviews/result_awaited.html", context)
    form = ObjectionForm(result=page.result, initial={"line": request.GET.get("line")})
    return _show(request, page, form, is_open="line" in request.GET)


@page_for(is_member)
def confirm_result(request: Request, pk: int) -> HttpResponse:
    """确认无异议."""
    publication = _publication(request, pk)
    if request.method == "POST":
        try:
            publications.confirm(pk=pk, by=request.actor, at=timezone.now())
            messages.success(request, _("Thank you: you have confirmed your result."))
        except Refused as refusal:
            messages.error(request, str(refusal))
    return _to_result(publication)


@page_for(is_member)
def object_to_result(request: Request, pk: int) -> HttpResponse:
    """提出异议; whatever stops it, what was written stands in the form again."""
    publication = _publication(request, pk)
    page = result_page(request.actor, publication.round.month, timezone.localdate())
    if request.method != "POST" or page is None:
        return _to_result(publication)
    form = ObjectionForm(request.POST, request.FILES, result=page.result)
    if not form.is_valid():
        return _show(request, page, form, is_open=True, status=422)
    said = form.cleaned_data
    try:
        objecting.object_to(
            pk=pk,
            line=said["line"],
            text=said["text"],
            files=form.accepted,
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refusal:
        refuse(form, refusal)
        return _show(request, page, form, is_open=True, status=409)
    messages.success(request, _("Your objection was raised. The branch will answer it."))
    return _to_result(publication)


# -- below the views -----------------------------------------------------------------------


def _publication(request: Request, pk: int) -> Publication:
    visible = Publication.objects.visible_to(request.actor).select_related("round")
    return get_object_or_404(visible, pk=pk)


def _to_result(publication: Publication) -> HttpResponse:
    return redirect("result", publication.round.month.year, publication.round.month.month)


def _show(
    request: Request,
    page: ResultPage,
    form: ObjectionForm,
    *,
    is_open: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {"page": page, "form": form, "is_open": is_open, "today": timezone.localdate()}
    return render(request, "reviews/result_detail.html", context, status=status)
