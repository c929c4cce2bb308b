"""Disposition cases: the branch's opinion, its filing, the committee's decision, the form."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lib.steps import Refused
from members.requests import Request
from reviews.disposing import NO_CASE, STEPS
from reviews.forms.disposition import (
    CaseDecisionForm,
    CaseForm,
    FilingForm,
    OpinionForm,
    initial_of,
)
from reviews.models import FollowUp
from reviews.selectors import dispositions as selectors
from reviews.selectors.follow_ups import dossier_of
from reviews.services import dispositions as services
from reviews.services.cases import why_not
from reviews.views.follow_up_steps import Asked, asked_for, form_page, take
from reviews.workflow import FOLLOW_UP_STEPS


@form_page
def case_opinion(request: Request, pk: int) -> HttpResponse:
    """The branch's opinion; while it is not filed, given anew from the last one."""
    asked = asked_for(request, pk, "give_opinion")
    case = selectors.case_view(asked.follow_up)
    assert case.follow_up.member is not None  # by constraint follow_up_kind
    form = OpinionForm(
        request.POST or None,
        request.FILES or None,
        measures=selectors.measure_choices(case.follow_up.member),
        initial=initial_of(case.current, timezone.localdate()),
    )

    def give() -> str:
        services.give_opinion(opinion=form.opinion, **sent(asked, form))
        return _("The opinion is written down. The member is told that it is there.")

    return step_page(asked, case, form, give, "reviews/disposition_opinion.html")


@form_page
def case_filing(request: Request, pk: int) -> HttpResponse:
    """The branch files the case with the committee."""
    asked = asked_for(request, pk, "file_case")
    case = selectors.case_view(asked.follow_up)
    form = FilingForm(
        request.POST or None,
        request.FILES or None,
        initial={"seen": case.number, "filed_on": timezone.localdate()},
    )

    def file() -> str:
        said = form.cleaned_data
        services.file_case(filed_on=said["filed_on"], number=said["number"], **sent(asked, form))
        return _("The case is filed. The committee's staff and the member are told.")

    return step_page(asked, case, form, file, "reviews/disposition_filing.html")


@form_page
def case_decision(request: Request, pk: int) -> HttpResponse:
    """The committee approves the opinion, or returns the case."""
    asked = asked_for(request, pk, "decide_case")
    case = selectors.case_view(asked.follow_up)
    form = CaseDecisionForm(
        request.POST or None,
        request.FILES or None,
        is_punished=case.is_punished,
        initial={"seen": case.number, "decided_on": timezone.localdate()},
    )

    def decide() -> str:
        services.decide_case(decision=form.decision, **sent(asked, form))
        return _("The decision is recorded. The branch and the member are told.")

    return step_page(asked, case, form, decide, "reviews/disposition_decision.html")


@require_safe
def disposition_form(request: Request, pk: int) -> HttpResponse:
    """The official form on A4, with what is entered; ``?blank=1``: lines to write on."""
    found = get_object_or_404(
        FollowUp.objects.readable_by(request.actor).select_related("member", "branch__committee"),
        pk=pk,
        kind=FollowUp.Kind.DISPOSITION,
    )
    case, today = selectors.case_view(found), timezone.localdate()
    context = {
        "follow_up": found,
        "case": case,
        "row": None if request.GET.get("blank") else case.current,
        "dossier": dossier_of(found, request.actor),
        "today": today,
        **selectors.paper_of(case, today),
    }
    return render(request, "reviews/disposition_form.html", context)


# -- what the three steps share ------------------------------------------------------------------


def sent(asked: Asked, form: CaseForm) -> dict[str, Any]:
    return {
        "pk": asked.follow_up.pk,
        "seen": form.cleaned_data["seen"],
        "files": form.accepted,
        "by": asked.request.actor,
        "at": timezone.now(),
    }


def step_page(
    asked: Asked, case: selectors.CaseView, form: CaseForm, act: Callable[[], str], template: str
) -> HttpResponse:
    """The page of a step, beside the case as it stands."""

    def context() -> dict[str, Any]:
        is_sent = asked.request.method == "POST"
        return {
            "case": selectors.case_view(asked.follow_up) if is_sent else case,
            "dossier": dossier_of(asked.follow_up, asked.request.actor),
        }

    check = partial(check_open, case, asked.step)
    return take(asked, form, template, check=check, act=act, context=context)


def check_open(case: selectors.CaseView, step: str) -> None:
    """Raise Refused, saying where the case stands, where the step is not possible now."""
    if case.follow_up.state not in FOLLOW_UP_STEPS[step].sources:
        raise Refused(_("This case stands at: %(stage)s") % {"stage": case.stage.label})
    if (case.current.state if case.current else NO_CASE) not in STEPS[step]:
        raise Refused(why_not(step, case.current))
