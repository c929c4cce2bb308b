"""Registering: an activity with its attendance, one item for many members, what the committee
registers; and undoing it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from lib.addresses import id_from
from lib.form_fields import refuse
from lib.steps import Refused
from members.access import is_branch_committee_or_staff, page_for
from members.requests import Request
from points.models import Activity, Criterion, Entry, Registration
from points.rules import may_read_matter
from points.services.registration import Item
from reviews.forms.activities import ActivityForm
from reviews.forms.registration import CommitteeRegistrationForm, RegistrationForm, UndoForm
from reviews.models import Round
from reviews.selectors import activities as activity_selectors
from reviews.selectors import registration as selectors
from reviews.services import round as services
from reviews.services.round import seat_of
from reviews.workflow import ROUND_STEPS, Seat


class Way(StrEnum):
    """The ways of registering."""

    ACTIVITY = "activity"
    ITEM = "item"
    COMMITTEE = "committee"


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: Request) -> HttpResponse:
    """Choose the month and the way: an activity, one item, or one of the committee's."""
    actor = request.actor
    rounds = selectors.rounds_to_register(actor)
    round_ = chosen_round(request, rounds)
    if round_ is None:
        return render(request, "reviews/register.html", {"rounds": []})
    seat = seat_of(actor, round_.branch_id, timezone.localdate())
    ways = ways_of(seat, round_)
    wanted = request.GET.get("way") or (Way.ITEM if "item" in request.GET else "")
    way = next((way for way in ways if way == wanted), ways[0])
    context = {
        "rounds": rounds,
        "round": round_,
        "way": way,
        "tabs": tabs_of(round_, ways, way),
        "is_open": ROUND_STEPS.is_open("register", seat, round_),
        "today": timezone.localdate(),
    }
    page = register_activity if way == Way.ACTIVITY else register_item
    return page(request, round_, seat, context)


def ways_of(seat: Seat, round_: Round) -> list[Way]:
    """How this person may register: the branch what it held; the committee its own items."""
    ways = [Way.ACTIVITY, Way.ITEM] if activity_selectors.may_record(seat, round_) else []
    if seat.actor.is_staff_over(round_.branch_id):
        ways.append(Way.COMMITTEE)
    return ways or [Way.ITEM]


def tabs_of(round_: Round, ways: list[Way], current: Way) -> list[dict[str, Any]]:
    labels = {
        Way.ACTIVITY: _("An activity"),
        Way.ITEM: _("A single item"),
        Way.COMMITTEE: _("By the committee"),
    }
    return [
        {
            "label": labels[way],
            "url": f"?round={round_.pk}&way={way}",
            "is_current": way == current,
        }
        for way in ways
    ]


def chosen_round(request: Request, rounds: list[Round]) -> Round | None:
    """The round asked for, whatever state it is in by now; else the first that is open."""
    wanted = request.GET.get("round", "")
    if not wanted:
        return rounds[0] if rounds else None
    visible = Round.objects.visible_to(request.actor).select_related("branch", "rule_book")
    return get_object_or_404(visible, pk=id_from(wanted))


# -- an activity -------------------------------------------------------------------------


def register_activity(
    request: Request, round_: Round, seat: Seat, context: dict[str, Any]
) -> HttpResponse:
    """Choose the kind, mark who was there, and pick what that brings."""
    wanted = request.GET.get("kind", "")
    kind = wanted if wanted in Activity.Kind.values else Activity.Kind.ASSEMBLY
    form = ActivityForm(
        request.POST or None,
        kind=kind,
        month=round_.month,
        today=context["today"],
        people=activity_selectors.roster_of(round_, kind, seat),
        offers=activity_selectors.offers(round_, seat),
    )
    status = 200
    if request.method == "POST":
        if form.is_valid() and (activity := activity_from(request, form, round_)):
            return redirect(activity)
        status = 422
    context |= {
        "kinds": Activity.Kind.choices,
        "kind": kind,
        "form": form,
        "recent": activity_selectors.activities_of(round_),
    }
    return render(request, "reviews/register.html", context, status=status)


def activity_from(request: Request, form: ActivityForm, round_: Round) -> Activity | None:
    """Record what the form says; None, with the reason on the form, if it is refused."""
    actor, held = request.actor, form.held()
    try:
        activity = services.record_activity(
            pk=round_.pk, token=form.cleaned_data["token"], held=held, by=actor, at=timezone.now()
        )
    except Refused as refused:
        refuse(form, refused)
        return None
    messages.success(request, _("The activity is registered with everyone's attendance."))
    if held.attendance.get(actor.member_id or 0) in held.items:
        text = _("Your own entry waits for somebody else's decision in the review.")
        messages.info(request, text)
    return activity


