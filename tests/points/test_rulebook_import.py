from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from branches.models import Branch
from members.imports import apply_roll, parse_roll
from members.models import Event, User
from members.rights import Actor, system_actor
from points.imports import apply_rulebook, parse_rulebook, preview_rulebook
from points.models import Criterion, RuleBook
from tests.workbooks import criterion, person, roll, rule_book, rule_books, workbook

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
OFFICE, LAW = "办公室党支部", "法规处党支部"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def department():
    apply_roll(parse_roll(roll(person(1), person(2, LAW))), by=system_actor(), at=AT)


def imported(*args, by=None, **kwargs):
    file = parse_rulebook(rule_books(*args, **kwargs))
    return apply_rulebook(file, by=by or system_actor(), at=AT)


def test_a_rule_book_for_each_branch_with_its_criteria_and_caps():
    report = imported(
        [
            rule_book(OFFICE, 月度上限=100, 工作目标="目标", 操作流程="流程"),
            rule_book(LAW, 生效年月="2025年3月", 基础分=60.5, 合格分值=60),
        ],
        [
            criterion("A1", 2, 每月限次=4, 每年限分=18, 需佐证="是"),
            criterion("A2", -1.5, 支部=f"{LAW}、{OFFICE}", 每月限分=6, 适用对象="支部书记"),
            criterion("A3", 0, 支部=LAW, 登记方式="党委登记", 一票归零="Y", 类别="遵守纪律规矩"),
            criterion("A4", 1, 支部=None, 登记方式="系统"),
        ],
        caps=[{"支部": None, "类别": "参加学习教育", "每月加分上限": 10}],
    )
    assert [book.branch for book in report.changed] == [OFFICE, LAW]
    office, law = RuleBook.objects.order_by("branch__roll_order")
    assert (office.version, office.base_points, office.ceiling) == (
        1,
        Decimal("80"),
        Decimal("100"),
    )
    assert (office.goals, office.procedure, office.state) == ("目标", "流程", "APPROVED")
    assert (law.effective_from, law.base_points, law.ceiling) == (
        date(2025, 3, 1),
        Decimal("60.50"),
        None,
    )
    assert [c.code for c in office.criteria.all()] == ["A1", "A2", "A4"]
    assert [c.code for c in law.criteria.all()] == ["A1", "A2", "A3", "A4"]
    first = office.criteria.get(code="A1")
    assert (first.points, first.max_times_month, first.max_points_year, first.needs_evidence) == (
        Decimal("2"),
        Decimal("4"),
        Decimal("18"),
        True,
    )
    assert office.criteria.get(code="A2").applies_to == Criterion.AppliesTo.SECRETARY
    assert law.criteria.get(code="A3").zeroes_month
    assert [cap.max_plus_month for cap in law.category_caps.all()] == [Decimal("10")]


def test_importing_twice_changes_nothing_and_says_so():
    args = ([rule_book(OFFICE)], [criterion("A1", 2)])
    imported(*args)
    report = imported(*args)
    assert report.is_unchanged
    assert report.unchanged == (OFFICE,)
    assert RuleBook.objects.count() == 1
    assert Event.objects.filter(verb="import_rulebook").count() == 1


def test_other_content_is_a_new_version_that_takes_the_place_of_the_same_month_s():
    imported([rule_book(OFFICE), rule_book(LAW)], [criterion("A1", 2)])
    report = imported([rule_book(OFFICE, 基础分=85), rule_book(LAW)], [criterion("A1", 2)])
    assert ([b.branch for b in report.changed], report.unchanged) == ([OFFICE], (LAW,))
    versions = RuleBook.objects.filter(branch__name=OFFICE).order_by("version")
    assert [(b.version, b.state) for b in versions] == [(1, "SUPERSEDED"), (2, "APPROVED")]


def test_a_later_month_is_a_new_version_and_the_earlier_one_stays_in_force_before():
    imported([rule_book(OFFICE)], [criterion("A1", 2)])
    imported([rule_book(OFFICE, 生效年月="2025-06")], [criterion("A1", 3)])
    assert [RuleBook.objects.in_force(date(2025, m, 1)).get().version for m in (5, 6)] == [1, 2]
    # The same again from a later month says nothing new.
    assert imported([rule_book(OFFICE, 生效年月="2025-09")], [criterion("A1", 3)]).is_unchanged


