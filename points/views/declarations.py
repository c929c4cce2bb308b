"""Declarations: the most used page of the product, and the steps on it."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from lib.addresses import words_from
from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_member, page_for
from members.requests import Request
from members.rights import Actor
from points.forms.line import EvidenceForm, LineForm, typed_from
from points.forms.panel import Panel, open_panel, sent_panel
from points.models import Criterion, Declaration
from points.rules import may_write
from points.selectors import criteria as picker
from points.selectors.cuts import explain_room
from points.selectors.sheet import Sheet, double_of, my_sheets, sheet_of
from points.services import carry_over
from points.services import declaration as declarations

PARTS = {
    "items": "points/declaration_items.html",
    "line": "points/declaration_panel.html",
    "estimate": "points/declaration_estimate.html",
}
"""What htmx may ask for alone, by the id of its target."""
BLANK_ROWS = 8
"""Empty rows of a printed form: more than nearly anybody declares in a month."""


@page_for(is_member)
@require_safe
def my_declarations(request: Request) -> HttpResponse:
    """My sheets, newest first."""
    page = Paginator(my_sheets(request.actor), 12).get_page(request.GET.get("page"))
    context = {"page": page, "today": timezone.localdate(), "states": Declaration.State}
    return render(request, "points/declaration_list.html", context)


@page_for(is_member)
@require_safe
def declaration(request: Request, year: int, month: int) -> HttpResponse:
    """My sheet of one month."""
    sheet = get_object_or_404(_sheets(), member=request.actor.member_id, month=date(year, month, 1))
    return _page(request, sheet)


@require_safe
def declaration_of(request: Request, pk: int) -> HttpResponse:
    """The sheet of somebody else: to read, or to enter on behalf (代填)."""
    sheet = _visible(request, pk)
    if sheet.member_id == request.actor.member_id:
        return redirect(sheet)
    return _page(request, sheet)


@require_safe
def declaration_print(request: Request, pk: int) -> HttpResponse:
    """The sheet on A4, with lines to sign; with empty rows for a member who fills it in by
    hand (``?blank=1``, and where nothing is declared yet)."""
    found = _visible(request, pk)
    sheet = sheet_of(found, request.actor)
    is_blank = "blank" in request.GET or not sheet.declared
    groups = picker.grouped(picker.choices(declarations.declarable(found), None))
    context = {
        "sheet": sheet,
        "declaration": found,
        "address": _address(found, request.actor),
        "is_blank": is_blank,
        "rows": [] if is_blank else sheet.declared,
        "blank_rows": range(BLANK_ROWS if is_blank else 0),
        "groups": groups if is_blank else [],
        "states": Declaration.State,
    }
    return render(request, "points/declaration_print.html", context)


def save_line(request: Request, pk: int, entry_id: int | None = None) -> HttpResponse:
    """Add or change an item; whatever stops it, what was typed stands in the form again."""
    sheet = _visible(request, pk)
    if request.method != "POST":
        return redirect(_address(sheet, request.actor))
    criteria = declarations.declarable(sheet)
    form = LineForm(
        request.POST,
        request.FILES,
        criteria=criteria,
        month=sheet.month,
        today=timezone.localdate(),
    )
    if not form.is_valid():
        seen = _seen(request)
        return _page(request, sheet, form=form, entry_id=entry_id, seen=seen, status=422)
    try:
        _save(request, sheet, form, entry_id)
    except Refused as refusal:
        refuse(form, refusal)
        sheet.refresh_from_db(fields=["state", "revision", "saved_at", "typed"])
        return _page(request, sheet, form=form, entry_id=entry_id, status=409)
    messages.success(request, _("Saved: %(item)s.") % {"item": form.line.criterion.text})
    return redirect(f"{_address(sheet, request.actor)}?saved=1#lines")


def _save(request: Request, sheet: Declaration, form: LineForm, entry_id: int | None) -> None:
    how: dict[str, Any] = {
        "pk": sheet.pk,
        "line": form.line,
        "files": form.accepted,
        "seen": _seen(request),
        "by": request.actor,
        "at": timezone.now(),
    }
    if entry_id is None:
        declarations.add_line(**how)
    else:
        declarations.change_line(entry_id=entry_id, **how)


@require_POST
def keep_typed(request: Request, pk: int) -> HttpResponse:
    """Autosave: keep the line as far as it is typed. An empty form forgets it."""
    sheet = _visible(request, pk)
    typed = typed_from(request.POST)
    try:
        saved = declarations.keep_typed(pk=pk, typed=typed, by=request.actor, at=timezone.now())
    except Refused as refusal:
        return JsonResponse({"message": str(refusal)}, status=409)
    if not typed:
        return redirect(f"{_address(sheet, request.actor)}?saved=1#line")
    return JsonResponse({"saved_at": declarations.local_time(saved.saved_at)})


Act = Callable[..., str]


def sheet_step(anchor: str = "") -> Callable[[Act], Callable[..., HttpResponse]]:
    """A step on a sheet: taken by POST, then back to the sheet with a word on what came of
    it. Whoever is led here by GET, after signing in anew, finds the sheet."""

    def decorate(act: Act) -> Callable[..., HttpResponse]:
        @wraps(act)
        def view(request: Request, pk: int, **kwargs: int) -> HttpResponse:
            sheet = _visible(request, pk)
            if request.method == "POST":
                how = {"pk": pk, "by": request.actor, "at": timezone.now()}
                try:
                    messages.success(request, act(request, how, **kwargs))
                except Refused as refusal:
                    messages.error(request, str(refusal))
            return redirect(_address(sheet, request.actor) + anchor)

        return view

    return decorate


@sheet_step("#lines")
def drop_line(request: Request, how: dict[str, Any], entry_id: int) -> str:
    declarations.drop_line(entry_id=entry_id, seen=_seen(request), **how)
    return _("The item was removed.")


@sheet_step("#lines")
def attach(request: Request, how: dict[str, Any], entry_id: int) -> str:
    """Add files to an item that stands on the sheet."""
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused(" ".join(str(error) for errors in form.errors.values() for error in errors))
    if not form.accepted:
        raise Refused(_("Choose a file first."))
    declarations.attach(entry_id=entry_id, files=form.accepted, **how)
    return _("The evidence was attached.")


@sheet_step("#lines")
def detach(request: Request, how: dict[str, Any], evidence_id: int) -> str:
    declarations.detach(evidence_id=evidence_id, **how)
    return _("The file was removed.")


@sheet_step("#lines")
def copy_previous(request: Request, how: dict[str, Any]) -> str:
    """Copy what was declared last month, and say what was not."""
    plan = carry_over.copy_previous(**how)
    return copied_text(plan)


def copied_text(plan: carry_over.Plan) -> str:
    parts = []
    if count := len(plan.lines):
        text = ngettext(
            "%(count)s item copied: check its date, times and reason.",
            "%(count)s items copied: check their dates, times and reasons.",
            count,
        )
        parts.append(text % {"count": count})
    if plan.left_out:
        items = "；".join(f"{item}（{why}）" for item, why in plan.left_out)
        parts.append(_("Not copied: %(items)s.") % {"items": items})
    return " ".join(parts) or _("There was nothing to copy.")


@sheet_step()
def submit(request: Request, how: dict[str, Any]) -> str:
    declarations.submit(seen=_seen(request), **how)
    return _("The sheet was submitted. The branch will review it.")


@sheet_step()
def take_back(request: Request, how: dict[str, Any]) -> str:
    declarations.take_back(seen=_seen(request), **how)
    return _("The sheet is a draft again. Remember to submit it.")


# -- below the views -----------------------------------------------------------------------


def _sheets() -> Any:
    return Declaration.objects.select_related("member", "branch", "rule_book", "entered_by__member")


def _visible(request: Request, pk: int) -> Declaration:
    """A sheet that exists for this person; to change it they must be one who may."""
    sheet: Declaration = get_object_or_404(_sheets().visible_to(request.actor), pk=pk)
    if request.method == "POST" and not may_write(request.actor, sheet):
        raise PermissionDenied
    return sheet


def _seen(request: Request) -> int:
    """The revision of the sheet that the person looked at; without one, none is right."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else -1


