"""Form fields that every form of the product shares."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lib.months import YEARS


def check_year(day: date) -> None:
    """Raise ValidationError for a year that can only be a slip of the keys: the day cannot be
    reckoned with at the ends of the calendar."""
    if day.year not in YEARS:
        raise ValidationError(
            _("Check the year: it lies between %(first)s and %(last)s."),
            params={"first": YEARS[0], "last": YEARS[-1]},
        )


class DayField(forms.DateField):
    """A day, from the browser's calendar, in a year that can be meant."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [check_year]
