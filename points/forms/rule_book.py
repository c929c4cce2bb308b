"""Rule books as forms: where a draft starts, its head, one criterion, the committee's verdict,
and the span of a trial."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.months import format_month, parse_month
from points.models import Category, Criterion, RuleBook
from points.services.rule_book.draft import CRITERION_FIELDS, HEAD_FIELDS

NUMBER = {"inputmode": "decimal", "autocomplete": "off"}


class StartForm(forms.Form):
    """What a draft is copied from; nothing: an empty one."""

    source = forms.ModelChoiceField(
        queryset=RuleBook.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={
            "invalid_choice": _("This rule book can no longer be copied. Choose another one.")
        },
    )

    def __init__(self, *args: Any, sources: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = sources


class HeadForm(forms.ModelForm[RuleBook]):
    """Points, goals and procedure of a draft, and what each category may bring a month."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = RuleBook
        fields = HEAD_FIELDS
        widgets = {
            "base_points": forms.TextInput(attrs=NUMBER),
            "pass_line": forms.TextInput(attrs=NUMBER),
            "ceiling": forms.TextInput(attrs=NUMBER),
            "goals": forms.Textarea(attrs={"rows": 4}),
            "procedure": forms.Textarea(attrs={"rows": 6}),
        }
        help_texts = {
            "pass_line": _("A member whose points are less than this is below the line."),
            "ceiling": _("No month brings more than this. Leave it empty for no ceiling."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        caps = {cap.category: cap.max_plus_month for cap in self.instance.category_caps.all()}
        self.fields["seen"].initial = self.instance.revision
        for value, label in Category.choices:
            self.fields[f"cap_{value}"] = forms.DecimalField(
                label=label,
                min_value=0,
                max_digits=6,
                decimal_places=2,
                required=False,
                initial=caps.get(value),
                widget=forms.TextInput(attrs=NUMBER),
            )

    @property
    def cap_fields(self) -> list[forms.BoundField]:
        return [self[f"cap_{value}"] for value in Category.values]

    @property
    def caps(self) -> dict[str, Decimal | None]:
        return {value: self.cleaned_data[f"cap_{value}"] for value in Category.values}

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in HEAD_FIELDS}

    def clean_base_points(self) -> Decimal:
        return _not_negative(self.cleaned_data["base_points"])

    def clean_pass_line(self) -> Decimal:
        line = _not_negative(self.cleaned_data["pass_line"])
        if not line:
            raise forms.ValidationError(_("Enter the pass line, e.g. 70."))
        return line

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        ceiling, line = found.get("ceiling"), found.get("pass_line")
        if ceiling is not None and line is not None and ceiling < line:
            self.add_error("ceiling", _("The ceiling must not be less than the pass line."))
        return found


def _not_negative(points: Decimal) -> Decimal:
    if points < 0:
        raise forms.ValidationError(_("Enter a number that is not negative."))
    return points


class CriterionForm(forms.ModelForm[Criterion]):
    """One row of a draft."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Criterion
        fields = CRITERION_FIELDS
        widgets = {
            "text": forms.Textarea(attrs={"rows": 2}),
            "points": forms.TextInput(attrs=NUMBER),
            "max_times_month": forms.TextInput(attrs=NUMBER),
            "max_points_month": forms.TextInput(attrs=NUMBER),
            "max_points_year": forms.TextInput(attrs=NUMBER),
        }
        help_texts = {
            "code": _("Unique in the rule book, e.g. XX-05. Past entries are matched by it."),
            "points": _("Plus points as 2, minus points as -2."),
            "trigger": _("Only for what the system registers."),
            "zeroes_month": _("One such entry makes the month’s points 0."),
        }

    def __init__(self, *args: Any, book: RuleBook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.book = book
        self.fields["seen"].initial = book.revision
        for name in ("max_times_month", "max_points_month", "max_points_year"):
            self.fields[name].validators.append(_at_least_zero)

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in CRITERION_FIELDS}

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        others = self.book.criteria.filter(code=code)
        if self.instance.pk is not None:
            others = others.exclude(pk=self.instance.pk)
        if other := others.first():
            raise forms.ValidationError(
                _("This code belongs to “%(text)s” already: choose another one.")
                % {"text": other.text}
            )
        return code

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        points, zeroes = found.get("points"), found.get("zeroes_month")
        if points is not None and zeroes and points > 0:
            self.add_error(
                "points",
                _("What zeroes the month cannot bring plus points: enter 0 or minus points."),
            )
        if points is not None and not zeroes and points == 0:
            self.add_error(
                "points", _("Enter plus or minus points; 0 only where it zeroes the month.")
            )
        is_system = found.get("registered_by") == Criterion.RegisteredBy.SYSTEM
        if found.get("trigger") and not is_system:
            self.add_error(
                "trigger",
                _(
                    "An occasion is only for what the system registers: leave it empty, or choose “the system”."
                ),
            )
        return found


def _at_least_zero(value: Decimal) -> None:
    if value < 0:
        raise forms.ValidationError(_("Enter a number that is not negative."))


class ReturnForm(forms.Form):
    """The committee's remarks on a draft that it returns."""

    remarks = forms.CharField(
        label=_("Remarks for the secretary"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Which item, what is to be changed, and why. The secretary reads it."),
        error_messages={"required": _("Say what is to be changed: the secretary will read it.")},
    )


class ApproveForm(forms.Form):
    """The month from which a version is to be in force."""

    month = forms.ChoiceField(
        label=_("In force from"),
        error_messages={
            "invalid_choice": _("This month is open already or past: choose a later one.")
        },
    )

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = month_choices(months)
        field.initial = format_month(months[0])

    def clean_month(self) -> date:
        return parse_month(self.cleaned_data["month"])


class OfferForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the template"),
        max_length=100,
        error_messages={"required": _("Give the template a name.")},
    )


class TrialForm(forms.Form):
    """The span of past months on which a draft is tried out."""

    first = forms.ChoiceField(label=pgettext_lazy("span of months", "From"))
    last = forms.ChoiceField(label=pgettext_lazy("span of months", "To"))

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "last"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = month_choices(months)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last month must not lie before the first one."))
        return found

    @property
    def span(self) -> tuple[date, date]:
        return parse_month(self.cleaned_data["first"]), parse_month(self.cleaned_data["last"])


def month_choices(months: Iterable[date]) -> list[tuple[str, str]]:
    return [(format_month(month), date_format(month, "YEAR_MONTH_FORMAT")) for month in months]
