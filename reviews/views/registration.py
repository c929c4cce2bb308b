"""Registering for many members at once, and undoing it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from points.models import Criterion, Entry, Registration
from points.services.registration import Item
from reviews.forms.registration import RegistrationForm, UndoForm
from reviews.models import Round
from reviews.selectors import registration as selectors
from reviews.services import round as services
from reviews.services.round import seat_of
from reviews.workflow import ROUND_STEPS


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: Request) -> HttpResponse:
    """Choose the month, then the item, then tick the members."""
    actor, today = request.actor, timezone.localdate()
    rounds = selectors.rounds_to_register(actor)
    round_ = chosen_round(request, rounds)
    if round_ is None:
        return render(request, "reviews/register.html", {"rounds": []})
    seat = seat_of(actor, round_.branch_id, today)
    is_open = ROUND_STEPS.is_open("register", seat, round_)
    items = selectors.items_to_register(round_, seat)
    criterion = chosen_item(request, items)
    people = selectors.people(round_, criterion, actor) if criterion else []
    form = RegistrationForm(
        request.POST or None,
        month=round_.month,
        roster=[person.member for person in people if person.applies],
        today=today,
    )
    if criterion and request.method == "POST" and form.is_valid():
        done = register_from(request, form, round_, criterion)
        if done is not None:
            return done
    context = {
        "rounds": rounds,
        "round": round_,
        "groups": selectors.groups(items),
        "criterion": criterion,
        "people": people,
        "form": form,
        "recent": selectors.registered(round_, seat, may_undo=is_open),
        "is_open": is_open,
        "today": today,
    }
    return render(request, "reviews/register.html", context)


def chosen_round(request: Request, rounds: list[Round]) -> Round | None:
    """The round asked for, whatever state it is in by now; else the first that is open."""
    wanted = request.GET.get("round", "")
    if not wanted:
        return rounds[0] if rounds else None
    visible = Round.objects.visible_to(request.actor).select_related("branch", "rule_book")
    if not wanted.isdecimal():
        raise Http404
    return get_object_or_404(visible, pk=wanted)


def chosen_item(request: Request, items: list[Criterion]) -> Criterion | None:
    wanted = request.GET.get("item", "")
    return next((criterion for criterion in items if str(criterion.pk) == wanted), None)


def register_from(
    request: Request, form: RegistrationForm, round_: Round, criterion: Criterion
) -> HttpResponse | None:
    """Register what the form says; None, with the reason on the form, if it is refused."""
    said: dict[str, Any] = form.cleaned_data
    actor = request.actor
    try:
        made = services.register(
            pk=round_.pk,
            token=said["token"],
            item=Item(criterion, said["times"], said["occurred_on"], said["reason"]),
            members=said["members"],
            by=actor,
            at=timezone.now(),
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    count = len(said["members"])
    text = ngettext(
        "Registered “%(item)s” for %(count)s member.",
        "Registered “%(item)s” for %(count)s members.",
        count,
    )
    messages.success(request, text % {"item": criterion.text, "count": count})
    if actor.member_id in said["members"]:
        text = _("Your own entry waits for somebody else's decision in the review.")
        messages.info(request, text)
    return redirect(f"{reverse('register')}?round={round_.pk}#registration-{made.pk}")


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def registration(request: Request, pk: int) -> HttpResponse:
    """One registration with its members, to undo it whole or for one member."""
    actor = request.actor
    made = get_object_or_404(Registration, pk=pk)
    round_ = get_object_or_404(
        Round.objects.visible_to(actor).select_related("branch", "rule_book"),
        branch=made.branch_id,
        month=made.month,
    )
    if request.method == "POST":
        undo(request, round_, made)
        return redirect("registration", made.pk)
    seat = seat_of(actor, round_.branch_id, timezone.localdate())
    is_open = ROUND_STEPS.is_open("register", seat, round_)
    rows = selectors.registered(round_, seat, may_undo=is_open, pk=made.pk)
    back = f"{reverse('register')}?round={round_.pk}"
    context = {"round": round_, "item": rows[0], "is_open": is_open, "back": back}
    return render(request, "reviews/registration.html", context)


def undo(request: Request, round_: Round, made: Registration) -> None:
    """Undo what the form says, and tell how it went."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a reason: the member will read it."))
        return
    try:
        count = services.undo_registration(
            pk=round_.pk,
            registration=made,
            reason=form.cleaned_data["reason"],
            entry_id=form.cleaned_data["entry"],
            by=request.actor,
            at=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return
    text = ngettext("Undone for %(count)s member.", "Undone for %(count)s members.", count)
    messages.success(request, text % {"count": count})
    own = Entry.objects.filter(registration=made, member=request.actor.member_id).standing()
    if form.cleaned_data["entry"] is None and own.exists():
        messages.info(request, _("Your own entry stays: somebody else has to undo it."))
