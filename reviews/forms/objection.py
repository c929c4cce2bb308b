"""The answer to an objection."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.template_tags import signed_points
from points.models import Entry
from reviews.forms.review import OUTCOMES
from reviews.services.corrections import Change

KEEP, CORRECT = "KEEP", "CORRECT"


class AnswerForm(forms.Form):
    """Keep the result, or correct one entry, with a reason either way."""

    verdict = forms.ChoiceField(
        label=_("Answer"),
        choices=[(KEEP, _("Keep the result")), (CORRECT, _("Correct the result"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether the result is kept or corrected.")},
    )
    entry = forms.TypedChoiceField(
        label=_("Which entry is corrected"), coerce=int, empty_value=None, required=False
    )
    outcome = forms.ChoiceField(
        label=_("What is decided now"), choices=[("", _("Choose")), *OUTCOMES], required=False
    )
    points = forms.DecimalField(
        label=_("Adjusted points"),
        required=False,
        max_digits=9,
        decimal_places=2,
        help_text=_("Only to adjust; with the sign, for example -1.5."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    text = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The member will read it, and it stays readable with the objection."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Give a reason: the member will read it.")},
    )

    def __init__(self, *args: Any, entries: Sequence[Entry], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["entry"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((entry.pk, described(entry)) for entry in entries),
        ]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("verdict") == CORRECT:
            if not said.get("entry") and "entry" not in self.errors:
                self.add_error("entry", _("Choose which entry is corrected."))
            if not said.get("outcome") and "outcome" not in self.errors:
                self.add_error("outcome", _("Choose approve, adjust or reject."))
        return said

    @property
    def corrected(self) -> tuple[str, str] | None:
        """Which entry is corrected and how, in the words of the form; None: nothing is."""
        said = self.cleaned_data
        if said["verdict"] == KEEP:
            return None
        entries = dict(self.fields["entry"].choices)  # type: ignore[attr-defined]
        return entries[said["entry"]], str(dict(OUTCOMES)[said["outcome"]])

    def correction(self) -> Change | None:
        said = self.cleaned_data
        if said["verdict"] == KEEP:
            return None
        return Change(entry_id=said["entry"], outcome=said["outcome"], points=said["points"])


def described(entry: Entry) -> str:
    """An entry in a list to choose from: what, when, and its points as claimed."""
    return (
        f"{entry.criterion.code} {entry.criterion.text} · {entry.occurred_on:%m-%d} · "
        f"{signed_points(entry.claimed_points)}"
    )
