"""A year in which March was wrong until two appeals were upheld in November comes to what the
year is in which March was right from the start; and how it came about stays readable."""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.db import transaction
from docx import Document

from members.rights import system_actor
from points.models import Criterion, Decision, MonthlyResult
from reviews.exports.asking import Asked, Progress
from reviews.exports.kinds import KINDS
from reviews.models import (
    AnnualResult,
    Appeal,
    BranchAnnualResult,
    Export,
    FollowUp,
    FollowUpRecord,
)
from reviews.services import appeals as appealing
from reviews.services import explanations
from reviews.services import round as rounds
from reviews.services.corrections import Change
from reviews.services.duties import name_holder
from reviews.services.explanations import Explanation
from reviews.services.ledger import check_ledger
from reviews.services.month_end import month_end
from reviews.services.records import Sitting, record_sitting
from reviews.services.year_end import close_year
from tests.factories import LeadershipDutyFactory, MemberFactory
from tests.reviews.branch_month import SHANGHAI, BranchMonth, at

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)
MONTHS = [date(2026, number, 1) for number in range(1, 13)]
SHORT, EARNING = (2, 3, 4, 5, 6, 7), (3, 5, 6, 7)
FILES = (
    Export.Kind.YEAR,
    Export.Kind.YEAR_NOTICE,
    Export.Kind.PERFORMANCE,
    Export.Kind.LEDGER,
    Export.Kind.FOLLOW_UPS,
    Export.Kind.PROGRESS,
    Export.Kind.BURDEN,
)
WITH_HISTORY = (Export.Kind.YEAR, Export.Kind.FOLLOW_UPS)
REASON = "经复核，原认定有误"


