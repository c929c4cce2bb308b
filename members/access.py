"""One decorator: is this page for your role? (architecture, rule 4)"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from members.rights import Actor

View = Callable[..., HttpResponseBase]


def page_for(predicate: Callable[[Actor], bool]) -> Callable[[View], View]:
    """Refuse the page with 403 to those for whom it is not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not predicate(request.actor):  # type: ignore[attr-defined]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def is_staff(actor: Actor) -> bool:
    return actor.is_staff


def is_staff_or_administrator(actor: Actor) -> bool:
    """The roll: at the very first import there is no committee yet that has staff."""
    return actor.is_staff or actor.is_administrator


def is_member(actor: Actor) -> bool:
    return actor.member_id is not None


def is_member_or_staff(actor: Actor) -> bool:
    return actor.member_id is not None or actor.is_staff


def is_on_a_branch_committee(actor: Actor) -> bool:
    return bool(actor.positions)


def is_branch_committee_or_staff(actor: Actor) -> bool:
    return bool(actor.positions) or actor.is_staff
