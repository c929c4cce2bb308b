"""The texts of Django's own forms that our catalogue words."""

from pathlib import Path

import django
import polib
from django import forms

from lib.django_texts import COUNTED_TEXTS, TEXTS

KEPT = Path(django.__file__).parent / "conf/locale/zh_Hans/LC_MESSAGES/django.po"


def test_every_text_is_one_that_django_says():
    """One that Django words anew would be said in its Chinese, and nobody would notice."""
    said = {entry.msgid: entry.msgid_plural for entry in polib.pofile(str(KEPT))}

    assert [text for text in TEXTS if said.get(text) != ""] == []
    forms_of = [text._kw for text in COUNTED_TEXTS]
    assert [one for one in forms_of if said.get(one["singular"]) != one["plural"]] == []


def test_what_a_form_says_most_is_listed():
    texts = [*forms.Field.default_error_messages.values()]
    for field in (forms.DateField, forms.ChoiceField, forms.IntegerField, forms.DecimalField):
        texts += field.default_error_messages.values()

    assert {text._args[0] for text in texts} <= set(TEXTS)
