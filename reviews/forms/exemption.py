"""Exemptions: what is asked for, and what is decided."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.forms.roll import as_month
from members.models import Member
from members.services.exemptions import Span


class MonthField(forms.CharField):
    """A month in the browser's own field; typed as 2026-12 where it has none."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-12"})

    def clean(self, value: Any) -> Any:
        return as_month(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, date) else value


class MemberChoice(forms.ModelChoiceField):
    """Members by name, told apart by their number."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.staff_no}）"


class ExemptionForm(forms.Form):
    """Who is not to be assessed, in which months, and why."""

    member = MemberChoice(Member.objects.none(), label=_("Member"), empty_label=_("Choose"))
    first_month = MonthField(
        label=_("First month"), help_text=_("For a single month enter it twice.")
    )
    last_month = MonthField(label=pgettext_lazy("exemption", "Last month"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_(
            "For example long illness, maternity leave, work elsewhere. The member reads it."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, members: "QuerySet[Member]", **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["member"]
        assert isinstance(field, MemberChoice)
        field.queryset = members

    @property
    def span(self) -> Span:
        return Span(self.cleaned_data["first_month"], self.cleaned_data["last_month"])


class DecisionForm(forms.Form):
    """Approve, or refuse with a reason."""

    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("Needed to refuse. The branch and the member will read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ShortenForm(forms.Form):
    last_month = MonthField(label=_("New last month"))
