"""Rule books as a workbook: sheets 细则, 评分标准 and 类别上限 (formats.md §2)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.excel import Problem, Row, Sheet, SheetSpec, Unreadable, read_sheets
from lib.imports import ImportReport
from members.imports import reaches
from members.notices import record
from members.rights import Actor
from points.models import Category, CategoryCap, Criterion, RuleBook
from points.rules import trigger_of

BOOKS: Final = SheetSpec(
    "细则",
    required=("支部", "生效年月", "基础分", "合格分值"),
    optional=("月度上限", "工作目标", "操作流程"),
)
CRITERIA: Final = SheetSpec(
    "评分标准",
    required=("编号", "类别", "内容", "分值", "登记方式"),
    optional=("支部", "适用对象", "每月限次", "每月限分", "每年限分", "需佐证", "一票归零"),
)
CAPS: Final = SheetSpec(
    "类别上限", required=("类别", "每月加分上限"), optional=("支部",), is_optional=True
)
CATEGORIES: Final = {
    "参加学习教育": Category.STUDY.value,
    "严格组织生活": Category.ORGANISATION.value,
    "履行党员义务": Category.DUTIES.value,
    "维护自身权益": Category.RIGHTS.value,
    "完成业务工作": Category.WORK.value,
    "遵守纪律规矩": Category.DISCIPLINE.value,
    "志愿服务群众": Category.VOLUNTEERING.value,
    "落实领导责任": Category.LEADERSHIP.value,
}
REGISTERED_BY: Final = {
    "个人申报": Criterion.RegisteredBy.MEMBER.value,
    "支部登记": Criterion.RegisteredBy.BRANCH.value,
    "均可": Criterion.RegisteredBy.EITHER.value,
    "党委登记": Criterion.RegisteredBy.COMMITTEE.value,
    "系统": Criterion.RegisteredBy.SYSTEM.value,
}
APPLIES_TO: Final = {
    "全体党员": Criterion.AppliesTo.EVERYONE.value,
    "党员领导干部": Criterion.AppliesTo.LEADING_CADRE.value,
    "支部书记": Criterion.AppliesTo.SECRETARY.value,
    "预备党员": Criterion.AppliesTo.PROBATIONARY.value,
}
EVERY_BRANCH: Final = ("*", "＊")
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class BookRow:
    """One branch's rule book, with its criteria and category caps as fields of their models."""

    number: int
    branch: str
    effective_from: date
    fields: Mapping[str, Any]
    criteria: tuple[Mapping[str, Any], ...] = ()
    caps: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBookFile:
    """A rule-book workbook, read, and what is wrong with it."""

    books: tuple[BookRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBookReport(ImportReport):
    """Which branches get a new version, and which have just this one already."""

    changed: tuple[BookRow, ...] = ()
    unchanged: tuple[str, ...] = ()


def parse_rulebook(source: bytes | str | Path) -> RuleBookFile:
    """Read a rule-book workbook. Every bad cell is in ``problems``; nothing is compared with what
    is stored. Source: formats.md §2."""
    try:
        sheets = read_sheets(source, [BOOKS, CRITERIA, CAPS])
    except Unreadable as error:
        return RuleBookFile(problems=error.problems)
    books = _read_books(sheets[BOOKS.name])
    criteria = _read_parts(sheets[CRITERIA.name], books, _criterion, "code", "编号")
    caps = _read_parts(sheets[CAPS.name], books, _cap, "category", "类别")
    for name, book in books.items():
        if name not in criteria:
            expected = _("a branch with at least one row in the sheet 评分标准")
            sheets[BOOKS.name].problems.append(
                Problem(BOOKS.name, book.number, "支部", name, expected)
            )
    return RuleBookFile(
        books=tuple(
            replace(book, criteria=tuple(criteria.get(name, ())), caps=tuple(caps.get(name, ())))
            for name, book in books.items()
        ),
        problems=tuple(sheets[BOOKS.name].problems),
        notes=tuple(note for sheet in sheets.values() for note in sheet.notes),
    )


def preview_rulebook(file: RuleBookFile, *, by: Actor) -> RuleBookReport:
    """Compare rule books with those in force, and say which branches get a new version.

    Nothing is written. A branch whose rule book in force in that month says the same already is
    left alone. Source: formats.md §2.
    """
    branches = {b.name: b for b in Branch.objects.filter(name__in=[b.branch for b in file.books])}
    problems = (*file.problems, *_unknown_branches(file, branches, by))
    if problems:
        return RuleBookReport(problems=problems, notes=file.notes)
    in_force = _in_force(file.books, branches)
    changed = tuple(book for book in file.books if _content(book) != in_force.get(book.branch))
    names = {book.branch for book in changed}
    counts = (_("New versions of rule books: %(count)s") % {"count": len(changed)},)
    return RuleBookReport(
        notes=file.notes,
        counts=counts if changed else (),
        changed=changed,
        unchanged=tuple(book.branch for book in file.books if book.branch not in names),
    )


@transaction.atomic
def apply_rulebook(file: RuleBookFile, *, by: Actor, at: datetime) -> RuleBookReport:
    """Store a new version for each branch whose rule book changes; nothing if there is a problem.

    It is in force from its month, for the import is the committee's act; a version from the same
    month is superseded. A round that is open keeps its rule book. Source: formats.md §2.
    """
    names = [book.branch for book in file.books]
    locked = Branch.objects.select_for_update().filter(name__in=names).order_by("pk")
    branches = {branch.name: branch for branch in locked}
    report = preview_rulebook(file, by=by)
    if report.problems or report.is_unchanged:
        return report
    last = dict(
        RuleBook.objects.filter(branch__in=branches.values())
        .order_by()
        .values_list("branch")
        .annotate(Max("version"))
    )
    for month in {book.effective_from for book in report.changed}:
        of_month = [branches[b.branch] for b in report.changed if b.effective_from == month]
        RuleBook.objects.filter(
            branch__in=of_month, effective_from=month, state=RuleBook.State.APPROVED
        ).update(state=RuleBook.State.SUPERSEDED)
    stored = RuleBook.objects.bulk_create(
        RuleBook(
            branch=branches[book.branch],
            version=last.get(branches[book.branch].pk, 0) + 1,
            effective_from=book.effective_from,
            approved_by=by.user,
            approved_at=at,
            **book.fields,
        )
        for book in report.changed
    )
    pairs = list(zip(stored, report.changed, strict=True))
    Criterion.objects.bulk_create(
        (
            Criterion(rule_book=rule_book, sort_order=number, trigger=_trigger(fields), **fields)
            for rule_book, book in pairs
            for number, fields in enumerate(book.criteria, start=1)
        ),
        batch_size=CHUNK,
    )
    CategoryCap.objects.bulk_create(
        (
            CategoryCap(rule_book=rule_book, **fields)
            for rule_book, book in pairs
            for fields in book.caps
        ),
        batch_size=CHUNK,
    )
    record(
        by=by.user,
        at=at,
        verb="import_rulebook",
        branches=sorted(book.branch for book in report.changed),
    )
    return report


def _trigger(fields: Mapping[str, Any]) -> str:
    if fields["registered_by"] != Criterion.RegisteredBy.SYSTEM:
        return ""
    return trigger_of(fields["text"], fields["applies_to"])


# -- reading -----------------------------------------------------------------------------


def _read_books(sheet: Sheet) -> dict[str, BookRow]:
    books: dict[str, BookRow] = {}
    for row in sheet:
        branch = row.text("支部")
        month = row.month("生效年月")
        fields = {
            "base_points": row.decimal("基础分", low="0"),
            "pass_line": row.decimal("合格分值", low="0"),
            "ceiling": row.decimal("月度上限", low="0"),
            "goals": row.text("工作目标"),
            "procedure": row.text("操作流程"),
        }
        ceiling, pass_line = fields["ceiling"], fields["pass_line"]
        if isinstance(ceiling, Decimal) and isinstance(pass_line, Decimal) and ceiling < pass_line:
            row.refuse("月度上限", _("no less than the pass line 合格分值"))
        if branch in books:
            row.refuse("支部", _("a branch that stands here only once"))
        elif branch and month is not None:
            books[branch] = BookRow(row.number, branch, month, fields)
    return books


def _read_parts(
    sheet: Sheet, books: Mapping[str, BookRow], read: Any, key: str, column: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Read the rows of a sheet whose 支部 may say “every branch”, and give them to the branches;
    ``key`` must be unique in a branch."""
    parts: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    seen: Counter[tuple[str, str]] = Counter()
    for row in sheet:
        fields = read(row)
        branches = _branches(row, books)
        seen.update((branch, fields[key]) for branch in branches)
        if fields[key] and any(seen[branch, fields[key]] > 1 for branch in branches):
            row.refuse(column, _("a value that stands only once for a branch"))
        for branch in branches:
            parts[branch].append(fields)
    return parts


def _branches(row: Row, books: Mapping[str, BookRow]) -> list[str]:
    names = [name for name in row.names("支部") if name not in EVERY_BRANCH]
    if not names:
        return list(books)
    for name in names:
        if name not in books:
            row.refuse("支部", _("a branch of the sheet 细则, or * for every one of them"), name)
    return [name for name in names if name in books]


def _criterion(row: Row) -> dict[str, Any]:
    return {
        "code": row.text("编号", max_length=20),
        "category": row.choice("类别", CATEGORIES) or "",
        "text": row.text("内容", max_length=300),
        "points": row.decimal("分值"),
        "registered_by": row.choice("登记方式", REGISTERED_BY) or "",
        "applies_to": row.choice("适用对象", APPLIES_TO) or Criterion.AppliesTo.EVERYONE.value,
        "max_times_month": row.decimal("每月限次", low="0"),
        "max_points_month": row.decimal("每月限分", low="0"),
        "max_points_year": row.decimal("每年限分", low="0"),
        "needs_evidence": row.yes_no("需佐证"),
        "zeroes_month": row.yes_no("一票归零"),
    }


def _cap(row: Row) -> dict[str, Any]:
    return {
        "category": row.choice("类别", CATEGORIES) or "",
        "max_plus_month": row.decimal("每月加分上限", low="0"),
    }


# -- comparing ---------------------------------------------------------------------------


def _unknown_branches(
    file: RuleBookFile, branches: Mapping[str, Branch], by: Actor
) -> Iterable[Problem]:
    for book in file.books:
        branch = branches.get(book.branch)
        if branch is None:
            expected = _("a 党支部 of the roll")
        elif not reaches(by, branch.pk):
            expected = _("something below the committee that you work for")
        else:
            continue
        yield Problem(BOOKS.name, book.number, "支部", book.branch, expected)


def _in_force(
    books: Sequence[BookRow], branches: Mapping[str, Branch]
) -> dict[str, tuple[object, ...]]:
    """What the rule book in force says, for each branch in the month of its new one. Three
    queries for each month in the file."""
    content: dict[str, tuple[object, ...]] = {}
    by_month: defaultdict[date, list[Branch]] = defaultdict(list)
    for book in books:
        by_month[book.effective_from].append(branches[book.branch])
    for month, of_month in by_month.items():
        stored = RuleBook.objects.in_force(month).filter(branch__in=of_month)
        for rule_book in stored.select_related("branch").prefetch_related(
            "criteria", "category_caps"
        ):
            content[rule_book.branch.name] = _content(_as_row(rule_book))
    return content


def _as_row(rule_book: RuleBook) -> BookRow:
    names = ("base_points", "pass_line", "ceiling", "goals", "procedure")
    criterion_names = (
        "code",
        "category",
        "text",
        "points",
        "registered_by",
        "applies_to",
        "max_times_month",
        "max_points_month",
        "max_points_year",
        "needs_evidence",
        "zeroes_month",
    )
    assert rule_book.effective_from is not None  # it is in force
    return BookRow(
        number=0,
        branch=rule_book.branch.name,
        effective_from=rule_book.effective_from,
        fields={name: getattr(rule_book, name) for name in names},
        criteria=tuple(
            {name: getattr(criterion, name) for name in criterion_names}
            for criterion in rule_book.criteria.all()
        ),
        caps=tuple(
            {"category": cap.category, "max_plus_month": cap.max_plus_month}
            for cap in rule_book.category_caps.all()
        ),
    )


def _content(book: BookRow) -> tuple[object, ...]:
    """What makes two rule books the same, whatever month they are in force from."""
    caps = sorted((cap["category"], cap["max_plus_month"]) for cap in book.caps)
    criteria = [tuple(sorted(criterion.items())) for criterion in book.criteria]
    return tuple(sorted(book.fields.items())), criteria, caps
