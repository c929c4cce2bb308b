"""The table of contents of the rules page: every figure of the product, by its anchor.

A page that shows a figure links to the sentence that explains it: ``{% rule_link "total" %}``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Chapter:
    """One card of the page: its anchor, title and icon, and its rules by anchor and title."""

    anchor: str
    title: Any
    icon: str
    rules: Mapping[str, Any]

    @property
    def template(self) -> str:
        return f"points/about_{self.anchor}.html"


CHAPTERS: Final = (
    Chapter(
        "score",
        _("The score of a month"),
        "scale",
        {
            "score": _("Score of the month"),
            "base": _("Base points"),
            "plus": _("Plus and minus"),
            "line": _("Pass line"),
            "below": pgettext_lazy("rules page", "Below the line"),
            "zero": _("Zero month"),
            "exact": _("Exact figures"),
        },
    ),
    Chapter(
        "caps",
        _("Caps: why less may be credited"),
        "scissors",
        {
            "cut": _("Cuts and their order"),
            "proportion": _("In proportion"),
            "double": _("The same matter counts once"),
        },
    ),
    Chapter(
        "months",
        _("Which month and which branch"),
        "calendar",
        {
            "transfer": _("Transfer"),
            "exempt": _("Exempt months"),
            "missing": _("No declaration"),
        },
    ),
    Chapter(
        "steps",
        _("From declaration to result"),
        "list-checks",
        {
            "register": _("Registration"),
            "declare": _("Declaration"),
            "review": _("Review"),
            "recusal": _("Recusal"),
            "proposals": _("Proposals of the system"),
            "publication": _("Publication"),
            "verify": _("Confirming and objecting"),
            "appeal": _("Appeal"),
            "close": _("Closing the month"),
            "revision": _("Corrections"),
            "spot-check": _("Spot checks"),
        },
    ),
    Chapter(
        "thresholds",
        _("When points stay below the line"),
        "trending-down",
        {
            "streak": _("Months below in a row"),
            "talk": _("Talk"),
            "interview": _("Interview"),
            "record": _("Record and confirmation"),
            "rectification": pgettext_lazy("rules page", "Rectification"),
            "disposition": _("Disposition"),
            "deadline": _("Deadlines of a disposition"),
            "regimes": _("Three kinds that are kept apart"),
            "explanation": _("Explanations of a zero month"),
            "withdrawn": _("When a correction changes the ground"),
        },
    ),
    Chapter(
        "year",
        _("At year-end"),
        "award",
        {
            "total": _("Total of the year"),
            "average": _("Monthly average"),
            "pass-total": _("Sum of the pass lines"),
            "year-branch": _("In which branch one is ranked"),
            "rank": _("Rank"),
            "candidate": _("Who may be nominated"),
            "grade": _("Grade of the democratic appraisal"),
            "opinion": _("Awards and sanctions"),
            "eligibility": _("Eligibility of the branch and its secretary"),
            "year-states": _("Provisional, computed, frozen"),
        },
    ),
    Chapter(
        "figures",
        _("Days and figures that your committee sets"),
        "sliders-horizontal",
        {
            "policy": _("Figures in force"),
            "workdays": _("Working days"),
            "policy-change": _("When figures change"),
        },
    ),
    Chapter(
        "data",
        _("Who sees what"),
        "shield-check",
        {
            "rights": _("Rights"),
            "confidential": _("Matters of discipline"),
            "branches": _("No comparison between branches"),
            "exports": _("Exports and records"),
            "never": _("What is never done"),
        },
    ),
)
TITLES: Final[Mapping[str, Any]] = {
    anchor: title for chapter in CHAPTERS for anchor, title in chapter.rules.items()
}
