"""A small department's year through the commands, with every figure worked out by hand.

Base 80, line 70; in 办公室: A1 is the secretary and in charge of 法规处; A2 below the line from
December to February; A3 and A7 tie; A4 is probationary. In 法规处: A5 is the secretary and has a
zero month; A6 is exempt for three months; A0 is below in every month; A7 leaves for 办公室 in July
and takes along what the year's cap has left.
"""

import random
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from members.models import Event
from points.models import MonthlyResult
from reviews.models import AnnualResult, FollowUp, YearEnd
from tests.workbooks import (
    criterion,
    entry,
    ledger,
    person,
    roll,
    rule_book,
    rule_books,
)

OFFICE, LAW = "办公室党支部", "法规处党支部"
pytestmark = pytest.mark.django_db

MONTHS = ["2024-12", *(f"2025-{number:02}" for number in range(1, 13))]
ROWS = [
    *(entry(month, "A2", "B1") for month in MONTHS[:3]),
    *(entry(month, "A3", "A1") for month in MONTHS[1:5]),
    entry("2025-01", "A4", "A1"),
    entry("2025-05", "A5", "A1", LAW),
    entry("2025-05", "A5", "Z1", LAW),
    entry("2025-01", "A7", "A1", LAW),
    entry("2025-08", "A7", "A1", OFFICE, 次数=3, 认定分值=10),
    *(entry(month, "A0", "B1", LAW, 次数=2) for month in MONTHS[1:]),
]


def people(seven):
    return [
        person(1, 党内职务="支部书记", 领导干部="是", 分管支部=LAW),
        person(2),
        person(3),
        person(4, 党员类别="预备党员"),
        person(5, LAW, 党内职务="支部书记"),
        person(6, LAW),
        person(7, seven),
        person(0, LAW),
    ]


@pytest.fixture
def files(tmp_path):
    criteria = [
        criterion("A1", 5, 每年限分=12),
        criterion("B1", -12),
        criterion("Z1", 0, 一票归零="是", 类别="遵守纪律规矩"),
    ]
    content = {
        "roll": roll(*people(LAW)),
        "rules": rule_books([rule_book(OFFICE), rule_book(LAW)], criteria),
        "midyear": roll(*people(OFFICE)),
        "ledger": ledger_of(ROWS),
    }
    for name, data in content.items():
        (tmp_path / f"{name}.xlsx").write_bytes(data)
    return tmp_path


def ledger_of(rows):
    return ledger(
        *rows,
        months=[(month, branch) for month in MONTHS for branch in (OFFICE, LAW)],
        exemptions=[
            {"工号": "A6", "起始年月": "2025-03", "结束年月": "2025-05", "原因": "长期病假"}
        ],
    )


def commands(files):
    return [
        ("import_roll", str(files / "roll.xlsx")),
        ("import_rulebook", str(files / "rules.xlsx")),
        ("import_roll", str(files / "midyear.xlsx"), "--as-of", "2025-07"),
        ("import_ledger", str(files / "ledger.xlsx")),
        ("month_end",),
        ("close_year", "2025"),
        ("export_year", "2025", "-o", str(files / "year.xlsx")),
        ("check_ledger",),
    ]


def run(files, times=1):
    for command in commands(files):
        for _ in range(times):
            call_command(*command)
    return openpyxl.load_workbook(files / "year.xlsx")


def rows_of(book, sheet):
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


def year(
    name, rank, staff_no, months, total, assessed, average, line, below, zeros, candidate, why
):
    person = f"党员{'甲乙丙丁戊己庚辛'[int(staff_no[1])]}"
    figures = [total, assessed, average, line, below, zeros, candidate, why]
    return [name, rank, staff_no, person, *months, *figures]


def twelve(**others):
    """Twelve months of 80, but for those named: ``twelve(m1=85)``."""
    return [others.get(f"m{number}", 80) for number in range(1, 13)]


