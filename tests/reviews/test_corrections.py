"""An answer never lowers points; a correction downward is a decision of its own; what was
forgotten is added; threads; withdrawing."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Membership, Notice, Position
from members.rights import actor_on, system_actor
from points.files import inspect
from points.models import Criterion, Decision, Entry
from points.services.registration import Item
from reviews.models import Attachment, Objection, Post
from reviews.services import corrections
from reviews.services import objections as objecting
from reviews.services import publication as publications
from reviews.services.corrections import Addition, Change
from reviews.services.ledger import check_ledger
from reviews.services.month_end import month_end
from tests.factories import BranchFactory, CriterionFactory
from tests.points.uploads import picture
from tests.reviews.branch_month import BranchMonth, at, who_may

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def published(kept_rows) -> BranchMonth:
    """The deputy gave the member one point instead of two: 81; the other was absent: 74."""
    month = BranchMonth()
    month.register("other", by="organiser")
    return month.publish_cut()


@pytest.fixture
def month(published) -> BranchMonth:
    return deepcopy(published)


def change(month, outcome, points=None, name="member"):
    points = None if points is None else Decimal(points)
    return Change(month.entry(name).pk, outcome, points)


def addition(month, criterion=None, *, day=8, times="1.00"):
    return Addition(Item(criterion or month.study, Decimal(times), month.day(day), "漏登"))


def correct(month, what, *, by="secretary", name="member", reason="另行核定", seen=None):
    return corrections.correct_published(
        pk=month.round.pk,
        member=month.people[name].pk,
        change=what,
        reason=reason,
        by=month.actor(by),
        at=at(10, 30),
        seen=seen,
    )


# -- reject ≠ lower ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "outcome", "points"),
    [
        ("member", "REJECTED", None),
        ("member", "ADJUSTED", "0.50"),
        ("other", "ADJUSTED", "-7.00"),
    ],
)
def test_an_answer_never_lowers_points(month, name, outcome, points):
    objection = month.object(name)
    before = month.result(name).score
    lower = change(month, outcome, points, name)

    with pytest.raises(Refused):
        month.answer(objection, correction=lower)
    assert month.result(name).score == before
    assert Decision.objects.filter(entry=lower.entry_id).count() == 1
    objection.refresh_from_db()
    assert objection.state == "OPEN"


@pytest.mark.parametrize(
    ("name", "outcome", "points", "score"),
    [
        ("member", "APPROVED", None, "82.00"),
        ("member", "ADJUSTED", "3.00", "83.00"),
        ("other", "ADJUSTED", "-2.00", "78.00"),
        ("other", "REJECTED", None, "80.00"),
    ],
)
def test_an_answer_may_raise_points(month, name, outcome, points, score):
    month.answer(month.object(name), correction=change(month, outcome, points, name))

    assert month.result(name).score == Decimal(score)
    assert list(check_ledger()) == []


def test_an_entry_that_zeroes_the_month_is_not_revived_by_an_answer(month):
    veto = month.criterion("0.00", Criterion.RegisteredBy.BRANCH, zeroes_month=True)
    with pytest.raises(Refused):
        month.answer(month.object(), correction=addition(month, veto))


def test_rejecting_an_objection_changes_no_score(month):
    month.answer(month.object())

    assert month.result("member").score == Decimal("81.00")
    assert month.result("member").revision == 1


# -- a correction of its own ---------------------------------------------------------------


def test_a_published_result_is_corrected_downward_openly(month):
    publications.confirm(pk=month.round.publication.pk, by=month.actor("member"), at=at(10, 29))
    effect = correct(month, change(month, "REJECTED"))

    assert [(one.old.score, one.new.score) for one in effect.revised] == [
        (Decimal("81.00"), Decimal("80.00"))
    ]
    subject = Notice.objects.get(user=month.users["member"], key__startswith="corrected:").subject
    assert "另行核定" in subject
    # The member can object again, and confirm what is there now.
    again = month.object("member", "请说明")
    month.answer(again, by="organiser")
    publications.confirm(pk=month.round.publication.pk, by=month.actor("member"), at=at(10, 30, 16))


@pytest.mark.parametrize(
    ("name", "by", "may"),
    [
        ("member", "secretary", True),
        ("member", "organiser", True),
        ("member", "member", False),
        ("member", "other", False),
        ("member", "staff", False),
        ("member", "secretary elsewhere", False),
        ("member", "staff elsewhere", False),
    ],
)
def test_the_branch_committee_corrects(month, name, by, may):
    try:
        correct(month, change(month, "REJECTED", name=name), by=by)
    except PermissionDenied:
        assert not may
    else:
        assert may


@pytest.mark.parametrize(
    ("bench", "name", "by", "may"),
    [
        (("secretary", "deputy"), "deputy", "deputy", False),
        (("secretary", "deputy"), "deputy", "secretary", True),
        (("secretary",), "secretary", "staff", True),
        (("secretary",), "member", "staff", False),
        (("deputy",), "member", "staff", True),
        (("deputy",), "member", "deputy", True),
        ((), "member", "staff", True),
    ],
)
def test_nobody_corrects_their_own_and_staff_stand_in(bench, name, by, may):
    month = BranchMonth(bench=bench)
    month.publish(runner="system")
    try:
        correct(month, addition(month), name=name, by=by)
    except PermissionDenied:
        assert not may
    else:
        assert may


@pytest.mark.parametrize("state", ["REVIEWING", "CLOSED"])
def test_only_what_is_published_is_corrected_here(state):
    month = BranchMonth().to(state)

    with pytest.raises(Refused):
        correct(month, change(month, "REJECTED"))


def test_a_correction_needs_a_reason(month):
    with pytest.raises(Refused):
        correct(month, change(month, "APPROVED"), reason=" ")


def test_what_was_shown_is_what_is_confirmed(month):
    what = change(month, "APPROVED")
    shown = corrections.effect_of_correction(
        pk=month.round.pk,
        member=month.member.pk,
        change=what,
        reason="签到两天",
        by=month.actor("secretary"),
        at=at(10, 30),
    )
    assert Decision.objects.filter(entry=what.entry_id).count() == 1
    correct(month, change(month, "ADJUSTED", "1.50"), by="organiser")

    with pytest.raises(Refused):
        correct(month, what, seen=shown.digest)
    assert month.result("member").score == Decimal("81.50")


# -- additions -----------------------------------------------------------------------------


def test_what_was_forgotten_is_added_in_an_answer(month):
    forgotten = addition(month, times="2.00", day=12)
    month.answer(month.object(text="漏了领学"), correction=forgotten)

    entry = Entry.objects.get(member=month.member, occurred_on=month.day(12))
    assert (entry.source, entry.claimed_points, entry.times) == (
        "REGISTERED",
        Decimal("4.00"),
        Decimal("2.00"),
    )
    assert month.result("member").score == Decimal("85.00")
    assert list(check_ledger()) == []


def test_an_addition_twice_is_one(month):
    forgotten = addition(month, day=12)
    correct(month, forgotten)

    with pytest.raises(Refused):
        correct(month, forgotten)
    assert month.result("member").score == Decimal("83.00")


def test_an_addition_is_of_the_months_book_and_days_and_applies_to_the_member(month):
    elsewhere = CriterionFactory(points=Decimal("2.00"))
    leaders = month.criterion("2.00", "EITHER", applies_to="LEADING_CADRE")
    november = Addition(Item(month.study, Decimal(1), date(2026, 11, 2), "漏登"))
    for wrong in (addition(month, elsewhere), addition(month, leaders), november):
        with pytest.raises(Refused):
            correct(month, wrong)
    with pytest.raises(Refused):
        correct(month, addition(month), name="secretary elsewhere")


# -- threads and withdrawing ---------------------------------------------------------------


def photo(colour="red"):
    return inspect(name="签到.jpg", content=picture(colour=colour), max_bytes=10**7)


def say(month, objection, by, text="补充说明", files=()):
    return objecting.post(
        objection_id=objection.pk, text=text, files=files, by=month.actor(by), at=at(10, 29, 12)
    )


def test_a_thread_goes_between_the_member_and_those_who_may_answer(month):
    objection = objecting.object_to(
        pk=month.round.publication.pk,
        line=None,
        text="请核对",
        files=[photo()],
        by=month.actor("member"),
        at=at(10, 29),
    )
    say(month, objection, "member", files=[photo("blue")])
    asked = say(month, objection, "secretary", "请补交签到表")
    say(month, objection, "secretary", "请补交签到表")

    texts = list(Post.objects.values_list("text", "attachments__name"))
    assert texts == [("", "签到.jpg"), ("补充说明", "签到.jpg"), ("请补交签到表", None)]
    told = Notice.objects.filter(key=f"post:{asked.pk}").values_list("user", flat=True)
    assert list(told) == [month.users["member"].pk]


def test_who_may_write_in_a_thread(month):
    objection = month.object(line=month.result("member").lines.get())
    may = who_may(lambda name: say(month, objection, name), [*month.users, "system"])
    assert may == {"member", "secretary", "system"}


def test_an_answered_thread_is_closed_and_an_empty_post_is_none(month):
    objection = month.object()
    with pytest.raises(Refused):
        say(month, objection, "member", "  ")
    with pytest.raises(Refused):
        say(month, objection, "member", "", [photo(f"#{n * 20:02x}0000") for n in range(10)])
    month.answer(objection)
    with pytest.raises(Refused):
        say(month, objection, "member")
    assert not Post.objects.exists()
    assert not Attachment.objects.exists()


def test_a_withdrawn_objection_lets_the_month_close(month):
    objection = month.object()
    for _click in range(2):
        objecting.withdraw(objection_id=objection.pk, by=month.actor("member"), at=at(10, 30))

    assert Objection.objects.get().state == "WITHDRAWN"
    with pytest.raises(Refused):
        month.answer(objection)
    done = month_end(on=date(2026, 11, 10), by=system_actor(), at=at(11, 10))
    assert done.rounds_closed == 1


def test_only_the_member_withdraws_and_only_what_waits(month):
    objection = month.object()
    with pytest.raises(PermissionDenied):
        objecting.withdraw(objection_id=objection.pk, by=month.actor("secretary"), at=at(10, 30))
    month.answer(objection)
    with pytest.raises(Refused):
        objecting.withdraw(objection_id=objection.pk, by=month.actor("member"), at=at(10, 30))


@pytest.mark.parametrize("name", ["member", "secretary"])
def test_readable_for_ever_by_the_one_who_raised_it(month, name):
    """After a transfer, and after losing the seat on the branch committee."""
    objection = month.object(name)
    objecting.post(
        objection_id=objection.pk,
        text="",
        files=[photo()],
        by=month.actor(name),
        at=at(10, 29),
    )
    member, elsewhere = month.people[name], BranchFactory()
    Position.objects.filter(member=member).update(ends_on=date(2026, 10, 31))
    Membership.objects.filter(member=member).update(ends_on=date(2026, 10, 31))
    Membership.objects.create(member=member, branch=elsewhere, starts_on=date(2026, 11, 1))
    later = actor_on(member.user, date(2027, 5, 1))

    assert list(Objection.objects.visible_to(later)) == [objection]
    assert Attachment.objects.visible_to(later).count() == 1
    other = actor_on(month.other.user, date(2027, 5, 1))
    assert not Objection.objects.visible_to(other).exists()
    assert not Attachment.objects.visible_to(other).exists()
