"""What goes out comes in again: the ledger gives the same results, the roll the same roll."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from branches.models import Branch, Committee
from members.imports import apply_roll, parse_roll
from members.models import (
    Exemption,
    LeadershipDuty,
    Member,
    Membership,
    Position,
    RollChange,
    User,
)
from members.rights import actor_on, system_actor
from members.services.roll_life import end_membership
from points.imports import apply_rulebook, parse_rulebook
from points.models import Criterion, Declaration, MonthlyResult
from reviews.exports.ledger_people import CAME, LEFT, MOVED, TO_DO
from reviews.imports import apply_ledger, parse_ledger
from reviews.models import Round
from reviews.services import round as rounds
from reviews.services.ledger import check_ledger
from tests.factories import StaffAppointmentFactory
from tests.reviews.branch_month import BranchMonth
from tests.reviews.exporting import NOW, made, rows_of, workbook_of
from tests.workbooks import criterion, entry, ledger, person, roll, rule_book, rule_books

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


class Undo(Exception):
    """Back to the database as it was."""


def results():
    return sorted(
        MonthlyResult.objects.final().values_list(
            "member__staff_no",
            "branch__name",
            "month",
            "base",
            "plus",
            "minus",
            "score",
            "pass_line",
            "is_below",
            "is_zero",
            "is_assessed",
        )
    )


def live(month: BranchMonth) -> None:
    """October and November with everything that bears on a score, and a December still open.
    The yearly cap of the first criterion cuts what November brings."""
    Criterion.objects.filter(pk=month.study.pk).update(max_points_year=Decimal("5.00"))
    month.study.refresh_from_db()
    Exemption.objects.create(
        member=month.organiser,
        first_month=NOVEMBER,
        last_month=DECEMBER,
        reason="-产假",
        approved_by=system_actor().user,
        approved_at=NOW,
    )
    month.file("member", month.line(day=8), month.line(day=9, times="1.50"))
    month.file("other", month.line(day=10))
    month.register("other", "deputy")
    month.register("other", by="staff", item=month.item(month.punished))
    month.start()
    declared = {entry.occurred_on.day: entry for entry in rounds.undecided(month.round)}
    half = Decimal("1.25")
    month.decide(declared[8], "ADJUSTED", by="deputy", points=half, reason="按半天计")
    month.decide(declared[10], "REJECTED", by="deputy", reason="材料不符")
    for undecided in rounds.undecided(month.round):
        month.decide(undecided, by="system")
    month.meet()
    month.conclude()
    november = month.also(NOVEMBER)
    november.file("member", november.line(day=3, times="2.00"))
    november.publish()
    month.close()
    month.also(DECEMBER)


def test_an_exported_ledger_gives_the_same_results_in_a_fresh_database():
    month = BranchMonth()
    books = {}
    try:
        with transaction.atomic():
            live(month)
            then = results()
            for name in ("staff", "secretary"):
                export = made("LEDGER", month.actor(name), first="2026-10", last="2026-12")
                with export.file.open("rb") as file:
                    books[name] = file.read()
                    remarks = dict(rows_of(workbook_of(export), "说明"))
                    assert remarks["尚未月结、未列入的月份"].endswith("2026-12")
                    assert ("未列入的党委登记事项" in remarks) == (name == "secretary")
            raise Undo
    except Undo:
        pass
    # As from the same roll and the same rule book, with no month yet.
    Criterion.objects.filter(pk=month.study.pk).update(max_points_year=Decimal("5.00"))
    Declaration.objects.all().delete()
    Round.objects.all().delete()

    report = apply_ledger(parse_ledger(books["staff"]), by=system_actor(), at=NOW)

    assert (report.problems, len(report.sheets)) == ((), 2)
    assert results() == then
    assert {row[4] for row in then} >= {Decimal("4.25"), Decimal("0.75")}  # cut by the yearly cap
    assert Exemption.objects.get().reason == "-产假"
    assert list(check_ledger()) == []
    again = apply_ledger(parse_ledger(books["staff"]), by=system_actor(), at=NOW)
    assert again.is_unchanged
    # A secretary's ledger lacks what only the committee may name, and only that.
    assert apply_ledger(parse_ledger(books["secretary"]), by=system_actor(), at=NOW).problems


TWO_BRANCHES = [
    {"名称": "厅党委", "类型": "党委"},
    {"名称": "甲党支部", "类型": "党支部", "上级党组织": "厅党委"},
    {"名称": "乙党支部", "类型": "党支部", "上级党组织": "厅党委"},
]
STAYING = person(1, "甲党支部")
MOVING = [person(2, "甲党支部"), person(2, "乙党支部")]
LEAVING, COMING = person(3, "甲党支部"), person(4, "乙党支部")


def import_roll(*people, as_of=None):
    """A roll of the two branches, with somebody in the second who never moves."""
    staying = [STAYING, person(5, "乙党支部")]
    content = roll(*staying, *people, organisations=TWO_BRANCHES)
    report = apply_roll(parse_roll(content), by=system_actor(), at=NOW, as_of=as_of)
    assert report.problems == ()


def rolls_of_the_year():
    """One member moves in March, one leaves at the end of February, one comes in April."""
    import_roll(MOVING[0], LEAVING)
    end_membership(
        member_id=Member.objects.get(staff_no=LEAVING["工号"]).pk,
        on=date(2025, 2, 28),
        reason="TRANSFERRED_OUT",
        opened_until=None,
        concluded_until=None,
        by=system_actor(),
        at=NOW,
    )
    import_roll(MOVING[1], as_of=date(2025, 3, 1))
    import_roll(MOVING[1], COMING, as_of=date(2025, 4, 1))


def rules_of_the_year():
    names = ("甲党支部", "乙党支部")
    books = rule_books([rule_book(name) for name in names], [criterion("A1", 5)])
    assert apply_rulebook(parse_rulebook(books), by=system_actor(), at=NOW).problems == ()


def test_a_ledger_names_whom_todays_roll_lacks_and_says_how_both_come_in_again():
    by = system_actor()
    try:
        with transaction.atomic():
            rolls_of_the_year()
            rules_of_the_year()
            rows = [
                entry("2025-02", "A3", "A1", "甲党支部"),
                entry("2025-02", "A2", "A1", "甲党支部"),
                entry("2025-04", "A2", "A1", "乙党支部"),
                entry("2025-05", "A4", "A1", "乙党支部"),
            ]
            months = [
                (f"2025-0{n}", name) for n in range(1, 6) for name in ("甲党支部", "乙党支部")
            ]
            assert apply_ledger(parse_ledger(ledger(*rows, months=months)), by=by, at=NOW).counts
            then = results()
            staff = StaffAppointmentFactory(committee=Committee.objects.get()).user
            asked = {"first": "2025-01", "last": "2025-12"}
            export = made("LEDGER", actor_on(staff, NOW.date()), **asked)
            with export.file.open("rb") as file:
                exported = file.read()
            remarks = rows_of(workbook_of(export), "说明")
            with made("ROLL", actor_on(staff, NOW.date())).file.open("rb") as file:
                exported_roll = file.read()
            late = made("LEDGER", actor_on(staff, NOW.date()), first="2025-05", last="2025-05")
            assert TO_DO not in rows_of(workbook_of(late), "说明")
            raise Undo
    except Undo:
        pass

    assert remarks[4:] == [
        TO_DO,
        (MOVED, f"A2 {MOVING[0]['姓名']}：2025-01至2025-02在甲党支部，现在乙党支部"),
        (LEFT, f"A3 {LEAVING['姓名']}：2025-01至2025-02在甲党支部"),
        (CAME, f"A4 {COMING['姓名']}：自2025-04起在乙党支部"),
    ]
    # Today's roll alone does not do; what the remarks say does.
    with transaction.atomic():
        apply_roll(parse_roll(exported_roll), by=by, at=NOW)
        rules_of_the_year()
        assert len(apply_ledger(parse_ledger(exported), by=by, at=NOW).problems) == 2
        transaction.set_rollback(True)
    rolls_of_the_year()
    rules_of_the_year()
    assert apply_ledger(parse_ledger(exported), by=by, at=NOW).problems == ()
    assert results() == then
    assert apply_roll(parse_roll(exported_roll), by=by, at=NOW).is_unchanged


ORGANISATIONS = [
    {"名称": "厅党委", "类型": "党委", "单位类别": "机关"},
    {"名称": "局党总支", "类型": "党总支", "上级党组织": "厅党委", "单位类别": "事业单位"},
    {"名称": "乙党支部", "类型": "党支部", "上级党组织": "局党总支", "单位类别": "窗口"},
    {"名称": "甲党支部", "类型": "党支部", "上级党组织": "厅党委"},
]
PEOPLE = [
    person(1, "甲党支部", 党内职务="支部书记、纪检委员", 出生日期="1980-02-03", 手机="13900000000"),
    person(2, "乙党支部", 党内职务="支部书记", 性别="女", 入党日期="2001-07-01", 登录名="yi-2"),
    person(3, "甲党支部", 分管支部="甲党支部、乙党支部", 领导干部="是", 邮箱="a3@example.com"),
    person(4, "乙党支部", 党员类别="预备党员", 协管支部="乙党支部", 转正日期="2026-05-01"),
    person(5, "甲党支部", 姓名="王　阳", 领导干部="是"),
]


def the_roll():
    """Everything that the roll says, in its order."""
    return (
        list(Committee.objects.values_list("name", "kind", "parent__name", "unit_type")),
        list(Branch.objects.values_list("name", "committee__name", "unit_type", "is_active")),
        list(
            Member.objects.order_by("roll_order").values_list(
                "staff_no",
                "name",
                "gender",
                "born_on",
                "joined_on",
                "full_since",
                "category",
                "is_leading_cadre",
                "phone",
                "email",
                "user__username",
                "pinyin",
            )
        ),
        sorted(Membership.objects.values_list("member__staff_no", "branch__name", "ends_on")),
        sorted(Position.objects.values_list("member__staff_no", "branch__name", "kind")),
        sorted(LeadershipDuty.objects.values_list("leader__staff_no", "branch__name", "kind")),
    )


def test_an_exported_roll_gives_the_same_roll_and_changes_nothing_where_it_came_from():
    by = system_actor()
    try:
        with transaction.atomic():
            apply_roll(parse_roll(roll(*PEOPLE, organisations=ORGANISATIONS)), by=by, at=NOW)
            staff = StaffAppointmentFactory(committee=Committee.objects.get(name="厅党委")).user
            before = the_roll()
            export = made("ROLL", actor_on(staff, NOW.date()))
            with export.file.open("rb") as file:
                content = file.read()
            again = apply_roll(parse_roll(content), by=actor_on(staff, NOW.date()), at=NOW)
            assert (again.problems, again.is_unchanged) == ((), True)
            assert (the_roll(), RollChange.objects.count()) == (before, 0)
            raise Undo
    except Undo:
        pass
    assert not Member.objects.exists()
    assert not User.objects.filter(username="yi-2").exists()

    report = apply_roll(parse_roll(content), by=by, at=NOW)

    assert report.problems == ()
    assert the_roll() == before