A7 = year(OFFICE, 1, "A7", twelve(m1=85, m8=87), 972, 12, 81, 840, "否", 0, "是", None)
A3 = year(OFFICE, 1, "A3", twelve(m1=85, m2=85, m3=82), 972, 12, 81, 840, "否", 0, "是", None)
A4 = year(OFFICE, 3, "A4", twelve(m1=85), 965, 12, 80.42, 840, "否", 0, "否", "预备党员")
A1 = year(OFFICE, 4, "A1", twelve(), 960, 12, 80, 840, "否", 0, "否", None)
A2 = year(OFFICE, 5, "A2", twelve(m1=68, m2=68), 936, 12, 78, 840, "否", 0, "否", None)
A5 = year(LAW, 1, "A5", twelve(m5=0), 880, 12, 73.33, 840, "否", 1, "否", "零分")
A6 = year(
    LAW, 2, "A6", twelve(m3=None, m4=None, m5=None), 720, 9, 80, 630, "否", 0, "是", "3月、4月、5月"
)
A0 = year(LAW, 3, "A0", [56] * 12, 672, 12, 56, 840, "是", 0, "否", "合格")


def assert_expected(book):
    header, *lines = rows_of(book, "年度汇总")
    assert header == [
        *["支部", "名次", "工号", "姓名"],
        *[f"{number}月" for number in range(1, 13)],
        *["年度总分", "参评月数", "年度平均分", "合格线合计"],
        *["低于合格线", "零分月数", "评优资格", "说明"],
    ]
    assert [line[:-1] for line in lines] == [row[:-1] for row in (A3, A7, A4, A1, A2, A5, A6, A0)]
    assert [bool(line[-1]) for line in lines] == [
        False,
        False,
        True,
        False,
        False,
        True,
        True,
        True,
    ]
    assert "3月、4月、5月" in lines[6][-1]
    assert rows_of(book, "支部资格") == [
        [
            "支部",
            "参评人数",
            "低于合格线人数",
            "占比",
            "五好党支部参评资格",
            "优秀党支部书记参评资格",
        ],
        [OFFICE, 5, 0, 0, "是", "是"],
        [LAW, 3, 1, pytest.approx(1 / 3), "否", "否"],
    ]
    header, *lines = rows_of(book, "谈话约谈处置")
    assert header == ["支部", "工号", "姓名", "事项", "连续起始年月", "触发年月", "责任人", "状态"]
    assert [[*line[:2], *line[3:6]] for line in lines] == [
        [OFFICE, "A2", "约谈整改", "2024-12", "2025-01"],
        [OFFICE, "A2", "组织处置", "2024-12", "2025-02"],
        [LAW, "A5", "谈话整改", "2025-05", "2025-05"],
        [LAW, "A0", "谈话整改", "2025-01", "2025-01"],
        [LAW, "A0", "约谈整改", "2025-01", "2025-02"],
        [LAW, "A0", "组织处置", "2025-01", "2025-03"],
    ]
    assert lines[3][6] == "党员己"
    header, *lines = rows_of(book, "说明事项")
    assert header == ["支部", "责任人工号", "责任人", "事项", "年度", "涉及党员", "状态"]
    assert [line[:6] for line in lines] == [
        [LAW, "A5", "党员己", "述职述廉说明", 2025, "A5"],
        [LAW, "A1", "党员乙", "民主生活会说明", 2025, "A5"],
    ]


def test_a_year_from_roll_to_workbook(files):
    assert_expected(run(files))


def test_every_command_twice_and_then_all_of_them_again(files):
    run(files, times=2)
    assert_expected(run(files))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_the_ledger_s_rows_decides_nothing(files, seed):
    rows = list(ROWS)
    random.Random(seed).shuffle(rows)
    (files / "ledger.xlsx").write_bytes(ledger_of(rows))
    assert_expected(run(files))


