from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from members.imports import apply_roll, parse_roll
from members.models import Event, Exemption, Member, User
from members.rights import Actor, system_actor
from points.imports import apply_rulebook, parse_rulebook
from points.models import Decision, Entry, MonthlyResult, ResultLine
from reviews.imports import apply_ledger, parse_ledger, preview_ledger
from reviews.models import Round
from reviews.services.ledger import check_ledger
from tests.workbooks import (
    criterion,
    entry,
    ledger,
    person,
    roll,
    rule_book,
    rule_books,
)

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
TODAY = date(2026, 11, 22)
OFFICE, LAW = "办公室党支部", "法规处党支部"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def department(kept_rows):
    people = (person(1), person(2), person(3, LAW))
    apply_roll(parse_roll(roll(*people)), by=system_actor(), at=AT)
    apply_rulebook(
        parse_rulebook(
            rule_books(
                [rule_book(OFFICE), rule_book(LAW, 基础分=60, 合格分值=60)],
                [
                    criterion("A1", 5, 每年限分=12),
                    criterion("B1", -12),
                    criterion("C1", 2.5, 每月限次=1),
                    criterion("Z1", 0, 一票归零="是"),
                ],
            )
        ),
        by=system_actor(),
        at=AT,
    )


def imported(*rows, by=None, **kwargs):
    return apply_ledger(parse_ledger(ledger(*rows, **kwargs)), by=by or system_actor(), at=AT)


def scores():
    return {
        (staff_no, f"{month:%Y-%m}"): None if score is None else str(score)
        for staff_no, month, score in MonthlyResult.objects.current()
        .order_by("member__staff_no", "month")
        .values_list("member__staff_no", "month", "score")
    }


def test_every_row_is_an_approved_entry_and_everybody_on_the_roster_gets_a_result():
    report = imported(
        entry("2025-01", "A1", "A1", 姓名="党员乙", 发生日期="2025-01-09", 事由="领学"),
        entry("2025年1月", "A2", "C1", 次数=2),
        entry(202501, "A2", "B1", 认定分值=-3.5),
        months=[("2025-01", OFFICE), ("2025-01", LAW)],
    )
    assert (report.problems, len(report.sheets)) == ((), 2)
    assert scores() == {
        ("A1", "2025-01"): "85.00",
        ("A2", "2025-01"): "79.00",
        ("A3", "2025-01"): "60.00",
    }
    assert list(
        Decision.objects.order_by("entry").values_list(
            "entry__member__staff_no",
            "entry__criterion__code",
            "entry__occurred_on",
            "entry__times",
            "entry__claimed_points",
            "points",
            "entry__reason",
        )
    ) == [
        ("A1", "A1", date(2025, 1, 9), 1, 5, 5, "领学"),
        ("A2", "B1", date(2025, 1, 31), 1, -12, Decimal("-3.50"), ""),
        ("A2", "C1", date(2025, 1, 31), 2, 5, 5, ""),
    ]
    by = set(Decision.objects.values_list("decided_by__username", "outcome", "is_current"))
    assert by == {("system", "APPROVED", True)}
    assert set(Entry.objects.values_list("source", flat=True)) == {"IMPORTED"}
    assert set(MonthlyResult.objects.values_list("is_final", "is_current")) == {(True, True)}
    assert set(Round.objects.values_list("state", "thresholds_checked_at")) == {("CLOSED", None)}
    assert Event.objects.get(verb="import_ledger").details["entries"] == 3
    assert list(check_ledger()) == []


def test_months_are_computed_in_order_whatever_the_order_of_the_rows():
    imported(
        entry("2025-03", "A1", "A1"),
        entry("2025-01", "A1", "A1"),
        entry("2026-01", "A1", "A1"),
        entry("2025-02", "A1", "A1"),
    )
    assert [scores()["A1", f"2025-0{n}"] for n in (1, 2, 3)] == ["85.00", "85.00", "82.00"]
    assert scores()["A1", "2026-01"] == "85.00"
    line = ResultLine.objects.get(result__month=date(2025, 3, 1))
    assert line.cuts == [{"cap": "POINTS_YEAR", "limit": "12.00", "lost": "3.00"}]


@pytest.mark.parametrize(
    ("places", "expected"),
    [((None, None), ["A1", "C1"]), ((2, 1), ["C1", "A1"]), ((None, 1), ["A1", "C1"])],
)
def test_an_exported_ledger_says_in_which_order_a_days_entries_counted(places, expected):
    codes = zip(("A1", "C1"), places, strict=True)
    rows = [entry("2025-01", "A1", code, 当日次序=place) for code, place in codes]
    assert imported(*rows).problems == ()
    assert list(Entry.objects.order_by("pk").values_list("criterion__code", flat=True)) == expected


