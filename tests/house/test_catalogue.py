"""The catalogue tool finds what is marked, keeps what is right and names what is not."""

import json
from textwrap import dedent

import polib
import pytest

from lib import catalogue
from lib.catalogue import Text


def test_texts_in_python_with_context_and_plural():
    source = dedent(
        """
        from django.utils.translation import gettext_lazy as _, ngettext, npgettext, pgettext
        plain = _("Member")
        long = _(
            "First part, "
            "second part"
        )
        context = pgettext("a month", "May")
        plural = ngettext("%(n)s day", "%(n)s days", n)
        both = npgettext("time", "%(n)s round", "%(n)s rounds", n)
        computed = _(plain)
        """
    )

    assert list(catalogue.texts_in_python(source)) == [
        Text("", "Member"),
        Text("", "First part, second part"),
        Text("a month", "May"),
        Text("", "%(n)s day", "%(n)s days"),
        Text("time", "%(n)s round", "%(n)s rounds"),
    ]


def test_texts_in_a_template_whatever_its_indentation():
    source = """{% load i18n %}
<div title='{% translate "It's open" %}'>
        {% if a %}
    <p>{% translate "Month" context "calendar" %}</p>
            {% endif %}
  {% blocktranslate count n=days trimmed %}
     {{ n }} day
     left
  {% plural %}
     {{ n }} days left
  {% endblocktranslate %}
{% blocktranslate with name=user.name %}Hello "{{ name }}" at 100 %{% endblocktranslate %}
{# a comment that isn't closed by a quote #} plain text, isn't it: ‘’ “ ” 「
</div>
"""

    assert list(catalogue.texts_in_template(source, "page.html")) == [
        Text("", "It's open"),
        Text("calendar", "Month"),
        Text("", "%(n)s day left", "%(n)s days left"),
        Text("", 'Hello "%(name)s" at 100 %%'),
    ]


def test_a_text_used_with_and_without_a_plural_is_one_entry():
    found = {Text("", "%(n)s day"): {"a.py"}, Text("", "%(n)s day", "%(n)s days"): {"b.py"}}

    assert catalogue.one_plural_each(found) == {
        Text("", "%(n)s day", "%(n)s days"): {"a.py", "b.py"}
    }


def test_update_takes_fragments_keeps_translations_and_drops_stale_texts():
    old = polib.POFile()
    old.append(polib.POEntry(msgid="Member", msgstr="党员"))
    old.append(polib.POEntry(msgid="Gone", msgstr="已去"))
    old.append(polib.POEntry(msgid="Guess", msgstr="猜", flags=["fuzzy"]))
    wanted = {
        Text("", "Member"): ["members/models.py"],
        Text("", "Guess"): ["a.py"],
        Text("a month", "May"): ["a.py"],
        Text("", "%(n)s day", "%(n)s days"): ["a.py"],
    }

    new = catalogue.updated(old, wanted, {"a month\u0004May": "五月", "%(n)s day": "%(n)s 天"})

    assert {catalogue.text_of(entry): catalogue.chinese_of(entry) for entry in new} == {
        Text("", "Member"): "党员",
        Text("", "Guess"): "",
        Text("a month", "May"): "五月",
        Text("", "%(n)s day", "%(n)s days"): "%(n)s 天",
    }
    assert catalogue.problems(new, wanted) == ["untranslated: 'Guess'"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (polib.POEntry(msgid="Month", msgstr="月份"), None),
        (polib.POEntry(msgid="Month", msgstr=" "), "untranslated: 'Month'"),
        (polib.POEntry(msgid="Month", msgstr="月", flags=["fuzzy"]), "fuzzy: 'Month'"),
        (
            polib.POEntry(msgid="Month", msgstr="%(month)s月"),
            "placeholders differ: 'Month' → '%(month)s月'",
        ),
    ],
)
def test_problems_of_an_entry(entry, problem):
    assert catalogue.problems([entry], [Text("", "Month")]) == ([problem] if problem else [])


def test_problems_name_missing_and_stale_texts():
    entries = [polib.POEntry(msgid="Gone", msgstr="已去")]

    assert catalogue.problems(entries, [Text("", "New")]) == ["missing: 'New'", "stale: 'Gone'"]


def test_fragments_that_disagree_are_named(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"Month": "月份", "%(n)s day": ["%(n)s 天"]}))
    (tmp_path / "b.json").write_text(json.dumps({"Month": "月"}))

    chinese, disagreements = catalogue.read_fragments(tmp_path)

    assert chinese == {"Month": "月份", "%(n)s day": "%(n)s 天"}
    assert disagreements == ["b.json: 'Month' 月份 / 月"]


def test_a_catalogue_survives_being_written_read_and_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "PO_FILE", tmp_path / "django.po")
    wanted = {Text("", "%(n)s day", "%(n)s days"): ["a.py"], Text("a month", "May"): ["a.py"]}
    chinese = {"%(n)s day": "%(n)s 天", "a month\u0004May": "五月"}
    catalogue.updated([], wanted, chinese).save(str(catalogue.PO_FILE))

    catalogue.compile_catalogue()

    assert catalogue.problems(catalogue.read_catalogue(catalogue.PO_FILE), wanted) == []
    compiled = polib.mofile(str(tmp_path / "django.mo"))
    assert {entry.msgid: catalogue.chinese_of(entry) for entry in compiled} == {
        "%(n)s day": "%(n)s 天",
        "May": "五月",
    }
