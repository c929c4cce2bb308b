"""The forms of the review: a decision, a returned sheet, the record of the meeting."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from points.models import Decision
from reviews.models import Meeting
from reviews.services.conclusion import MeetingRecord

Outcome = Decision.Outcome
OUTCOMES = [
    (Outcome.APPROVED, _("Approve")),
    (Outcome.ADJUSTED, _("Adjust")),
    (Outcome.REJECTED, _("Reject")),
]


class DecisionForm(forms.Form):
    """What a reviewer decides; the service says what each outcome needs."""

    outcome = forms.ChoiceField(
        label=_("Decision"), choices=OUTCOMES, widget=forms.RadioSelect, initial=Outcome.APPROVED
    )
    points = forms.DecimalField(
        label=_("Adjusted points"),
        required=False,
        max_digits=9,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed to adjust or reject. The member will read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    seen = forms.IntegerField(min_value=0, initial=0, widget=forms.HiddenInput)


class ReturnForm(forms.Form):
    reason = forms.CharField(
        label=_("What is to be corrected"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what is to be corrected: the member will read it.")},
    )


class MeetingForm(forms.Form):
    """The record of the review meeting."""

    kind = forms.ChoiceField(
        label=_("Kind of meeting"), choices=Meeting.Kind.choices, widget=forms.RadioSelect
    )
    held_on = forms.DateField(
        label=_("Held on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    place = forms.CharField(label=_("Place"), required=False, max_length=100)
    chair = forms.TypedChoiceField(label=_("Chair"), coerce=int)
    attendees = forms.TypedMultipleChoiceField(label=_("Attendees"), coerce=int, required=False)
    minutes = forms.CharField(
        label=_("Minutes"), required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, roster: Collection[Any], today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        people = [(member.pk, member.name) for member in roster]
        self.fields["chair"].choices = [("", _("Choose")), *people]  # type: ignore[attr-defined]
        self.fields["attendees"].choices = people  # type: ignore[attr-defined]
        self.fields["held_on"].widget.attrs["max"] = today.isoformat()
        self.today = today

    def clean_held_on(self) -> date:
        day: date = self.cleaned_data["held_on"]
        if day > self.today:
            raise forms.ValidationError(_("The meeting cannot lie in the future."))
        return day

    @property
    def ticked(self) -> set[str]:
        return {str(value) for value in self["attendees"].value() or ()}

    def record(self) -> MeetingRecord:
        said = self.cleaned_data
        return MeetingRecord(
            kind=said["kind"],
            held_on=said["held_on"],
            place=said["place"],
            chair_id=said["chair"],
            attendees=tuple(said["attendees"]),
            minutes=said["minutes"],
        )