def test_a_zeroed_month_uses_nothing_of_the_year_up():
    imported(
        entry("2025-01", "A1", "A1", 次数=2),
        entry("2025-01", "A1", "Z1"),
        entry("2025-02", "A1", "A1", 次数=2),
    )
    assert scores()["A1", "2025-01"] == "0.00"
    assert scores()["A1", "2025-02"] == "90.00"


def test_a_transfer_carries_the_use_of_the_year_along():
    apply_roll(
        parse_roll(roll(person(1, LAW), person(2), person(3, LAW))),
        by=system_actor(),
        at=AT,
        as_of=date(2025, 2, 1),
    )
    imported(entry("2025-01", "A1", "A1", 次数=2), entry("2025-02", "A1", "A1", LAW), months=[])
    assert scores()["A1", "2025-02"] == "62.00"
    assert MonthlyResult.objects.filter(member__staff_no="A1").count() == 2


def test_an_exempt_month_is_not_assessed_and_uses_nothing_up():
    report = imported(
        entry("2025-01", "A1", "A1", 次数=2),
        entry("2025-02", "A1", "A1", 次数=2),
        exemptions=[{"工号": "A1", "起始年月": "2025-01", "结束年月": "2025-01", "原因": "病假"}],
    )
    assert len(report.exemptions) == 1
    assert scores()["A1", "2025-01"] is None
    assert scores()["A1", "2025-02"] == "90.00"
    assert Exemption.objects.get().reason == "病假"
    assert list(check_ledger()) == []


def test_importing_twice_in_any_order_changes_nothing_and_says_so():
    rows = [
        entry("2025-01", "A1", "A1"),
        entry("2025-01", "A1", "A1"),
        entry("2025-02", "A2", "B1"),
    ]
    more = {
        "months": [("2025-02", LAW)],
        "exemptions": [{"工号": "A3", "起始年月": "2025-02", "结束年月": "2025-03"}],
    }
    imported(*rows, **more)
    report = imported(*reversed(rows), **more)
    assert report.is_unchanged
    assert len(report.unchanged) == 3
    assert Entry.objects.count() == 3


def test_a_closed_month_with_other_rows_is_refused():
    imported(entry("2025-01", "A1", "A1"), months=[("2025-02", OFFICE)])
    report = imported(
        entry("2025-01", "A1", "A1"), entry("2025-01", "A1", "A1"), entry("2025-02", "A1", "A1")
    )
    assert [(p.row, p.column, p.value) for p in report.problems] == [
        (2, "年月", "2025-01"),
        (4, "年月", "2025-02"),
    ]
    assert Entry.objects.count() == 1


def test_new_months_are_added_to_those_imported_before():
    imported(entry("2025-02", "A1", "A1", 次数=2))
    report = imported(entry("2025-02", "A1", "A1", 次数=2), entry("2025-03", "A1", "A1"))
    assert (len(report.sheets), len(report.unchanged)) == (1, 1)
    assert scores()["A1", "2025-03"] == "82.00"


def test_an_earlier_month_that_comes_late_revises_those_after_it():
    imported(entry("2025-02", "A1", "A1", 次数=2), entry("2025-03", "A1", "A1"))
    Round.objects.update(thresholds_checked_at=AT)
    assert scores()["A1", "2025-03"] == "82.00"
    imported(entry("2025-01", "A1", "A1", 次数=2))
    assert [scores()["A1", f"2025-0{n}"] for n in (1, 2, 3)] == ["90.00", "82.00", "80.00"]
    revised = MonthlyResult.objects.current().get(month=date(2025, 3, 1), member__staff_no="A1")
    assert (revised.revision, revised.is_final, bool(revised.revision_reason)) == (2, True, True)
    unchecked = Round.objects.filter(thresholds_checked_at=None)
    assert {f"{r.month:%Y-%m}" for r in unchecked} == {"2025-01", "2025-02", "2025-03"}
    assert list(check_ledger()) == []


