"""What an export asks for: a year, a span of months or a publication, and whose data."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.addresses import id_from
from lib.months import months_between
from members.rights import Actor
from reviews.exports.asking import Asked
from reviews.exports.kinds import PUBLICATION, SPAN, YEAR, ExportKind, scope_of
from reviews.forms.exemption import MonthField
from reviews.selectors import exports as selectors

MOST_MONTHS = 60


class ExportForm(forms.Form):
    """The fields follow from the kind and from what the actor may export. ``asked`` and
    ``branches`` are what the service takes, once it is valid."""

    def __init__(
        self, *args: Any, kind: ExportKind, actor: Actor, today: date, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.kind, self.actor = kind, actor
        self.scope = scope_of(kind, actor)
        if kind.asks == YEAR:
            self._ask_year()
        elif kind.asks == SPAN:
            self._ask_span(today)
        elif kind.asks == PUBLICATION:
            self._ask_publication()
        choices = selectors.scope_choices(self.scope)
        if choices and kind.asks != PUBLICATION:
            self.fields["scope"] = forms.ChoiceField(label=_("Scope"), choices=choices)

    @property
    def has_something(self) -> bool:
        """Whether there is a year or a publication to choose at all."""
        return all(
            getattr(self.fields[name], "choices", True)
            for name in ("year", "publication")
            if name in self.fields
        ) and bool(self.scope)

    def _ask_year(self) -> None:
        assert self.kind.years is not None  # by the table of kinds
        years = [(year, str(year)) for year in self.kind.years(self.scope, self.actor)]
        usual = self.kind.usual_years or self.kind.years
        self.fields["year"] = forms.TypedChoiceField(
            label=_("Year"),
            choices=years,
            coerce=int,
            initial=next(iter(usual(self.scope, self.actor)), None),
        )

    def _ask_span(self, today: date) -> None:
        first, last = selectors.span_of(self.scope, today)
        self.fields["first_month"] = MonthField(label=_("First month"), initial=first)
        self.fields["last_month"] = MonthField(
            label=pgettext_lazy("exemption", "Last month"), initial=last
        )

    def _ask_publication(self) -> None:
        wanted = str(self.data.get("publication") or self.initial.get("publication", ""))
        choices = selectors.publication_choices(self.actor, self.scope, id_from(wanted) or None)
        self.fields["publication"] = forms.TypedChoiceField(
            label=_("Publication"), choices=choices, coerce=int
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_month"), cleaned.get("last_month")
        if first and last and last < first:
            self.add_error("last_month", _("The last month must not lie before the first."))
        elif first and last and len(months_between(first, last)) > MOST_MONTHS:
            raise ValidationError(_("Choose at most five years at a time."))
        return cleaned

    @property
    def asked(self) -> Asked:
        names = ("year", "first_month", "last_month", "publication")
        return Asked(**{name: self.cleaned_data.get(name) for name in names})

    @property
    def branches(self) -> Collection[int]:
        """Those chosen; of a publication, its own; else all there are."""
        if self.kind.asks == PUBLICATION:
            found = selectors.publications_in(self.actor, self.scope)
            return found.filter(pk=self.cleaned_data["publication"]).values_list(
                "round__branch", flat=True
            )
        return selectors.branches_chosen(self.cleaned_data.get("scope", ""), self.scope)
