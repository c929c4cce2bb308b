"""The roll's forms: a workbook to import."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from lib.excel import MAX_FILE_BYTES
from lib.months import parse_month


class RollFileForm(forms.Form):
    """The roll as an Excel file (formats.md §1) and the month from which changes count."""

    file = forms.FileField(
        label=_("Excel file"),
        help_text=_(
            "With the sheets 党组织 and 党员名册. Nothing is written before you have seen and "
            "confirmed every change."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )
    as_of = forms.CharField(
        label=_("Changes count from"),
        required=False,
        help_text=_(
            "A month such as 2026-12. Left blank: next month; at the very first import without "
            "a lower bound."
        ),
        widget=forms.TextInput(attrs={"placeholder": "2026-12", "autocomplete": "off"}),
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(
                _("The file is larger than %(size)s MB."),
                params={"size": MAX_FILE_BYTES // 1024**2},
            )
        return file

    def clean_as_of(self) -> date | None:
        return as_month(self.cleaned_data["as_of"])


def as_month(text: str) -> date | None:
    """The month that was typed; None for nothing. Raises ValidationError."""
    if not text.strip():
        return None
    try:
        return parse_month(text)
    except ValueError as error:
        raise ValidationError(_("Write a month as 2026-12.")) from error
