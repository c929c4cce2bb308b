"""Reviewing a month: starting, deciding, returning, recording, concluding."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from lib.steps import Refused
from members.models import Event, Exemption, Notice
from members.rights import system_actor
from points.models import Criterion, Decision, Declaration, Entry, Evidence, MonthlyResult
from points.services import declaration as declarations
from reviews.models import FollowUp, Round
from reviews.services import conclusion as concluding
from reviews.services import opening
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.conclusion import MeetingRecord
from reviews.services.month_end import month_end
from tests.reviews.branch_month import DAY, OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db

SEPTEMBER = date(2026, 9, 1)


def attach(entry: Entry, sha256: str) -> None:
    Evidence.objects.create(
        entry=entry,
        name="签到表.jpg",
        suffix=".jpg",
        content_type="image/jpeg",
        size=1,
        sha256=sha256,
        uploaded_by=entry.created_by,
        uploaded_at=entry.created_at,
    )


def test_starting_takes_filed_sheets_and_leaves_the_others(month):
    month.file("member", month.line())
    month.file("other", month.line(), submit=False)
    month.start()

    states = {name: month.sheet(name).state for name in ("member", "other", "deputy")}
    assert states == {"member": "IN_REVIEW", "other": "MISSING", "deputy": "MISSING"}
    assert [entry.member for entry in rounds.undecided(month.round)] == [month.member]


def test_what_was_never_filed_cannot_be_decided(month):
    month.file("other", month.line(), submit=False)
    month.start()

    with pytest.raises(Refused):
        month.decide(month.entry("other"), by="secretary")


@pytest.mark.parametrize(
    ("outcome", "points", "reason", "expected"),
    [
        ("APPROVED", None, "", Decimal("2.00")),
        ("APPROVED", Decimal("9.00"), "", Decimal("2.00")),
        ("ADJUSTED", Decimal("1.00"), "半天", Decimal("1.00")),
        ("ADJUSTED", Decimal("0.00"), "已计过", Decimal("0.00")),
        ("ADJUSTED", Decimal("3.00"), "两次", Decimal("3.00")),
        ("REJECTED", Decimal("1.00"), "不符", None),
        ("ADJUSTED", None, "半天", Refused),
        ("ADJUSTED", Decimal("1.00"), " ", Refused),
        ("ADJUSTED", Decimal("2.00"), "同", Refused),
        ("ADJUSTED", Decimal("-1.00"), "反号", Refused),
        ("REJECTED", None, "", Refused),
        ("WITHDRAWN", None, "撤", Refused),
        ("", None, "", Refused),
    ],
)
def test_decision_says_points_and_reason(month, outcome, points, reason, expected):
    month.file("member", month.line())
    month.start()
    entry = month.entry("member")
    if expected is Refused:
        with pytest.raises(Refused):
            month.decide(entry, outcome, by="secretary", points=points, reason=reason)
        assert not entry.decisions.exists()
    else:
        assert (
            month.decide(entry, outcome, by="secretary", points=points, reason=reason).points
            == expected
        )


def test_item_without_points_cannot_be_given_some(month):
    nothing = month.criterion("0.00", Criterion.RegisteredBy.MEMBER)
    month.file("member", month.line(criterion=nothing))
    month.start()

    with pytest.raises(Refused):
        month.decide(
            month.entry("member"), "ADJUSTED", by="secretary", points=Decimal("5"), reason="奖励"
        )


def test_decision_can_be_changed_by_who_has_seen_it(month):
    month.file("member", month.line())
    month.start()
    entry = month.entry("member")
    month.decide(entry, by="deputy")

    with pytest.raises(Refused, match=month.deputy.name):
        month.decide(entry, "REJECTED", by="secretary", reason="不符", seen=0)
    month.decide(entry, "REJECTED", by="secretary", reason="不符", seen=1)

    outcomes = entry.decisions.order_by("number").values_list("outcome", "is_current")
    assert list(outcomes) == [("APPROVED", False), ("REJECTED", True)]


def test_all_in_order_leaves_warnings_own_and_returned(month):
    month.file("member", month.line())
    month.file("other", month.line(), month.line())  # the same item on the same day
    month.file("secretary", month.line())
    returned = month.file("deputy", month.line())
    month.start()
    by = month.actor("secretary")
    reviewing.return_sheet(
        pk=month.round.pk, declaration_id=returned.pk, reason="请补充", by=by, at=at(10, 28)
    )

    assert reviewing.approve_all_in_order(pk=month.round.pk, by=by, at=at(10, 28)) == 1
    assert [d.entry.member for d in Decision.objects.all()] == [month.member]
    assert reviewing.approve_all_in_order(pk=month.round.pk, by=by, at=at(10, 28)) == 0


def test_warnings_name_twins_and_missing_evidence(month):
    needs = month.criterion("1.00", Criterion.RegisteredBy.MEMBER, needs_evidence=True)
    month.file("member", month.line(day=3), month.line(day=3), month.line(day=4))
    month.file("other", month.line(day=5), month.line(day=6))
    for entry in Entry.objects.filter(member=month.other):
        attach(entry, "a" * 64)
    Entry.objects.filter(member=month.member, occurred_on__day=4).update(criterion=needs)
    month.start()
    warnings = reviewing.warnings_of(month.round)

    found = {
        (entry.member.pk, entry.occurred_on.day): [str(text)[:4] for text in warnings[entry.pk]]
        for entry in Entry.objects.filter(pk__in=warnings)
    }
    assert found == {
        (month.member.pk, 3): ["与本人另"],
        (month.member.pk, 4): ["未附佐证"],
        (month.other.pk, 5): ["与本人另"],
        (month.other.pk, 6): ["与本人另"],
    }


def test_file_of_a_withdrawn_entry_warns_nobody(month):
    month.file("member", month.line(day=3), month.line(day=4))
    for entry in Entry.objects.all():
        attach(entry, "a" * 64)
    month.start()
    first = Entry.objects.order_by("occurred_on").first()
    declarations.withdraw(first, reason="改", by=month.actor("member"), at=at(10, 28))

    assert reviewing.warnings_of(month.round) == {}


def test_returned_sheet_comes_back_corrected(month):
    month.file("member", month.line(day=3))
    month.start()
    sheet, by = month.sheet("member"), month.actor("member")
    reviewing.return_sheet(
        pk=month.round.pk,
        declaration_id=sheet.pk,
        reason="日期有误",
        by=month.actor("secretary"),
        at=at(10, 28),
    )
    entry = month.entry("member")

    with pytest.raises(Refused):
        month.decide(entry, by="secretary")
    assert [
        o.kind for o in concluding.obstacles(month.round, rounds.bench_of(month.branch.pk, DAY))
    ] == ["RETURNED", "MEETING"]
    assert Notice.objects.filter(user=month.users["member"], subject__contains="日期有误").exists()

    seen = month.sheet("member").revision
    line = month.line(day=4)
    declarations.change_line(
        pk=sheet.pk, entry_id=entry.pk, line=line, seen=seen, by=by, at=at(10, 28)
    )
    declarations.submit(pk=sheet.pk, seen=seen + 1, by=by, at=at(10, 28))
    month.decide(month.entry("member"), by="secretary")

    assert [
        o.kind for o in concluding.obstacles(month.round, rounds.bench_of(month.branch.pk, DAY))
    ] == ["MEETING"]


@pytest.mark.parametrize("reason", ["", "  "])
def test_returning_needs_to_say_what_is_to_be_corrected(month, reason):
    month.file("member", month.line())
    month.start()

    with pytest.raises(Refused):
        reviewing.return_sheet(
            pk=month.round.pk,
            declaration_id=month.sheet("member").pk,
            reason=reason,
            by=month.actor("secretary"),
            at=at(10, 28),
        )


def test_meeting_is_of_the_branch_and_can_be_written_again(month):
    month.start()
    month.meet()
    with pytest.raises(Refused):
        concluding.record_meeting(
            pk=month.round.pk,
            meeting=MeetingRecord(
                "ASSEMBLY", date(2026, 10, 28), "", month.people["secretary elsewhere"].pk, (), ""
            ),
            by=month.actor("secretary"),
            at=at(10, 28),
        )
    month.meet("deputy")

    assert month.round.meetings.get(is_current=True).recorded_by == month.users["deputy"]


def test_concluding_publishes_everybody_for_the_working_days(month):
    Exemption.objects.create(
        member=month.other,
        first_month=OCTOBER,
        last_month=OCTOBER,
        approved_by=month.users["staff"],
        approved_at=at(10, 1),
    )
    month.register("member")
    publication = month.publish(when=datetime.fromisoformat("2026-10-28T23:59:00+08:00"))

    scores = {r.member_id: r.score for r in MonthlyResult.objects.current()}
    names = ("secretary", "deputy", "organiser")
    assert scores == {month.people[name].pk: Decimal("80.00") for name in names} | {
        month.member.pk: Decimal("74.00"),
        month.other.pk: None,
    }
    assert (publication.starts_on, publication.ends_on) == (date(2026, 10, 28), date(2026, 11, 2))
    told = Notice.objects.filter(key=f"published:{publication.pk}")
    assert told.count() == 5


def test_concluding_twice_is_refused(month):
    month.publish()

    with pytest.raises(Refused):
        month.conclude()
    assert Event.objects.filter(verb="conclude").count() == 1


def test_nothing_is_decided_or_registered_after_concluding(month):
    month.file("member", month.line())
    month.publish()

    with pytest.raises(Refused):
        month.decide(month.entry("member"), "REJECTED", by="deputy", reason="不符", seen=1)
    with pytest.raises(Refused):
        month.register("member")


def test_month_concluded_late_revises_the_months_after_it():
    """September is concluded when October is closed: what the yearly cap leaves for October
    shrinks, October is revised, and its thresholds are checked again."""
    october = BranchMonth(pass_line=Decimal("82.00"))
    capped = october.criterion(
        "2.00", Criterion.RegisteredBy.EITHER, max_points_year=Decimal("3.00")
    )
    others = ["secretary", "deputy", "organiser", "other"]
    extra = october.criterion("2.00", Criterion.RegisteredBy.BRANCH)
    october.register(*others, item=october.item(extra))
    october.register("member", item=october.item(capped))
    october.publish()
    october.close()
    assert october.result("member").score == Decimal("82.00")
    assert not FollowUp.objects.exists()

    september = october.also(SEPTEMBER)
    september.register(*others, item=september.item(extra))
    september.register("member", item=september.item(capped))
    september.publish(when=at(12, 1))

    revised = october.result("member")
    assert (revised.score, revised.revision, revised.is_final) == (Decimal("81.00"), 2, True)
    assert [(line.credited, line.cuts) for line in revised.lines.all()] == [
        (Decimal("1.00"), [{"cap": "POINTS_YEAR", "limit": "3.00", "lost": "1.00"}])
    ]
    october.round.refresh_from_db()
    assert october.round.thresholds_checked_at is None
    assert Notice.objects.filter(user=october.users["member"], key=f"revised:{revised.pk}").exists()
    assert october.result("other").revision == 1

    month_end(on=date(2026, 12, 3), by=system_actor(), at=at(12, 3), every_closed=False)
    assert [(f.kind, f.member) for f in FollowUp.objects.all()] == [("TALK", october.member)]


def test_opening_a_month_again_leaves_a_running_round_alone(month):
    month.start()
    opening.open_month(month=OCTOBER, by=system_actor(), at=at(10, 29))

    assert Round.objects.get().state == "REVIEWING"
    assert Declaration.objects.count() == 5
