"""Pages of the roll that must know which months are opened: a member's changes, and somebody
new. What belongs to the roll alone stands in ``members/views``."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_staff_or_administrator, page_for
from members.forms.roll_life import FORMS, NewcomerForm
from members.models import Member
from members.requests import Request
from members.roll_changes import ROLL_STEPS
from members.selectors import roll as selectors
from members.services.roll_life import Outcome, preview
from members.views.roll_member import visible_member
from reviews.services import roll_life as services


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff_or_administrator)
def roll_change(request: Request, pk: int, what: str) -> HttpResponse:
    """One change: the form, then what will happen, then it is done."""
    if what not in ROLL_STEPS:
        raise Http404
    member, today = visible_member(request, pk), timezone.localdate()
    step = ROLL_STEPS[what]
    if not step.is_open(selectors.standing_of(member)):
        text = _("“%(step)s” does not apply to %(name)s now: it may have been entered already.")
        messages.info(request, text % {"step": step.label, "name": member.name})
        return redirect("roll_member", pk)
    form = FORMS[what](
        request.POST or None,
        member=member,
        branches=selectors.branch_choices(request.actor).active(),
        positions=selectors.positions_of(member, today),
        today=today,
    )
    outcome = None
    if request.method == "POST" and form.is_valid() and "again" not in request.POST:
        outcome = change(request, member, what, form)
        if outcome is not None and "confirmed" in request.POST:
            messages.success(request, _("Entered: %(what)s.") % {"what": step.label})
            return redirect("roll_member", pk)
    context = {"member": member, "step": step, "form": form, "outcome": outcome}
    status = 422 if form.errors else 200
    return render(request, "reviews/roll_change.html", context, status=status)


def change(request: Request, member: Member, what: str, form: forms.Form) -> Outcome | None:
    """What the change does, or would do; None, with the reason on the form, if refused."""
    at = timezone.now()

    def work() -> Outcome:
        return services.run(
            what=what, member=member, said=form.cleaned_data, by=request.actor, at=at
        )

    try:
        return work() if "confirmed" in request.POST else preview(work)
    except Refused as refused:
        refuse(form, refused)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_staff_or_administrator)
def roll_new(request: Request) -> HttpResponse:
    """Put somebody new on the roll by hand, between two imports."""
    form = NewcomerForm(
        request.POST or None,
        branches=selectors.branch_choices(request.actor).active(),
        today=timezone.localdate(),
    )
    if request.method == "POST" and form.is_valid():
        try:
            member = services.add_member(
                said=form.cleaned_data, by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            text = _("%(name)s is on the roll. Issue a first password when it is needed.")
            messages.success(request, text % {"name": member.name})
            return redirect("roll_member", member.pk)
    status = 422 if form.errors else 200
    return render(request, "reviews/roll_new.html", {"form": form}, status=status)
