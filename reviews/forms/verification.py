"""What a member answers to a published result."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from points.forms.line import EvidenceForm
from points.models import MonthlyResult, ResultLine


class LineChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        criterion = obj.entry.criterion
        return f"{criterion.code} {criterion.text}"


class ObjectionForm(EvidenceForm):
    """An objection to one line of one's own result, or to the whole of it, with files."""

    line = LineChoice(
        label=_("About"),
        queryset=ResultLine.objects.none(),
        required=False,
        empty_label=_("the result as a whole"),
    )
    text = forms.CharField(
        label=_("What is wrong, and why"),
        max_length=1000,
        help_text=_("The branch answers with a reason before the month is closed."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, result: MonthlyResult, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = result.lines.select_related("entry__criterion")
