"""Every kind of export, reopened and compared cell by cell with what is stored."""

from collections import Counter
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils.translation import gettext as _
from docx import Document

from branches.models import Branch
from members.models import LeadershipDuty, Member, Position
from members.rights import actor_on, system_actor
from points.models import Decision, Entry, MonthlyResult
from reviews.exports.kinds import KINDS, kinds_for
from reviews.models import Appraisal, Export, FollowUp, Publication, Round
from reviews.services.year_end import close_year
from tests.factories import BranchFactory
from tests.reviews.branch_month import BranchMonth
from tests.reviews.exporting import (
    NOW,
    at_noon,
    header_of,
    made,
    rows_of,
    workbook_of,
)
from tests.reviews.final_results import even_year

pytestmark = pytest.mark.django_db
DAY = date(2027, 1, 10)
Kind = Export.Kind


@pytest.fixture(scope="module")
def october(kept_rows) -> BranchMonth:
    """October of a branch, closed: a declared entry, an absence, a punishment."""
    found = BranchMonth()
    Member.objects.filter(pk=found.other.pk).update(name="=1+1", staff_no="@42")
    found.other.refresh_from_db()
    found.file("member", found.line(day=8))
    found.file("other", found.line(day=9, times="1.50"))
    Entry.objects.filter(member=found.other).update(reason='=HYPERLINK("http://x","y")')
    found.register("other", "deputy")
    found.register("other", by="staff", item=found.item(found.punished))
    found.publish()
    found.close()
    return found


@pytest.fixture
def month(october) -> BranchMonth:
    return deepcopy(october)


def test_the_ledger_has_the_decided_points_of_every_entry_that_counts(month):
    book = workbook_of(made("LEDGER", month.actor("staff"), first="2026-10", last="2026-10"))

    counting = Decision.objects.filter(is_current=True, outcome="APPROVED").order_by(
        "entry__member__roll_order", "entry__occurred_on", "entry"
    )
    of_day: Counter[tuple[int, date]] = Counter()

    def place(one: Entry) -> int:
        of_day[one.member_id, one.occurred_on] += 1
        return of_day[one.member_id, one.occurred_on]

    assert rows_of(book, "积分台账") == [
        (
            "2026-10",
            month.branch.name,
            one.entry.member.staff_no,
            one.entry.member.name,
            one.entry.criterion.code,
            float(one.entry.times),
            float(one.points),
            one.entry.occurred_on,
            one.entry.reason,
            place(one.entry),
        )
        for one in counting.select_related("entry__member", "entry__criterion")
    ]
    assert len(rows_of(book, "积分台账")) == 5
    assert rows_of(book, "参评月份") == [("2026-10", month.branch.name)]
    assert rows_of(book, "免评") == []
    assert dict(rows_of(book, "说明")) == {
        "导出范围": month.branch.name,
        "导出人": str(month.users["staff"]),
        "导出时间": "2027-01-10 09:00",
        "起止年月": "2026-10 至 2026-10",
    }


def test_what_only_the_committee_may_name_is_counted_and_left_out_for_the_branch(month):
    book = workbook_of(made("LEDGER", month.actor("secretary"), first="2026-10", last="2026-10"))

    assert month.punished.code not in {row[4] for row in rows_of(book, "积分台账")}
    assert len(rows_of(book, "积分台账")) == 4
    assert dict(rows_of(book, "说明"))["未列入的党委登记事项"].startswith("1条")


def test_what_was_typed_never_becomes_a_formula(month):
    book = workbook_of(made("LEDGER", month.actor("staff"), first="2026-10", last="2026-10"))

    typed = [
        cell
        for row in book["积分台账"].iter_rows(min_row=2)
        for cell in row
        if str(cell.value).startswith(("=", "@", "+", "-")) and isinstance(cell.value, str)
    ]
    assert {cell.value for cell in typed} >= {"=1+1", "@42", '=HYPERLINK("http://x","y")'}
    assert {(cell.data_type, cell.quotePrefix) for cell in typed} == {("s", True)}


def test_the_publication_shows_what_its_notice_shows(month):
    publication = Publication.objects.get()
    by = month.actor("secretary")
    book = workbook_of(
        made("PUBLICATION", by, branches=[month.branch.pk], publication=publication.pk)
    )

    results = MonthlyResult.objects.current().filter(branch=month.branch)
    table = rows_of(book, "月度公示表")
    assert [row[:-1] for row in table] == [
        (
            "2026-10",
            number,
            one.member.name,
            float(one.base),
            float(one.plus),
            float(one.minus),
            float(one.score),
            float(one.pass_line),
            "否",
        )
        for number, one in enumerate(
            results.select_related("member").order_by("member__roll_order"), start=1
        )
    ]
    said = {row[2]: row[-1] for row in table}
    assert said[month.member.name] == f"{month.study.text} +2"
    hidden = _("a matter that is not made public")
    assert said["=1+1"].count(hidden) == 1
    matters = rows_of(book, "公示事项")
    assert ("2026-10", "=1+1", hidden, 1, -10) in matters
    assert month.punished.text not in str(table + matters)
    assert len(matters) == 5
    assert dict(rows_of(book, "说明"))["公示期"].startswith(f"{publication.starts_on}")


