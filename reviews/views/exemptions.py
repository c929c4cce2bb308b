"""Exemptions: asked for by the branch, decided by committee staff."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.models import Exemption
from members.requests import Request
from members.services import exemptions as services
from reviews.forms.exemption import DecisionForm, ExemptionForm, ShortenForm
from reviews.selectors import exemptions as selectors
from reviews.selectors.roll_days import results_until

PER_PAGE = 30


@require_safe
@page_for(is_branch_committee_or_staff)
def exemptions(request: Request) -> HttpResponse:
    """What waits for approval, and what was decided."""
    show = "decided" if request.GET.get("show") == "decided" else "waiting"
    waiting = selectors.exemptions_of(request.actor, is_waiting=True)
    decided = selectors.exemptions_of(request.actor, is_waiting=False)
    counts = {"waiting": waiting.count(), "decided": decided.count()}
    labels = {
        "waiting": pgettext("exemptions", "Waiting for approval"),
        "decided": pgettext("exemptions", "Decided"),
    }
    found = waiting if show == "waiting" else decided
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": selectors.exemption_rows(list(page.object_list)),
        "show": show,
        "tabs": [
            {
                "label": label,
                "url": f"?show={name}",
                "count": counts[name],
                "is_current": name == show,
            }
            for name, label in labels.items()
        ],
    }
    return render(request, "reviews/exemption_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_branch_committee_or_staff)
def request_exemption(request: Request) -> HttpResponse:
    """Ask for one; what staff enter is approved at once."""
    form = ExemptionForm(
        request.POST or None,
        members=selectors.members_to_exempt(request.actor, timezone.localdate()),
        initial={"member": request.GET.get("member", "")},
    )
    if request.method == "POST" and form.is_valid():
        member = form.cleaned_data["member"]
        try:
            made = services.request(
                member_id=member.pk,
                span=form.span,
                reason=form.cleaned_data["reason"],
                concluded_until=results_until(member.pk),
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, said_of(made))
            return redirect(made)
    status = 422 if form.errors else 200
    context = {"form": form, "approves": request.actor.is_staff}
    return render(request, "reviews/exemption_new.html", context, status=status)


def said_of(exemption: Exemption) -> str:
    if exemption.state == Exemption.State.APPROVED:
        return _("Entered and approved. The member is told.")
    return _("Sent to the committee for approval.")


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_branch_committee_or_staff)
def exemption(request: Request, pk: int) -> HttpResponse:
    """One exemption, and for staff the decision."""
    found = get_object_or_404(
        Exemption.objects.visible_to(request.actor).select_related(
            "member", "requested_by__member", "approved_by__member"
        ),
        pk=pk,
    )
    step = request.POST.get("step", "")
    form: forms.Form = ShortenForm() if step != "shorten" else ShortenForm(request.POST)
    decision = DecisionForm(request.POST if step in ("approve", "refuse") else None)
    if request.method == "POST":
        sent = form if step == "shorten" else decision
        if sent.is_valid() and take_step(request, found, step, sent):
            return redirect(found)
    steps = {one.name for one in selectors.open_steps(request.actor, found)}
    context: dict[str, Any] = {
        "exemption": found,
        "row": selectors.exemption_rows([found])[0],
        "decision": decision,
        "shorten": form,
        "decides": "approve" in steps,
        "may_shorten": "shorten" in steps and found.first_month < found.last_month,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "reviews/exemption_detail.html", context, status=status)


def take_step(request: Request, found: Exemption, step: str, form: forms.Form) -> bool:
    """Approve, refuse or shorten. False, with the reason on the form, if it is refused."""
    said, by, at = form.cleaned_data, request.actor, timezone.now()
    concluded = results_until(found.member_id)
    try:
        if step == "approve":
            services.approve(
                pk=found.pk, note=said["note"], concluded_until=concluded, by=by, at=at
            )
            messages.success(request, _("Approved. The branch and the member are told."))
        elif step == "refuse":
            services.refuse(pk=found.pk, note=said["note"], by=by, at=at)
            messages.success(request, _("Refused. The branch and the member are told."))
        else:
            services.shorten(
                pk=found.pk,
                last_month=said["last_month"],
                concluded_until=concluded,
                by=by,
                at=at,
            )
            messages.success(request, _("The exemption ends earlier now. The member is told."))
    except Refused as refused:
        refuse(form, refused)
        found.refresh_from_db()
        return False
    return True