def test_every_bad_row_is_named_and_nothing_is_written():
    report = imported(
        entry("2025-01", "A1", "X9"),
        entry("2025-01", "A9", "A1"),
        entry("2025-01", "A3", "A1"),
        entry("2025-01", "A1", "A1", "幽灵党支部"),
        entry("2024-11", "A1", "A1"),
        entry("2026-12", "A1", "A1"),
        entry("某月", "A1", "A1"),
        entry("2025-01", "A1", "A1", 次数=0, 认定分值=1.234, 发生日期="2025-02-01"),
        entry("2025-01", "A1", "A1", 发生日期="昨天", 姓名="别人"),
        entry("2025-01", "A1", "A1", 姓名="别 人"),
        entry("2025-01", "A1", "B1", 次数=9999.99),
        entry(None, None, None, None, 事由="x"),
        months=[("2024-11", OFFICE), ("2025-13", OFFICE)],
        exemptions=[
            {"工号": "A9", "起始年月": "2025-01", "结束年月": "2025-01"},
            {"工号": "A1", "起始年月": "2025-03", "结束年月": "2025-01"},
            {"工号": "A1", "起始年月": "2025-03", "结束年月": "2025-05"},
            {"工号": "A1", "起始年月": "2025-05", "结束年月": "2025-06"},
        ],
    )
    assert sorted((p.sheet, p.row, p.column) for p in report.problems) == sorted(
        [
            ("积分台账", 2, "编号"),
            ("积分台账", 3, "工号"),
            ("积分台账", 4, "工号"),
            ("积分台账", 5, "支部"),
            ("积分台账", 6, "年月"),
            ("积分台账", 7, "年月"),
            ("积分台账", 8, "年月"),
            ("积分台账", 9, "次数"),
            ("积分台账", 9, "认定分值"),
            ("积分台账", 9, "发生日期"),
            ("积分台账", 10, "发生日期"),
            ("积分台账", 11, "姓名"),
            ("积分台账", 13, "年月"),
            ("积分台账", 13, "支部"),
            ("积分台账", 13, "工号"),
            ("积分台账", 13, "编号"),
            ("参评月份", 2, "年月"),
            ("参评月份", 3, "年月"),
            ("免评", 2, "工号"),
            ("免评", 3, "结束年月"),
            ("免评", 5, "起始年月"),
        ]
    )
    assert not Round.objects.exists()
    assert not Entry.objects.exists()
    assert not Exemption.objects.exists()


def test_a_round_under_way_is_not_imported_over():
    imported(entry("2025-01", "A1", "A1"))
    Round.objects.update(state=Round.State.OPEN, closed_at=None)
    report = imported(entry("2025-01", "A1", "A1"))
    assert [(p.row, p.column) for p in report.problems] == [(2, "年月")]


def test_an_exemption_cannot_come_after_its_month_was_closed():
    imported(entry("2025-01", "A1", "A1"))
    exemptions = [{"工号": "A1", "起始年月": "2024-12", "结束年月": "2025-02"}]
    report = imported(entry("2025-02", "A1", "A1"), exemptions=exemptions)
    assert [(p.sheet, p.row) for p in report.problems] == [("免评", 2)]


def test_missing_columns_stop_the_import_at_once():
    rows = [{"年月": "2025-01", "支部": OFFICE, "工号": "A1"}]
    assert len(parse_ledger(ledger(*rows)).problems) == 1


def test_staff_import_only_below_their_committee():
    staff = Actor(user=User.objects.create_user("staff"))
    report = imported(entry("2025-01", "A1", "A1"), by=staff)
    assert [(p.row, p.column) for p in report.problems] == [(2, "支部")]


def test_the_command_dry_runs_refuses_and_imports(tmp_path):
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(ledger(entry("2025-01", "A1", "A1")))
    call_command("import_ledger", str(path), dry_run=True)
    assert not Round.objects.exists()
    call_command("import_ledger", str(path))
    assert Round.objects.count() == 1
    path.write_bytes(ledger(entry("2025-01", "A9", "A1")))
    with pytest.raises(CommandError):
        call_command("import_ledger", str(path))


def test_the_number_of_queries_does_not_depend_on_the_rows(
    django_assert_num_queries, django_assert_max_num_queries
):
    nobody = Actor(user=User(), is_system=True)
    one = parse_ledger(ledger(entry("2025-01", "A1", "A1")))
    many = parse_ledger(
        ledger(
            *[entry("2025-01", f"A{n}", code) for n in (1, 2) for code in ("A1", "B1", "C1")] * 9
        )
    )
    for file in (one, many):
        with django_assert_num_queries(7):
            preview_ledger(file, by=nobody, today=TODAY)
    by = system_actor()
    with django_assert_max_num_queries(30):
        apply_ledger(many, by=by, at=AT)


def test_check_ledger_finds_a_score_that_entries_do_not_bear_out():
    imported(entry("2025-01", "A1", "A1"), entry("2025-02", "A2", "B1"))
    MonthlyResult.objects.filter(member__staff_no="A1", month=date(2025, 1, 1)).update(
        score=Decimal("99")
    )
    [difference] = check_ledger()
    assert (difference.member, difference.stored, difference.computed) == (
        Member.objects.get(staff_no="A1"),
        Decimal("99.00"),
        Decimal("85.00"),
    )
    with pytest.raises(CommandError):
        call_command("check_ledger")


def test_check_ledger_finds_a_wrong_line_and_does_not_believe_it_later():
    imported(entry("2025-01", "A1", "A1", 次数=2), entry("2025-02", "A1", "A1"))
    ResultLine.objects.filter(result__month=date(2025, 1, 1)).update(credited=Decimal("1"))
    assert [f"{d.month:%Y-%m}" for d in check_ledger()] == ["2025-01"]