class YearOfBranch:
    """One branch from January to December 2026, month by month through the services.

    From February to July the member loses twelve points a month, and earns three in March, May,
    June and July, of which six count in a year. In March a matter that zeroes the month is
    registered for somebody else, and is not what it seems. In August the deputy's month is at
    zero with good reason. Where March is wrong, the three points are rejected and the matter is
    approved.
    """

    def __init__(self, *, march_is_right: bool) -> None:
        self.march_is_right = march_is_right
        self.first = BranchMonth(month=JANUARY)
        by = Criterion.RegisteredBy
        self.capped = self.first.criterion("3.00", by.EITHER, max_points_year=Decimal("6.00"))
        self.veto = self.first.criterion("0.00", by.BRANCH, zeroes_month=True)
        self._name_everything()
        for month in MONTHS:
            self.play(month)

    def _name_everything(self) -> None:
        """The same names and numbers in each year that is built, so that files can be compared."""
        branch, committee = self.first.branch, self.first.committee
        branch.name, committee.name = "规划财务处党支部", "厅直属机关党委"
        branch.save(update_fields=["name"])
        committee.save(update_fields=["name"])
        for number, criterion in enumerate(self.first.book.criteria.order_by("pk")):
            criterion.code, criterion.text = f"JF-{number}", f"条目{number}"
            criterion.save(update_fields=["code", "text"])
        leaders = {
            "leader": LeadershipDutyFactory(
                branch=branch, leader=MemberFactory(is_leading_cadre=True)
            ),
            "leader in March": LeadershipDutyFactory(
                branch=branch,
                leader=MemberFactory(is_leading_cadre=True),
                starts_on=MARCH,
                ends_on=date(2026, 3, 31),
            ),
        }
        people = self.first.people | {name: duty.leader for name, duty in leaders.items()}
        for number, (name, member) in enumerate(sorted(people.items())):
            member.staff_no, member.name = f"YEAR{number}", name
            member.save(update_fields=["staff_no", "name"])

    def play(self, when: date) -> None:
        month = self.first if when == JANUARY else self.first.also(when)
        if when.month in EARNING:
            month.file("member", month.line(criterion=self.capped))
        if when.month in SHORT:
            for day in (9, 16):
                month.register("member", item=month.item(day=day))
        if when == MARCH:
            month.register("other", item=month.item(self.veto))
        if when.month == 8:
            month.register("deputy", item=month.item(self.veto))
        month.start()
        for entry in rounds.undecided(month.round):
            is_wrong = when == MARCH and not self.march_is_right
            outcome = "REJECTED" if is_wrong else "APPROVED"
            month.decide(entry, outcome, by="deputy", reason="按材料认定")
        if when == MARCH and self.march_is_right:
            veto = month.branch.entries.get(criterion=self.veto)
            month.decide(veto, "REJECTED", by="deputy", reason="不属于该情形", seen=1)
        month.meet()
        month.conclude()
        self.close(when)
        self.after(when)

    def close(self, when: date) -> None:
        year, number = (2027, 1) if when.month == 12 else (2026, when.month + 1)
        day = datetime(year, number, 12, 2, tzinfo=SHANGHAI)
        month_end(on=day.date(), by=system_actor(), at=day)

    def after(self, when: date) -> None:
        """What people did between the months, where March was wrong."""
        if when.month == 12:
            self.explain(date(2026, 12, 20))
        if self.march_is_right:
            return
        if when == MARCH:
            self.appeals = [self.appeal("member", "INTERVIEW"), self.appeal("other", "TALK")]
            self.hold_interview()
        if when.month == 4:
            self.explain(date(2026, 5, 13))
        if when.month == 10:
            self.before = self.state()
            for appeal, change in zip(self.appeals, self.corrections(), strict=True):
                self.uphold(appeal, change)

    def appeal(self, name: str, kind: str) -> Appeal:
        return appealing.appeal_against(
            matter=FollowUp.objects.get(member=self.first.people[name], kind=kind),
            text="请党委复核三月的认定",
            by=self.first.actor(name),
            at=at(4, 14),
        )

    def hold_interview(self) -> None:
        first, organiser = self.first, self.first.organiser
        row = FollowUp.objects.get(kind="INTERVIEW", trigger_month=MARCH)
        name_holder(pk=row.pk, words=organiser.staff_no, by=first.actor("staff"), at=at(4, 15))
        said = Sitting(date(2026, 4, 20), "会议室", (organiser.pk,), "谈了两个月的情况")
        record_sitting(pk=row.pk, sitting=said, by=first.actor("organiser"), at=at(4, 20))

    def explain(self, day: date) -> None:
        row = FollowUp.objects.get(kind="REPORT_EXPLANATION")
        said = Explanation(day, "会议室", f"{day.month}月作出说明")
        when = datetime(day.year, day.month, day.day, 16, tzinfo=SHANGHAI)
        explanations.explain(pk=row.pk, explanation=said, by=self.first.actor("secretary"), at=when)

    def corrections(self) -> list[Change]:
        entries = self.first.branch.entries.filter(month=MARCH)
        earned, veto = (entries.get(criterion=one) for one in (self.capped, self.veto))
        return [Change(earned.pk, "APPROVED", None), Change(veto.pk, "REJECTED", None)]

    def uphold(self, appeal: Appeal, change: Change) -> None:
        appealing.decide(
            appeal_id=appeal.pk,
            is_upheld=True,
            text=REASON,
            correction=change,
            by=self.first.actor("staff"),
            at=at(11, 16),
        )

    # -- what it came to ------------------------------------------------------------------------

    def state(self) -> dict:
        results = MonthlyResult.objects.final().filter(branch=self.first.branch)
        return {
            "months": sorted(
                results.values_list("member__name", "month", "score", "streak", "is_below")
            ),
            "follow-ups": sorted(
                (
                    row.kind,
                    row.state,
                    row.year,
                    str(row.first_month),
                    str(row.trigger_month),
                    getattr(row.member, "name", ""),
                    getattr(row.holder, "name", ""),
                    tuple(row.zero_months.values_list("member__name", "month")),
                )
                for row in FollowUp.objects.standing().filter(is_basis_changed=False)
            ),
        }

    def year_end(self) -> dict:
        when = datetime(2027, 1, 20, 10, tzinfo=SHANGHAI)
        close_year(
            committee=self.first.committee, year=2026, provisional=False, by=system_actor(), at=when
        )
        members = AnnualResult.objects.order_by("member__name")
        figures = ("assessed_months", "total", "pass_total", "is_below", "zero_months", "rank")
        (branch,) = BranchAnnualResult.objects.values("ranked", "below", "is_eligible")
        return {
            "members": list(members.values_list("member__name", *figures, "is_candidate")),
            "branch": branch,
        }

    def file(self, kind: Export.Kind) -> BytesIO:
        target = BytesIO()
        KINDS[kind].write(
            target,
            asked=Asked(year=2026, first_month=JANUARY, last_month=MONTHS[-1]),
            branches={self.first.branch.pk},
            by=system_actor(),
            at=datetime(2027, 1, 21, 10, tzinfo=SHANGHAI),
            progress=Progress(),
        )
        target.seek(0)
        return target

    def sheets(self, kind: Export.Kind) -> dict[str, list[tuple]]:
        book = openpyxl.load_workbook(self.file(kind))
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}

    def paper(self, kind: Export.Kind) -> list[str]:
        document = Document(self.file(kind))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return [*(paragraph.text for paragraph in document.paragraphs), *cells]

    def exports(self) -> dict:
        return {
            kind: self.paper(kind) if KINDS[kind].suffix == "docx" else self.sheets(kind)
            for kind in FILES
        }


def built(march_is_right: bool):
    """Build a year, note what it came to, and leave nothing behind."""
    with transaction.atomic():
        year = YearOfBranch(march_is_right=march_is_right)
        came_to = {**year.state(), **year.year_end(), "files": year.exports()}
        history = None if march_is_right else history_of(year)
        assert list(check_ledger()) == []
        transaction.set_rollback(True)
    return came_to, history


def history_of(year: YearOfBranch) -> dict:
    withdrawn = FollowUp.objects.filter(state="WITHDRAWN")
    earned = year.first.branch.entries.get(month=MARCH, criterion=year.capped)
    return {
        "before": year.before,
        "withdrawn": sorted(
            withdrawn.values_list("kind", "first_month", "withdrawal_reason", "member__name")
        ),
        "flagged": list(
            FollowUp.objects.filter(is_basis_changed=True).values_list("kind", "state")
        ),
        "revisions": list(
            MonthlyResult.objects.filter(member=year.first.member, month=MARCH)
            .order_by("revision")
            .values_list("score", "is_current")
        ),
        "decisions": list(
            Decision.objects.filter(entry=earned).order_by("pk").values_list("outcome", flat=True)
        ),
        "explained": list(FollowUpRecord.objects.order_by("pk").values_list("said", flat=True)),
    }


