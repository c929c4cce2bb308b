"""One member's month through every detour: late, on behalf, returned, objected to, appealed
against, found wrong by a spot check, and appealed against again. The ledger keeps it all."""

from datetime import date
from decimal import Decimal

import pytest

from members.models import Event
from members.rights import system_actor
from points.models import Criterion, Decision, Entry, MonthlyResult
from points.services import declaration as declarations
from reviews.models import Appeal, FollowUp, Objection, Round
from reviews.services import appeals as appealing
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.corrections import Change
from reviews.services.ledger import check_ledger
from reviews.services.month_end import month_end
from tests.reviews.branch_month import OCTOBER, BranchMonth, at
from tests.reviews.spot_checking import draw, find, staff_of

pytestmark = pytest.mark.django_db


def step(name: str, month: BranchMonth, sheet, by: str, when) -> None:
    getattr(declarations, name)(pk=sheet.pk, seen=sheet.revision, by=month.actor(by), at=when)


def file_late_on_paper_and_again(month: BranchMonth) -> None:
    """The deputy enters the paper form (代填), after its day; it is returned and comes back."""
    month.register("member", item=month.item(day=9))
    month.register("member", item=month.item(day=16))
    sheet = month.sheet("member")
    declarations.add_line(
        pk=sheet.pk, line=month.line(), seen=sheet.revision, by=month.actor("deputy"), at=at(10, 26)
    )
    step("submit", month, month.sheet("member"), "deputy", at(10, 26, 11))
    assert month.sheet("member").entered_by == month.users["deputy"]
    month.start()
    reviewing.return_sheet(
        pk=month.round.pk,
        declaration_id=sheet.pk,
        reason="请补充时间地点",
        by=month.actor("secretary"),
        at=at(10, 27, 14),
    )
    step("submit", month, month.sheet("member"), "member", at(10, 27, 16))


def review(month: BranchMonth) -> Entry:
    declared = Entry.objects.get(member=month.member, source=Entry.Source.DECLARED)
    month.decide(declared, "ADJUSTED", by="organiser", points=Decimal("1.00"), reason="按半天计")
    for entry in rounds.undecided(month.round):
        month.decide(entry, by="organiser")
    month.meet()
    month.conclude()
    return declared


def scores(month: BranchMonth) -> list[tuple[int, Decimal, bool, bool]]:
    rows = MonthlyResult.objects.filter(member=month.member).order_by("revision")
    return list(rows.values_list("revision", "score", "is_below", "is_current"))


def appeal(month, matter, change, *, raised, decided, by):
    made = appealing.appeal_against(
        matter=matter, text="请党委复核", by=month.actor("member"), at=raised
    )
    return appealing.decide(
        appeal_id=made.pk,
        is_upheld=True,
        text="经复核属实",
        correction=change,
        by=month.actor(by),
        at=decided,
    )


def test_one_month_through_every_detour():
    month = BranchMonth(pass_line=Decimal("69.00"))
    month.users["other staff"] = staff_of(month.committee)
    Criterion.objects.filter(pk=month.late.pk).update(trigger=Criterion.Trigger.LATE)

    # Late, on behalf, returned.
    file_late_on_paper_and_again(month)
    sheet = month.sheet("member")
    assert (sheet.state, sheet.is_late) == ("IN_REVIEW", True)

    # Reviewed: 80 − 6 − 6 − 1 + 1 = 68, below 69. Objected to, kept, closed.
    declared = review(month)
    line = month.result("member").lines.get(entry=declared)
    objection = month.object(text="两天都在", line=line)
    month.answer(objection, by="secretary", text="维持原认定")
    month_end(on=date(2026, 11, 5), by=system_actor(), at=at(11, 5))
    talk = FollowUp.objects.get()
    assert (talk.kind, talk.state) == ("TALK", "OPEN")

    # Appealed against, upheld: 69 passes, the talk is withdrawn.
    right = Change(declared.pk, "APPROVED", None)
    appeal(month, objection, right, raised=at(11, 6), decided=at(11, 9, 9), by="staff")
    talk.refresh_from_db()
    assert talk.state == "WITHDRAWN"

    # A spot check finds the evidence missing: 67, the talk stands again.
    item = draw(month).items.get(entry=declared)
    find(item, "EVIDENCE_MISSING", by=item.inspector, note="未见签到表")
    talk.refresh_from_db()
    assert talk.state == "OPEN"

    # The member appeals against the finding, and another one of the staff upholds it.
    item.refresh_from_db()
    other = "staff" if item.found_by == month.users["other staff"] else "other staff"
    appeal(month, item, right, raised=at(11, 10), decided=at(11, 11), by=other)

    # The whole ledger: every decision, every revision, every step, and one talk.
    decisions = Decision.objects.filter(entry=declared).order_by("number")
    assert list(decisions.values_list("number", "outcome", "points", "decided_by")) == [
        (1, "ADJUSTED", Decimal("1.00"), month.users["organiser"].pk),
        (2, "APPROVED", Decimal("2.00"), month.users["staff"].pk),
        (3, "REJECTED", None, item.found_by_id),
        (4, "APPROVED", Decimal("2.00"), month.users[other].pk),
    ]
    assert list(decisions.filter(is_current=True).values_list("number", flat=True)) == [4]
    others = Decision.objects.filter(entry__member=month.member).exclude(entry=declared)
    assert sorted(others.values_list("entry__source", "outcome", "points", "number")) == [
        ("PROPOSED", "APPROVED", Decimal("-1.00"), 1),
        ("REGISTERED", "APPROVED", Decimal("-6.00"), 1),
        ("REGISTERED", "APPROVED", Decimal("-6.00"), 1),
    ]
    assert scores(month) == [
        (1, Decimal("68.00"), True, False),
        (2, Decimal("69.00"), False, False),
        (3, Decimal("67.00"), True, False),
        (4, Decimal("69.00"), False, True),
    ]
    assert Objection.objects.get().state == "KEPT"
    assert list(Appeal.objects.order_by("pk").values_list("state", flat=True)) == ["UPHELD"] * 2
    assert Round.objects.get(month=OCTOBER, branch=month.branch).state == "CLOSED"
    row = FollowUp.objects.get()
    assert (row.pk, row.state, row.is_basis_changed) == (talk.pk, "WITHDRAWN", False)
    assert month.result("member").streak == 0
    about = Event.objects.filter(member=month.member).order_by("pk")
    assert [
        verb
        for verb in about.values_list("verb", flat=True)
        if verb in ("object", "answer_objection", "appeal", "decide_appeal")
    ] == ["object", "answer_objection", *["appeal", "decide_appeal"] * 2]
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"register", "start_review", "return_sheet", "conclude", "close"} <= verbs
    assert list(check_ledger()) == []