def _address(sheet: Declaration, actor: Actor) -> str:
    if sheet.member_id == actor.member_id:
        return sheet.get_absolute_url()
    return reverse("declaration_of", args=[sheet.pk])


def _page(
    request: Request,
    declaration: Declaration,
    *,
    form: LineForm | None = None,
    entry_id: int | None = None,
    seen: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """The sheet's page, or the part of it that htmx asks for. ``seen`` is the revision that the
    item's form rests on; without one it is that of the page."""
    sheet = sheet_of(declaration, request.actor)
    context = {
        "sheet": sheet,
        "declaration": declaration,
        "seen": declaration.revision if seen is None else seen,
        "address": _address(declaration, request.actor),
        "today": timezone.localdate(),
        "states": Declaration.State,
        "evidence_form": EvidenceForm(auto_id=False),
    }
    if sheet.can_write:
        context |= _writing(request, sheet, form, entry_id)
    part = PARTS.get(request.htmx.target or "") if request.htmx else None
    response = render(request, part or "points/declaration_form.html", context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _writing(
    request: Request, sheet: Sheet, form: LineForm | None, entry_id: int | None
) -> dict[str, Any]:
    """What else stands on a sheet that can be written: the open form, or the picker."""
    declaration, today = sheet.declaration, timezone.localdate()
    criteria = declarations.declarable(declaration)
    typed = declarations.typed_by(declaration, request.actor)
    if form is not None:
        panel = sent_panel(sheet, criteria, form, entry_id)
    else:
        panel = open_panel(sheet, criteria, asked=request.GET.dict(), typed=typed, today=today)
    query = words_from(request.GET.get("q", ""))
    found = picker.choices(picker.search(criteria, query), sheet.estimate)
    context = {
        "panel": panel,
        "rooms": rooms_of(sheet, panel),
        "query": query,
        "groups": picker.grouped(found, sheet.estimate),
        "is_late": today > declaration.declare_by,
        "would_be_late": declarations.would_be_late(declaration, today=today),
    }
    if not request.htmx:
        here = sheet.entries
        plan = carry_over.plan_of(declaration, criteria=criteria, here=here, today=today)
        context["copyable"] = len(plan.lines)
    return context | trial(sheet, panel, criteria, typed, today=today)


def rooms_of(sheet: Sheet, panel: Panel) -> list[str]:
    """What is left under every cap of the item whose form stands open, in words."""
    if panel.criterion is None or sheet.estimate is None:
        return []
    estimate = sheet.estimate.without(panel.row.entry.pk) if panel.row else sheet.estimate
    return [
        explain_room(room.cap, room.limit, room.left) for room in estimate.rooms(panel.criterion)
    ]


def trial(
    sheet: Sheet,
    panel: Panel,
    criteria: list[Criterion],
    typed: dict[str, str],
    *,
    today: date,
) -> dict[str, Any]:
    """The estimate with the line being typed, and whether it may stand there already, as soon
    as the line is complete enough and if it is the one whose form stands open."""
    changing = panel.row.entry.pk if panel.row else None
    nothing: dict[str, Any] = {"trial": None, "double": ""}
    if panel.criterion is None or (typed.get("criterion"), typed.get("entry", "")) != (
        str(panel.criterion.pk),
        str(changing or ""),
    ):
        return nothing
    month = sheet.declaration.month
    form = LineForm({"reason": "-", **typed}, criteria=criteria, month=month, today=today)
    if not form.is_valid():
        return nothing
    found = nothing | {"double": double_of(sheet, form.line, changing=changing)}
    if sheet.estimate is not None:
        estimate = sheet.estimate.without(changing) if changing else sheet.estimate
        found["trial"] = estimate.with_line(form.line)
    return found
