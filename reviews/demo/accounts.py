"""The accounts of the demonstration: who each is, and what waits for them.

Their password is ``settings.DEMO_PASSWORD``; it exists in demo mode only.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """``note`` says what there is to do right after signing in."""

    username: str
    role: Any
    note: Any


DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount(
        "member",
        _("Party member"),
        _("A declaration with a line left unfinished; twelve months of results."),
    ),
    DemoAccount(
        "secretary",
        _("Branch secretary"),
        _("A late review to finish, a talk to hold, members who have not filed."),
    ),
    DemoAccount(
        "deputy",
        _("Deputy branch secretary"),
        _("The secretary's own sheet waits for somebody else's decision."),
    ),
    DemoAccount(
        "staff",
        _("Party committee staff"),
        _("A branch without a secretary, late rounds, interviews and a disposition."),
    ),
    DemoAccount(
        "leader",
        _("Leading cadre"),
        _("An explanation is due for a zero month in a unit in this person's charge."),
    ),
    DemoAccount(
        "admin",
        _("System administrator"),
        _("Accounts and tables; also a member with an own declaration."),
    ),
)
