"""Over which months an analysis goes."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from lib.display import zh_month
from lib.months import format_month, months_between, parse_month

MOST_MONTHS = 36


class SpanForm(forms.Form):
    """The first and the last month, of those that there are; both as chosen from a list."""

    first = forms.ChoiceField(label=_("From month"))
    last = forms.ChoiceField(label=_("To month"))

    def __init__(self, data: QueryDict, *, known: Sequence[date], usual: tuple[date, date]) -> None:
        self.usual = usual
        is_asked = "first" in data or "last" in data
        first, last = (format_month(month) for month in usual)
        super().__init__(data if is_asked else None, initial={"first": first, "last": last})
        choices = [(format_month(month), zh_month(month)) for month in known]
        for name in ("first", "last"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            months = self._between(cleaned)
            if not months:
                self.add_error("last", _("The last month comes before the first one."))
            elif len(months) > MOST_MONTHS:
                self.add_error(
                    "first",
                    _("Choose at most %(count)s months.") % {"count": MOST_MONTHS},
                )
        return cleaned

    @staticmethod
    def _between(cleaned: dict[str, Any]) -> list[date]:
        return months_between(parse_month(cleaned["first"]), parse_month(cleaned["last"]))

    def months(self) -> list[date]:
        """The months chosen; the usual ones where none are, or the choice cannot stand."""
        if self.is_bound and self.is_valid():
            return self._between(self.cleaned_data)
        return months_between(*self.usual)
