from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from branches.models import Branch, Committee
from members.imports import apply_roll, parse_roll, preview_roll
from members.imports.roll_plan import Span, SpanChanges, bring_spans
from members.models import (
    Event,
    LeadershipDuty,
    Member,
    Membership,
    Position,
    RollChange,
    User,
)
from members.rights import Actor, system_actor
from tests.workbooks import ORGANISATIONS, person, roll, workbook

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
NEXT = date(2026, 12, 1)
OFFICE, LAW = "办公室党支部", "法规处党支部"

pytestmark = pytest.mark.django_db


def imported(*people, as_of=None, by=None, **kwargs):
    return apply_roll(
        parse_roll(roll(*people, **kwargs)), by=by or system_actor(), at=AT, as_of=as_of
    )


def problems(*people, **kwargs):
    report = imported(*people, **kwargs)
    assert not Member.objects.exists()
    return [(p.sheet, p.row, p.column, p.value) for p in report.problems]


def spans(model, owner="member"):
    return sorted(
        model.objects.values_list(f"{owner}__staff_no", "branch__name", "starts_on", "ends_on"),
        key=str,
    )


def test_a_first_import_has_no_lower_bound():
    report = imported(
        person(1, 党内职务="支部书记", 出生日期="1980.5.6", 性别="女", 手机=13900000001),
        person(
            2, LAW, 领导干部="是", 分管支部=f"{OFFICE}、{LAW}", 协管支部=LAW, 党员类别="预备党员"
        ),
    )
    assert (len(report.created), report.missing, report.problems) == (2, (), ())
    assert spans(Membership) == [("A1", OFFICE, None, None), ("A2", LAW, None, None)]
    assert spans(Position) == [("A1", OFFICE, None, None)]
    assert sorted(LeadershipDuty.objects.values_list("branch__name", "kind", "starts_on")) == [
        (OFFICE, "IN_CHARGE", None),
        (LAW, "ASSISTING", None),
        (LAW, "IN_CHARGE", None),
    ]
    first, second = Member.objects.select_related("user")
    assert (first.name, first.pinyin, first.initials) == ("党员乙", "dangyuanyi", "dyy")
    assert (first.gender, first.born_on, first.phone) == ("FEMALE", date(1980, 5, 6), "13900000001")
    assert (second.category, second.is_leading_cadre) == ("PROBATIONARY", True)
    assert (first.user.username, first.user.has_usable_password()) == ("A1", False)
    assert Event.objects.get(verb="import_roll").details["created"] == 2


def test_organisations_keep_the_order_of_their_first_import():
    rows = [
        {"名称": "B支部", "类型": "党支部", "上级党组织": "总支"},
        {"名称": "总支", "类型": "党总支", "上级党组织": "党委", "单位类别": "机关"},
        {"名称": "党委", "类型": "党委", "上级党组织": ""},
        {"名称": "A支部", "类型": "党支部", "上级党组织": "党委"},
    ]
    imported(person(1, "A支部"), organisations=rows)
    assert [b.name for b in Branch.objects.all()] == ["B支部", "A支部"]
    assert Committee.objects.get(name="总支").parent.name == "党委"
    rows[0]["上级党组织"] = "党委"
    report = imported(person(1, "A支部"), organisations=rows)
    assert len(report.organisations.updated) == 1
    assert Branch.objects.get(name="B支部").committee.name == "党委"
    assert [b.name for b in Branch.objects.all()] == ["B支部", "A支部"]


def test_importing_twice_changes_nothing_and_says_so():
    people = [person(1, 党内职务="支部书记"), person(2, LAW, 领导干部="是", 分管支部=OFFICE)]
    imported(*people)
    report = imported(*people)
    assert report.is_unchanged
    assert report.unchanged == 2
    assert Event.objects.filter(verb="import_roll").count() == 1


def test_another_branch_is_a_transfer_from_next_month():
    imported(person(1), person(2))
    report = imported(person(1, LAW), person(2))
    assert [c.transfer for c in report.transferred] == [(OFFICE, LAW)]
    assert spans(Membership) == [
        ("A1", OFFICE, None, date(2026, 11, 30)),
        ("A1", LAW, NEXT, None),
        ("A2", OFFICE, None, None),
    ]
    assert imported(person(1, LAW), person(2)).is_unchanged


