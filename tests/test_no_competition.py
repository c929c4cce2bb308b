"""Branches are never compared with each other (domain.md §8): whoever walks every link, list,
sort order and export of the product finds no response in which the scores of two branches stand
side by side, but for those whose sheets are grouped by branch in the roll's order.

Two branches have scores that no other number of the product can be mistaken for. Every role
starts at the home page, follows every link it meets, asks every page for an order by score, and
makes every export that it is offered.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import product
from urllib.parse import urldefrag, urljoin, urlsplit

import openpyxl
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone
from docx import Document

from branches.models import Branch, Committee
from lib.months import add_months, month_of, months_between, months_of_year
from members.imports import apply_roll, parse_roll
from members.models import LeadershipDuty, Member, Position, User
from members.rights import actor_on, system_actor
from points.imports import apply_rulebook, parse_rulebook
from reviews.exports.kinds import kinds_for
from reviews.forms.exports import ExportForm
from reviews.imports import apply_ledger, parse_ledger
from reviews.models import Export
from reviews.services.month_end import month_end
from reviews.services.year_end import close_year
from tests.factories import StaffAppointmentFactory, UserFactory
from tests.workbooks import criterion, entry, ledger, person, roll, rule_book, rule_books

FIRST, SECOND = "办公室党支部", "法规处党支部"
# What nobody's page but the branch's own may show: the month and the year of an ordinary
# member, and the month of one who fell below the line.
SCORES = {FIRST: ("81.31", "975.72", "60.14"), SECOND: ("85.47", "1025.64", "61.78")}
# Grouped by branch in the roll's order, as formats.md §5 and issue 4 have them.
GROUPED = {Export.Kind.YEAR, Export.Kind.PERFORMANCE}
ORDERS = "sort=-score&order=-total&o=-3&ordering=-rank"
MOST_PAGES = 400
pytestmark = pytest.mark.django_db
LINK = re.compile(r'(?:href|action|hx-get)="([^"#][^"]*)"')


@dataclass
class Walk:
    """The pages one person met, and those that show scores of both branches."""

    user: User
    seen: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    mixed: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def department(kept_rows):
    return build()


def build() -> dict[str, User]:
    """Last year frozen and this year closed until last month, in two branches."""
    by, now = system_actor(), timezone.now()
    this_month = month_of(timezone.localdate())
    last_year = this_month.year - 1
    people = [
        person(
            number, branch, 登录名=f"p{number}", 党内职务="支部书记" if number in (1, 4) else "党员"
        )
        for number, branch in enumerate([FIRST] * 3 + [SECOND] * 3, start=1)
    ]
    apply_roll(parse_roll(roll(*people)), by=by, at=now)
    books = [rule_book(name, 生效年月=f"{last_year}-01") for name in SCORES]
    codes = {FIRST: ("A", 1.31, -19.86), SECOND: ("B", 5.47, -18.22)}
    criteria = [
        criterion(f"{letter}{number}", points, 支部=name)
        for name, (letter, *both) in codes.items()
        for number, points in enumerate(both)
    ]
    apply_rulebook(parse_rulebook(rule_books(books, criteria)), by=by, at=now)
    months = [
        *months_of_year(last_year),
        *months_between(date(this_month.year, 1, 1), add_months(this_month, -1)),
    ]
    rows = []
    for month in (m for m in months if m < this_month):
        for one in people:
            is_low = one["工号"] in ("A3", "A6") and month.year > last_year
            code = f"{codes[one['支部']][0]}{int(is_low)}"
            rows.append(entry(f"{month:%Y-%m}", one["工号"], code, one["支部"]))
    apply_ledger(parse_ledger(ledger(*rows)), by=by, at=now)
    month_end(on=timezone.localdate(), by=by, at=now)
    committee = Committee.objects.get()
    close_year(committee=committee, year=last_year, provisional=False, by=by, at=now)
    close_year(committee=committee, year=this_month.year, provisional=True, by=by, at=now)
    Position.objects.create(
        member=Member.objects.get(staff_no="A1"),
        branch=Branch.objects.get(name=SECOND),
        kind=Position.Kind.ORGANISATION,
    )
    leader = Member.objects.get(staff_no="A2")
    for branch in Branch.objects.all():
        LeadershipDuty.objects.create(
            leader=leader, branch=branch, kind=LeadershipDuty.Kind.IN_CHARGE
        )
    users = {one: Member.objects.get(staff_no=one).user for one in ("A1", "A2", "A3", "A4")}
    administrator = UserFactory(is_superuser=True, is_staff=True)
    staff = StaffAppointmentFactory(committee=committee).user
    return {
        "secretary of one, committee of the other": users["A1"],
        "leader": users["A2"],
        "member": users["A3"],
        "secretary": users["A4"],
        "staff": staff,
        "administrator": administrator,
    }


ROLES = (
    "secretary of one, committee of the other",
    "leader",
    "member",
    "secretary",
    "staff",
    "administrator",
)


# -- walking -----------------------------------------------------------------------------------


def plain_addresses(patterns=None, prefix="/") -> Iterator[str]:
    """Every address of the product that takes no argument, linked to or not."""
    for one in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(one.pattern).lstrip("^").rstrip("$")
        if isinstance(one, URLResolver):
            yield from plain_addresses(one.url_patterns, route)
        elif isinstance(one, URLPattern) and "<" not in route and "(" not in route:
            yield route


def is_walked(address: str) -> bool:
    """Signing out ends a walk; the admin's histories and the files of the pages show nothing."""
    path = urlsplit(address).path
    if path.startswith("/admin/") and path.endswith(("/change/", "/history/", "/jsi18n/")):
        return False  # one row each
    return path.startswith("/") and not path.startswith(("/static/", "/accounts/", "/i18n/"))


