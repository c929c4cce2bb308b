"""Whatever an address or a form says, nobody gets an error page: every address of the product
with years, months and ids that there are not, and with words that are none.

The same world and the same rows as the matrix of access. Staff ask; for what they may not open
the secretary, or the member concerned.
"""

import re
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from tests import test_access_matrix as matrix

world, sessions = matrix.world, matrix.sessions

YEARS = ("0", "1899", "9999", "99999")
MONTHS = ("0", "13", "99999")
IDS = (str(2**31), str(2**63), "9" * 30)
# Digits that are no number anybody can read, a character that no text may have.
WORDS = ("9" * 5000, "a\x00b")
# The names by which pages are asked for something.
NAMES = (
    "as", "blank", "branch", "category", "code", "committee", "direction", "entry", "first",
    "from", "holder", "item", "job", "key", "kind", "last", "line", "matter", "member", "mine",
    "month", "next", "nomination", "order", "outcome", "page", "q", "round", "seen", "show",
    "span", "state", "step", "way", "who", "with", "year",
)  # fmt: skip


def routes(resolver: URLResolver, prefix: str = "") -> list[str]:
    """The product's own addresses, as they are written down."""
    found: list[str] = []
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            found.append(path)
        elif pattern.namespace != "admin":
            found += routes(pattern, path)
    return found


ROUTES = routes(get_resolver())


def filled(route: str, **values: str) -> str:
    """An address with values for its years, months, and everything else."""

    def value(match: re.Match[str]) -> str:
        kind, name = match["kind"], match["name"]
        if name in ("year", "month"):
            return values.get(name, {"year": "2025", "month": "1"}[name])
        return "x" if kind == "slug" else values.get("pk", "1")

    return "/" + re.sub(r"<(?P<kind>\w+):(?P<name>\w+)>", value, route)


def failures(session: str, urls: list[str], data: dict[str, Any]) -> list[str]:
    """Where somebody gets an error page."""
    client, found = matrix.client_of(session), []
    for url in urls:
        for ask in (client.get, client.post):
            with transaction.atomic():
                status = ask(url, data).status_code
                transaction.set_rollback(True)
            if status >= 500:
                found.append(f"{ask.__name__} {url[:80]}: {status}")
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("route", [one for one in ROUTES if ":year>" in one])
def test_no_year_and_no_month_brings_an_error(sessions, route):
    urls = [filled(route, year=year) for year in YEARS]
    urls += [filled(route, month=month) for month in MONTHS if ":month>" in route]
    assert failures(sessions["staff"], urls, {}) == []


@pytest.mark.django_db
@pytest.mark.parametrize("route", [one for one in ROUTES if "<int:" in one or "<id:" in one])
def test_no_id_brings_an_error(sessions, route):
    assert failures(sessions["staff"], [filled(route, pk=pk) for pk in IDS], {}) == []


def askers() -> dict[str, str]:
    """By address, who asks for words: the first who gets past its door."""
    found: dict[str, str] = {}
    for role in ("staff", "secretary", "subject"):
        for (name, _method, place), codes in matrix.rows().items():
            if place != "other" and codes[role] not in ("403", "404"):
                found.setdefault(name, role)
    return {name: "staff" for name, _method, _place in matrix.rows()} | found


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "role"), sorted(askers().items()))
def test_no_word_that_is_asked_for_brings_an_error(world, sessions, name, role):
    url = matrix.address(world, name, "own")
    found = {
        word[:9]: failures(sessions[role], [url], dict.fromkeys(NAMES, word)) for word in WORDS
    }
    assert {word: urls for word, urls in found.items() if urls} == {}
