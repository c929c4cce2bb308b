"""Organisations of a roll workbook: the sheet 党组织 (formats.md §1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final

from django.db.models import Max
from django.utils.translation import gettext as _

from branches.models import Branch, Committee
from lib.excel import Problem, Sheet, SheetSpec

SHEET: Final = SheetSpec("党组织", required=("名称", "类型"), optional=("上级党组织", "单位类别"))
BRANCH: Final = "BRANCH"
KINDS: Final = {
    "党委": Committee.Kind.PARTY_COMMITTEE.value,
    "党总支": Committee.Kind.GENERAL_BRANCH.value,
    "党支部": BRANCH,
}


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One row: an organisation, its kind (a Committee.Kind or BRANCH) and its superior's name."""

    number: int
    name: str
    kind: str
    superior: str
    unit_type: str | None


@dataclass(frozen=True, slots=True)
class OrganisationPlan:
    """What the sheet changes; unsaved rows in the order in which they can be stored."""

    created: tuple[OrganisationRow, ...] = ()
    updated: tuple[OrganisationRow, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_organisations(sheet: Sheet) -> list[OrganisationRow]:
    """Read the rows; bad cells, and names that stand twice, go to the sheet's problems."""
    rows: dict[str, OrganisationRow] = {}
    for row in sheet:
        name = row.text("名称", max_length=100)
        kind = row.choice("类型", KINDS) or ""
        superior = row.text("上级党组织")
        unit_type = row.text("单位类别", max_length=50) if sheet.has("单位类别") else None
        if name in rows:
            row.refuse("名称", _("a name that stands here only once"))
        elif kind == BRANCH and not superior:
            row.refuse("上级党组织", _("the committee above the branch"))
        if not row.is_bad:
            rows[name] = OrganisationRow(row.number, name, kind, superior, unit_type)
    return list(rows.values())


def plan_organisations(rows: Sequence[OrganisationRow]) -> OrganisationPlan:
    """Compare the rows with what is stored. Two queries."""
    committees = {c.name: c for c in Committee.objects.select_related("parent")}
    branches = {b.name: b for b in Branch.objects.select_related("committee")}
    in_file = {row.name: row for row in rows}
    problems = [
        *_unknown_superiors(rows, in_file, committees),
        *_changed_kinds(rows, committees, branches),
    ]
    if problems:
        return OrganisationPlan(problems=tuple(problems))
    try:
        superiors_first = list(TopologicalSorter(_above(rows, committees)).static_order())
    except CycleError as error:
        return OrganisationPlan(problems=tuple(_circle(rows, error.args[1])))
    created, updated = [], []
    for row in (in_file[name] for name in superiors_first if name in in_file):
        stored = branches.get(row.name) if row.kind == BRANCH else committees.get(row.name)
        if stored is None:
            created.append(row)
        elif _differs(row, stored):
            updated.append(row)
    return OrganisationPlan(tuple(created), tuple(updated))


def apply_organisations(plan: OrganisationPlan, rows: Sequence[OrganisationRow]) -> None:
    """Store what the plan says. New ones stand in the roll's order of their first import.

    A department has tens of organisations: they are stored one by one, superiors first.
    """
    committees = {c.name: c for c in Committee.objects.all()}
    order = {row.name: number for number, row in enumerate(rows, start=1)}
    committee_start = _last_order(Committee.objects.aggregate(last=Max("roll_order")))
    branch_start = _last_order(Branch.objects.aggregate(last=Max("roll_order")))
    for row in plan.created:
        superior = committees.get(row.superior)
        if row.kind == BRANCH:
            assert superior is not None  # by plan
            Branch.objects.create(
                name=row.name,
                committee=superior,
                unit_type=row.unit_type or "",
                roll_order=branch_start + order[row.name],
            )
        else:
            committees[row.name] = Committee.objects.create(
                name=row.name,
                kind=row.kind,
                parent=superior,
                unit_type=row.unit_type or "",
                roll_order=committee_start + order[row.name],
            )
    for row in plan.updated:
        unit_type = {} if row.unit_type is None else {"unit_type": row.unit_type}
        superior = committees.get(row.superior)
        if row.kind == BRANCH:
            Branch.objects.filter(name=row.name).update(committee=superior, **unit_type)
        else:
            Committee.objects.filter(name=row.name).update(
                parent=superior, kind=row.kind, **unit_type
            )


def _last_order(aggregate: dict[str, int | None]) -> int:
    return aggregate["last"] or 0


def _differs(row: OrganisationRow, stored: Branch | Committee) -> bool:
    superior: Committee | None
    if isinstance(stored, Branch):
        superior, kind = stored.committee, BRANCH
    else:
        superior, kind = stored.parent, stored.kind
    return (
        (superior.name if superior else "") != row.superior
        or kind != row.kind
        or (row.unit_type is not None and stored.unit_type != row.unit_type)
    )


def _unknown_superiors(
    rows: Sequence[OrganisationRow],
    in_file: dict[str, OrganisationRow],
    committees: dict[str, Committee],
) -> Iterable[Problem]:
    for row in rows:
        above = in_file.get(row.superior)
        is_committee = above.kind != BRANCH if above else row.superior in committees
        if row.superior and not is_committee:
            expected = _("a 党委 or 党总支 of this sheet or of the roll")
            yield Problem(SHEET.name, row.number, "上级党组织", row.superior, expected)


def _changed_kinds(
    rows: Sequence[OrganisationRow],
    committees: dict[str, Committee],
    branches: dict[str, Branch],
) -> Iterable[Problem]:
    for row in rows:
        if row.name in (committees if row.kind == BRANCH else branches):
            expected = _("the kind it has on the roll: a branch cannot become a committee, or back")
            kind = next(name for name, kind in KINDS.items() if kind == row.kind)
            yield Problem(SHEET.name, row.number, "类型", kind, expected)


def _above(
    rows: Sequence[OrganisationRow], committees: dict[str, Committee]
) -> dict[str, tuple[str, ...]]:
    """The superior of every committee and of every organisation of the file, by name."""
    stored = {c.name: c.parent.name if c.parent else "" for c in committees.values()}
    named = stored | {row.name: row.superior for row in rows}
    return {name: (superior,) if superior else () for name, superior in named.items()}


def _circle(rows: Sequence[OrganisationRow], circle: Sequence[str]) -> list[Problem]:
    expected = _("an organisation that does not stand below this one")
    return [
        Problem(SHEET.name, row.number, "上级党组织", row.superior, expected)
        for row in rows
        if row.name in circle
    ]
