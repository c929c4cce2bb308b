"""Appeals: the inbox, raising one, its thread, and the decision with what it will change."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_member, page_for
from members.requests import Request
from reviews.forms.appeal import AppealForm, DecisionForm, OpinionDecisionForm
from reviews.forms.objection import PostForm
from reviews.models import Appeal
from reviews.rules import may_decide_appeal
from reviews.selectors import appeals as selectors
from reviews.selectors.effects import shown
from reviews.selectors.threads import thread_of
from reviews.services import appeals as services
from reviews.services.panels import panel_of_appeal


@require_safe
def appeals(request: Request) -> HttpResponse:
    """What waits for the committee's decision, the latest due first, and what is over."""
    actor = request.actor
    show = "decided" if request.GET.get("show") == "decided" else "open"
    lists = {
        "open": selectors.appeals_of(actor, is_open=True),
        "decided": selectors.appeals_of(actor, is_open=False),
    }
    labels = {"open": _("Waiting for a decision"), "decided": pgettext("appeal", "Decided")}
    page = Paginator(lists[show], 30).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(appeal, selectors.about(selectors.matter_of(appeal))) for appeal in page],
        "show": show,
        "tabs": [
            {
                "label": labels[name],
                "url": f"?show={name}",
                "count": lists[name].count(),
                "is_current": name == show,
            }
            for name in labels
        ],
        "is_handler": bool(actor.positions) or actor.is_staff,
        "today": timezone.localdate(),
    }
    return render(request, "reviews/appeal_list.html", context)


@page_for(is_member)
@require_http_methods(["GET", "HEAD", "POST"])
def new_appeal(request: Request, against: str, pk: int) -> HttpResponse:
    """What the appeal would be against, until when, and the form; or why it cannot be raised."""
    matter = selectors.own_matter(request.actor, against, pk)
    if matter is None:
        raise Http404
    box = selectors.appeal_box(matter, request.actor, timezone.localdate())
    if box is not None and box.standing is not None and request.method != "POST":
        return redirect(box.standing)
    form = AppealForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                appeal = services.appeal_against(
                    matter=matter,
                    text=form.cleaned_data["text"],
                    files=form.accepted,
                    by=request.actor,
                    at=timezone.now(),
                )
            except Refused as refusal:
                refuse(form, refusal)
                status = 409
            else:
                messages.success(request, _("Your appeal was raised. The committee will decide."))
                return redirect(appeal)
    context = {
        "box": box,
        "form": form,
        "about": selectors.about(matter),
        "matter": matter,
        "against": against,
        "today": timezone.localdate(),
    }
    return render(request, "reviews/appeal_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: Request, pk: int) -> HttpResponse:
    """One appeal: its matter, its thread, the decision, or the form to take it."""
    found = visible(request, pk)
    context = page_of(request, found)
    if not context["may_decide_ever"] and request.method != "POST":
        return render(request, "reviews/appeal.html", context)
    form = context["form"] = decision_form(request, found, request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid() and decide(request, found, form, context):
            return redirect(found)
        status = 422 if form.errors else 200
    return render(request, "reviews/appeal.html", context, status=status)


@require_POST
def post_to_appeal(request: Request, pk: int) -> HttpResponse:
    """Write in the thread, with files; what was written stands there again if it is refused."""
    found = visible(request, pk)
    form = PostForm(request.POST, request.FILES)
    status = 422
    if form.is_valid():
        try:
            services.post(
                appeal_id=pk,
                text=form.cleaned_data["text"],
                files=form.accepted,
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refusal:
            refuse(form, refusal)
            status = 409
            found = visible(request, pk)
        else:
            messages.success(request, _("Your message was sent."))
            return redirect(found)
    context = page_of(request, found) | {"post_form": form}
    if context["may_decide"]:
        context["form"] = decision_form(request, found, None)
    return render(request, "reviews/appeal.html", context, status=status)


@require_POST
def withdraw_appeal(request: Request, pk: int) -> HttpResponse:
    found = visible(request, pk)
    try:
        services.withdraw(appeal_id=pk, by=request.actor, at=timezone.now())
        messages.success(request, _("Your appeal is withdrawn; what was decided stands."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(found)


# -- below the views -----------------------------------------------------------------------


def visible(request: Request, pk: int) -> Appeal:
    found = Appeal.objects.visible_to(request.actor).select_related(*selectors.SHOWN)
    return get_object_or_404(found, pk=pk)


def page_of(request: Request, found: Appeal) -> dict[str, Any]:
    actor, today = request.actor, timezone.localdate()
    panel = panel_of_appeal(found, today)
    is_open = found.state == Appeal.State.OPEN
    may = may_decide_appeal(actor, found, panel)
    is_own = actor.member_id is not None and actor.member_id == found.member_id
    matter = selectors.matter_of(found)
    return {
        "appeal": found,
        "matter": matter,
        "against": selectors.kind_of(matter),
        "about": selectors.about(matter),
        "thread": thread_of(found),
        "may_decide": may and is_open,
        "may_decide_ever": may,
        "may_post": is_open and (may or is_own),
        "may_withdraw": is_open and is_own,
        "is_own": is_own,
        "who": selectors.who_decides(found, panel) if is_open else None,
        "why_not": "" if may else selectors.why_not(found, panel, actor),
        "post_form": PostForm(),
        "today": today,
    }


def decision_form(request: Request, found: Appeal, data: Any) -> DecisionForm | OpinionDecisionForm:
    if found.opinion_id is not None:
        return OpinionDecisionForm(data)
    reach = selectors.reach_of(found)
    return DecisionForm(data, entries=reach.entries, criteria=reach.criteria, months=reach.months)


def decide(
    request: Request,
    found: Appeal,
    form: DecisionForm | OpinionDecisionForm,
    context: dict[str, Any],
) -> bool:
    """First show what the decision will change, then take it. False: the page is shown again."""
    if "again" in request.POST:
        return False
    said, by, at = form.cleaned_data, request.actor, timezone.now()
    correction = form.correction()
    try:
        if "confirmed" in request.POST:
            services.decide(
                appeal_id=found.pk,
                is_upheld=form.is_upheld,
                text=said["text"],
                correction=correction,
                seen=said["seen"] or None,
                by=by,
                at=at,
            )
            messages.success(request, _("The appeal is decided and the member is told."))
            return True
        if correction is not None:
            effect = services.effect_of_decision(
                appeal_id=found.pk, text=said["text"], correction=correction, by=by, at=at
            )
            context["effect"] = shown(effect)
        context["is_preview"] = True
    except Refused as refused:
        refuse(form, refused)
        context |= page_of(request, visible(request, found.pk))
    return False
