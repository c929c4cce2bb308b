"""Talks and interviews: the record, the member's answer, and putting right."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.form_fields import DayField
from lib.steps import Refused
from points.forms.line import EvidenceForm
from reviews.models import FollowUp, FollowUpRecord, RectificationCheck
from reviews.services.duties import find_holder
from reviews.services.records import Sitting
from reviews.services.rectification import day_problem, days_to_choose

MOST_WORDS = 5000
SEPARATORS = re.compile(r"[;；、,，\n]+")

Outcome = RectificationCheck.Outcome


def text_field(label: Any, *, rows: int, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=MOST_WORDS, widget=widget, **more)


def limits_of_day(today: date) -> dict[str, str]:
    """Between which days the browser offers a day by which something is to be put right."""
    first, last = days_to_choose(today)
    return {"min": first.isoformat(), "max": last.isoformat()}


class SeenForm(forms.Form):
    """A step on a record: ``seen`` is the number of the one that was read, which the page
    writes beside it."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def number(self) -> int:
        """The number of the record that was read, 0 where there was none."""
        return self.cleaned_data["seen"] or 0


class RecordForm(SeenForm):
    """How a talk or an interview was held. Whoever held it is named by staff number or full
    name, the holder first: they may come from anywhere on the roll."""

    held_on = DayField(label=pgettext_lazy("record", "Held on"))
    place = forms.CharField(label=_("Place"), max_length=100)
    held_by = forms.CharField(
        label=pgettext_lazy("record", "Held by"),
        max_length=200,
        help_text=_("Staff number or full name; who held it first. Several with “、”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    present = forms.CharField(
        label=_("Also present"),
        required=False,
        max_length=200,
        help_text=_("For example who took the record. They do not see it here."),
    )
    said = text_field(
        _("What was said"),
        rows=7,
        help_text=_("What you brought up, and what the member said to it."),
        error_messages={"required": _("Write what was said.")},
    )
    causes = text_field(_("Causes found"), rows=3, required=False)
    measures = text_field(
        _("Measures agreed"),
        rows=3,
        required=False,
        help_text=_("What the member will put right. Nothing, if nothing is to be put right."),
    )
    rectify_by = DayField(
        label=_("To be put right by"),
        required=False,
        help_text=_("With a day, the member writes what was done, and you check it."),
    )

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today
        self.fields["held_on"].widget.attrs["max"] = today.isoformat()
        self.fields["rectify_by"].widget.attrs |= limits_of_day(today)

    def clean_held_by(self) -> tuple[int, ...]:
        words = [one.strip() for one in SEPARATORS.split(self.cleaned_data["held_by"])]
        try:
            return tuple(dict.fromkeys(find_holder(one).pk for one in words if one))
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        day = said.get("rectify_by")
        if day and not said.get("measures") and "measures" not in self.errors:
            self.add_error("measures", _("Say what is to be put right by that day."))
        if day and (problem := day_problem(day, today=self.today)):
            self.add_error("rectify_by", problem)
        return said

    @property
    def sitting(self) -> Sitting:
        said = self.cleaned_data
        return Sitting(
            held_on=said["held_on"],
            place=said["place"],
            held_by=said["held_by"],
            said=said["said"],
            present=said["present"],
            causes=said["causes"],
            measures=said["measures"],
            rectify_by=said["rectify_by"],
        )


def initial_of(kept: FollowUpRecord | None, *, names: str, today: date) -> dict[str, Any]:
    """What the form shows at first: the record as it stands, or today and who holds it."""
    if kept is None:
        return {"held_on": today, "held_by": names}
    fields = ("held_on", "place", "present", "said", "causes", "measures", "rectify_by")
    return {name: getattr(kept, name) for name in fields} | {"held_by": names}


CONFIRM, DISPUTE = "confirm", "dispute"


class AnswerForm(SeenForm):
    """The member's answer to a record."""

    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[
            (CONFIRM, _("The record is right")),
            (DISPUTE, _("Something in it is not right")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether the record is right.")},
    )
    reason = text_field(
        _("What is not right"),
        rows=3,
        required=False,
        help_text=_("Whoever held it and the committee read it."),
    )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("answer") == DISPUTE and not said.get("reason"):
            self.add_error("reason", _("Say what is not right in the record."))
        return said


class PaperForm(SeenForm, EvidenceForm):
    """The scan of a record that the member signed."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not self.errors and not self.accepted:
            self.add_error(None, _("Attach the scan of the signed record."))
        return said


class ReasonForm(SeenForm):
    """Why: the member reads it."""

    reason = text_field(
        _("Reason"),
        rows=3,
        help_text=_("The member will read it."),
        error_messages={"required": _("Give a reason: the member will read it.")},
    )


class AbsentForm(forms.Form):
    """Why what is of somebody who left the roll ends: they will not read it."""

    reason = text_field(
        _("Reason"),
        rows=2,
        error_messages={"required": _("Give a reason: it stays with the matter.")},
    )


class NoteForm(forms.Form):
    """How a talk after which nothing is to be put right was closed."""

    note = text_field(
        _("How it was closed"),
        rows=2,
        help_text=_("The member will read it."),
        error_messages={"required": _("Say how it was closed.")},
    )


class StepForm(EvidenceForm):
    """One thing that was done, with files if there are any."""

    text = text_field(
        _("What was done"),
        rows=3,
        error_messages={"required": _("Say what was done.")},
    )
    done_on = DayField(label=_("Done on"))

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["done_on"].widget.attrs["max"] = today.isoformat()
        self.fields["done_on"].initial = today


class CheckForm(SeenForm):
    """What whoever checks found; ``seen`` is the number of the last check, which the page
    writes beside it. Only a disposition's deadline can have been missed for good."""

    outcome = forms.ChoiceField(
        label=pgettext_lazy("rectification", "Found"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you found.")},
    )
    due_on = DayField(label=_("New day"), required=False)
    reason = text_field(
        _("What you found"),
        rows=3,
        help_text=_("The member will read it."),
        error_messages={"required": _("Say what you found: the member will read it.")},
    )

    def __init__(self, *args: Any, follow_up: FollowUp, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = [
            (Outcome.PUT_RIGHT.value, _("Put right: close it")),
            (Outcome.NOT_YET.value, _("Not yet: with a new day")),
        ]
        if follow_up.kind == FollowUp.Kind.CORRECTION:
            missed = _("Not put right by the deadline: the case is taken up again")
            choices.append((Outcome.NOT_PUT_RIGHT.value, missed))
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]
        self.today = today
        self.fields["due_on"].widget.attrs |= limits_of_day(today)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        is_asked = said.get("outcome") == Outcome.NOT_YET and "due_on" not in self.errors
        if is_asked and (problem := day_problem(said.get("due_on"), today=self.today)):
            self.add_error("due_on", problem)
        return said
