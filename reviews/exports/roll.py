"""The roll as ``import_roll`` reads it (formats.md §1): an interface, so its Chinese words are
fixed here, and it is written with the words with which it is read."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import IO, Any, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from branches.imports import BRANCH
from branches.imports import KINDS as ORGANISATION_KINDS
from branches.imports import SHEET as ORGANISATIONS
from branches.models import Branch, Committee
from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from members.imports.roll_file import CATEGORIES, DATES, GENDERS, MEMBERS, names_of_kinds
from members.models import LeadershipDuty, Member, Membership, Position
from members.rights import Actor
from reviews.exports.asking import Asked, Progress, about_sheet
from reviews.exports.chunks import row_chunks
from reviews.exports.year import yes_no

ORGANISATION_COLUMNS: Final = tuple(map(Column, (*ORGANISATIONS.required, *ORGANISATIONS.optional)))
MEMBER_COLUMNS: Final = tuple(
    Column(name, Kind.DATE if name in DATES else Kind.TEXT)
    for name in (*MEMBERS.required, *MEMBERS.optional)
)
KIND_NAMES: Final = {kind: name for name, kind in ORGANISATION_KINDS.items()}
GENDER_NAMES: Final = {gender: name for name, gender in GENDERS.items()}
CATEGORY_NAMES: Final = {category: name for name, category in CATEGORIES.items()}

Line = list[Value]


def write_roll(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    """Write the organisations and the members on the roll today, in the roll's order. Importing
    it into an empty database gives the same roll; importing it where it came from changes
    nothing. Personal data: for committee staff only, as on the screen (domain.md §10)."""
    today = timezone.localdate(at)
    more = [("名册日期", f"{today:%Y-%m-%d}"), ("提示", "含个人信息，请按规定保管")]
    sheets = [
        SheetOut(ORGANISATIONS.name, ORGANISATION_COLUMNS, _organisation_lines(branches)),
        SheetOut(MEMBERS.name, MEMBER_COLUMNS, progress.of(_member_lines(branches, today))),
        about_sheet(branches, by=by, at=at, more=more),
    ]
    write_workbook(target, sheets)


def estimate(asked: Asked, branches: Collection[int], by: Actor) -> int:
    """Whoever has a membership without an end: about as many as are on the roll today."""
    return Membership.objects.filter(branch__in=branches, ends_on__isnull=True).count()


def _organisation_lines(branches: Collection[int]) -> Iterator[Line]:
    """The branches, and every committee above them."""
    chosen = list(Branch.objects.active().filter(pk__in=branches).select_related("committee"))
    committees = {one.pk: one for one in Committee.objects.select_related("parent")}
    wanted: set[int] = set()
    for branch in chosen:
        above: int | None = branch.committee_id
        while above is not None and above not in wanted:
            wanted.add(above)
            above = committees[above].parent_id
    for committee in (one for pk, one in committees.items() if pk in wanted):
        superior = committee.parent.name if committee.parent else None
        yield [committee.name, KIND_NAMES[committee.kind], superior, committee.unit_type]
    for branch in chosen:
        yield [branch.name, KIND_NAMES[BRANCH], branch.committee.name, branch.unit_type]


def _here(branches: Collection[int], today: date) -> "QuerySet[Membership]":
    return Membership.objects.on(today).filter(branch__in=branches, branch__is_active=True)


def _members(branches: Collection[int], today: date) -> "QuerySet[Member]":
    is_here = _here(branches, today).filter(member=OuterRef("pk"))
    return Member.objects.filter(Exists(is_here))


def _member_lines(branches: Collection[int], today: date) -> Iterator[Line]:
    listed = _members(branches, today).order_by("roll_order", "pk")
    for block in row_chunks(listed, Member.objects.select_related("user")):
        yield from _block(block, branches, today)


def _block(members: Collection[Member], branches: Collection[int], today: date) -> Iterator[Line]:
    ids = [member.pk for member in members]
    homes = dict(_here(branches, today).filter(member__in=ids).values_list("member", "branch"))
    names = dict(Branch.objects.values_list("pk", "name"))
    positions = _by_member(Position.objects.on(today).filter(member__in=ids), "member")
    duties = _by_member(LeadershipDuty.objects.on(today).filter(leader__in=ids), "leader")
    for member in members:
        home = homes[member.pk]
        kinds = [kind for branch, kind in positions[member.pk] if branch == home]
        led = {
            wanted: "、".join(names[branch] for branch, kind in duties[member.pk] if kind == wanted)
            for wanted in LeadershipDuty.Kind
        }
        yield [
            names[home],
            member.staff_no,
            member.name,
            GENDER_NAMES.get(member.gender),
            member.born_on,
            member.joined_on,
            member.full_since,
            CATEGORY_NAMES[member.category],
            names_of_kinds(kinds),
            # Whoever is in charge of a branch is one: the import asks for it.
            yes_no(member.is_leading_cadre or bool(duties[member.pk])),
            led[LeadershipDuty.Kind.IN_CHARGE],
            led[LeadershipDuty.Kind.ASSISTING],
            member.phone,
            member.email,
            member.user.username if member.user else None,
        ]


def _by_member(spans: "QuerySet[Any]", owner: str) -> defaultdict[int, list[tuple[int, str]]]:
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for member, branch, kind in spans.order_by("pk").values_list(owner, "branch", "kind"):
        found[member].append((branch, kind))
    return found
