"""The form of a year's holidays and make-up workdays."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.form_fields import DayField
from lib.months import parse_date
from lib.workdays import NamedDay, Span, days_of, spans

LONGEST = 15
ROWS = 9
USUAL = (
    gettext_lazy("New Year's Day"),
    gettext_lazy("Spring Festival"),
    gettext_lazy("Tomb-Sweeping Day"),
    gettext_lazy("Labour Day"),
    gettext_lazy("Dragon Boat Festival"),
    gettext_lazy("Mid-Autumn Festival"),
    gettext_lazy("National Day"),
)
_BETWEEN = re.compile(r"[\s,，、;；]+")
_WITHOUT_YEAR = re.compile(r"\d{1,2}月\d{1,2}日?")


class NoticeForm(forms.Form):
    """The notice itself, and the weekend days on which people work."""

    number = forms.CharField(
        label=gettext_lazy("Number of the State Council's notice"),
        max_length=100,
        error_messages={
            "required": gettext_lazy("Enter the number of the State Council's notice.")
        },
        help_text=gettext_lazy("As on the notice, for example Guobanfa No. 7 of 2025."),
    )
    made_up = forms.CharField(
        label=gettext_lazy("Make-up workdays"),
        required=False,
        help_text=gettext_lazy("One day to a line, for example 2027-02-20."),
        widget=forms.Textarea(attrs={"rows": 7}),
    )

    def __init__(self, *args: Any, year: int, **more: Any) -> None:
        super().__init__(*args, **more)
        self.year = year

    def clean_made_up(self) -> list[date]:
        days = []
        for word in filter(None, _BETWEEN.split(self.cleaned_data["made_up"])):
            text = f"{self.year}年{word}" if _WITHOUT_YEAR.fullmatch(word) else word
            try:
                days.append(parse_date(text))
            except ValueError:
                raise forms.ValidationError(
                    _("“%(word)s” is no day. Write it like 2027-02-20.") % {"word": word}
                ) from None
        return days


class SpanForm(forms.Form):
    """One holiday; a row without days counts for nothing."""

    name = forms.CharField(label=gettext_lazy("Holiday"), required=False, max_length=50)
    first = DayField(label=gettext_lazy("First day"), required=False)
    last = DayField(label=gettext_lazy("Last day"), required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        first, last = said.get("first"), said.get("last")
        if self.errors or not (first or last):
            return said
        if not said.get("name"):
            self.add_error("name", _("Name the holiday."))
        if not (first and last):
            self.add_error("last" if first else "first", _("Enter the first and the last day."))
        elif last < first:
            self.add_error("last", _("The last day lies before the first."))
        elif (last - first).days >= LONGEST:
            self.add_error("last", _("No holiday is that long. Check the days."))
        return said


SpanForms = formset_factory(SpanForm, extra=0)


def initial_rows(days: Sequence[NamedDay]) -> list[dict[str, Any]]:
    """The rows of the form: what is known, or the names of the usual holidays; and some more."""
    rows: list[dict[str, Any]] = [span._asdict() for span in spans(days)]
    if not rows:
        rows = [{"name": name} for name in USUAL]
    return rows + [{} for _row in range(max(2, ROWS - len(rows)))]


def entered_days(notice: NoticeForm, rows: BaseFormSet[SpanForm]) -> list[NamedDay]:
    """The days of both forms, which are valid."""
    filled = [row.cleaned_data for row in rows if row.cleaned_data.get("first")]
    holidays = [Span(said["name"], said["first"], said["last"]) for said in filled]
    return days_of(holidays, notice.cleaned_data["made_up"])