def test_a_transfer_in_the_past_stays_what_it_is_when_imported_again():
    imported(person(1))
    expected = [
        ("A1", OFFICE, None, date(2025, 6, 30)),
        ("A1", LAW, date(2025, 7, 1), None),
    ]
    for _ in range(2):
        report = imported(person(1, LAW), as_of=date(2025, 7, 1))
        assert spans(Membership) == expected
    assert report.is_unchanged
    assert imported(person(1, LAW), as_of=date(2025, 3, 1)).is_unchanged


def test_positions_and_duties_are_brought_to_what_the_file_says():
    imported(
        person(1, 党内职务="支部书记", 领导干部="是", 分管支部=LAW),
        person(2, 党内职务="党员", 领导干部="否", 分管支部=None),
    )
    report = imported(
        person(1, 党内职务="组织委员", 领导干部="否", 分管支部=""),
        person(2, 党内职务="支部书记", 领导干部="是", 分管支部=LAW),
        as_of=date(2026, 3, 1),
    )
    assert len(report.updated) == 2
    before, since = date(2026, 2, 28), date(2026, 3, 1)
    assert sorted(
        Position.objects.values_list("member__staff_no", "kind", "starts_on", "ends_on"), key=str
    ) == [
        ("A1", "ORGANISATION", since, None),
        ("A1", "SECRETARY", None, before),
        ("A2", "SECRETARY", since, None),
    ]
    assert spans(LeadershipDuty, "leader") == [
        ("A1", LAW, None, before),
        ("A2", LAW, since, None),
    ]


def test_a_secretary_who_is_not_in_the_file_hands_over():
    imported(person(1, 党内职务="支部书记"), person(2))
    report = imported(person(2, 党内职务="支部书记"))
    assert any("党员乙" in note and "党员丙" in note for note in report.notes)
    assert spans(Position) == [
        ("A1", OFFICE, None, date(2026, 11, 30)),
        ("A2", OFFICE, NEXT, None),
    ]


def test_somebody_new_in_a_peopled_branch_belongs_to_it_from_next_month():
    imported(person(1))
    report = imported(person(2), person(3, LAW))
    assert spans(Membership) == [
        ("A1", OFFICE, None, None),
        ("A2", OFFICE, NEXT, None),
        ("A3", LAW, None, None),
    ]
    assert [m.staff_no for m in report.missing] == ["A1"]
    assert imported(person(2), person(3, LAW)).is_unchanged


def test_own_fields_are_updated_and_columns_the_file_lacks_left_alone():
    imported(person(1, 手机="13900000001", 邮箱="a@example.org", 党内职务="宣传委员"))
    report = imported(
        {"支部": OFFICE, "工号": "A1", "姓名": "张 三", "手机": None, "登录名": "zhangsan"}
    )
    [change] = report.updated
    assert len(change.details) == 3
    member = Member.objects.get()
    assert (member.name, member.initials) == ("张三", "zs")
    assert (member.phone, member.email) == ("", "a@example.org")
    assert member.user.username == "zhangsan"
    assert Position.objects.count() == 1


