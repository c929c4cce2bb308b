"""The roll: members, organisations, and its import in two steps."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from lib.addresses import id_from, words_from
from lib.months import format_month
from lib.steps import Refused
from members.access import is_staff_or_administrator, page_for
from members.forms.roll import RollFileForm, as_month
from members.imports import RollReport, apply_roll, parse_roll, preview_roll
from members.requests import Request
from members.selectors import roll as selectors
from members.services import uploads

PER_PAGE = 50
CHANGES_PER_PAGE = 100


@require_safe
@page_for(is_staff_or_administrator)
def roll(request: Request) -> HttpResponse:
    """Members, searched and by branch; or the organisations."""
    actor = request.actor
    today = timezone.localdate()
    if request.GET.get("show") == "organisations":
        organisations = selectors.organisations_below(actor, today)
        context = {"organisations": organisations, "tabs": _tabs("organisations")}
        return render(request, "members/roll_organisations.html", context)
    words = words_from(request.GET.get("q", ""))
    branch = request.GET.get("branch", "")
    who = request.GET.get("who", "")
    who = who if who in dict(_who()) else selectors.ON_ROLL
    found = selectors.search_members(
        selectors.members_visible_to(actor, today, who),
        words=words,
        branch=id_from(branch) or None,
        today=today,
        show=who,
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "may_export": request.actor.is_staff,
        "page": page,
        "rows": selectors.member_rows(list(page.object_list), today),
        "words": words,
        "branch": branch,
        "branches": selectors.branch_choices(actor),
        "who": who,
        "who_choices": _who(),
        "is_narrowed": bool(words or branch or who != selectors.ON_ROLL),
        "tabs": _tabs("members"),
    }
    return render(request, "members/roll_list.html", context)


def _who() -> list[tuple[str, str]]:
    return [
        (selectors.ON_ROLL, pgettext("members", "On the roll")),
        (selectors.GONE, pgettext("members", "Left the roll")),
        (selectors.EVERYBODY, pgettext("members", "Everybody")),
    ]


def _tabs(current: str) -> list[dict[str, Any]]:
    labels = {"members": _("Members"), "organisations": pgettext("Party", "Organisations")}
    return [
        {"label": label, "url": f"?show={name}", "is_current": name == current}
        for name, label in labels.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff_or_administrator)
def roll_import(request: Request) -> HttpResponse:
    """First step: upload. Nothing is read into the roll yet."""
    form = RollFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        token = uploads.keep(user=request.user, content=content, at=timezone.now())
        as_of = form.cleaned_data["as_of"]
        query = f"?as_of={format_month(as_of)}" if as_of else ""
        return redirect(reverse("roll_preview", args=[token]) + query)
    return render(request, "members/roll_import.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff_or_administrator)
def roll_preview(request: Request, token: UUID) -> HttpResponse:
    """Second step: every change and every problem; confirmed, it is imported once."""
    actor = request.actor
    at = timezone.now()
    try:
        roll_file = parse_roll(uploads.fetch(user=request.user, token=token, at=at))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("roll_import")
    as_of = _as_of(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST":
        report = apply_roll(roll_file, by=actor, at=at, as_of=as_of)
        if not report.problems:
            uploads.forget(user=request.user, token=token)
            messages.success(request, _done(report))
            return redirect("roll")
    else:
        report = preview_roll(roll_file, by=actor, today=timezone.localdate(at), as_of=as_of)
    changes = [*report.created, *report.updated]
    context = {
        "report": report,
        "organisations": [*report.organisations.created, *report.organisations.updated],
        "page": Paginator(changes, CHANGES_PER_PAGE).get_page(request.GET.get("page")),
        "as_of": format_month(as_of) if as_of else "",
        "writes": not report.problems and not report.is_unchanged,
    }
    return render(request, "members/roll_preview.html", context)


def _as_of(data: Any) -> date | None:
    try:
        return as_month(data.get("as_of", ""))
    except ValidationError:
        return None


def _done(report: RollReport) -> str:
    if report.is_unchanged:
        return _("Nothing to change: all of it was imported before.")
    return _("Imported. %(counts)s") % {"counts": "；".join(report.counts)}
