"""Explanations of zero months: given, judged, and the decision on accountability."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lib.steps import Refused
from members.requests import Request
from points.forms.line import EvidenceForm
from reviews.forms.explanations import AccountabilityForm, ExplanationForm, JudgementForm
from reviews.models import FollowUp, Judgement
from reviews.selectors import explanations as selectors
from reviews.selectors.follow_ups import dossier_of
from reviews.services import explanations as services
from reviews.services.duties import duty_of
from reviews.views.follow_up_steps import Asked, asked_for, form_page, take
from reviews.workflow import Duty


@form_page
def explanation(request: Request, pk: int) -> HttpResponse:
    """Write what was explained; again while it is not judged, which keeps what was said."""
    asked = asked_for(request, pk, "explain")
    today = timezone.localdate()
    form = ExplanationForm(
        request.POST or None,
        request.FILES or None,
        is_unnamed=asked.follow_up.holder_id is None,
        today=today,
        initial={"held_on": today},
    )

    def explain() -> str:
        services.explain(
            pk=pk,
            explanation=form.explanation,
            who=form.cleaned_data.get("who", ""),
            files=form.accepted,
            seen=form.cleaned_data["seen"],
            by=request.actor,
            at=timezone.now(),
        )
        return _("The explanation is recorded. The committee is told.")

    return step_page(asked, form, explain, "reviews/explanation_write.html")


@form_page
def judgement(request: Request, pk: int) -> HttpResponse:
    """Take note of an explanation, or judge it serious."""
    asked = asked_for(request, pk, "judge")
    form = JudgementForm(request.POST or None)

    def judge() -> str:
        said = form.cleaned_data
        services.judge(
            pk=pk,
            outcome=said["outcome"],
            reason=said["reason"],
            seen=said["seen"],
            by=request.actor,
            at=timezone.now(),
        )
        if said["outcome"] == Judgement.Outcome.SERIOUS:
            return _("Judged serious. It stays open until accountability is decided.")
        return _("Taken note of. The matter is closed.")

    return step_page(asked, form, judge, "reviews/explanation_judge.html")


@form_page
def accountability(request: Request, pk: int) -> HttpResponse:
    """Enter the decision on accountability, with its document."""
    asked = asked_for(request, pk, "decide_accountability")
    form = AccountabilityForm(request.POST or None, today=timezone.localdate())

    def decide() -> str:
        services.decide_accountability(
            pk=pk, accountability=form.accountability, by=request.actor, at=timezone.now()
        )
        return _("The decision is recorded and the matter is closed.")

    return step_page(asked, form, decide, "reviews/explanation_accountability.html")


@require_POST
def attach_explanation(request: Request, pk: int) -> HttpResponse:
    """Keep the scan of the signed explanation."""
    found = asked_for(request, pk, "explain").follow_up
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return redirect(found)
    try:
        services.attach(pk=pk, files=form.accepted, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The signed paper is kept with the explanation."))
    return redirect(found)


@require_safe
def explanation_form(request: Request, pk: int) -> HttpResponse:
    """The official form on A4: empty to be written on at the meeting, or filled to be signed."""
    found = get_object_or_404(
        FollowUp.objects.readable_by(request.actor).select_related("holder", "branch__committee"),
        pk=pk,
        kind__in=FollowUp.EXPLANATION_KINDS,
    )
    today = timezone.localdate()
    context = {
        "follow_up": found,
        "zero_months": selectors.zero_months_of(found, None),
        "today": today,
        **selectors.explanation_panel(found, duty_of(request.actor, found, today)),
    }
    return render(request, "reviews/explanation_form.html", context)


# -- what the pages share --------------------------------------------------------------------


def step_page(
    asked: Asked, form: forms.Form, act: Callable[[], str], template: str
) -> HttpResponse:
    """The page of a step, beside what was explained and how it was judged."""
    request, found, duty = asked.request, asked.follow_up, asked.duty

    def context() -> dict[str, Any]:
        is_on_behalf = found.holder_id != request.actor.member_id
        return page_of(request, found, duty) | {"is_on_behalf": is_on_behalf}

    check = partial(services.check_stage, asked.step, found, duty)
    return take(asked, form, template, check=check, act=act, context=context)


def page_of(request: Request, found: FollowUp, duty: Duty) -> dict[str, Any]:
    return {
        "follow_up": found,
        "dossier": dossier_of(found, request.actor),
        **selectors.explanation_panel(found, duty),
    }
