"""The end of a review: the record of the meeting, the results to come, publishing them, and
taking them back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.models import Member, Position
from members.requests import Request
from reviews.forms.conclusion import NoticeForm, ReasonForm
from reviews.forms.review import MeetingForm
from reviews.models import Meeting, Round
from reviews.selectors.meetings import meetings_of, people_of
from reviews.selectors.preview import expected_results, tally_of
from reviews.services import conclusion as concluding
from reviews.services import meeting as meetings
from reviews.services import publication as publishing
from reviews.views.rounds import visible_round
from reviews.workflow import ROUND_STEPS, Seat


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def meeting(request: Request, pk: int) -> HttpResponse:
    """The record of the review meeting: written, and written again until it is concluded."""
    round_, seat = visible_round(request, pk)
    today = timezone.localdate()
    recorded = meetings_of(round_)
    stored = next((one.meeting for one in recorded if one.meeting.is_current), None)
    roster = list(Member.objects.of_branch(round_.branch, today))
    form = MeetingForm(
        request.POST or None,
        roster=roster,
        bench=seat.bench.members,
        today=today,
        initial=initial_of(stored, seat),
    )
    if request.method == "POST" and form.is_valid():
        try:
            meetings.record_meeting(
                pk=round_.pk, meeting=form.record(), by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The meeting is recorded."))
            return redirect("round_results", round_.pk)
    context = {
        "round": round_,
        "form": form,
        "recorded": recorded,
        "current": next((one for one in recorded if one.meeting.is_current), None),
        "earlier": [one for one in recorded if not one.meeting.is_current],
        "bench": people_of(seat.bench),
        "others": [member for member in roster if member.pk not in seat.bench.members],
        "may_write": ROUND_STEPS.is_open("record_meeting", seat, round_),
    }
    status = 422 if form.errors else 200
    return render(request, "reviews/meeting.html", context, status=status)


def initial_of(stored: Meeting | None, seat: Seat) -> dict[str, object]:
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
        "kind": Meeting.Kind.COMMITTEE if seat.bench.members else Meeting.Kind.ASSEMBLY,
        "held_on": timezone.localdate(),
        "chair": next((m for m, kind in seat.bench.seats if kind == Position.Kind.SECRETARY), None),
        "attendees": sorted(seat.bench.members),
    }


@page_for(is_branch_committee_or_staff)
@require_safe
def round_results(request: Request, pk: int) -> HttpResponse:
    """Every result as it would be published now, with what moved it, and what still stands in
    the way."""
    round_, seat = visible_round(request, pk)
    if round_.state not in (Round.State.REVIEWING, Round.State.CONCLUDED):
        return redirect(round_)
    results = expected_results(round_, request.actor)
    is_open = round_.state == Round.State.REVIEWING
    context = {
        "round": round_,
        "results": results,
        "tally": tally_of(results),
        "obstacles": concluding.obstacles(round_, seat.bench) if is_open else [],
        "is_open": is_open,
        "may_conclude": ROUND_STEPS.is_open("conclude", seat, round_),
    }
    return render(request, "reviews/round_results.html", context)


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def conclude(request: Request, pk: int) -> HttpResponse:
    """What concluding will do, in which words; and doing it."""
    round_, seat = visible_round(request, pk)
    if not ROUND_STEPS["conclude"].may(seat, round_):
        raise PermissionDenied
    is_open = round_.state == Round.State.REVIEWING
    obstacles = concluding.obstacles(round_, seat.bench) if is_open else []
    if request.method == "POST" and (obstacles or not is_open):
        return concluded(request, round_, "")
    together = concluding.published_with(round_, concluding.others_of_quarter(round_))
    plan = publishing.plan_for(together or [round_], day=timezone.localdate())
    form = NoticeForm(
        request.POST or None,
        ends_on=plan.ends_on,
        initial={"text": plan.text, "ends_on": plan.ends_on},
    )
    if not together:
        form.fields["text"].required = form.fields["ends_on"].required = False
    if request.method == "POST" and form.is_valid():
        return concluded(request, round_, form.cleaned_data["text"])
    if request.method == "POST":
        form.data = {"text": form["text"].value(), "ends_on": plan.ends_on.isoformat()}
    context = {
        "round": round_,
        "plan": plan,
        "together": together,
        "months": publishing.months_label(plan.rounds),
        "tally": tally_of(expected_results(round_, request.actor)),
        "obstacles": obstacles,
        "is_open": is_open,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "reviews/conclude.html", context, status=status)


def concluded(request: Request, round_: Round, text: str) -> HttpResponse:
    try:
        publication = concluding.conclude(
            pk=round_.pk, by=request.actor, at=timezone.now(), text=text
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("round_results", round_.pk)
    if publication is None:
        messages.success(request, _("The review is concluded. It is published with its quarter."))
        return redirect(round_)
    messages.success(request, _("The review is concluded and the results are published."))
    return redirect(publication)


@page_for(is_branch_committee_or_staff)
@require_POST
def publish_waiting(request: Request, pk: int) -> HttpResponse:
    """Publish the concluded months of a quarter that is over."""
    round_, _seat = visible_round(request, pk)
    try:
        publication = concluding.publish_waiting(pk=round_.pk, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(round_)
    messages.success(request, _("The results are published."))
    return redirect(publication)


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: Request, pk: int) -> HttpResponse:
    """Take a concluded month back into review: what that means, the reason, and doing it."""
    round_, seat = visible_round(request, pk)
    if not ROUND_STEPS["reopen"].may(seat, round_):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            publishing.reopen(pk=round_.pk, reason=reason, by=request.actor, at=timezone.now())
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The month is under review again."))
            return redirect(round_)
    publication = round_.publication
    today = timezone.localdate()
    context = {
        "round": round_,
        "form": form,
        "publication": publication,
        "shown": publishing.months_of(publication) if publication else [],
        "is_open": ROUND_STEPS.is_open("reopen", seat, round_),
        "is_over": publication is not None and publication.ends_on < today,
    }
    status = 422 if form.errors else 200
    return render(request, "reviews/round_reopen.html", context, status=status)
