"""Nominating, entering grades, issuing and taking back opinions."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib.display import zh_date
from lib.form_fields import DayField
from points.forms.line import EvidenceForm
from reviews.models import Appraisal, Nomination, Opinion
from reviews.services.appraisals import Given
from reviews.services.opinions import Wording


class NominationForm(forms.Form):
    """For what a candidate is nominated, and why; ``left`` is what they are not nominated for."""

    award = forms.ChoiceField(
        label=_("Nominated for"), choices=Nomination.Award.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Main deeds and reasons"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, left: Sequence[tuple[str, Any]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["award"].choices = left  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The member will read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give a reason: the member will read it.")},
    )


class MeetingDayForm(forms.Form):
    """On which day the meeting gave the grades."""

    held_on = DayField(
        label=_("Day of the democratic appraisal meeting"),
        error_messages={"required": _("Enter the day of the meeting.")},
    )


class DayCorrectionForm(forms.Form):
    """Which day of a meeting was entered wrongly, the right one, and why. ``days`` are those
    entered so far, each with the number of grades that it gave."""

    was = forms.TypedChoiceField(label=_("Day entered so far"), coerce=date.fromisoformat)
    right_day = DayField(
        label=_("Right day of the meeting"),
        error_messages={"required": _("Enter the day of the meeting.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.TextInput,
        error_messages={"required": _("Say why the day is corrected.")},
    )

    def __init__(self, *args: Any, days: Sequence[tuple[date, int]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["was"].choices = [  # type: ignore[attr-defined]
            (day.isoformat(), _many(day, count)) for day, count in days
        ]


def _many(day: date, count: int) -> str:
    text = ngettext("%(day)s: %(count)s grade", "%(day)s: %(count)s grades", count)
    return text % {"day": zh_date(day), "count": count}


class GradeForm(forms.Form):
    """One member's grade; nothing is chosen before somebody chooses it. ``seen`` is the number
    of the grade that the page showed."""

    grade = forms.ChoiceField(
        label=_("Grade"),
        choices=[("", _("not graded")), *Appraisal.Grade.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason for the change"),
        max_length=300,
        required=False,
        widget=forms.TextInput,
    )
    seen = forms.IntegerField(required=False, initial=0, widget=forms.HiddenInput)

    def given(self, member: int) -> Given:
        said = self.cleaned_data
        return Given(member, said["grade"], said["reason"], said["seen"] or 0)


class OpinionForm(forms.Form):
    """What is awarded or imposed, to whom, on what grounds."""

    member = forms.CharField(
        label=_("Member"),
        help_text=_("Staff number or full name"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    year = forms.TypedChoiceField(label=_("On the points of the year"), coerce=int)
    kind = forms.ChoiceField(
        label=_("Kind of opinion"), choices=Opinion.Kind.choices, widget=forms.RadioSelect
    )
    title = forms.CharField(
        label=_("Award or sanction"),
        max_length=100,
        help_text=_("For example: excellent Party member of the year; criticism by name."),
    )
    text = forms.CharField(
        label=_("Facts and grounds"),
        max_length=2000,
        help_text=_("The member reads it. Name the points, months and decisions it rests on."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    document_number = forms.CharField(label=_("Document number"), max_length=50, required=False)
    nomination = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # About whom, for which year, the page has said that they are no candidate.
    warned = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        years = range(today.year, today.year - 4, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]

    def wording(self) -> Wording:
        said = self.cleaned_data
        return Wording(
            kind=said["kind"],
            year=said["year"],
            title=said["title"],
            text=said["text"],
            document_number=said["document_number"],
            nomination=said["nomination"],
        )


class SignedForm(EvidenceForm):
    """The scan of an opinion's form that the member signed."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not self.errors and not self.accepted:
            self.add_error(None, _("Attach the scan of the signed form."))
        return said


class OpinionFilter(forms.Form):
    """Which opinions a list shows; whatever is not known is not asked for."""

    year = forms.TypedChoiceField(label=_("Year"), coerce=int, empty_value=None, required=False)
    kind = forms.ChoiceField(label=_("Kind of opinion"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    branch = forms.TypedChoiceField(label=_("Branch"), coerce=int, empty_value=None, required=False)

    def __init__(
        self, data: Any, *, years: Sequence[int], branches: Mapping[int, str], **more: Any
    ) -> None:
        super().__init__(data, **more)
        choices: dict[str, Sequence[tuple[Any, Any]]] = {
            "year": [(year, year) for year in years],
            "kind": Opinion.Kind.choices,
            "state": Opinion.State.choices,
            "branch": list(branches.items()),
        }
        for name, found in choices.items():
            self.fields[name].choices = [("", _("All")), *found]  # type: ignore[attr-defined]
        if len(branches) < 2:
            del self.fields["branch"]

    def conditions(self) -> dict[str, Any]:
        """What was asked for, as conditions on opinions."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
