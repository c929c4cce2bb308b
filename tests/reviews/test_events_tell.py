"""Every step that asks something of somebody tells them, once: step → who hears of what."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from lib.steps import Refused
from members.models import Notice
from members.services import exemptions
from members.services.exemptions import Span
from points.services import declaration as declarations
from points.services.rule_book import approval, draft
from reviews.models import FollowUp
from reviews.services import appeals, duties
from reviews.services import review as reviewing
from tests.reviews.branch_month import OCTOBER, BranchMonth, at
from tests.reviews.spot_checking import closed_month, draw, find, item_of

pytestmark = pytest.mark.django_db

EVERYBODY = ("secretary", "deputy", "organiser", "member", "other")


def heard(month: BranchMonth, step) -> dict[str, set[str]]:
    """What a step tells whom: the first word of each notice's key."""
    last = max(Notice.objects.values_list("pk", flat=True), default=0)
    step()
    told: dict[str, set[str]] = {}
    for name, user in month.users.items():
        for notice in Notice.objects.filter(user=user, pk__gt=last):
            told.setdefault(name, set()).add(notice.key.split(":")[0])
    return told


# -- each: a branch brought to where the step can be taken, and the step --------------------------


def on_behalf():
    month = BranchMonth()
    sheet = month.sheet("member")
    by, when = month.actor("secretary"), at(10, 20)
    return month, partial(declarations.submit, pk=sheet.pk, seen=sheet.revision, by=by, at=when)


def returned():
    month = BranchMonth().to("REVIEWING")
    return month, partial(
        reviewing.return_sheet,
        pk=month.round.pk,
        declaration_id=month.sheet("member").pk,
        reason="请补充日期",
        by=month.actor("secretary"),
        at=at(10, 28),
    )


def started_with_recusal(**more):
    month = BranchMonth(**more)
    month.file("secretary", month.line())
    return month, month.start


def concluded():
    month = BranchMonth().to("REVIEWING")
    month.decide(month.entry("member"), by="secretary")
    month.meet()
    return month, month.conclude


def reopened():
    month = BranchMonth().to("PUBLISHED")
    return month, month.reopen


def objected(name="member", **more):
    month = BranchMonth(**more).to("PUBLISHED")
    return month, partial(month.object, name)


def answered():
    month = BranchMonth().to("PUBLISHED")
    return month, partial(month.answer, month.object())


def appealed():
    month = BranchMonth().to("PUBLISHED")
    objection = month.answer(month.object())
    by, when = month.actor("member"), at(11, 2)
    return month, partial(appeals.appeal_against, matter=objection, text="请复核", by=by, at=when)


def appeal_decided():
    month, appeal = appealed()
    return month, partial(
        appeals.decide,
        appeal_id=appeal().pk,
        is_upheld=False,
        text="经复核，维持",
        correction=None,
        by=month.actor("staff"),
        at=at(11, 3),
    )


def below_the_line():
    month = BranchMonth()
    month.register("member", item=month.item(day=8))
    month.register("member", item=month.item(day=9))
    month.publish()
    return month, month.close


def holder_named():
    month = BranchMonth()
    interview = FollowUp.objects.create(
        kind=FollowUp.Kind.INTERVIEW,
        branch=month.branch,
        member=month.member,
        first_month=OCTOBER,
        trigger_month=OCTOBER,
        year=2026,
        opened_at=at(11, 5),
    )
    return month, partial(
        duties.name_holder,
        pk=interview.pk,
        words=month.organiser.staff_no,
        by=month.actor("staff"),
        at=at(11, 6),
    )


def drawn():
    month = closed_month()
    return month, partial(draw, month, token="7b0c1f0e-6b43-4a6f-8f54-0d5c2f3f1a11")


def found():
    month, step = drawn()
    item = item_of(step(), "member", month)
    return month, partial(
        find, item, "POINTS_WRONG", by=item.inspector, right="1.00", note="应为 1 分"
    )