@cache
def kind_of(address: str) -> str:
    """Pages of one kind and order are walked once or twice, not once for every member."""
    parts = urlsplit(address)
    try:
        found = resolve(parts.path)
    except Exception:
        return parts.path
    names = sorted(one.split("=")[0] for one in parts.query.split("&") if one)
    order = re.findall(r"(?:sort|o)=[^&]*", parts.query)
    return f"{found.view_name or found.route} {' '.join(names)} {order}"


def most_of(address: str) -> int:
    """How many pages of a kind are walked: of those asked for in an order, and of the admin's
    tables, one is like the other."""
    return 1 if "sort=" in address or address.startswith("/admin/") else 2


def walk(user: User) -> Walk:
    """Follow every link from the home page, and ask every page in every order."""
    client, done = Client(), Walk(user)
    client.force_login(user)
    waiting, counts = ["/", *plain_addresses()], {}
    while waiting and len(done.seen) < MOST_PAGES:
        address = waiting.pop(0)
        kind = kind_of(address)
        if (
            address in done.seen
            or not is_walked(address)
            or counts.get(kind, 0) >= most_of(address)
        ):
            continue
        counts[kind] = counts.get(kind, 0) + 1
        done.seen.add(address)
        response = client.get(address)
        if response.status_code != 200:
            continue
        text = text_of(response)
        note(done, address, text)
        if "html" in response["Content-Type"]:
            links = (link.replace("&amp;", "&") for link in LINK.findall(text))
            waiting += [urldefrag(urljoin(address, link))[0] for link in links]
            waiting += in_other_orders(address)
    return done


def in_other_orders(address: str) -> list[str]:
    """The same page asked for by score. The admin's tables have links for each of their orders."""
    if address.startswith("/admin/") or "sort=" in address:
        return []
    return [f"{address}{'&' if '?' in address else '?'}{ORDERS}"]


def note(done: Walk, address: str, text: str) -> None:
    found = {branch for branch in SCORES if any(score in text for score in SCORES[branch])}
    done.shown |= found
    if len(found) > 1:
        done.mixed.append(address)


def text_of(response) -> str:
    """What a person reads in it, whatever it is."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    kind = response["Content-Type"]
    if "spreadsheet" in kind:
        return "\n".join(f"{value}" for _sheet, row in cells(content) for value in row)
    if "wordprocessing" in kind:
        return words_of(content)
    return content.decode("utf-8", "replace")


def words_of(content: bytes) -> str:
    """The text of a Word file, its tables after its paragraphs."""
    document = Document(io.BytesIO(content))
    tables = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in document.paragraphs), *tables])


def cells(content: bytes) -> Iterator[tuple[str, tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    for sheet in book:
        for row in sheet.iter_rows(values_only=True):
            yield sheet.title, row


@pytest.mark.parametrize("role", ROLES)
def test_no_page_in_any_order_shows_scores_of_two_branches(department, role):
    walked = walk(department[role])

    assert walked.mixed == []
    assert len(walked.seen) > 30
    if role != "administrator":
        assert walked.shown, "nothing was looked at"


# -- exports -----------------------------------------------------------------------------------


def answers(form: ExportForm) -> Iterator[dict[str, object]]:
    """What somebody could ask for: every choice of every list, a month's span as it is offered."""
    names = list(form.fields)
    offered = [
        [choice for choice, _label in getattr(one, "choices", ())] or [form[name].initial]
        for name, one in form.fields.items()
    ]
    for values in product(*offered):
        yield {
            name: f"{value:%Y-%m}" if isinstance(value, date) else value
            for name, value in zip(names, values, strict=True)
        }


@pytest.mark.parametrize("role", ROLES)
def test_no_export_shows_scores_of_two_branches_but_the_grouped_ones(department, role):
    user = department[role]
    actor = actor_on(user, timezone.localdate())
    client, done, made = Client(), Walk(user), []
    client.force_login(user)

    for kind in kinds_for(actor):
        form = ExportForm(kind=kind, actor=actor, today=timezone.localdate())
        for data in answers(form) if form.has_something else ():
            asked = client.post(reverse("new_export", args=[kind.slug]), data)
            if asked.status_code != 302:
                continue  # such as the file of a year that is not final
            content = b"".join(client.get(f"{asked.url}file/").streaming_content)
            made.append(kind.kind)
            lines = lines_of(content, kind.suffix)
            note(done, f"{kind.kind} {data}", "\n".join(line for _sheet, line in lines))
            if kind.kind in GROUPED:
                assert is_grouped(lines)

    assert {one.split()[0] for one in done.mixed} <= set(GROUPED)
    is_offered = role in ("staff", "secretary", "secretary of one, committee of the other")
    assert (set(GROUPED) <= set(made)) == is_offered
    if role == "staff":
        assert {one.split()[0] for one in done.mixed} == set(GROUPED), "nothing was mixed at all"


def lines_of(content: bytes, suffix: str) -> list[tuple[str, str]]:
    if suffix == "docx":
        return [("", words_of(content))]
    return [(sheet, "\t".join(map(str, row))) for sheet, row in cells(content)]


def is_grouped(lines: list[tuple[str, str]]) -> bool:
    """Whether in every sheet all lines of the first branch stand before those of the second."""
    order = list(SCORES)
    places: dict[str, list[int]] = {}
    for sheet, line in lines:
        places.setdefault(sheet, []).extend(order.index(one) for one in order if one in line)
    return all(found == sorted(found) for found in places.values())
