"""Disposition cases: the branch's opinion, its filing, the committee's decision, the form."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.steps import Refused
from members.requests import Request
from reviews.disposing import STEPS
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
from reviews.services.cases import Incomplete, why_not
from reviews.services.duties import duty_of
from reviews.workflow import FOLLOW_UP_STEPS


@require_http_methods(["GET", "HEAD", "POST"])
def case_opinion(request: Request, pk: int) -> HttpResponse:
    """The branch's opinion; while it is not filed, given anew from the last one."""
    case = case_for(request, pk, "give_opinion")
    if closed := closed_to(request, case, "give_opinion"):
        return closed
    assert case.follow_up.member is not None  # by constraint follow_up_kind
    form = OpinionForm(
        request.POST or None,
        request.FILES or None,
        measures=selectors.measure_choices(case.follow_up.member),
        initial=initial_of(case.current, timezone.localdate()),
    )

    def give() -> Any:
        return services.give_opinion(opinion=form.opinion, **asked(request, case, form))

    said = _("The opinion is written down. The member is told that it is there.")
    return step_page(request, case, form, "reviews/disposition_opinion.html", give, said)


@require_http_methods(["GET", "HEAD", "POST"])
def case_filing(request: Request, pk: int) -> HttpResponse:
    """The branch files the case with the committee."""
    case = case_for(request, pk, "file_case")
    if closed := closed_to(request, case, "file_case"):
        return closed
    form = FilingForm(
        request.POST or None,
        request.FILES or None,
        initial={"seen": case.number, "filed_on": timezone.localdate()},
    )

    def file() -> Any:
        said = form.cleaned_data
        return services.file_case(
            filed_on=said["filed_on"], number=said["number"], **asked(request, case, form)
        )

    said = _("The case is filed. The committee's staff and the member are told.")
    return step_page(request, case, form, "reviews/disposition_filing.html", file, said)


@require_http_methods(["GET", "HEAD", "POST"])
def case_decision(request: Request, pk: int) -> HttpResponse:
    """The committee approves the opinion, or returns the case."""
    case = case_for(request, pk, "decide_case")
    if closed := closed_to(request, case, "decide_case"):
        return closed
    form = CaseDecisionForm(
        request.POST or None,
        request.FILES or None,
        is_punished=case.is_punished,
        initial={"seen": case.number, "decided_on": timezone.localdate()},
    )

    def decide() -> Any:
        return services.decide_case(decision=form.decision, **asked(request, case, form))

    said = _("The decision is recorded. The branch and the member are told.")
    return step_page(request, case, form, "reviews/disposition_decision.html", decide, said)


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


def case_for(request: Request, pk: int, step: str) -> selectors.CaseView:
    """The case, for whom the step is: 404 where it is not theirs to see, 403 to take."""
    found = get_object_or_404(
        FollowUp.objects.visible_to(request.actor).select_related("member", "holder", "branch"),
        pk=pk,
    )
    duty = duty_of(request.actor, found, timezone.localdate())
    if not FOLLOW_UP_STEPS[step].may(duty, found):
        raise PermissionDenied
    return selectors.case_view(found)


def closed_to(request: Request, case: selectors.CaseView, step: str) -> HttpResponse | None:
    """Back to the case, saying why, where a page is opened whose step is not possible now.
    What was sent is left to the service, which keeps what was typed."""
    if request.method == "POST":
        return None
    follow_up, row = case.follow_up, case.current
    if follow_up.state not in FOLLOW_UP_STEPS[step].sources:
        messages.info(request, _("This case stands at: %(stage)s") % {"stage": case.stage.label})
    elif (row.state if row else "") not in STEPS[step]:
        messages.info(request, why_not(step, row))
    else:
        return None
    return redirect(follow_up)


def asked(request: Request, case: selectors.CaseView, form: CaseForm) -> dict[str, Any]:
    return {
        "pk": case.follow_up.pk,
        "seen": form.cleaned_data["seen"],
        "files": form.accepted,
        "by": request.actor,
        "at": timezone.now(),
    }


def step_page(
    request: Request,
    case: selectors.CaseView,
    form: CaseForm,
    template: str,
    take: Callable[[], Any],
    said: str,
) -> HttpResponse:
    """The page of a step: taken, back to the case; refused, with everything that was typed."""
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            take()
        except Incomplete as incomplete:
            form.refused_for(dict(incomplete.problems))
        except Refused as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, said)
            return redirect(case.follow_up)
    context = {
        "follow_up": case.follow_up,
        "case": case,
        "form": form,
        "dossier": dossier_of(case.follow_up, request.actor),
        "today": timezone.localdate(),
    }
    return render(request, template, context, status=status)
