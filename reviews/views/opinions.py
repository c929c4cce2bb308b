"""Opinions 奖惩意见: the list, one with what can be done about it, issuing, the paper form."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from lib.addresses import id_from
from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_member_or_staff, page_for
from members.models import Member
from members.requests import Request
from members.rights import Actor
from points.views.evidence import served
from reviews.forms.award import OpinionFilter, OpinionForm, ReasonForm, SignedForm
from reviews.models import Nomination, Opinion, OpinionFile
from reviews.opinion_steps import OPINION_STEPS
from reviews.selectors import opinions as selectors
from reviews.services import opinions as services

PER_PAGE = 30
SAID = {
    "confirm": gettext_lazy("Thank you: you have confirmed this opinion."),
    "confirm_on_paper": gettext_lazy("The signed form is kept and the member is told."),
    "withdraw": gettext_lazy("The opinion is withdrawn and the member is told."),
}


@require_safe
@page_for(is_member_or_staff)
def opinions(request: Request) -> HttpResponse:
    """One's own, those of one's branch, those below one's committee."""
    actor = request.actor
    chosen = OpinionFilter(
        request.GET, years=selectors.years_of(actor), branches=selectors.branches_of(actor)
    )
    listed = selectors.opinions_of(actor).filter(**chosen.conditions())
    is_handler = bool(actor.positions) or actor.is_staff
    context = {
        "page": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
        "filter": chosen,
        "is_filtered": bool(chosen.conditions()),
        "is_handler": is_handler,
        "may_issue": selectors.may_issue_somewhere(actor),
        "today": timezone.localdate(),
    }
    return render(request, "reviews/opinion_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(selectors.may_issue_somewhere)
def new_opinion(request: Request) -> HttpResponse:
    """Issue an opinion; what was typed comes back if it is refused, or if the page first has to
    say that the member is no candidate for an award."""
    today = timezone.localdate()
    form = OpinionForm(request.POST or None, today=today, initial=asked(request))
    status, doubt = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid() and (member := member_named(request, form)) is not None:
            status, doubt = 200, doubt_of(form, member)
            if not doubt:
                issued, status = issue(request, form, member)
                if issued is not None:
                    messages.success(request, _("Issued. The member is told and asked to confirm."))
                    return redirect(issued)
    context = {"form": form, "doubt": doubt, "warned": about(form) if doubt else ""}
    return render(request, "reviews/opinion_new.html", context, status=status)


def member_named(request: Request, form: OpinionForm) -> Member | None:
    """The member who was named; or None, with the reason on the form."""
    today = timezone.localdate()
    try:
        return selectors.find_member(request.actor, form.cleaned_data["member"], today)
    except Refused as refusal:
        form.add_error("member", str(refusal))
        return None


def doubt_of(form: OpinionForm, member: Member) -> str:
    """What to say before this is issued, unless the page has said it of the same award."""
    said = form.cleaned_data
    is_plain_award = said["kind"] == Opinion.Kind.AWARD and said["nomination"] is None
    if not is_plain_award or said["warned"] == about(form):
        return ""
    return selectors.doubt_about_award(member, said["year"])


def about(form: OpinionForm) -> str:
    return f"{form.cleaned_data['member']} {form.cleaned_data['year']}"


def asked(request: Request) -> dict[str, Any]:
    """What the address says of the opinion to be: a member, a year, or a nomination."""
    wanted = id_from(request.GET.get("nomination", ""))
    standing = Nomination.objects.filter(
        withdrawn_at__isnull=True, branch__in=selectors.issuing_branches(request.actor)
    ).select_related("member")
    found = standing.filter(pk=wanted).first()
    if found is None:
        return {"member": request.GET.get("member", ""), "year": request.GET.get("year", "")}
    return {
        "member": found.member.staff_no,
        "year": found.year,
        "kind": Opinion.Kind.AWARD,
        "title": found.get_award_display(),
        "text": found.reason,
        "nomination": found.pk,
    }


def issue(request: Request, form: OpinionForm, member: Member) -> tuple[Opinion | None, int]:
    """The opinion that was issued; or None and the status, with the reason on the form."""
    actor, now = request.actor, timezone.now()
    try:
        return services.issue(member=member.pk, wording=form.wording(), by=actor, at=now), 302
    except PermissionDenied:
        form.add_error("member", _("Nobody issues an opinion on themself."))
        return None, 422
    except Refused as refusal:
        refuse(form, refusal)
        return None, 409


@require_http_methods(["GET", "HEAD", "POST"])
@page_for(is_member_or_staff)
def opinion(request: Request, pk: int) -> HttpResponse:
    """One opinion; the member confirms it or appeals, whoever issued it can take it back."""
    found = visible(request, pk)
    step = request.POST.get("step", "")
    form = ReasonForm(request.POST if step == "withdraw" else None)
    on_paper = step == "confirm_on_paper"
    signed = SignedForm(request.POST, request.FILES) if on_paper else SignedForm()
    status = 200
    if request.method == "POST":
        status = take_step(request, found, step, signed if on_paper else form)
        if status == 302:
            return redirect(found)
        found = visible(request, pk)
    today = timezone.localdate()
    context = {
        "page": selectors.opinion_page(found, request.actor, today),
        "opinion": found,
        "form": form,
        "signed": signed,
        "today": today,
    }
    return render(request, "reviews/opinion.html", context, status=status)


@require_safe
@page_for(is_member_or_staff)
def opinion_print(request: Request, pk: int) -> HttpResponse:
    """奖惩意见认定表 on A4, with lines to sign."""
    return render(request, "reviews/opinion_print.html", {"opinion": visible(request, pk)})


@require_safe
@page_for(is_member_or_staff)
def opinion_file(request: Request, pk: int) -> FileResponse:
    return served(get_object_or_404(OpinionFile.objects.visible_to(request.actor), pk=pk))


def visible(request: Request, pk: int) -> Opinion:
    found = Opinion.objects.visible_to(request.actor).select_related(*selectors.SHOWN)
    return get_object_or_404(found, pk=pk)


def take_step(request: Request, found: Opinion, step: str, form: forms.Form) -> int:
    """302 if the step was taken, or was refused with a message that needs no form."""
    if step not in SAID:
        return 422
    if not OPINION_STEPS[step].may(request.actor, found):
        raise PermissionDenied
    if step != "confirm" and not form.is_valid():
        return 422
    try:
        take(found, step, form, by=request.actor, at=timezone.now())
    except Refused as refusal:
        if step != "confirm":
            refuse(form, refusal)
            return 409
        messages.error(request, str(refusal))
    else:
        messages.success(request, SAID[step])
    return 302


def take(found: Opinion, step: str, form: Any, *, by: Actor, at: datetime) -> None:
    if step == "confirm":
        services.confirm(pk=found.pk, by=by, at=at)
    elif step == "confirm_on_paper":
        services.confirm_on_paper(pk=found.pk, scan=form.accepted, by=by, at=at)
    else:
        services.withdraw(pk=found.pk, reason=form.cleaned_data["reason"], by=by, at=at)
