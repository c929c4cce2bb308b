"""The forms of the review: a decision, a returned sheet, the record of the meeting."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.form_fields import DayField
from points.models import Decision, Entry
from reviews.models import Meeting
from reviews.services.meeting import MeetingRecord

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
    """What is to be corrected: of the whole sheet, of single items, or both; the service says
    what is needed."""

    reason = forms.CharField(
        label=_("What is to be corrected"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, entries: Collection[Entry], **more: Any) -> None:
        super().__init__(*args, **more)
        self.entries = entries
        for entry in entries:
            self.fields[f"remark-{entry.pk}"] = forms.CharField(
                label=_("Remark on this item"),
                required=False,
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def items(self) -> list[tuple[Entry, forms.BoundField]]:
        """Each item with the field for its remark."""
        return [(entry, self[f"remark-{entry.pk}"]) for entry in self.entries]

    @property
    def remarks(self) -> dict[int, str]:
        return {entry.pk: self.cleaned_data[f"remark-{entry.pk}"] for entry in self.entries}


class MeetingForm(forms.Form):
    """The record of the review meeting. ``bench`` are the ids of the branch committee: only
    they attend its meeting; everybody attends an assembly."""

    kind = forms.ChoiceField(
        label=_("Kind of meeting"), choices=Meeting.Kind.choices, widget=forms.RadioSelect
    )
    held_on = DayField(label=_("Held on"))
    place = forms.CharField(label=_("Place"), required=False, max_length=100)
    chair = forms.TypedChoiceField(label=_("Chair"), coerce=int)
    attendees = forms.TypedMultipleChoiceField(label=_("Attendees"), coerce=int, required=False)
    minutes = forms.CharField(
        label=_("Minutes"), required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(
        self,
        *args: Any,
        roster: Collection[Any],
        bench: Collection[int],
        today: date,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.bench = bench
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

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("kind") == Meeting.Kind.COMMITTEE:
            # The others' ticks are not to be seen for this kind of meeting.
            said["attendees"] = [one for one in said.get("attendees", ()) if one in self.bench]
        return said

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
