"""What the audit log is searched by."""

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch
from lib.form_fields import DayField
from reviews.audit import AREAS


class AuditForm(forms.Form):
    """Every field may stay blank; one that cannot be read narrows nothing and says so."""

    person = forms.CharField(
        label=pgettext_lazy("audit", "Person"),
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )
    verb = forms.ChoiceField(label=_("Step"), required=False)
    branch = forms.ModelChoiceField(
        label=_("Branch"), required=False, queryset=Branch.objects.none(), empty_label=_("All")
    )
    first = DayField(label=pgettext_lazy("audit", "From"), required=False)
    last = DayField(label=pgettext_lazy("audit", "To"), required=False)

    def __init__(self, *args: object, branches: QuerySet[Branch], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        steps = [(area, list(verbs.items())) for area, verbs in AREAS.items()]
        self.fields["verb"].choices = [("", _("All")), *steps]  # type: ignore[attr-defined]
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]