def test_a_year_with_open_rounds_is_refused_with_the_list(files, capsys):
    for command in commands(files)[:3]:
        call_command(*command)
    (files / "short.xlsx").write_bytes(ledger(*ROWS[:3], months=[("2025-01", LAW)]))
    call_command("import_ledger", str(files / "short.xlsx"))
    with pytest.raises(CommandError):
        call_command("close_year", "2025")
    listed = capsys.readouterr().err
    assert f"{OFFICE} 2025-03" in listed
    assert f"{OFFICE} 2025-02" not in listed
    assert f"{LAW} 2025-12" in listed
    assert not YearEnd.objects.exists()
    with pytest.raises(CommandError):
        call_command("export_year", "2025", output=str(files / "year.xlsx"))
    call_command("close_year", "2025", provisional=True)
    assert YearEnd.objects.get().state == YearEnd.State.PROVISIONAL
    assert AnnualResult.objects.get(member__staff_no="A2").total == Decimal("136.00")


def test_provisional_figures_are_computed_anew_and_frozen_ones_never(files):
    for command in commands(files)[:5]:
        call_command(*command)
    call_command("close_year", "2025", provisional=True)
    MonthlyResult.objects.filter(member__staff_no="A1", month="2025-03-01").update(
        score=Decimal("90.00")
    )
    call_command("close_year", "2025")
    assert AnnualResult.objects.get(member__staff_no="A1").total == Decimal("970.00")
    MonthlyResult.objects.filter(member__staff_no="A1").update(score=Decimal("10.00"))
    call_command("close_year", "2025")
    call_command("close_year", "2025", provisional=True)
    assert AnnualResult.objects.get(member__staff_no="A1").total == Decimal("970.00")
    assert YearEnd.objects.get().state == YearEnd.State.FROZEN


def test_a_month_revised_after_freezing_keeps_its_figure_and_the_later_one_beside_it(files):
    run(files)
    old = MonthlyResult.objects.get(member__staff_no="A1", month="2025-03-01")
    MonthlyResult.objects.filter(pk=old.pk).update(is_current=False)
    old.pk, old.revision, old.score = None, 2, Decimal("83.50")
    old.computed_at = datetime.fromisoformat("2999-01-01T00:00:00+08:00")
    old.save(force_insert=True)
    call_command("export_year", "2025", output=str(files / "year.xlsx"))
    line = rows_of(openpyxl.load_workbook(files / "year.xlsx"), "年度汇总")[4]
    assert (line[2], line[6], line[16]) == ("A1", 80, 960)
    assert "83.50" in line[-1]


def test_an_export_is_logged_and_formatted(files):
    book = run(files)
    event = Event.objects.get(verb="export_year")
    assert (event.details["year"], event.details["members"]) == (2025, 8)
    page = book["年度汇总"]
    assert (page.freeze_panes, page.auto_filter.ref) == ("A2", "A1:X9")
    assert page["E2"].number_format == "0.00"
    shares = [book["支部资格"][cell].number_format for cell in ("D2", "D3")]
    assert shares == ["0%", "0.0%"]
    assert isinstance(book["谈话约谈处置"]["E2"].value, str)


def test_withdrawn_follow_ups_are_left_out(files):
    run(files)
    FollowUp.objects.filter(member__staff_no="A5").update(
        state=FollowUp.State.WITHDRAWN,
        withdrawn_at=datetime.fromisoformat("2026-01-01T00:00+08:00"),
    )
    call_command("export_year", "2025", output=str(files / "year.xlsx"))
    lines = rows_of(openpyxl.load_workbook(files / "year.xlsx"), "谈话约谈处置")
    assert "A5" not in [line[1] for line in lines]


def test_an_unknown_committee_is_refused(files):
    run(files)
    with pytest.raises(CommandError):
        call_command("close_year", "2025", committee="不存在的党委")
    call_command("export_year", "2025", output=str(files / "one.xlsx"), committee="厅直属机关党委")
    assert (files / "one.xlsx").exists()
