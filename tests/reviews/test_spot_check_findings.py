"""What an inspection found: who records it, what it changes, and who is told."""

from copy import deepcopy
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Notice
from points.models import Decision, Entry
from reviews.models import FollowUp
from reviews.services import spot_checks as services
from reviews.services.ledger import check_ledger
from reviews.services.spot_checks import Found
from tests.reviews.spot_checking import (
    DRAWN_AT,
    FOUND_AT,
    actor,
    closed_month,
    draw,
    find,
    item_of,
    staff_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def closed(kept_rows):
    return closed_month("member", "other")


@pytest.fixture
def month(closed):
    return deepcopy(closed)


@pytest.fixture
def item(month):
    return item_of(draw(month), "member", month)


@pytest.mark.parametrize(
    ("finding", "right", "note", "decision", "score"),
    [
        ("IN_ORDER", None, "", ("APPROVED", "2.00"), "82.00"),
        ("POINTS_WRONG", "0.50", "只参加半天", ("ADJUSTED", "0.50"), "80.50"),
        ("POINTS_WRONG", "3.00", "应按两次计", ("ADJUSTED", "3.00"), "83.00"),
        ("EVIDENCE_MISSING", None, "无签到表", ("REJECTED", None), "80.00"),
        ("FALSE", None, "未参加该活动", ("REJECTED", None), "80.00"),
    ],
)
def test_finding_decides_anew_and_revises(month, item, finding, right, note, decision, score):
    before = month.result("member")

    recorded, _effect = find(item, finding, by=item.inspector, right=right, note=note)

    current = item.entry.decisions.get(is_current=True)
    outcome, points = decision
    assert (current.outcome, current.points) == (outcome, points and Decimal(points))
    after = month.result("member")
    assert (after.score, after.is_final) == (Decimal(score), True)
    assert (after.revision > before.revision) is (finding != "IN_ORDER")
    assert (recorded.finding, recorded.right_points, recorded.note) == (
        finding,
        right and Decimal(right),
        note,
    )
    assert (recorded.found_by, recorded.found_at) == (item.inspector, FOUND_AT)
    assert list(check_ledger()) == []
    # The draw can still be repeated.
    assert services.repeat(item.spot_check).is_identical


def test_right_points_that_are_the_claimed_ones_approve(month):
    spot_check = draw(month)
    item = item_of(spot_check, "member", month)
    entry = item.entry
    Decision.objects.filter(entry=entry).update(
        outcome="ADJUSTED", points=Decimal("1.00"), reason="一半"
    )

    find(item, "POINTS_WRONG", by=item.inspector, right="2.00", note="应全额认定")

    current = entry.decisions.get(is_current=True)
    assert (current.outcome, current.points) == ("APPROVED", Decimal("2.00"))


def test_a_rejected_entry_found_false_stays_rejected(month, item):
    Decision.objects.filter(entry=item.entry).update(outcome="REJECTED", points=None, reason="不符")

    find(item, "FALSE", by=item.inspector, note="未参加该活动")

    item.refresh_from_db()
    assert (item.finding, item.entry.decisions.count()) == ("FALSE", 1)


@pytest.mark.parametrize(
    ("finding", "right", "note"),
    [
        ("", None, "x"),
        ("SOMETHING", None, "x"),
        ("POINTS_WRONG", None, "x"),
        ("POINTS_WRONG", "2.00", "x"),
        ("POINTS_WRONG", "-1.00", "x"),
        ("POINTS_WRONG", "1.00", " "),
        ("EVIDENCE_MISSING", None, ""),
        ("FALSE", None, ""),
    ],
)
def test_an_incomplete_finding_is_refused_and_changes_nothing(month, item, finding, right, note):
    with pytest.raises(Refused):
        find(item, finding, by=item.inspector, right=right, note=note)

    item.refresh_from_db()
    assert (item.finding, item.entry.decisions.count()) == ("", 1)
    assert not Notice.objects.filter(key=f"finding:{item.pk}").exists()


def test_a_finding_is_recorded_once(month, item):
    find(item, "FALSE", by=item.inspector, note="未参加")

    find(item, "FALSE", by=item.inspector, note="未参加")
    with pytest.raises(Refused):
        find(item, "IN_ORDER", by=item.inspector)

    assert item.entry.decisions.count() == 2
    assert Notice.objects.filter(key=f"finding:{item.pk}").count() == 2


def test_only_the_inspector_records(month, item):
    second = staff_of(month.committee)

    for user in (second, month.users["secretary"], month.users["member"]):
        with pytest.raises(PermissionDenied):
            find(item, "IN_ORDER", by=user)
    services.assign(pk=item.pk, inspector=second, by=actor(item.inspector), at=DRAWN_AT)
    with pytest.raises(PermissionDenied):
        find(item, "IN_ORDER", by=month.users["staff"])

    recorded, _effect = find(item, "IN_ORDER", by=second)
    assert recorded.found_by == second


def test_without_an_inspector_whoever_may_records(month, item):
    type(item).objects.update(inspector=None)

    find(item, "IN_ORDER", by=month.users["staff"])

    item.refresh_from_db()
    assert item.inspector == item.found_by == month.users["staff"]


def test_whoever_came_to_the_branch_since_inspects_no_more(month, item):
    month.people["other"].user, staff = None, item.inspector
    month.other.user = staff
    month.other.save()

    with pytest.raises(PermissionDenied):
        find(item, "IN_ORDER", by=staff)


def test_preview_shows_months_and_follow_ups_and_writes_nothing():
    month = closed_month("member", pass_line=Decimal("81.00"))
    item = draw(month).items.get()
    found = Found("EVIDENCE_MISSING", None, "无签到表")

    effect = services.effect_of_finding(
        pk=item.pk, found=found, by=actor(item.inspector), at=FOUND_AT
    )

    (revised,) = effect.revised
    assert (revised.old.score, revised.new.score) == (Decimal("82.00"), Decimal("80.00"))
    assert [one.follow_up.kind for one in effect.follow_ups] == ["TALK"]
    assert not FollowUp.objects.filter(member=month.member).exists()
    item.refresh_from_db()
    assert (item.finding, item.entry.decisions.count()) == ("", 1)

    find(item, "EVIDENCE_MISSING", by=item.inspector, note="无签到表", seen=effect.digest)
    assert FollowUp.objects.get(member=month.member).kind == "TALK"


def test_an_effect_that_was_not_shown_is_not_recorded(month, item):
    with pytest.raises(Refused):
        find(item, "FALSE", by=item.inspector, note="未参加", seen="0" * 16)

    assert item.entry.decisions.count() == 1


def test_member_and_secretary_are_told(month, item):
    find(item, "POINTS_WRONG", by=item.inspector, right="1.00", note="半天")

    notices = {notice.user: notice for notice in Notice.objects.filter(key=f"finding:{item.pk}")}
    assert set(notices) == {month.users["member"], month.users["secretary"]}
    mine, theirs = notices[month.users["member"]], notices[month.users["secretary"]]
    assert mine.url == item.get_absolute_url()
    assert theirs.url == month.round.get_absolute_url()
    assert "82" in mine.subject
    assert "81" in mine.subject
    assert "2026年11月16日" in mine.subject
    assert month.member.name in theirs.subject


def test_what_is_in_order_bothers_nobody(month, item):
    find(item, "IN_ORDER", by=item.inspector)

    assert not Notice.objects.filter(key=f"finding:{item.pk}").exists()


def test_a_secretarys_own_finding_is_told_once(month):
    entry = Entry.objects.get(member=month.member)
    Entry.objects.filter(pk=entry.pk).update(member=month.secretary)
    item = item_of(draw(month), "secretary", month)

    find(item, "FALSE", by=item.inspector, note="未参加")

    assert [n.url for n in Notice.objects.filter(key=f"finding:{item.pk}")] == [
        item.get_absolute_url()
    ]