def test_every_bad_row_is_named_and_nothing_is_written():
    found = problems(
        person(
            1, 性别="武", 出生日期="去年", 党内职务="组长", 领导干部="也许", 邮箱="x", 手机=None
        ),
        person(1, "不存在的党支部", 分管支部="幽灵党支部；办公室党支部", 领导干部="是"),
        person(2, 登录名="a b", 党内职务="支部书记"),
        person(3, 党内职务="支部书记", 登录名="system"),
        {"支部": None, "工号": None, "姓名": None, "手机": "1"},
        person(4, 工号=123456789012345678, 领导干部="否", 协管支部=LAW),
    )
    assert {sheet for sheet, row, column, value in found} == {"党员名册"}
    assert sorted((row, column, value) for sheet, row, column, value in found) == [
        (2, "党内职务", "组长"),
        (2, "出生日期", "去年"),
        (2, "性别", "武"),
        (2, "邮箱", "x"),
        (2, "领导干部", "也许"),
        (3, "分管支部", "幽灵党支部"),
        (3, "工号", "A1"),
        (3, "支部", "不存在的党支部"),
        (4, "登录名", "a b"),
        (5, "党内职务", "支部书记"),
        (5, "登录名", "system"),
        (6, "姓名", ""),
        (6, "工号", ""),
        (6, "支部", ""),
        (7, "工号", "123456789012346000"),
        (7, "领导干部", "否"),
    ]
    rows = [row for sheet, row, column, value in found]
    assert rows == sorted(rows)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([{"名称": "甲", "类型": "小组", "上级党组织": None}], (2, "类型", "小组")),
        ([{"名称": "甲", "类型": "党支部", "上级党组织": None}], (2, "上级党组织", "")),
        ([{"名称": "甲", "类型": "党委", "上级党组织": "乙"}], (2, "上级党组织", "乙")),
        ([{"名称": "甲", "类型": "党委", "上级党组织": "甲"}], (2, "上级党组织", "甲")),
        (
            [
                {"名称": "甲", "类型": "党委", "上级党组织": None},
                {"名称": "乙", "类型": "党支部", "上级党组织": "甲"},
                {"名称": "丙", "类型": "党支部", "上级党组织": "乙"},
            ],
            (4, "上级党组织", "乙"),
        ),
        (
            [
                {"名称": "甲", "类型": "党委", "上级党组织": "乙"},
                {"名称": "乙", "类型": "党委", "上级党组织": "甲"},
            ],
            (2, "上级党组织", "乙"),
        ),
        (
            [
                {"名称": "甲", "类型": "党委", "上级党组织": None},
                {"名称": "甲", "类型": "党委", "上级党组织": None},
            ],
            (3, "名称", "甲"),
        ),
    ],
)
def test_organisations_must_form_a_tree(rows, place):
    found = problems(organisations=rows)
    assert ("党组织", *place) in found
    assert not Committee.objects.exists()


def test_a_committee_cannot_become_a_branch():
    imported(person(1))
    rows = [*ORGANISATIONS, {"名称": "新党委", "类型": "党委", "上级党组织": None}]
    rows[0] = rows[0] | {"类型": "党支部", "上级党组织": "新党委"}
    report = imported(person(1), organisations=rows)
    assert ("党组织", 2, "类型") in [(p.sheet, p.row, p.column) for p in report.problems]


def test_an_account_name_that_somebody_else_has_is_refused():
    User.objects.create_user("A1")
    assert problems(person(1)) == [("党员名册", 2, "登录名", "A1")]


def test_missing_columns_and_sheets_stop_the_import_at_once():
    report = apply_roll(
        parse_roll(workbook(党员名册=[{"支部": OFFICE, "姓名": "张三"}])), by=system_actor(), at=AT
    )
    assert len(report.problems) == 2


def test_a_dry_run_writes_nothing(tmp_path):
    path = tmp_path / "roll.xlsx"
    path.write_bytes(roll(person(1)))
    call_command("import_roll", str(path), dry_run=True)
    assert not Member.objects.exists()
    assert not Committee.objects.exists()
    assert not User.objects.exists()


def test_the_command_reports_and_is_idempotent(tmp_path, capsys):
    path = tmp_path / "roll.xlsx"
    path.write_bytes(roll(person(1)))
    call_command("import_roll", str(path), as_of=None)
    call_command("import_roll", str(path), as_of=None)
    assert Member.objects.count() == 1
    path.write_bytes(roll(person(1, 性别="武")))
    with pytest.raises(CommandError):
        call_command("import_roll", str(path))
    assert "性别" in capsys.readouterr().err


def test_the_number_of_queries_does_not_depend_on_the_rows(django_assert_num_queries):
    imported(person(1))
    for people in ([person(1)], [person(1), person(2), person(3, LAW)]):
        parsed = parse_roll(roll(*people))
        with django_assert_num_queries(8):
            preview_roll(parsed, by=system_actor_without_query(), today=date(2026, 11, 22))


