"""Objections: the inbox, the thread, and the answer with what it will change."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.steps import Refused
from members.requests import Request
from reviews.forms.objection import AnswerForm
from reviews.models import Objection
from reviews.rules import Bench, may_answer
from reviews.selectors import objections as selectors
from reviews.services import objections as services
from reviews.services.round import bench_of


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
    """One objection: the line it is about, the answer, or the form to give it."""
    actor = request.actor
    found = get_object_or_404(
        Objection.objects.visible_to(actor).select_related(
            "member",
            "publication__round__branch",
            "result",
            "line__entry__criterion",
            "answered_by__member",
        ),
        pk=pk,
    )
    bench = bench_of(found.publication.round.branch_id, timezone.localdate())
    may = may_answer(actor, found, bench.branch_id, bench)
    context = {
        "objection": found,
        "round": found.publication.round,
        "lines": selectors.line_views(found.result),
        "result_now": selectors.result_now(found),
        "may_answer": may and found.state == Objection.State.OPEN,
        "why_not": "" if may else why_not(found, bench, actor.member_id),
        "today": timezone.localdate(),
    }
    if not may and request.method != "POST":
        return render(request, "reviews/objection.html", context)
    form = AnswerForm(request.POST or None, entries=selectors.correctable(found))
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        answered = answer(request, found, form, context)
        if answered:
            return redirect(found)
    return render(request, "reviews/objection.html", context)


def answer(
    request: Request, found: Objection, form: AnswerForm, context: dict[str, object]
) -> bool:
    """First show what the answer will change, then give it. False: the page is shown again."""
    if "again" in request.POST:
        return False
    said, at, by = form.cleaned_data, timezone.now(), request.actor
    correction = form.correction()
    try:
        if "confirmed" in request.POST:
            services.answer(
                objection_id=found.pk, text=said["text"], correction=correction, by=by, at=at
            )
            messages.success(request, _("The objection is answered and the member is told."))
            return True
        if correction is not None:
            effect = services.effect_of_answer(
                objection_id=found.pk, text=said["text"], correction=correction, by=by, at=at
            )
            context["effects"] = selectors.effects(effect.revised)
        context["is_preview"] = True
    except Refused as refused:
        form.add_error(None, str(refused))
        found.refresh_from_db(fields=["state", "answer", "answered_by", "answered_at"])
        context["may_answer"] = found.state == Objection.State.OPEN
    return False


def why_not(found: Objection, bench: Bench, member_id: int | None) -> str:
    """Why this person may not answer, in words; nothing for one who merely raised it."""
    if found.member_id == member_id:
        own = _("You raised this objection: somebody else answers it.")
        return own if member_id in bench.members else ""
    if found.member_id in bench.secretaries:
        return _("The secretary's objection is answered by the rest of the branch committee.")
    return _("The branch secretary answers objections.")
