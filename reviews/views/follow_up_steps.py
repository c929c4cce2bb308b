"""A step on a follow-up, taken with a form: the same for talks, cases and explanations.

404 where the follow-up is not theirs to see, 403 where the step is never theirs. A page whose
step is not possible now leads back to the follow-up, saying why. A form comes back with what was
typed: 422 for what is missing or wrong in it, 409 for what the service refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from lib.form_fields import refuse
from lib.steps import Refused
from members.requests import Request
from reviews.models import FollowUp
from reviews.services.cases import Incomplete
from reviews.services.duties import duty_of
from reviews.services.holders import with_secretary
from reviews.workflow import FOLLOW_UP_STEPS, Duty

form_page = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that somebody asks to take on a follow-up, whose it may be."""

    request: Request
    step: str
    follow_up: FollowUp
    duty: Duty


def visible(request: Request, pk: int) -> FollowUp:
    found = with_secretary(FollowUp.objects.visible_to(request.actor), timezone.localdate())
    return get_object_or_404(found.select_related("member", "holder", "branch__committee"), pk=pk)


def asked_for(request: Request, pk: int, step: str) -> Asked:
    """The step, if this person may ever take it on this follow-up."""
    row = visible(request, pk)
    duty = duty_of(request.actor, row, timezone.localdate())
    if not FOLLOW_UP_STEPS[step].may(duty, row):
        raise PermissionDenied
    return Asked(request, step, row, duty)


def take(
    asked: Asked,
    form: forms.Form,
    template: str,
    *,
    check: Callable[[], object],
    act: Callable[[], str],
    context: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """The page of a step, or back to the follow-up once it was taken or is not possible.

    ``check`` raises Refused where the step is not possible now; ``act`` takes it and says that
    it was; ``context`` is what stands beside the form, as it is after a refusal."""
    is_sent = asked.request.method == "POST"
    status = _sent(asked, form, act) if is_sent else _opened(asked, check)
    if status == 302:
        return redirect(asked.follow_up)
    shown = {"follow_up": asked.follow_up, "form": form, "today": timezone.localdate()}
    return render(asked.request, template, shown | context(), status=status)


def _opened(asked: Asked, check: Callable[[], object]) -> int:
    """200, or 302 with the reason where the step is not possible now."""
    try:
        check()
    except Refused as refused:
        messages.info(asked.request, str(refused))
        return 302
    return 200


def _sent(asked: Asked, form: forms.Form, act: Callable[[], str]) -> int:
    """302 if the step was taken, else the status of the page that comes back."""
    if not form.is_valid():
        return 422
    try:
        messages.success(asked.request, act())
    except Incomplete as incomplete:
        for name, text in incomplete.problems.items():
            form.add_error(name if name in form.fields else None, text)
        return 422
    except Refused as refused:
        refuse(form, refused)
        asked.follow_up.refresh_from_db()
        return 409
    return 302
