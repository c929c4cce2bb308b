"""Concluding, extending and reopening: what is published, until when, and why."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.form_fields import DayField


class NoticeForm(forms.Form):
    """The text of the notice, and until which day the person who sends it was told that it
    would be published: a page that was left open over night says so."""

    text = forms.CharField(
        label=_("Text of the notice"),
        max_length=2000,
        help_text=_("Stands above the results, on the page and on the printed notice."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    ends_on = DayField(
        widget=forms.HiddenInput,
        error_messages={"required": _("Look at the page again before you publish.")},
    )

    def __init__(self, *args: Any, ends_on: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.known_end = ends_on

    def clean_ends_on(self) -> date:
        day: date = self.cleaned_data["ends_on"]
        if day != self.known_end:
            raise forms.ValidationError(
                _("The last day has changed since you opened the page. Look at it again.")
            )
        return day


class ReasonForm(forms.Form):
    """Why a published or concluded month is taken back into review."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give a reason: the branch will read it.")},
    )


class ExtensionForm(ReasonForm):
    """To which day, and why."""

    until = DayField(
        label=_("New last day"),
        error_messages={"required": _("Choose the new last day.")},
    )
