"""Correction of a published result by the branch committee: a decision of its own, shown with
its effect before it is confirmed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.models import Member
from members.requests import Request
from points.models import Criterion, MonthlyResult
from reviews.forms.objection import CorrectionForm
from reviews.models import Round
from reviews.rules import may_correct
from reviews.selectors import objections as selectors
from reviews.selectors.effects import shown
from reviews.services import corrections as services
from reviews.views.rounds import visible_round
from reviews.workflow import Seat


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def correct_round(request: Request, pk: int) -> HttpResponse:
    """Choose a member of the published month; then what is put right, its effect, and go."""
    round_, seat = visible_round(request, pk)
    if round_.state != Round.State.PUBLISHED and request.method != "POST":
        messages.info(request, _("A result is corrected here only while it is published."))
        return redirect(round_)
    results = list(
        MonthlyResult.objects.current()
        .filter(branch=round_.branch_id, month=round_.month)
        .select_related("member")
        .order_by("member__roll_order", "member")
    )
    asked = (request.POST or request.GET).get("member", "")
    result = next((one for one in results if str(one.member_id) == asked), None)
    context: dict[str, Any] = {"round": round_, "results": results, "result": result}
    if result is None:
        return render(request, "reviews/result_correct.html", context)
    form = context["form"] = _form(request, round_, seat, result.member)
    context["may"] = form is not None
    if form is None and request.method != "POST":
        return render(request, "reviews/result_correct.html", context)
    if form is None:
        raise PermissionDenied
    status = 200
    if request.method == "POST":
        if form.is_valid() and correct(request, round_, result, form, context):
            return redirect(round_.publication or round_)
        status = 422 if form.errors else 200
    return render(request, "reviews/result_correct.html", context, status=status)


def _form(request: Request, round_: Round, seat: Seat, member: Member) -> CorrectionForm | None:
    """What this person may put right for this member; None where that is nothing."""

    def may(criterion: Criterion) -> bool:
        return may_correct(
            request.actor,
            member_id=member.pk,
            branch_id=round_.branch_id,
            bench=seat.bench,
            criterion=criterion,
        )

    entries = [e for e in selectors.correctable(round_, member.pk) if may(e.criterion)]
    addable = selectors.addable(round_, member, may_lower=True)
    criteria = [criterion for criterion in addable if may(criterion)]
    if not entries and not criteria:
        return None
    form = CorrectionForm(
        request.POST or None, entries=entries, criteria=criteria, months=[round_.month]
    )
    form.fields["text"].help_text = _("The member will read it, and can object to it.")
    return form


def correct(
    request: Request,
    round_: Round,
    result: MonthlyResult,
    form: CorrectionForm,
    context: dict[str, Any],
) -> bool:
    """First show what it will change, then do it. False: the page is shown again."""
    if "again" in request.POST:
        return False
    said = form.cleaned_data
    change = form.correction()
    assert change is not None  # this form offers nothing else
    asked: dict[str, Any] = {
        "pk": round_.pk,
        "member": result.member_id,
        "change": change,
        "reason": said["text"],
        "by": request.actor,
        "at": timezone.now(),
    }
    try:
        if "confirmed" in request.POST:
            services.correct_published(**asked, seen=said["seen"] or None)
            messages.success(request, _("The result is corrected and the member is told."))
            return True
        context["effect"] = shown(services.effect_of_correction(**asked))
        context["is_preview"] = True
    except Refused as refused:
        refuse(form, refused)
    return False
