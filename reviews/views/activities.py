"""One activity: who was there, the points for it, undoing it, and its attendance on paper."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from points.models import Activity, Entry
from reviews.models import Round
from reviews.selectors import activities as selectors
from reviews.services import round as services
from reviews.services.round import seat_of
from reviews.views.registration import round_of, undone
from reviews.workflow import ROUND_STEPS


def visible_activity(request: Request, pk: int) -> Activity:
    visible = Activity.objects.visible_to(request.actor)
    return get_object_or_404(
        visible.select_related("branch", "recorded_by__member", "undone_by__member"), pk=pk
    )


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def activity(request: Request, pk: int) -> HttpResponse:
    """The attendance of an activity and what it brought, to undo it as a whole."""
    found = visible_activity(request, pk)
    round_ = round_of(request, found)
    if request.method == "POST":
        undo(request, round_, found)
        return redirect(found)
    seat = seat_of(request.actor, round_.branch_id, timezone.localdate())
    is_open = ROUND_STEPS.is_open("register", seat, round_)
    (page,) = selectors.recorded([found])
    context = {
        "round": round_,
        "page": page,
        "is_open": is_open,
        "may_undo": is_open and selectors.may_record(seat, round_) and not page.is_undone,
        "back": f"{reverse('register')}?round={round_.pk}",
    }
    return render(request, "reviews/activity.html", context)


def undo(request: Request, round_: Round, found: Activity) -> None:
    """Undo the activity with the reason that was given, and tell how it went."""
    form = undone(
        request,
        lambda form: services.undo_activity(
            pk=round_.pk,
            activity=found,
            reason=form.cleaned_data["reason"],
            by=request.actor,
            at=timezone.now(),
        ),
    )
    own = Entry.objects.filter(registration__activity=found, member=request.actor.member_id)
    if form is not None and own.standing().exists():
        messages.info(request, _("Your own entry stays: somebody else has to undo it."))


@page_for(is_branch_committee_or_staff)
@require_safe
def attendance_sheet(request: Request, pk: int) -> HttpResponse:
    """The attendance of an activity on A4, with a line for everyone to sign."""
    found = visible_activity(request, pk)
    (page,) = selectors.recorded([found])
    return render(request, "reviews/activity_sheet.html", {"page": page})
