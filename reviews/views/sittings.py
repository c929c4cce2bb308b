"""Talks and interviews: recorded, answered by the member, put right, checked, closed; and the
official form on paper. What is refused comes back with what was typed."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from lib.steps import Refused
from members.requests import Request
from points.views.evidence import served
from reviews.forms.sittings import (
    CONFIRM,
    AbsentForm,
    AnswerForm,
    CheckForm,
    NoteForm,
    PaperForm,
    ReasonForm,
    RecordForm,
    StepForm,
    initial_of,
)
from reviews.models import FollowUp, FollowUpFile
from reviews.selectors import sittings as selectors
from reviews.selectors.follow_ups import dossier_of
from reviews.services import follow_up_ends, records, rectification
from reviews.views.follow_up_steps import Asked, asked_for, form_page, take, visible
from reviews.workflow import FOLLOW_UP_STEPS


@form_page
def record_follow_up(request: Request, pk: int) -> HttpResponse:
    """Record how it was held; again until the member has answered, or after a dispute."""
    asked = asked_for(request, pk, "record")
    row = asked.follow_up
    today = timezone.localdate()
    kept = next(iter(selectors.records_of(row)), None)
    names = selectors.names_to_offer(row, kept, request.actor)
    initial = initial_of(kept.record if kept else None, names=names, today=today)
    form = RecordForm(request.POST or None, initial=initial, today=today)

    def act() -> str:
        records.record_sitting(
            pk=pk, sitting=form.sitting, seen=form.number, by=request.actor, at=timezone.now()
        )
        return _("Recorded. The member is told, and asked whether the record is right.")

    dossier = dossier_of(row, request.actor)
    template = "reviews/sitting_record_form.html"
    return step_page(asked, form, act, template, dossier=dossier)


@form_page
def answer_record(request: Request, pk: int) -> HttpResponse:
    """The member says whether the record is right."""
    asked = asked_for(request, pk, "confirm")
    form = AnswerForm(request.POST or None)

    def act() -> str:
        said, by, at = form.cleaned_data, request.actor, timezone.now()
        if said["answer"] == CONFIRM:
            records.confirm(pk=pk, seen=form.number, by=by, at=at)
            return _("You have confirmed the record.")
        records.dispute(pk=pk, seen=form.number, reason=said["reason"], by=by, at=at)
        return _("You have disputed the record. Who held it and the committee are told.")

    return step_page(asked, form, act, part="reviews/sitting_answer.html")


@form_page
def confirm_on_paper(request: Request, pk: int) -> HttpResponse:
    """Enter a record that the member signed, with its scan."""
    asked = asked_for(request, pk, "confirm_on_paper")
    form = PaperForm(request.POST or None, request.FILES or None)

    def act() -> str:
        records.confirm_on_paper(
            pk=pk, seen=form.number, scan=form.accepted, by=request.actor, at=timezone.now()
        )
        return _("The signed record is kept. The member is told.")

    return step_page(asked, form, act, part="reviews/sitting_paper.html")


@form_page
def let_record_stand(request: Request, pk: int) -> HttpResponse:
    """The committee lets a disputed record stand."""
    asked = asked_for(request, pk, "let_stand")
    form = ReasonForm(request.POST or None)

    def act() -> str:
        records.let_stand(
            pk=pk,
            seen=form.number,
            reason=form.cleaned_data["reason"],
            by=request.actor,
            at=timezone.now(),
        )
        return _("The record stands. The member is told.")

    return step_page(asked, form, act, part="reviews/sitting_stand.html")


@form_page
def add_rectification_step(request: Request, pk: int) -> HttpResponse:
    """Write one thing that was done, with files."""
    asked = asked_for(request, pk, "add_step")
    form = StepForm(request.POST or None, request.FILES or None, today=timezone.localdate())

    def act() -> str:
        said = form.cleaned_data
        rectification.add_step(
            pk=pk,
            text=said["text"],
            done_on=said["done_on"],
            files=form.accepted,
            by=request.actor,
            at=timezone.now(),
        )
        return pgettext("rectification", "Written down.")

    return step_page(asked, form, act, part="reviews/rectification_step_form.html")


@require_POST
def hand_in_rectification(request: Request, pk: int) -> HttpResponse:
    row = visible(request, pk)
    try:
        rectification.hand_in(pk=pk, by=request.actor, at=timezone.now())
        messages.success(request, _("Handed in. Whoever checks it is told."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(row)


@form_page
def check_rectification(request: Request, pk: int) -> HttpResponse:
    """Say whether it was put right."""
    asked = asked_for(request, pk, "check")
    form = CheckForm(request.POST or None, follow_up=asked.follow_up, today=timezone.localdate())

    def act() -> str:
        said = form.cleaned_data
        follow_up_ends.check(
            pk=pk,
            outcome=said["outcome"],
            reason=said["reason"],
            due_on=said["due_on"],
            seen=form.number,
            by=request.actor,
            at=timezone.now(),
        )
        return _("What you found is recorded. The member is told.")

    return step_page(asked, form, act, part="reviews/rectification_check_form.html")


@form_page
def close_follow_up(request: Request, pk: int) -> HttpResponse:
    """Close a talk or an interview after which nothing is to be put right."""
    asked = asked_for(request, pk, "close")
    form = NoteForm(request.POST or None)

    def act() -> str:
        note = form.cleaned_data["note"]
        follow_up_ends.close(pk=pk, note=note, by=request.actor, at=timezone.now())
        return pgettext("follow-up", "Closed. The member is told.")

    return step_page(asked, form, act, part="reviews/sitting_close.html")


@form_page
def lift_follow_up(request: Request, pk: int) -> HttpResponse:
    """The committee closes what rests on results that were revised since."""
    asked = asked_for(request, pk, "lift")
    form = ReasonForm(request.POST or None)

    def act() -> str:
        reason = form.cleaned_data["reason"]
        follow_up_ends.lift(pk=pk, reason=reason, by=request.actor, at=timezone.now())
        return pgettext("follow-up", "Closed. The member is told.")

    return step_page(asked, form, act, part="reviews/follow_up_lift.html")


@form_page
def end_absent_follow_up(request: Request, pk: int) -> HttpResponse:
    """The committee closes what is of somebody who left the roll."""
    asked = asked_for(request, pk, "end_absent")
    form = AbsentForm(request.POST or None)

    def act() -> str:
        reason = form.cleaned_data["reason"]
        follow_up_ends.end_absent(pk=pk, reason=reason, by=request.actor, at=timezone.now())
        return pgettext("follow-up", "Closed.")

    return step_page(asked, form, act, part="reviews/follow_up_end_absent.html")


@require_safe
def follow_up_form(request: Request, pk: int) -> HttpResponse:
    """The official form on A4: as recorded, or blank, to be written on and signed."""
    row = visible(request, pk)
    if row.kind not in FollowUp.SITTING_KINDS:
        raise Http404
    kept = next(iter(selectors.records_of(row)), None)
    if kept is not None and not selectors.may_read(row, request.actor):
        raise PermissionDenied
    is_blank = kept is None or "blank" in request.GET
    context = {
        "follow_up": row,
        "title": selectors.title_of(row),
        "kept": None if is_blank else kept,
        "can_be_filled": kept is not None,
        "is_blank": is_blank,
        "put_right": None if is_blank else selectors.put_right_of(row),
        "dossier": dossier_of(row, request.actor),
    }
    return render(request, "reviews/sitting_paper_form.html", context)


@require_safe
def follow_up_file(request: Request, pk: int) -> FileResponse:
    return served(get_object_or_404(FollowUpFile.objects.visible_to(request.actor), pk=pk))


# -- below the views -------------------------------------------------------------------------


def step_page(
    asked: Asked,
    form: forms.Form,
    act: Callable[[], str],
    template: str = "reviews/sitting_step.html",
    **more: Any,
) -> HttpResponse:
    """The page of a step on a talk, an interview or a correction, beside its record and how it
    was put right so far."""
    row = asked.follow_up

    def context() -> dict[str, Any]:
        return {
            "step": FOLLOW_UP_STEPS[asked.step],
            "is_page": True,
            "is_own": row.member_id == asked.request.actor.member_id,
            "kept": next(iter(selectors.records_of(row)), None),
            "put_right": selectors.put_right_of(row),
            **more,
        }

    check = partial(FOLLOW_UP_STEPS.check, asked.step, asked.duty, row)
    return take(asked, form, template, check=check, act=act, context=context)
