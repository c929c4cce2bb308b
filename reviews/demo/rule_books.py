"""Rule books in the making: a draft under way, one submitted, one returned, a template, and
members who have read what is in force."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lib.months import month_of
from members.models import Member
from members.rights import Actor
from points.models import RuleBook
from points.services.rule_book import approval, draft, reading, rows
from points.services.rule_book.draft import CRITERION_FIELDS
from reviews.demo.roll import Department

TEMPLATE_NAME = "厅机关党支部积分管理细则（通用版）"
REMARKS = (
    "一、ZY-02 志愿服务每次分值偏高，请与类别上限相衔接。\n"
    "二、停用 YW-02“未完成组织交办任务”不妥，请恢复。\n"
    "修改后请重新报送。"
)


def play_rule_books(department: Department) -> None:
    """A template that the committee offers; the secretary's draft under way; a draft that was
    returned and one that waits for the committee; readings."""
    calendar = department.calendar
    staff = department.staff(calendar.today)
    template = in_force(department, "office")
    approval.offer(pk=template.pk, name=TEMPLATE_NAME, by=staff, at=at(department, 40))
    under_way(department, "employment", back=6)
    waiting = submitted(department, "pension", back=4)
    assert waiting.state == RuleBook.State.SUBMITTED
    returned = submitted(department, "finance", back=15, retired="YW-02")
    approval.return_book(pk=returned.pk, remarks=REMARKS, by=staff, at=at(department, 9))
    for key, share in (("employment", 3), ("it", 4), ("pension", 2)):
        read(department, key, share)


def at(department: Department, back: int) -> Any:
    """The morning of so many days ago."""
    calendar = department.calendar
    return calendar.moment(calendar.today - timedelta(days=back), hour=10)


def in_force(department: Department, key: str) -> RuleBook:
    month = month_of(department.calendar.today)
    return RuleBook.objects.in_force(month).get(branch=department.branches[key])


def secretary_of(department: Department, key: str, day: date) -> Actor:
    return department.actor(department.member(key, 0), day)


def under_way(department: Department, key: str, *, back: int) -> RuleBook:
    """The next version, milder for a missed meeting, with more points for a talk and a lower
    cap, one criterion less and one more: enough for the trial to say something."""
    when = at(department, back)
    by = secretary_of(department, key, when.date())
    book = draft.start(
        branch=department.branches[key], source=in_force(department, key), by=by, at=when
    )
    how = {"pk": book.pk, "by": by, "at": when}
    change(book, "XX-05", {"points": Decimal("2.00")}, how)
    change(book, "ZZ-01", {"points": Decimal("-2.00")}, how)
    change(book, "ZY-03", {"max_points_year": Decimal("6.00")}, how)
    retire(book, "ZZ-06", how)
    new = values_of(book, "XX-06") | {
        "code": "XX-10",
        "text": "在“学习强国”线下读书会作主题分享",
        "points": Decimal("1.00"),
        "max_points_month": Decimal("1.00"),
        "max_points_year": Decimal("4.00"),
    }
    rows.save_criterion(values=new, seen=revision_of(book), **how)
    return book


def submitted(
    department: Department, key: str, *, back: int, retired: str | None = None
) -> RuleBook:
    """A draft with a change or two, sent to the committee two days later."""
    when = at(department, back + 2)
    by = secretary_of(department, key, when.date())
    book = draft.start(
        branch=department.branches[key], source=in_force(department, key), by=by, at=when
    )
    how = {"pk": book.pk, "by": by, "at": when}
    change(book, "ZY-02", {"points": Decimal("1.50")}, how)
    change(book, "XX-02", {"points": Decimal("-2.00"), "max_points_month": Decimal("4.00")}, how)
    if retired is not None:
        retire(book, retired, how)
    return draft.submit(pk=book.pk, seen=revision_of(book), by=by, at=at(department, back))


def values_of(book: RuleBook, code: str) -> dict[str, Any]:
    criterion = book.criteria.get(code=code)
    return {name: getattr(criterion, name) for name in CRITERION_FIELDS}


def change(book: RuleBook, code: str, values: Mapping[str, Any], how: dict[str, Any]) -> None:
    criterion = book.criteria.get(code=code)
    rows.save_criterion(values=values, criterion_id=criterion.pk, seen=revision_of(book), **how)


def retire(book: RuleBook, code: str, how: dict[str, Any]) -> None:
    criterion = book.criteria.get(code=code)
    rows.retire_criterion(criterion_id=criterion.pk, seen=revision_of(book), **how)


def revision_of(book: RuleBook) -> int:
    book.refresh_from_db(fields=["revision"])
    return book.revision


def read(department: Department, key: str, share: int) -> None:
    """Every so-manieth member has marked the version in force as read; not the member whose
    account is shown, so that the button can be tried."""
    book, calendar = in_force(department, key), department.calendar
    shown: set[Member] = {department.account(name) for name in ("member", "secretary", "deputy")}
    for number, member in enumerate(department.seats[key]):
        if number % share and member not in shown:
            by = department.actor(member, calendar.today)
            if by.branch_id == book.branch_id:
                reading.mark_as_read(book=book, by=by, at=at(department, 20 + number))
