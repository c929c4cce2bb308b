"""What a roll workbook says, whatever is stored: sheets 党组织 and 党员名册 (formats.md §1)."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from branches.imports import SHEET as ORGANISATIONS
from branches.imports import OrganisationRow, read_organisations
from lib.excel import Problem, Row, Sheet, SheetSpec, Unreadable, read_sheets
from members.models import SYSTEM_USERNAME, Member, Position

MEMBERS: Final = SheetSpec(
    "党员名册",
    required=("支部", "工号", "姓名"),
    optional=(
        "性别",
        "出生日期",
        "入党日期",
        "转正日期",
        "党员类别",
        "党内职务",
        "领导干部",
        "分管支部",
        "协管支部",
        "手机",
        "邮箱",
        "登录名",
    ),
)
GENDERS: Final = {"男": Member.Gender.MALE.value, "女": Member.Gender.FEMALE.value}
CATEGORIES: Final = {
    "正式党员": Member.Category.FULL.value,
    "预备党员": Member.Category.PROBATIONARY.value,
}
POSITIONS: Final[Mapping[str, str | None]] = {
    "支部书记": Position.Kind.SECRETARY.value,
    "支部副书记": Position.Kind.DEPUTY_SECRETARY.value,
    "组织委员": Position.Kind.ORGANISATION.value,
    "宣传委员": Position.Kind.PUBLICITY.value,
    "纪检委员": Position.Kind.DISCIPLINE.value,
    "党员": None,
}
DATES: Final = {"出生日期": "born_on", "入党日期": "joined_on", "转正日期": "full_since"}


@dataclass(frozen=True, slots=True)
class RollRow:
    """One member. ``fields`` holds what the file says about the member's own fields;
    positions and duties are None where the file has no such column."""

    number: int
    branch: str
    staff_no: str
    fields: Mapping[str, Any]
    positions: frozenset[str] | None
    in_charge: frozenset[str] | None
    assisting: frozenset[str] | None
    username: str


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll workbook, read: its rows in their order, and what is wrong with it."""

    organisations: tuple[OrganisationRow, ...] = ()
    members: tuple[RollRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def parse_roll(source: bytes | str | Path) -> Roll:
    """Read a roll workbook. Every bad cell is in ``problems``; nothing is compared with what is
    stored. Source: formats.md §1."""
    try:
        sheets = read_sheets(source, [ORGANISATIONS, MEMBERS])
    except Unreadable as error:
        return Roll(problems=error.problems)
    organisations, members = sheets[ORGANISATIONS.name], sheets[MEMBERS.name]
    rows = read_organisations(organisations)
    return Roll(
        organisations=tuple(rows),
        members=tuple(_read_members(members)),
        problems=tuple(members.problems),
        notes=(*organisations.notes, *members.notes),
    )


def _read_members(sheet: Sheet) -> list[RollRow]:
    rows: list[RollRow] = []
    numbers: Counter[str] = Counter()
    usernames: Counter[str] = Counter()
    secretaries: Counter[str] = Counter()
    for row in sheet:
        member = _read_member(row)
        numbers[member.staff_no] += 1
        if member.staff_no and numbers[member.staff_no] > 1:
            row.refuse("工号", _("a staff number that stands here only once"))
        username = member.username or member.staff_no
        usernames[username] += 1
        if username and usernames[username] > 1 and numbers[member.staff_no] == 1:
            row.refuse("登录名", _("an account name that nobody else has"), username)
        if member.positions and Position.Kind.SECRETARY in member.positions:
            secretaries[member.branch] += 1
            if secretaries[member.branch] > 1:
                row.refuse("党内职务", _("only one secretary in a branch"))
        rows.append(member)
    return rows


def _read_member(row: Row) -> RollRow:
    sheet = row.sheet
    staff_no = row.text("工号", max_length=32)
    positions = _positions(row) if sheet.has("党内职务") else None
    in_charge = frozenset(row.names("分管支部")) if sheet.has("分管支部") else None
    assisting = frozenset(row.names("协管支部")) if sheet.has("协管支部") else None
    return RollRow(
        number=row.number,
        branch=row.text("支部"),
        staff_no=staff_no,
        fields=_fields(row, has_duty=bool(in_charge or assisting)),
        positions=positions,
        in_charge=in_charge,
        assisting=assisting,
        username=_username(row, staff_no),
    )


def _fields(row: Row, *, has_duty: bool) -> dict[str, Any]:
    """The member's own fields, for the columns that the file has."""
    sheet = row.sheet
    fields: dict[str, Any] = {"name": row.name("姓名", max_length=50)}
    for column, field in DATES.items():
        if sheet.has(column):
            fields[field] = row.date(column)
    if sheet.has("性别"):
        fields["gender"] = row.choice("性别", GENDERS) or ""
    if category := row.choice("党员类别", CATEGORIES):
        fields["category"] = category
    if sheet.has("领导干部") or has_duty:
        fields["is_leading_cadre"] = _is_leading_cadre(row, has_duty=has_duty)
    if sheet.has("手机"):
        fields["phone"] = row.text("手机", max_length=30)
    if sheet.has("邮箱"):
        fields["email"] = _email(row)
    return fields


def _is_leading_cadre(row: Row, *, has_duty: bool) -> bool:
    is_leading = row.yes_no("领导干部")
    if has_duty and not is_leading:
        if row.text("领导干部"):
            row.refuse("领导干部", _("是, because this member is in charge of branches"))
        return True
    return is_leading


def _positions(row: Row) -> frozenset[str]:
    names = row.names("党内职务")
    if any(name not in POSITIONS for name in names):
        row.refuse("党内职务", _("one of %(choices)s") % {"choices": "、".join(POSITIONS)})
        return frozenset()
    kinds = (POSITIONS[name] for name in names)
    return frozenset(kind for kind in kinds if kind is not None)


def _email(row: Row) -> str:
    email = row.text("邮箱", max_length=254)
    if email:
        try:
            validate_email(email)
        except ValidationError:
            row.refuse("邮箱", _("an e-mail address"))
            return ""
    return email


def _username(row: Row, staff_no: str) -> str:
    """The account name that the file gives, or "" to leave it as it is (at first: 工号)."""
    username = row.text("登录名", max_length=150)
    try:
        UnicodeUsernameValidator()(username or staff_no or "x")
    except ValidationError:
        row.refuse(
            "登录名" if username else "工号",
            _("letters, digits and @ . + - _ only, for it is used to sign in"),
        )
    if (username or staff_no) == SYSTEM_USERNAME:
        row.refuse("登录名", _("an account name that nobody else has"), SYSTEM_USERNAME)
    return username


def names_of_kinds(kinds: Collection[str]) -> str:
    """The positions as the roll writes them."""
    return "、".join(name for name, kind in POSITIONS.items() if kind in kinds) or "党员"
