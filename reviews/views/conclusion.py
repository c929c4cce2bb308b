"""The end of a review: the record of the meeting, the results to come, and publishing them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.models import Member, Position
from members.requests import Request
from points.services.calendar import Workdays
from reviews.forms.review import MeetingForm
from reviews.models import Meeting, Round
from reviews.selectors.review import expected_results
from reviews.services import conclusion as concluding
from reviews.views.rounds import visible_round
from reviews.workflow import ROUND_STEPS, Seat


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def meeting(request: Request, pk: int) -> HttpResponse:
    """The record of the review meeting: written, and written again until it is concluded."""
    round_, seat = visible_round(request, pk)
    today = timezone.localdate()
    stored = Meeting.objects.filter(round=round_, is_current=True).select_related("chair").first()
    roster = list(Member.objects.of_branch(round_.branch, today))
    form = MeetingForm(
        request.POST or None, roster=roster, today=today, initial=initial_of(stored, seat, round_)
    )
    if request.method == "POST" and form.is_valid():
        try:
            concluding.record_meeting(
                pk=round_.pk, meeting=form.record(), by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The meeting is recorded."))
            return redirect("round_results", round_.pk)
    context = {
        "round": round_,
        "form": form,
        "stored": stored,
        "roster": roster,
        "attendees": stored.attendees.all() if stored else [],
        "may_write": ROUND_STEPS.is_open("record_meeting", seat, round_),
    }
    return render(request, "reviews/meeting.html", context)


def initial_of(stored: Meeting | None, seat: Seat, round_: Round) -> dict[str, object]:
    """What is recorded; before that, today's committee meeting, led by the secretary."""
    if stored is not None:
        return {
            "kind": stored.kind,
            "held_on": stored.held_on,
            "place": stored.place,
            "chair": stored.chair_id,
            "attendees": [member.pk for member in stored.attendees.all()],
            "minutes": stored.minutes,
        }
    return {
        "kind": Meeting.Kind.COMMITTEE,
        "held_on": timezone.localdate(),
        "chair": next((m for m, kind in seat.bench.seats if kind == Position.Kind.SECRETARY), None),
        "attendees": sorted(seat.bench.members),
    }


@page_for(is_branch_committee_or_staff)
@require_safe
def round_results(request: Request, pk: int) -> HttpResponse:
    """Every result as it would be published now, what still stands in the way, and the step."""
    round_, seat = visible_round(request, pk)
    if round_.state != Round.State.REVIEWING:
        return redirect(round_)
    results = expected_results(round_)
    today = timezone.localdate()
    ends_on, unknown_years = Workdays.load().publication_end(today, round_.publication_days)
    context = {
        "round": round_,
        "results": results,
        "below": [row for row in results if row.score and row.score.is_below],
        "assessed": sum(row.score is not None for row in results),
        "obstacles": concluding.obstacles(round_),
        "may_conclude": ROUND_STEPS.is_open("conclude", seat, round_),
        "today": today,
        "ends_on": ends_on,
        "unknown_years": sorted(unknown_years),
    }
    return render(request, "reviews/round_results.html", context)


@page_for(is_branch_committee_or_staff)
@require_POST
def conclude(request: Request, pk: int) -> HttpResponse:
    """Conclude the review and publish the results to the branch."""
    round_, _seat = visible_round(request, pk)
    try:
        publication = concluding.conclude(pk=round_.pk, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("round_results", round_.pk)
    messages.success(request, _("The review is concluded and the results are published."))
    return redirect(publication)
