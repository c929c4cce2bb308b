"""Spot checks: the list, the draw and its repetition, inspection, and the protocol."""

import secrets
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_staff, page_for
from members.models import User
from members.requests import Request
from reviews.drawing import pool_text
from reviews.forms.spot_check import DrawForm, FindingForm, InspectorForm
from reviews.models import SpotCheck, SpotCheckItem
from reviews.selectors import spot_checks as selectors
from reviews.selectors.appeals import appeal_box
from reviews.selectors.effects import shown
from reviews.services import spot_checks as services

SEED_BYTES = 16


@require_safe
@page_for(is_staff)
def spot_checks(request: Request) -> HttpResponse:
    """The draws, and what was found in all of them by kind."""
    page = Paginator(selectors.draws(request.actor), 20).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(one, selectors.found_in(one)) for one in page],
        "statistics": selectors.statistics(request.actor),
        "today": timezone.localdate(),
    }
    return render(request, "reviews/spot_check_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff)
def draw_spot_check(request: Request) -> HttpResponse:
    """The choice, then what it would draw from, then the draw: the seed is made last."""
    committees = selectors.committees_of(request.actor)
    months = selectors.closed_months(committees)
    asked = request.POST or (request.GET if "measure" in request.GET else None)
    form = DrawForm(asked, committees=committees, months=months)
    context: dict[str, Any] = {"form": form, "months": months}
    if asked is None or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "reviews/spot_check_draw.html", context, status=status)
    choice, at = form.choice(), timezone.now()
    if request.method == "POST":
        try:
            drawn = services.draw(
                choice=choice,
                token=form.cleaned_data["token"] or uuid4(),
                seed=secrets.token_hex(SEED_BYTES),
                by=request.actor,
                at=at,
            )
        except Refused as refused:
            refuse(form, refused)
            return render(request, "reviews/spot_check_draw.html", context, status=422)
        messages.success(request, _("The entries are drawn and the inspectors are told."))
        return redirect(drawn)
    context |= {
        "choice": choice,
        "outlook": selectors.outlook(choice, at=at),
        "token": uuid4(),
    }
    return render(request, "reviews/spot_check_draw.html", context)


def _visible(request: Request, pk: int) -> SpotCheck:
    found = SpotCheck.objects.visible_to(request.actor).select_related(
        "committee", "drawn_by__member"
    )
    return get_object_or_404(found, pk=pk)


@require_safe
@page_for(is_staff)
def spot_check(request: Request, pk: int) -> HttpResponse:
    """One draw: how it was made, and its entries with inspectors and findings."""
    found = _visible(request, pk)
    items = selectors.items_of(found, reader=request.actor.member_id)
    context = {
        "spot_check": found,
        "items": items,
        "inspected": sum(bool(item.finding) for item in items),
        "left_out": selectors.left_out_of(found),
        "today": timezone.localdate(),
    }
    return render(request, "reviews/spot_check_detail.html", context)


