"""One line of a declaration as a form: the boundary between what was typed and a ``Line``."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from lib.form_fields import DayField
from lib.months import last_day
from lib.steps import Refused
from points.files import ACCEPT, Accepted, inspect, too_large
from points.models import Criterion, Entry
from points.services.declaration import Line, check_day
from points.services.evidence import MAX_FILES

TYPED_FIELDS = ("criterion", "times", "occurred_on", "reason", "entry")
MOST_TYPED = 500


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files, each looked into before it is accepted."""

    widget = FilesInput(attrs={"accept": ACCEPT})

    def clean(self, data: Any, initial: Any = None) -> list[Accepted]:
        uploads = data if isinstance(data, list | tuple) else [data]
        return [self._accept(super(FilesField, self).clean(u, initial)) for u in uploads if u]

    def _accept(self, upload: UploadedFile) -> Accepted:
        limit = settings.EVIDENCE_MAX_BYTES
        try:
            if (upload.size or 0) > limit:
                raise Refused(too_large(str(upload.name), limit))
            return inspect(name=str(upload.name), content=upload.read(), max_bytes=limit)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class EvidenceForm(forms.Form):
    """Files for an entry: from the camera of a phone, or chosen."""

    photo = FilesField(
        label=_("Take a picture"),
        required=False,
        widget=FilesInput(attrs={"accept": "image/*", "capture": "environment"}),
    )
    papers = FilesField(label=_("Choose files"), required=False)

    @property
    def max_megabytes(self) -> int:
        return int(settings.EVIDENCE_MAX_BYTES // (1024 * 1024))

    @property
    def max_files(self) -> int:
        return MAX_FILES

    @property
    def accepted(self) -> list[Accepted]:
        return [*self.cleaned_data.get("photo", []), *self.cleaned_data.get("papers", [])]


class LineForm(EvidenceForm):
    """What a member says of one item: how often, when and why."""

    criterion = forms.ModelChoiceField(
        queryset=Criterion.objects.none(),
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("Choose an item from the list.")},
    )
    occurred_on = DayField(label=_("Date"))
    times = forms.IntegerField(
        label=_("Times"),
        min_value=1,
        max_value=99,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("One sentence: where, and what you did."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        criteria: Sequence[Criterion],
        month: date,
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.month, self.today = month, today
        field = self.fields["criterion"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Criterion.objects.filter(pk__in=[c.pk for c in criteria])
        self.fields["occurred_on"].widget.attrs.update(
            {"min": month.isoformat(), "max": min(last_day(month), max(today, month)).isoformat()}
        )

    def clean_occurred_on(self) -> date:
        day: date = self.cleaned_data["occurred_on"]
        try:
            check_day(day, month=self.month, today=self.today)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return day

    @property
    def line(self) -> Line:
        said = self.cleaned_data
        return Line(
            criterion=said["criterion"],
            times=Decimal(said["times"]),
            occurred_on=said["occurred_on"],
            reason=said["reason"],
        )


def typed_from(data: Any) -> dict[str, str]:
    """What of a half-typed form is kept: the known fields, as text, within bounds."""
    typed = {name: str(data.get(name, "")).replace("\x00", "") for name in TYPED_FIELDS}
    return {name: text[:MOST_TYPED] for name, text in typed.items() if text}


def initial_of(entry: Entry) -> dict[str, Any]:
    """The form's values for an item that is to be changed."""
    return {
        "criterion": entry.criterion_id,
        "times": int(entry.times),
        "occurred_on": entry.occurred_on,
        "reason": entry.reason,
    }