def test_follow_ups_say_who_and_until_when_and_nothing_of_what_was_said(month):
    talk = FollowUp.objects.create(
        kind="TALK",
        branch=month.branch,
        member=month.other,
        holder=month.secretary,
        first_month=date(2026, 9, 1),
        trigger_month=date(2026, 9, 1),
        year=2026,
        due_on=date(2026, 11, 5),
        opened_at=NOW,
    )
    FollowUp.objects.create(
        kind="TALK",
        branch=month.branch,
        member=month.member,
        first_month=date(2026, 9, 1),
        trigger_month=date(2026, 9, 1),
        year=2026,
        opened_at=NOW,
    )
    book = workbook_of(made("FOLLOW_UPS", month.actor("staff"), year=2026))

    rows = rows_of(book, "结果运用事项")
    [unnamed] = [row for row in rows if row[2] == month.member.staff_no and row[6] == "2026-09"]
    assert unnamed[8:10] == (month.secretary.staff_no, month.secretary.name)
    rows.remove(unnamed)
    assert len(rows) == FollowUp.objects.filter(branch=month.branch).count() - 1
    assert rows[0] == (
        month.branch.name,
        "谈话整改",
        "@42",
        "=1+1",
        2026,
        "2026-09",
        "2026-09",
        None,
        month.secretary.staff_no,
        month.secretary.name,
        talk.get_state_display(),
        date(2026, 11, 5),
        "是",
        "否",
        NOW.date(),
        None,
        None,
    )


def test_a_branch_has_no_interview_in_its_file(month):
    for kind in ("TALK", "INTERVIEW"):
        FollowUp.objects.create(
            kind=kind,
            branch=month.branch,
            member=month.member,
            first_month=date(2025, 9, 1),
            trigger_month=date(2025, 10, 1),
            year=2025,
            opened_at=NOW,
        )

    def kinds(name):
        book = workbook_of(made("FOLLOW_UPS", month.actor(name), year=2025))
        return [row[1] for row in rows_of(book, "结果运用事项")]

    assert kinds("staff") == ["谈话整改", "约谈整改"]
    assert kinds("secretary") == ["谈话整改"]
    assert kinds("organiser") == []


def test_progress_has_states_days_and_counts_and_never_a_score(month):
    BranchFactory(committee=month.committee, name="新建党支部")
    book = workbook_of(made("PROGRESS", month.actor("staff"), first="2026-10", last="2026-11"))

    round_, publication = Round.objects.get(), Publication.objects.get()
    blank = (None,) * 11
    assert rows_of(book, "工作进度") == [
        (
            month.branch.name,
            "2026-10",
            round_.get_state_display(),
            "否",
            5,
            2,
            0,
            0,
            round_.declare_by,
            round_.review_by,
            date(2026, 10, 28),
            publication.starts_on,
            publication.ends_on,
            date(2026, 12, 31),
        ),
        (month.branch.name, "2026-11", "未开启", *blank),
        ("新建党支部", "2026-10", "未开启", *blank),
        ("新建党支部", "2026-11", "未开启", *blank),
    ]


def test_the_burden_counts_sheets_entries_and_files(month):
    book = workbook_of(made("BURDEN", month.actor("organiser"), first="2026-09", last="2026-11"))

    assert rows_of(book, "填报负担") == [
        (month.branch.name, "2026-10", 5, 2, 2, 3, 0, 0.4, 0),
    ]


def test_performance_has_final_years_by_branch_in_the_rolls_order(month):
    second = BranchFactory(committee=month.committee, name="乙党支部")
    Branch.objects.filter(pk=month.branch.pk).update(roll_order=second.roll_order + 1)
    month.branch.refresh_from_db()
    first_people = even_year(month.branch, 2025, [Decimal("80.10"), 90, 90], at=NOW)
    others = even_year(second, 2025, [99], at=NOW)
    close_year(committee=month.committee, year=2025, provisional=False, by=system_actor(), at=NOW)
    best = first_people[1]
    for number, grade in enumerate(("QUALIFIED", "EXCELLENT"), start=1):
        Appraisal.objects.filter(member=best).update(is_current=False)
        Appraisal.objects.create(
            member=best,
            branch=month.branch,
            year=2025,
            number=number,
            grade=grade,
            held_on=DAY,
            entered_by=system_actor().user,
            entered_at=NOW,
        )
    book = workbook_of(made("PERFORMANCE", month.actor("staff"), year=2025))

    def row(member, branch, total, average, rank, grade=None):
        return (member.staff_no, member.name, branch.name, total, average, rank, grade)

    assert header_of(book, "绩效考核数据") == [
        "工号",
        "姓名",
        "支部",
        "年度总分",
        "平均分",
        "名次",
        "等次",
    ]
    assert rows_of(book, "绩效考核数据") == [
        row(others[0], second, 1188, 99, 1),
        row(best, month.branch, 1080, 90, 1, "优秀"),
        row(first_people[2], month.branch, 1080, 90, 1),
        row(first_people[0], month.branch, 961.2, 80.1, 3),
    ]


