"""The main navigation: what each person finds there, by what they are today."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from members.access import (
    is_branch_committee_or_staff,
    is_member,
    is_member_or_staff,
    is_staff,
    is_staff_or_administrator,
)
from members.rights import Actor


def anyone(actor: Actor) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    label: Any
    icon: str
    is_for: Callable[[Actor], bool] = anyone


GROUPS: tuple[tuple[Any, tuple[Item, ...]], ...] = (
    (
        _("My points"),
        (
            Item("home", _("Home"), "house"),
            Item("declarations", _("My declarations"), "file-pen-line", is_member),
            Item("my_year", _("My results"), "chart-column", is_member),
            Item("publications", _("Publications"), "megaphone"),
            Item("rule_books", _("Rule books"), "book-open"),
        ),
    ),
    (
        _("Branch work"),
        (
            Item("register", _("Registration"), "list-checks", is_branch_committee_or_staff),
            Item("rounds", _("Monthly review"), "clipboard-check", is_branch_committee_or_staff),
            Item(
                "objections",
                _("Objections"),
                "message-square-warning",
                is_branch_committee_or_staff,
            ),
            Item("exemptions", _("Exemptions"), "circle-minus", is_branch_committee_or_staff),
        ),
    ),
    (
        _("Use of the results"),
        (
            Item("follow_ups", _("Follow-ups"), "messages-square"),
            Item("opinions", _("Awards and sanctions"), "file-badge", is_member_or_staff),
            Item("appeals", _("Appeals"), "scale", is_member_or_staff),
            Item("years", _("Year-end"), "award", is_branch_committee_or_staff),
            Item(
                "analysis",
                _("Situation analysis"),
                "chart-column-stacked",
                is_branch_committee_or_staff,
            ),
            Item("exports", _("Exports"), "file-down", is_branch_committee_or_staff),
        ),
    ),
    (
        _("Committee work"),
        (
            Item("progress", _("Progress"), "layout-grid", is_staff),
            Item("spot_checks", _("Spot checks"), "dices", is_staff),
            Item("roll", _("Roll"), "users", is_staff_or_administrator),
            Item("policy", _("Policy"), "sliders-horizontal", is_staff),
            Item("jobs", _("Jobs"), "timer", is_staff),
            Item("audit", _("Audit log"), "scroll-text", is_staff_or_administrator),
        ),
    ),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The groups of the main navigation, for ``base.html``; empty for the signed-out."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": []}
    actor: Actor = request.actor  # type: ignore[attr-defined]
    groups = [
        {"label": label, "items": [item for i in items if (item := _entry(request, actor, i))]}
        for label, items in GROUPS
    ]
    return {"nav": [group for group in groups if group["items"]]}


def _entry(request: HttpRequest, actor: Actor, item: Item) -> dict[str, Any] | None:
    if not item.is_for(actor):
        return None
    try:
        url = reverse(item.name)
    except NoReverseMatch:
        return None
    is_current = request.path == url or (url != "/" and request.path.startswith(url))
    return {"label": item.label, "url": url, "icon": item.icon, "is_current": is_current}
