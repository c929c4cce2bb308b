"""Naming who holds a talk or an interview."""

from django import forms
from django.utils.translation import gettext_lazy as _


class HolderForm(forms.Form):
    """A person, by staff number or full name: who holds an interview may come from anywhere
    on the roll, so there is no list to choose from."""

    holder = forms.CharField(
        label=_("Who holds it"),
        help_text=_("Staff number or full name"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