@pytest.fixture(scope="module")
def years(django_db_setup, django_db_blocker):
    """What came of both years, and how the one that was wrong came to it."""
    with django_db_blocker.unblock():
        wrong, history = built(march_is_right=False)
        right, _ = built(march_is_right=True)
    return wrong, right, history


pytestmark = pytest.mark.django_db


def score(came_to, name: str, month: date):
    """Score and streak of somebody's month."""
    for who, when, points, streak, _is_below in came_to["months"]:
        if (who, when) == (name, month):
            return points, streak
    raise LookupError(name)


def test_before_november_the_year_was_another(years):
    """Otherwise the comparison would prove nothing."""
    _wrong, right, history = years
    before = history["before"]

    months = {number: date(2026, number, 1) for number in range(1, 13)}
    assert [score(before, "member", months[n]) for n in range(2, 8)] == [
        (Decimal(68), 1),
        (Decimal(68), 2),
        (Decimal(68), 3),
        (Decimal(71), 0),
        (Decimal(71), 0),
        (Decimal(68), 1),
    ]
    assert [score(right, "member", months[n]) for n in range(2, 8)] == [
        (Decimal(68), 1),
        (Decimal(71), 0),
        (Decimal(68), 1),
        (Decimal(71), 0),
        (Decimal(68), 1),
        (Decimal(68), 2),
    ]
    assert (score(before, "other", MARCH), score(right, "other", MARCH)) == ((0, 1), (80, 0))
    assert ("DISPOSITION", "OPEN") in {row[:2] for row in before["follow-ups"]}


def test_months_and_streaks_are_as_if_march_had_been_right(years):
    wrong, right, _history = years
    assert len(right["months"]) == 12 * 5
    assert wrong["months"] == right["months"]


def test_follow_ups_are_as_if_march_had_been_right(years):
    """But for the interview that was held: it stays, and is flagged."""
    wrong, right, history = years
    assert wrong["follow-ups"] == right["follow-ups"]
    assert len(right["follow-ups"]) == 7
    assert history["flagged"] == [("INTERVIEW", "RECORDED")]


def test_year_end_is_as_if_march_had_been_right(years):
    wrong, right, _history = years
    assert wrong["members"] == right["members"]
    assert wrong["branch"] == right["branch"]
    candidates = {line[0] for line in right["members"] if line[-1]}
    assert candidates == {"secretary", "organiser", "other"}


@pytest.mark.parametrize("kind", [one for one in FILES if one not in WITH_HISTORY])
def test_files_are_as_if_march_had_been_right(years, kind):
    wrong, right, _history = years
    assert right["files"][kind]
    assert wrong["files"][kind] == right["files"][kind]


def test_the_year_workbook_differs_by_the_interview_that_was_held(years):
    wrong, right, _history = years
    books = [dict(one["files"][Export.Kind.YEAR]) for one in (wrong, right)]
    held, none_held = (book.pop("谈话约谈处置") for book in books)

    assert books[0] == books[1]
    extra = [line for line in held if line not in none_held]
    assert [line[2:6] for line in extra] == [("member", "约谈整改", "2026-02", "2026-03")]
    assert [line for line in held if line not in extra] == none_held


def test_the_file_of_follow_ups_differs_by_history_and_days(years):
    """What was withdrawn or flagged is in it; what came to light in November was opened, and is
    due, later."""

    def lines(came_to):
        header, *rows = came_to["files"][Export.Kind.FOLLOW_UPS]["结果运用事项"]
        named = [dict(zip(header, row, strict=True)) for row in rows]
        for row in named:
            row["days"] = [row.pop(name) for name in ("办理期限", "是否逾期", "提出日期")]
        return named

    wrong, right, _history = years
    standing = [
        row for row in lines(wrong) if row["撤销日期"] is None and row["依据已变更"] == "否"
    ]
    assert len(lines(wrong)) - len(standing) == 5
    assert all(row.pop("days") for row in standing)
    expected = lines(right)
    assert all(row.pop("days") for row in expected)
    assert standing == expected


def test_how_it_came_about_stays_readable(years):
    _wrong, _right, history = years
    february, july = date(2026, 2, 1), date(2026, 7, 1)
    assert history["withdrawn"] == [
        ("DISPOSITION", february, REASON, "member"),
        ("LIFE_MEETING_EXPLANATION", None, REASON, None),
        ("TALK", MARCH, REASON, "other"),
        ("TALK", july, REASON, "member"),
    ]
    assert history["revisions"] == [(Decimal(68), False), (Decimal(71), True)]
    assert history["decisions"] == ["REJECTED", "APPROVED"]
    assert history["explained"] == ["谈了两个月的情况", "5月作出说明", "12月作出说明"]
