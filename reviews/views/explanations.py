"""Explanations of zero months: given, judged, and the decision on accountability."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.steps import Refused
from members.requests import Request
from points.forms.line import EvidenceForm
from reviews.forms.explanations import AccountabilityForm, ExplanationForm, JudgementForm
from reviews.models import FollowUp, Judgement
from reviews.selectors import explanations as selectors
from reviews.selectors.follow_ups import dossier_of
from reviews.services import explanations as services
from reviews.services.duties import duty_of
from reviews.workflow import FOLLOW_UP_STEPS, Duty


@require_http_methods(["GET", "HEAD", "POST"])
def explanation(request: Request, pk: int) -> HttpResponse:
    """Write what was explained; again while it is not judged, which keeps what was said."""
    found, duty = readable(request, pk, "explain")
    today = timezone.localdate()
    form = ExplanationForm(
        request.POST or None,
        request.FILES or None,
        is_unnamed=found.holder_id is None,
        today=today,
        initial={"held_on": today},
    )
    if request.method == "POST" and form.is_valid() and gave(request, found, form):
        return redirect(found)
    context = page_of(request, found, duty) | {"form": form, "today": today}
    context["is_on_behalf"] = found.holder_id != request.actor.member_id
    return render(
        request, "reviews/explanation_write.html", context, status=422 if form.errors else 200
    )


def gave(request: Request, found: FollowUp, form: ExplanationForm) -> bool:
    try:
        services.explain(
            pk=found.pk,
            explanation=form.explanation,
            who=form.cleaned_data.get("who", ""),
            files=form.accepted,
            seen=form.cleaned_data["seen"],
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refused:
        return refuse(found, form, refused)
    messages.success(request, _("The explanation is recorded. The committee is told."))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def judgement(request: Request, pk: int) -> HttpResponse:
    """Take note of an explanation, or judge it serious."""
    found, duty = readable(request, pk, "judge")
    form = JudgementForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and judged(request, found, form):
        return redirect(found)
    context = page_of(request, found, duty) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "reviews/explanation_judge.html", context, status=status)


def judged(request: Request, found: FollowUp, form: JudgementForm) -> bool:
    said = form.cleaned_data
    try:
        services.judge(
            pk=found.pk,
            outcome=said["outcome"],
            reason=said["reason"],
            seen=said["seen"],
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refused:
        return refuse(found, form, refused)
    if said["outcome"] == Judgement.Outcome.SERIOUS:
        messages.success(
            request, _("Judged serious. It stays open until accountability is decided.")
        )
    else:
        messages.success(request, _("Taken note of. The matter is closed."))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def accountability(request: Request, pk: int) -> HttpResponse:
    """Enter the decision on accountability, with its document."""
    found, duty = readable(request, pk, "decide_accountability")
    form = AccountabilityForm(request.POST or None, today=timezone.localdate())
    if request.method == "POST" and form.is_valid() and decided(request, found, form):
        return redirect(found)
    context = page_of(request, found, duty) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "reviews/explanation_accountability.html", context, status=status)


def decided(request: Request, found: FollowUp, form: AccountabilityForm) -> bool:
    try:
        services.decide_accountability(
            pk=found.pk, accountability=form.accountability, by=request.actor, at=timezone.now()
        )
    except Refused as refused:
        return refuse(found, form, refused)
    messages.success(request, _("The decision is recorded and the matter is closed."))
    return True


@require_POST
def attach_explanation(request: Request, pk: int) -> HttpResponse:
    """Keep the scan of the signed explanation."""
    found, _duty = readable(request, pk, "explain")
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect(found)
    try:
        services.attach(pk=found.pk, files=form.accepted, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The signed paper is kept with the explanation."))
    return redirect(found)


@require_safe
def explanation_form(request: Request, pk: int) -> HttpResponse:
    """The official form on A4: empty to be written on at the meeting, or filled to be signed."""
    found, duty = readable(request, pk)
    context = page_of(request, found, duty) | {"today": timezone.localdate()}
    return render(request, "reviews/explanation_form.html", context)


# -- what the pages share --------------------------------------------------------------------


def readable(request: Request, pk: int, step: str = "") -> tuple[FollowUp, Duty]:
    """An explanation whose content this person may read; 403 where the step is not theirs."""
    found = get_object_or_404(
        FollowUp.objects.readable_by(request.actor)
        .filter(kind__in=FollowUp.EXPLANATION_KINDS)
        .select_related("holder", "branch__committee"),
        pk=pk,
    )
    duty = duty_of(request.actor, found, timezone.localdate())
    if step and not FOLLOW_UP_STEPS[step].may(duty, found):
        raise PermissionDenied
    return found, duty


def page_of(request: Request, found: FollowUp, duty: Duty) -> dict[str, Any]:
    return {
        "follow_up": found,
        "dossier": dossier_of(found, request.actor),
        **selectors.explanation_panel(found, duty),
    }


def refuse(found: FollowUp, form: forms.Form, refused: Refused) -> bool:
    form.add_error(None, str(refused))
    found.refresh_from_db()
    return False
