"""What every form of the product shares: its fields, and how it says that it was refused."""

from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lib.months import YEARS
from lib.steps import Overtaken, Refused

REFUSED: Final = "refused"


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


def refuse(form: forms.BaseForm, refused: Refused) -> None:
    """Say on the form why its step was not taken, with everything that was typed. Only a form
    that is told of what somebody else did meanwhile (``Overtaken``) knows of it when it is sent
    again: its ``seen`` becomes the number of what stands now."""
    form.add_error(None, ValidationError(str(refused), code=REFUSED))
    if isinstance(refused, Overtaken):
        typed: Any = form.data.copy()  # type: ignore[attr-defined]
        typed[form.add_prefix("seen")] = str(refused.number)
        form.data = typed