def system_actor_without_query():
    return Actor(user=User(), is_system=True)


def test_staff_import_only_below_their_committee():
    imported(person(1), person(2, LAW))
    other = Committee.objects.create(name="外单位党委", kind="PARTY_COMMITTEE")
    staff = Actor(user=User.objects.create_user("staff"), committees=frozenset({other.pk}))
    report = imported(person(1, 姓名="改名"), person(2, LAW), by=staff)
    assert {(p.row, p.column) for p in report.problems} == {
        (2, "支部"),
        (2, "工号"),
        (3, "支部"),
        (3, "工号"),
    }
    top = Committee.objects.get(name="厅直属机关党委")
    own = Actor(
        user=staff.user,
        committees=frozenset({top.pk}),
        branches_below=frozenset(Branch.objects.values_list("pk", flat=True)),
    )
    assert imported(person(1, 姓名="改名"), person(2, LAW), by=own).problems == ()


D = date
TODAY, START = D(2026, 11, 22), D(2026, 12, 1)
END = D(2026, 11, 30)
A, B = ("甲", ""), ("乙", "")


@pytest.mark.parametrize(
    ("stored", "target", "start", "changes"),
    [
        ([], {A}, START, SpanChanges(create=((A, START),))),
        ([(1, A, None, None)], {A}, START, SpanChanges()),
        ([(1, A, None, None)], {A}, D(2025, 1, 1), SpanChanges()),
        ([(1, A, START, None)], {A}, START, SpanChanges()),
        (
            [(1, A, None, None)],
            {B},
            START,
            SpanChanges(end=((1, END),), create=((B, START),)),
        ),
        ([(1, A, None, END), (2, B, START, None)], {B}, START, SpanChanges()),
        (
            [(1, A, None, END), (2, B, START, None)],
            {("丙", "")},
            START,
            SpanChanges(delete=(2,), create=((("丙", ""), START),)),
        ),
        # Brought forward: the planned transfer gives way to the one imported.
        (
            [(1, A, None, D(2027, 1, 31)), (2, B, D(2027, 2, 1), None)],
            {B},
            START,
            SpanChanges(end=((1, END),), delete=(2,), create=((B, START),)),
        ),
        # What the file agrees with today stays, whatever is planned.
        ([(1, A, None, END), (2, B, START, None)], {A}, START, SpanChanges()),
        ([(1, A, None, None), (2, B, None, None)], {A}, START, SpanChanges(end=((2, END),))),
        ([(1, A, None, None)], set(), START, SpanChanges(end=((1, END),))),
        # A planned end of what is to stay is taken back.
        (
            [(1, A, None, D(2027, 1, 31)), (2, B, None, None)],
            {A},
            START,
            SpanChanges(end=((1, None), (2, END))),
        ),
    ],
)
def test_bring_spans(stored, target, start, changes):
    rows = [Span(*row) for row in stored]
    assert bring_spans(rows, frozenset(target), today=TODAY, start=start) == changes


def test_a_transfer_by_import_has_its_reason_and_its_history():
    imported(person(1), person(2))
    imported(person(1, LAW), person(2, LAW))

    assert list(
        Membership.objects.order_by("pk").values_list(
            "member__staff_no", "branch__name", "ends_on", "end_reason"
        )
    ) == [
        ("A1", OFFICE, date(2026, 11, 30), "TRANSFERRED"),
        ("A2", OFFICE, date(2026, 11, 30), "TRANSFERRED"),
        ("A1", LAW, None, ""),
        ("A2", LAW, None, ""),
    ]
    assert list(
        RollChange.objects.order_by("pk").values_list("member__staff_no", "kind", "takes_effect_on")
    ) == [("A1", "TRANSFER", NEXT), ("A2", "TRANSFER", NEXT)]


@pytest.mark.parametrize("people", [1, 3])
def test_importing_transfers_takes_the_same_statements(people, django_assert_num_queries):
    everybody = range(1, people + 1)
    imported(*(person(number) for number in everybody))

    with django_assert_num_queries(21):
        imported(*(person(number, LAW) for number in everybody))
