"""Explanations: what was said at the meeting, how it was judged, and what was decided on it."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.form_fields import DayField
from points.forms.line import EvidenceForm
from reviews.models import Judgement
from reviews.services.explanations import Accountability, Explanation

MOST_WORDS = 5000


class ExplanationForm(EvidenceForm):
    """What was explained; ``is_unnamed``: nobody answers for it yet, so say who explained."""

    who = forms.CharField(
        label=_("Who explained"),
        help_text=_("Staff number or full name"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    held_on = DayField(label=_("Day of the meeting"))
    place = forms.CharField(label=_("Place"), max_length=100)
    present = forms.CharField(
        label=_("Also present"),
        required=False,
        max_length=200,
        help_text=_("For example the meeting's chair, or who came from the committee."),
    )
    said = forms.CharField(
        label=pgettext_lazy("explanation", "What was explained"),
        max_length=MOST_WORDS,
        help_text=_("What happened, how I answer for it, and what I did before and since."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write what was explained.")},
    )
    measures = forms.CharField(
        label=pgettext_lazy("explanation", "What will be done"),
        required=False,
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_unnamed: bool, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        if not is_unnamed:
            del self.fields["who"]
        self.fields["held_on"].widget.attrs["max"] = today.isoformat()

    @property
    def explanation(self) -> Explanation:
        said = self.cleaned_data
        names = ("held_on", "place", "said", "measures", "present")
        return Explanation(**{name: said[name] for name in names})


class JudgementForm(forms.Form):
    """Taken note of, or serious with the reason."""

    outcome = forms.ChoiceField(
        label=pgettext_lazy("explanation", "Judgement"),
        choices=Judgement.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it is judged.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=MOST_WORDS,
        help_text=_("Needed where it is serious. Whoever explained reads it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("outcome") == Judgement.Outcome.SERIOUS and not said.get("reason"):
            self.add_error("reason", _("Say why it is serious: whoever explained will read it."))
        return said


class AccountabilityForm(forms.Form):
    """The decision, as its document says it."""

    decision = forms.CharField(
        label=_("Decision on accountability"),
        max_length=MOST_WORDS,
        help_text=_("Who answers for what, and how, in the words of the document."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write what was decided.")},
    )
    number = forms.CharField(label=_("Document number"), max_length=50)
    decided_on = DayField(label=_("Decided on"))

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["decided_on"].widget.attrs["max"] = today.isoformat()

    @property
    def accountability(self) -> Accountability:
        said = self.cleaned_data
        return Accountability(said["decision"], said["number"], said["decided_on"])