# -- one item ----------------------------------------------------------------------------


def register_item(
    request: Request, round_: Round, seat: Seat, context: dict[str, Any]
) -> HttpResponse:
    """Choose the item, then tick the members."""
    for_committee = context["way"] == Way.COMMITTEE
    items = selectors.items_to_register(round_, seat, for_committee=for_committee)
    criterion = chosen_item(request, items)
    people = selectors.people(round_, criterion, request.actor) if criterion else []
    form_class = CommitteeRegistrationForm if for_committee else RegistrationForm
    form = form_class(
        request.POST or None,
        month=round_.month,
        roster=[person.member for person in people if person.applies],
        today=context["today"],
    )
    status = 200
    if criterion and request.method == "POST":
        done = register_from(request, form, round_, criterion) if form.is_valid() else None
        if done is not None:
            return done
        status = 422
    context |= {
        "groups": selectors.groups(items),
        "criterion": criterion,
        "people": people,
        "form": form,
        "recent": selectors.registered(round_, seat, may_undo=context["is_open"]),
    }
    return render(request, "reviews/register.html", context, status=status)


def chosen_item(request: Request, items: list[Criterion]) -> Criterion | None:
    wanted = request.GET.get("item", "")
    return next((criterion for criterion in items if str(criterion.pk) == wanted), None)


def register_from(
    request: Request, form: RegistrationForm, round_: Round, criterion: Criterion
) -> HttpResponse | None:
    """Register what the form says; None, with the reason on the form, if it is refused."""
    said: dict[str, Any] = form.cleaned_data
    actor = request.actor
    document = {name: said[name] for name in ("document_no", "document_on") if name in said}
    try:
        made = services.register(
            pk=round_.pk,
            token=said["token"],
            item=Item(criterion, said["times"], said["occurred_on"], said["reason"], **document),
            members=said["members"],
            by=actor,
            at=timezone.now(),
        )
    except Refused as refused:
        refuse(form, refused)
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
    way = request.GET.get("way", Way.ITEM)
    return redirect(f"{reverse('register')}?round={round_.pk}&way={way}#registration-{made.pk}")


@page_for(is_branch_committee_or_staff)
@require_http_methods(["GET", "HEAD", "POST"])
def registration(request: Request, pk: int) -> HttpResponse:
    """One registration with its members, to undo it whole or for one member."""
    actor = request.actor
    made = get_object_or_404(Registration.objects.select_related("criterion"), pk=pk)
    round_ = round_of(request, made)
    if not may_read_matter(actor, made.criterion, branch_id=made.branch_id, member_id=None):
        raise Http404
    if request.method == "POST":
        undo(request, round_, made)
        return redirect("registration", made.pk)
    seat = seat_of(actor, round_.branch_id, timezone.localdate())
    is_open = ROUND_STEPS.is_open("register", seat, round_)
    rows = selectors.registered(round_, seat, may_undo=is_open, pk=made.pk)
    back = f"{reverse('register')}?round={round_.pk}&way={Way.ITEM}"
    context = {"round": round_, "item": rows[0], "is_open": is_open, "back": back}
    return render(request, "reviews/registration.html", context)


def round_of(request: Request, row: Registration | Activity) -> Round:
    """The round that something was registered in, if it exists for this person."""
    return get_object_or_404(
        Round.objects.visible_to(request.actor).select_related("branch", "rule_book"),
        branch=row.branch_id,
        month=row.month,
    )


def undo(request: Request, round_: Round, made: Registration) -> None:
    """Undo what the form says, and tell how it went."""

    def undo_it(form: UndoForm) -> int:
        return services.undo_registration(
            pk=round_.pk,
            registration=made,
            reason=form.cleaned_data["reason"],
            entry_id=form.cleaned_data["entry"],
            by=request.actor,
            at=timezone.now(),
        )

    form = undone(request, undo_it)
    own = Entry.objects.filter(registration=made, member=request.actor.member_id).standing()
    if form is not None and form.cleaned_data["entry"] is None and own.exists():
        messages.info(request, _("Your own entry stays: somebody else has to undo it."))


def undone(request: Request, undo_it: Callable[[UndoForm], int]) -> UndoForm | None:
    """Undo with the reason that was given, and tell how it went; None where it was refused."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a reason: the member will read it."))
        return None
    try:
        count = undo_it(form)
    except Refused as refused:
        messages.error(request, str(refused))
        return None
    text = ngettext("Undone for %(count)s member.", "Undone for %(count)s members.", count)
    messages.success(request, text % {"count": count})
    return form