def test_every_bad_cell_is_named_and_nothing_is_written():
    report = imported(
        [
            rule_book(OFFICE, 生效年月="某月", 基础分="多"),
            rule_book("幽灵党支部", 月度上限=60),
            rule_book(LAW, 合格分值=None),
            rule_book(LAW),
        ],
        [
            criterion("A1", 2, 类别="其他", 登记方式="自动", 每月限次=-1),
            criterion("A2", "二分", 支部="别的支部", 需佐证="大概"),
            criterion("A3", 1, 支部=LAW),
            criterion("A3", 1),
            criterion(None, 1.005, 内容="长" * 301),
        ],
        caps=[
            {"类别": "参加学习教育", "每月加分上限": -1},
            {"类别": "参加学习教育", "每月加分上限": 1},
        ],
    )
    assert sorted((p.sheet, p.row, p.column) for p in report.problems) == sorted(
        [
            ("细则", 2, "生效年月"),
            ("细则", 2, "基础分"),
            ("细则", 3, "月度上限"),
            ("细则", 3, "支部"),
            ("细则", 4, "合格分值"),
            ("细则", 5, "支部"),
            ("评分标准", 2, "类别"),
            ("评分标准", 2, "登记方式"),
            ("评分标准", 2, "每月限次"),
            ("评分标准", 3, "分值"),
            ("评分标准", 3, "支部"),
            ("评分标准", 3, "需佐证"),
            ("评分标准", 5, "编号"),
            ("评分标准", 6, "编号"),
            ("评分标准", 6, "分值"),
            ("评分标准", 6, "内容"),
            ("类别上限", 2, "每月加分上限"),
            ("类别上限", 3, "类别"),
        ]
    )
    assert not RuleBook.objects.exists()


def test_a_branch_without_criteria_is_refused():
    report = imported([rule_book(OFFICE), rule_book(LAW)], [criterion("A1", 2, 支部=LAW)])
    assert [(p.sheet, p.row, p.column) for p in report.problems] == [("细则", 2, "支部")]


def test_a_missing_column_stops_the_import():
    row = criterion("A1", 2)
    del row["登记方式"]
    file = parse_rulebook(workbook(细则=[rule_book(OFFICE)], 评分标准=[row]))
    assert len(file.problems) == 1


def test_staff_import_only_for_branches_below_their_committee():
    law = Branch.objects.get(name=LAW)
    staff = Actor(user=User.objects.create_user("staff"), branches_below=frozenset({law.pk}))
    file = parse_rulebook(rule_books([rule_book(OFFICE), rule_book(LAW)], [criterion("A1", 2)]))
    assert [p.row for p in preview_rulebook(file, by=staff).problems] == [2]


def test_the_command_dry_runs_refuses_and_imports(tmp_path):
    path = tmp_path / "rules.xlsx"
    path.write_bytes(rule_books([rule_book(OFFICE)], [criterion("A1", 2)]))
    call_command("import_rulebook", str(path), dry_run=True)
    assert not RuleBook.objects.exists()
    call_command("import_rulebook", str(path))
    assert RuleBook.objects.count() == 1
    path.write_bytes(rule_books([rule_book("幽灵党支部")], [criterion("A1", 2)]))
    with pytest.raises(CommandError):
        call_command("import_rulebook", str(path))


def test_the_number_of_queries_does_not_depend_on_the_rows(django_assert_num_queries):
    nobody = Actor(user=User(), is_system=True)
    imported([rule_book(OFFICE), rule_book(LAW)], [criterion("A1", 2)])
    for books, criteria in (
        ([rule_book(OFFICE)], [criterion("A1", 2)]),
        ([rule_book(OFFICE), rule_book(LAW)], [criterion(f"A{n}", 2) for n in range(3)]),
    ):
        file = parse_rulebook(rule_books(books, criteria))
        with django_assert_num_queries(4):
            preview_rulebook(file, by=nobody)
