"""The forms of the registration page."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.form_fields import DayField
from lib.months import last_day


class RegistrationForm(forms.Form):
    """One item on one day, for the ticked members. ``token`` makes a double click harmless."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    occurred_on = DayField(label=_("Date"))
    times = forms.DecimalField(
        label=_("Times"),
        min_value=Decimal("0.01"),
        max_value=Decimal("99"),
        decimal_places=2,
        initial=1,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    reason = forms.CharField(
        label=_("Matter"),
        required=False,
        max_length=500,
        help_text=_("What, where: the members will read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    members = forms.TypedMultipleChoiceField(
        label=_("Members"), coerce=int, error_messages={"required": _("Tick at least one member.")}
    )

    def __init__(self, *args: Any, month: date, roster: Collection[Any], today: date, **more: Any):
        last = min(last_day(month), max(today, month))
        more.setdefault("initial", {"token": uuid4(), "occurred_on": last, "times": 1})
        super().__init__(*args, **more)
        self.fields["members"].choices = [(person.pk, person.name) for person in roster]  # type: ignore[attr-defined]
        self.fields["occurred_on"].widget.attrs |= {
            "min": month.isoformat(),
            "max": last_day(month).isoformat(),
        }
        self.month = month

    def clean_occurred_on(self) -> date:
        day: date = self.cleaned_data["occurred_on"]
        if not self.month <= day < last_day(self.month) + timedelta(days=1):
            raise forms.ValidationError(_("The date must lie in the month of the round."))
        return day

    @property
    def ticked(self) -> set[str]:
        """The ids ticked when the form was sent, so that nothing is lost on an error."""
        return {str(value) for value in self["members"].value() or ()}


class CommitteeRegistrationForm(RegistrationForm):
    """党委登记: the same, resting on a document."""

    document_no = forms.CharField(
        label=_("Document number"),
        max_length=100,
        help_text=_("For example the number of the decision or of the notice."),
        error_messages={"required": _("Enter the number of the document it rests on.")},
    )
    document_on = DayField(
        label=_("Date of the document"),
        error_messages={"required": _("Enter the date of the document it rests on.")},
    )

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, today=today, **more)
        self.fields["document_on"].widget.attrs["max"] = today.isoformat()
        self.today = today

    def clean_document_on(self) -> date:
        day: date = self.cleaned_data["document_on"]
        if day > self.today:
            raise forms.ValidationError(_("The document's date has not come yet."))
        return day


class UndoForm(forms.Form):
    """Why a registration is undone, and whose entry, if only one."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Give a reason: the member will read it.")},
    )
    entry = forms.IntegerField(required=False)