@pytest.mark.parametrize(
    ("today", "ranks", "candidates", "remark"),
    [
        (
            date(2027, 12, 31),
            {None},
            {None},
            "provisional figures; ranks and candidates exist only at year-end",
        ),
        (date(2028, 1, 1), {1, 2, 3}, {"是", "否"}, "provisional figures"),
    ],
)
def test_nobody_is_ranked_while_the_year_runs(month, today, ranks, candidates, remark):
    people = even_year(month.branch, 2027, [71, 90, 60], at=NOW)
    close_year(committee=month.committee, year=2027, provisional=True, by=system_actor(), at=NOW)
    book = workbook_of(made("YEAR", month.actor("staff"), at=at_noon(today), year=2027))

    rows = rows_of(book, "年度汇总")
    order = [1, 0, 2] if ranks != {None} else [0, 1, 2]
    assert [row[2] for row in rows] == [people[number].staff_no for number in order]
    assert ({row[1] for row in rows}, {row[22] for row in rows}) == (ranks, candidates)
    assert {row[23].split("；")[0] for row in rows} == {_(remark)}
    assert all(("；" in row[23]) == (row[22] == "否") for row in rows)


def test_the_roll_has_every_column_and_what_each_holds_today(month):
    member = month.secretary
    Member.objects.filter(pk=member.pk).update(
        gender="FEMALE", born_on=date(1980, 5, 6), phone="+86 139", email="a@example.com"
    )
    LeadershipDuty.objects.create(leader=member, branch=month.branch, kind="ASSISTING")
    Position.objects.create(member=member, branch=month.branch, kind="PUBLICITY")
    book = workbook_of(made("ROLL", month.actor("staff")))

    assert rows_of(book, "党组织") == [
        (month.committee.name, "党委", None, None),
        (month.branch.name, "党支部", month.committee.name, None),
    ]
    rows = {row[1]: row for row in rows_of(book, "党员名册")}
    assert len(rows) == 5
    assert rows[member.staff_no] == (
        month.branch.name,
        member.staff_no,
        member.name,
        "女",
        date(1980, 5, 6),
        None,
        None,
        "正式党员",
        "支部书记、宣传委员",
        "是",
        None,
        month.branch.name,
        "+86 139",
        "a@example.com",
        member.user.username,
    )
    assert rows["@42"][8:10] == ("党员", "否")


def test_every_workbook_prints_on_a4_landscape_and_keeps_numbers_numbers(month):
    even_year(month.branch, 2025, [90, 60], at=NOW)
    close_year(committee=month.committee, year=2025, provisional=False, by=system_actor(), at=NOW)
    by, asked = actor_on(month.users["staff"], DAY), {"first": "2025-01", "last": "2026-12"}
    wants = {
        "year": {"year": 2025},
        "span": asked,
        "publication": {
            "publication": Publication.objects.get().pk,
            "branches": [month.branch.pk],
        },
        "": {},
    }
    seen = set()
    for kind in kinds_for(by):
        export = made(kind.kind, by, **wants[kind.asks])
        seen.add(kind.kind)
        assert export.name.endswith(kind.suffix)
        if kind.suffix == "docx":
            with export.file.open("rb") as file:
                text = "\n".join(one.text for one in Document(file).paragraphs)
            assert text.strip()
            continue
        for sheet in workbook_of(export):
            setup = sheet.page_setup
            assert (setup.orientation, int(setup.paperSize)) == ("landscape", 9), sheet.title
            assert (sheet.freeze_panes, bool(sheet.auto_filter.ref)) == ("A2", True)
            assert sheet.print_title_rows == "$1:$1"
            check_types(sheet)
    assert seen == set(KINDS)


def check_types(sheet) -> None:
    """What is counted is a number, what is a month is text, what is a day is a date."""
    numbers = ("分", "名次", "次数", "人数", "年度总分", "序号")
    for column in sheet.iter_cols():
        title = str(column[0].value)
        values = {type(cell.value) for cell in column[1:] if cell.value is not None}
        if title.endswith(numbers):
            assert values <= {int, float}, (sheet.title, title)
        elif "年月" in title or title == "工号":
            assert values <= {str}, (sheet.title, title)
        elif title.endswith(("日期", "截止", "期限")):
            assert values <= {datetime}, (sheet.title, title)
