"""Objections: the inbox, the thread, and the answer with what it will change."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.requests import Request
from reviews.forms.objection import AnswerForm, PostForm
from reviews.models import Objection
from reviews.rules import may_answer
from reviews.selectors import objections as selectors
from reviews.selectors.appeals import appeal_box
from reviews.selectors.effects import shown
from reviews.selectors.threads import thread_of
from reviews.services import objections as services
from reviews.services.panels import panel_of


@require_safe
def objections(request: Request) -> HttpResponse:
    """What waits for an answer, and what was answered; members see their own."""
    actor = request.actor
    show = "answered" if request.GET.get("show") == "answered" else "open"
    waiting = selectors.objections_of(actor, is_open=True)
    answered = selectors.objections_of(actor, is_open=False)
    counts = {"open": waiting.count(), "answered": answered.count()}
    labels = {"open": _("Waiting for an answer"), "answered": _("Answered")}
    page = Paginator(waiting if show == "open" else answered, 30).get_page(request.GET.get("page"))
    selectors.mark_hidden(page, actor)
    context = {
        "page": page,
        "show": show,
        "tabs": [
            {
                "label": labels[name],
                "url": f"?show={name}",
                "count": counts[name],
                "is_current": name == show,
            }
            for name in labels
        ],
        "is_handler": bool(actor.positions) or actor.is_staff,
        "today": timezone.localdate(),
    }
    return render(request, "reviews/objection_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def objection(request: Request, pk: int) -> HttpResponse:
    """One objection: the line it is about, its thread, the answer, or the form to give it."""
    found = visible(request, pk)
    context = page_of(request, found)
    if not context["may_answer_ever"] and request.method != "POST":
        return render(request, "reviews/objection.html", context)
    form = context["form"] = answer_form(request, found, request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid() and answer(request, found, form, context):
            return redirect(found)
        status = 422 if form.errors else 200
    return render(request, "reviews/objection.html", context, status=status)


def answer_form(request: Request, found: Objection, data: Any) -> AnswerForm:
    round_ = found.publication.round
    return AnswerForm(
        data,
        entries=[
            entry
            for entry in selectors.correctable(round_, found.member_id)
            if not selectors.is_hidden(entry, request.actor)
        ],
        criteria=selectors.addable(round_, found.member, may_lower=False),
        months=[round_.month],
    )


def visible(request: Request, pk: int) -> Objection:
    return get_object_or_404(
        Objection.objects.visible_to(request.actor).select_related(
            "member",
            "publication__round__branch",
            "publication__round__rule_book",
            "result",
            "line__entry__criterion",
            "answered_by__member",
        ),
        pk=pk,
    )


def page_of(request: Request, found: Objection) -> dict[str, Any]:
    actor, today = request.actor, timezone.localdate()
    panel = panel_of(found, today)
    is_open = found.state == Objection.State.OPEN
    may, is_own = may_answer(actor, found, panel), actor.member_id == found.member_id
    return {
        "objection": found,
        "round": found.publication.round,
        "lines": selectors.line_views(found.result, actor),
        "result_now": selectors.result_now(found),
        "thread": thread_of(found),
        "may_answer": may and is_open,
        "may_answer_ever": may,
        "may_post": is_open and (may or is_own),
        "may_withdraw": is_open and is_own,
        "who": selectors.who_answers(found, panel) if is_open else None,
        "why_not": "" if may else selectors.why_not(found, panel, actor),
        "appeal": appeal_box(found, actor, today),
        "post_form": PostForm(),
        "today": today,
    }


def answer(request: Request, found: Objection, form: AnswerForm, context: dict[str, Any]) -> bool:
    """First show what the answer will change, then give it. False: the page is shown again."""
    if "again" in request.POST:
        return False
    said, at, by = form.cleaned_data, timezone.now(), request.actor
    correction = form.correction()
    try:
        if "confirmed" in request.POST:
            services.answer(
                objection_id=found.pk,
                text=said["text"],
                correction=correction,
                seen=said["seen"] or None,
                by=by,
                at=at,
            )
            messages.success(request, _("The objection is answered and the member is told."))
            return True
        if correction is not None:
            effect = services.effect_of_answer(
                objection_id=found.pk, text=said["text"], correction=correction, by=by, at=at
            )
            context["effect"] = shown(effect)
        context["is_preview"] = True
    except Refused as refused:
        refuse(form, refused)
        found.refresh_from_db(fields=["state", "answer", "answered_by", "answered_at"])
        context["may_answer"] = found.state == Objection.State.OPEN
    return False


@require_POST
def post_to_objection(request: Request, pk: int) -> HttpResponse:
    """Write in the thread, with files; what was written stands there again if it is refused."""
    found = visible(request, pk)
    form = PostForm(request.POST, request.FILES)
    status = 422
    if form.is_valid():
        try:
            services.post(
                objection_id=pk,
                text=form.cleaned_data["text"],
                files=form.accepted,
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refusal:
            refuse(form, refusal)
            status = 409
            found.refresh_from_db(fields=["state", "answer", "answered_by", "answered_at"])
        else:
            messages.success(request, _("Your message was sent."))
            return redirect(found)
    context = page_of(request, found) | {"post_form": form}
    if context["may_answer"]:
        context["form"] = answer_form(request, found, None)
    return render(request, "reviews/objection.html", context, status=status)


@require_POST
def withdraw_objection(request: Request, pk: int) -> HttpResponse:
    found = visible(request, pk)
    try:
        services.withdraw(objection_id=pk, by=request.actor, at=timezone.now())
        messages.success(request, _("Your objection is withdrawn; the result stands."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(found)