@require_safe
@page_for(is_staff)
def spot_check_pool(request: Request, pk: int) -> HttpResponse:
    """The pool as a file, so that anybody can draw from it: numbers, and no names."""
    found = _visible(request, pk)
    pool = services.pool_of(found.rounds.all(), at=found.drawn_at)
    response = HttpResponse(pool_text(pool), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="pool-{found.pk}.txt"'
    return response


@require_safe
@page_for(is_staff)
def repeat_spot_check(request: Request, pk: int) -> HttpResponse:
    """The draw worked out once more, beside what was recorded."""
    found = _visible(request, pk)
    repetition = services.repeat(found)
    context = {
        "spot_check": found,
        "repetition": repetition,
        "rows": selectors.comparison(repetition),
    }
    return render(request, "reviews/spot_check_repeat.html", context)


@require_safe
@page_for(is_staff)
def spot_check_protocol(request: Request, pk: int) -> HttpResponse:
    """The record of the draw on paper."""
    found = _visible(request, pk)
    items = selectors.items_of(found)
    context = {"spot_check": found, "items": items, "left_out": selectors.left_out_of(found)}
    return render(request, "reviews/spot_check_protocol.html", context)


def _item(request: Request, pk: int, number: int) -> SpotCheckItem:
    found = SpotCheckItem.objects.visible_to(request.actor).select_related(
        "spot_check__committee",
        "entry__member",
        "entry__branch",
        "entry__criterion",
        "inspector__member",
        "found_by__member",
    )
    return get_object_or_404(found, spot_check=pk, number=number)


@require_http_methods(["GET", "HEAD", "POST"])
def spot_check_item(request: Request, pk: int, number: int) -> HttpResponse:
    """One drawn entry: for the inspector with the form, for other staff to read; for the
    member of the entry what was found."""
    item = _item(request, pk, number)
    today, is_post = timezone.localdate(), request.method == "POST"
    is_own = item.entry.member_id == request.actor.member_id
    is_finder = item.found_by_id == request.user.pk
    may = not is_own and (is_finder or services.may_inspect(request.actor, item, today))
    if is_post and not may:
        raise PermissionDenied
    if is_own:
        return _finding_for_member(request, item)
    context: dict[str, Any] = {
        "item": item,
        "spot_check": item.spot_check,
        "dossier": selectors.dossier(item),
        "may_inspect": may and not item.finding,
        "next": selectors.next_of(item, request.user),
        "today": today,
        "inspector_form": InspectorForm(people=selectors.choosable(item, today)),
    }
    form = FindingForm(request.POST or None, entry=item.entry)
    context["form"] = form
    if not is_post:
        return render(request, "reviews/spot_check_item.html", context)
    if form.is_valid() and "again" not in request.POST and _record(request, item, form, context):
        upcoming = context["next"]
        in_order = form.cleaned_data["finding"] == SpotCheckItem.Finding.IN_ORDER
        return redirect(upcoming if in_order and upcoming else item)
    status = 422 if form.errors else 200
    return render(request, "reviews/spot_check_item.html", context, status=status)


def _record(
    request: Request, item: SpotCheckItem, form: FindingForm, context: dict[str, Any]
) -> bool:
    """First show what the finding will change, then record it; what is in order changes
    nothing and is recorded at once. False: the page is shown again."""
    found, at, by = form.found(), timezone.now(), request.actor
    try:
        if found.finding == SpotCheckItem.Finding.IN_ORDER or "confirmed" in request.POST:
            seen = request.POST.get("seen") if "confirmed" in request.POST else None
            services.record_finding(pk=item.pk, found=found, by=by, at=at, seen=seen)
            said = _("Entry %(number)s is recorded: %(finding)s.")
            label = SpotCheckItem.Finding(found.finding).label
            messages.success(request, said % {"number": item.number, "finding": label})
            return True
        effect = services.effect_of_finding(pk=item.pk, found=found, by=by, at=at)
        label = SpotCheckItem.Finding(found.finding).label
        context |= {
            "effect": shown(effect),
            "is_decided_anew": effect.decision is not None,
            "found": found,
            "found_label": label,
        }
    except Refused as refused:
        refuse(form, refused)
        item.refresh_from_db()
        context["may_inspect"] = context["may_inspect"] and not item.finding
    return False


def _finding_for_member(request: Request, item: SpotCheckItem) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "item": item,
        "dossier": selectors.dossier(item),
        "appeal": appeal_box(item, request.actor, today),
        "today": today,
    }
    return render(request, "reviews/spot_check_finding.html", context)


@require_POST
@page_for(is_staff)
def assign_inspector(request: Request, pk: int, number: int) -> HttpResponse:
    """Give a drawn entry to another inspector."""
    item = _item(request, pk, number)
    people = selectors.choosable(item, timezone.localdate())
    form = InspectorForm(request.POST, people=people)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect(item)
    inspector = get_object_or_404(User, pk=form.cleaned_data["inspector"])
    try:
        services.assign(pk=item.pk, inspector=inspector, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, _("%(name)s inspects this entry.") % {"name": inspector.display_name}
        )
    return redirect(item)