def book_submitted():
    month = BranchMonth()
    by, when = month.actor("secretary"), at(10, 20)
    book = draft.start(branch=month.branch, source=month.book, by=by, at=when)
    return month, partial(draft.submit, pk=book.pk, seen=book.revision, by=by, at=when)


def book_returned():
    month, submit = book_submitted()
    by, when = month.actor("staff"), at(10, 21)
    return month, partial(approval.return_book, pk=submit().pk, remarks="分值偏高", by=by, at=when)


def book_approved():
    month, submit = book_submitted()
    by, when = month.actor("staff"), at(10, 21)
    november = date(2026, 11, 1)
    return month, partial(approval.approve, pk=submit().pk, month=november, by=by, at=when)


def exemption_requested():
    month = BranchMonth()
    return month, partial(
        exemptions.request,
        member_id=month.member.pk,
        span=Span(date(2026, 11, 1), date(2026, 12, 1)),
        reason="驻村帮扶",
        concluded_until=None,
        by=month.actor("secretary"),
        at=at(10, 20),
    )


def exemption_approved():
    month, request = exemption_requested()
    by, when = month.actor("staff"), at(10, 21)
    return month, partial(
        exemptions.approve, pk=request().pk, note="", concluded_until=None, by=by, at=when
    )


TABLE = {
    "entered on behalf": (on_behalf, {"member": {"on_behalf"}}),
    "returned": (returned, {"member": {"returned"}}),
    "started, the secretary recused": (started_with_recusal, {"deputy": {"recusal"}}),
    "started, nobody else to decide": (
        partial(started_with_recusal, bench=("secretary",)),
        {"staff": {"recusal"}},
    ),
    "published": (concluded, {name: {"published"} for name in EVERYBODY}),
    "reopened": (reopened, {name: {"withdrawn"} for name in EVERYBODY}),
    "objected": (
        objected,
        {name: {"objection"} for name in ("secretary", "deputy", "organiser")},
    ),
    "objected by the only one who answers": (
        partial(objected, "secretary", bench=("secretary",)),
        {"staff": {"objection"}},
    ),
    "answered": (answered, {"member": {"answered"}}),
    "appealed": (appealed, {"staff": {"appeal"}}),
    "appeal decided": (appeal_decided, {"member": {"decided"}}),
    "below the line": (below_the_line, {name: {"follow_up"} for name in ("member", "secretary")}),
    "holder named": (holder_named, {"organiser": {"named"}}),
    "drawn": (drawn, {"staff": {"spot_check"}}),
    "found wrong": (found, {name: {"finding"} for name in ("member", "secretary")}),
    "rule book submitted": (book_submitted, {"staff": {"rule-book-submitted"}}),
    "rule book returned": (book_returned, {"secretary": {"rule-book-returned"}}),
    "rule book approved": (book_approved, {name: {"rule-book"} for name in EVERYBODY}),
    "exemption requested": (exemption_requested, {"staff": {"exemption"}}),
    "exemption approved": (
        exemption_approved,
        {name: {"exemption"} for name in ("member", "secretary")},
    ),
}


@pytest.mark.parametrize("step", TABLE)
def test_who_hears_of_a_step_and_only_once(step):
    prepare, told = TABLE[step]
    month, take = prepare()

    assert heard(month, take) == told

    def again():
        with suppress(Refused, PermissionDenied), transaction.atomic():
            take()

    assert heard(month, again) == {}


def test_a_step_that_is_refused_tells_nobody():
    month = BranchMonth().to("REVIEWING")

    def conclude():
        with suppress(Refused), transaction.atomic():
            month.conclude()

    assert heard(month, conclude) == {}


def test_a_step_that_is_taken_back_takes_its_notices_with_it():
    month = BranchMonth().to("PUBLISHED")

    def undone():
        with transaction.atomic():
            month.object()
            transaction.set_rollback(True)

    assert heard(month, undone) == {}


def test_points_are_what_the_table_thinks():
    """So that the case below the line is below it."""
    month, _close = below_the_line()

    assert month.result("member").score == Decimal("68.00")
