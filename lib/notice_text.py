"""The text of an official notice, written once with places for what changes (公示通知).

A place is a name in braces, as in ``{branch}``. What a template may name is fixed, so that a
slip of the pen is found when the template is written, not when a branch publishes.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

PLACES = ("branch", "months", "first_day", "last_day", "count")
_PLACE = re.compile(r"\{([^{}]*)\}")


def default_template() -> str:
    """The text for a committee that has not written its own."""
    return _(
        "The branch has reviewed the points of its {count} members for {months}. The results are "
        "published from {first_day} to {last_day}. Whoever objects may raise it with {branch} "
        "within that time, in the system or in writing. No objection counts as agreement."
    )


def unknown_places(text: str) -> list[str]:
    """What a template names that no notice can fill, in the order of the text. Pure."""
    named = (name.strip() for name in _PLACE.findall(text))
    return list(dict.fromkeys(name for name in named if name not in PLACES))


def check_template(text: str) -> str:
    """What is wrong with a template, for the person who writes it; empty if nothing is."""
    places = "、".join(f"{{{name}}}" for name in PLACES)
    if unknown := unknown_places(text):
        names = "、".join(f"{{{name}}}" for name in unknown)
        return _("The notice cannot fill in %(names)s. These can be used: %(places)s.") % {
            "names": names,
            "places": places,
        }
    if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
        return _("A brace stands alone. A place is written like {branch}. Places: %(places)s.") % {
            "places": places
        }
    return ""


def compose_notice(template: str, **facts: object) -> str:
    """Fill the places of a template with what is so now; an empty template is the default one.

    Places that are not known, and those without a fact, stay as they are written: a text that
    was stored before a rule changed must never stop a branch from publishing. Pure.
    """
    known: Mapping[str, object] = facts

    def fill(match: re.Match[str]) -> str:
        name = match[1].strip()
        return str(known[name]) if name in known else match[0]

    return _PLACE.sub(fill, template.strip() or default_template())
