"""Follow-ups: what final results demand, the dossier, and who holds it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lib.steps import Refused
from members.access import is_branch_committee_or_staff
from members.requests import Request
from reviews.forms.follow_up import HolderForm
from reviews.forms.sittings import AbsentForm
from reviews.selectors import follow_ups as selectors
from reviews.selectors.appeals import appeal_box
from reviews.selectors.dispositions import case_lines, with_current_rows
from reviews.selectors.follow_up_panels import panel_of
from reviews.selectors.stages import stage_of, stages_of
from reviews.services import duties
from reviews.workflow import FOLLOW_UP_STEPS

PER_PAGE = 30


@require_safe
def follow_ups(request: Request) -> HttpResponse:
    actor, today = request.actor, timezone.localdate()
    filters = selectors.filters(actor, today)
    show = request.GET.get("show", "open")
    show = show if show in filters else "open"
    listed = with_current_rows(selectors.follow_ups_of(actor, today).filter(filters[show]))
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    labels = selectors.labels()
    context = {
        "page": page,
        "lines": stages_of(page.object_list),
        "cases": case_lines(page.object_list) if show == "cases" else [],
        "show": show,
        "tabs": [
            {"label": labels[name], "url": f"?show={name}", "is_current": name == show}
            for name in filters
        ],
        "shows_branch": actor.is_staff or bool(actor.led_branches),
        "today": today,
        "may_export": is_branch_committee_or_staff(actor),
    }
    return render(request, "reviews/follow_up_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: Request, pk: int) -> HttpResponse:
    """The dossier; and for committee staff, naming who holds it."""
    actor, today = request.actor, timezone.localdate()
    found = get_object_or_404(selectors.follow_ups_of(actor, today), pk=pk)
    form = HolderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            named = duties.name_holder(
                pk=pk, words=form.cleaned_data["holder"], by=actor, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error("holder", str(refusal))
        else:
            messages.success(request, _("%(name)s is named and told.") % {"name": named.holder})
            return redirect(found)
    duty = duties.duty_of(actor, found, today)
    panel = panel_of(found, duty, today)
    context = {
        "follow_up": found,
        "stage": stage_of(found, panel["case"].current if "case" in panel else None),
        "dossier": selectors.dossier_of(found, actor),
        "words": selectors.words_for(found),
        "timeline": selectors.timeline_of(found),
        "form": form,
        "may_end_absent": FOLLOW_UP_STEPS.is_open("end_absent", duty, found),
        "absent_form": AbsentForm(auto_id="absent_%s"),
        "may_name": FOLLOW_UP_STEPS.is_open("name_holder", duty, found),
        "appeal": appeal_box(found, actor, today),
        "is_own": actor.member_id is not None and found.member_id == actor.member_id,
        "today": today,
        **panel,
    }
    context["timeline"].sort(key=lambda item: item["at"])
    return render(request, "reviews/follow_up_detail.html", context)
