"""What every form of the product has in common."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

import members.forms
import points.forms
import reviews.forms
from lib.form_fields import DayField


def form_classes() -> Iterator[type[forms.BaseForm]]:
    """Every form that a module of forms declares."""
    for package in (members.forms, points.forms, reviews.forms):
        for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for value in vars(importlib.import_module(info.name)).values():
                if isinstance(value, type) and issubclass(value, forms.BaseForm):
                    yield value


def test_every_day_is_asked_for_by_the_field_that_knows_its_bounds():
    days = {
        f"{form.__module__}.{form.__name__}.{name}": type(field)
        for form in form_classes()
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.DateField | forms.DateTimeField)
    }

    assert len(days) > 20
    assert {name for name, kind in days.items() if kind is not DayField} == set()


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_year_that_nobody_can_mean_is_refused(day):
    with pytest.raises(ValidationError) as refused:
        DayField().clean(day)

    text = gettext("Check the year: it lies between %(first)s and %(last)s.")
    assert refused.value.messages == [text % {"first": 1900, "last": 2199}]


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2199, 12, 31)])
def test_a_year_that_can_be_meant_is_taken(day):
    assert DayField().clean(f"{day}") == day
