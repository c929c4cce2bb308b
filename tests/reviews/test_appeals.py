"""Appeals: within their days, decided by somebody else, and an upheld one brings everything
to what it would have been."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.formats import date_format

from lib.steps import Refused
from members.models import Notice, Position
from members.rights import actor_on, system_actor
from points.models import Criterion, Decision, MonthlyResult, Policy
from points.services.registration import Item
from reviews.models import Appeal, FollowUp, Objection, SpotCheck, SpotCheckItem
from reviews.selectors.effects import in_words
from reviews.services import appeals as appealing
from reviews.services.corrections import Addition, Change, correct
from reviews.services.ledger import check_ledger
from reviews.services.month_end import month_end
from tests.factories import StaffAppointmentFactory
from tests.reviews.branch_month import BranchMonth, at, who_may

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY, JUNE = (date(2026, number, 1) for number in (3, 4, 5, 6))


def closed(day: date) -> None:
    month_end(on=day, by=system_actor(), at=at(day.month, day.day, 2))


@pytest.fixture
def month(cut) -> BranchMonth:
    return cut


@pytest.fixture
def kept(month) -> Objection:
    """Answered on Friday the 30th with the result kept."""
    objection = month.object(line=month.result("member").lines.get())
    return month.answer(objection)


def raise_(month, matter, *, by="member", text="请党委复核", when=None, files=()):
    return appealing.appeal_against(
        matter=matter, text=text, files=files, by=month.actor(by), at=when or at(11, 2)
    )


def decide(month, appeal, *, by="staff", is_upheld=True, correction=None, seen=None, when=None):
    return appealing.decide(
        appeal_id=appeal.pk,
        is_upheld=is_upheld,
        text="经复核",
        correction=correction,
        seen=seen,
        by=month.actor(by),
        at=when or at(11, 9),
    )


def approved(month, name="member"):
    return Change(month.entry(name).pk, "APPROVED", None)


# -- the window ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "is_in_time"),
    [(at(10, 30, 18), True), (at(11, 6, 23), True), (at(11, 7), False), (at(12, 1), False)],
)
def test_an_appeal_comes_within_five_working_days_of_the_answer(month, kept, when, is_in_time):
    """Answered on Friday, 30 October: five working days end on Friday, 6 November."""
    if is_in_time:
        assert raise_(month, kept, when=when).state == "OPEN"
    else:
        with pytest.raises(Refused):
            raise_(month, kept, when=when)
        assert not Appeal.objects.exists()


def test_the_policy_says_how_many_days(month, kept):
    Policy.objects.create(
        committee=month.committee,
        effective_from=date(2026, 10, 1),
        appeal_days=1,
        decide_appeal_days=2,
    )
    assert appealing.window_of(kept, date(2026, 11, 2)).last_day == date(2026, 11, 2)
    assert raise_(month, kept).decide_by == date(2026, 11, 4)


def test_what_waits_or_was_withdrawn_is_not_appealed_against(month):
    objection = month.object()
    with pytest.raises(Refused):
        raise_(month, objection)


@pytest.mark.parametrize("by", ["other", "secretary", "staff", "system"])
def test_nobody_appeals_for_somebody_else(month, kept, by):
    with pytest.raises(PermissionDenied):
        raise_(month, kept, by=by)


def test_one_appeal_stands_at_a_time(month, kept):
    first = raise_(month, kept)
    assert raise_(month, kept) == first
    with pytest.raises(Refused):
        raise_(month, kept, text="另外的话")

    appealing.withdraw(appeal_id=first.pk, by=month.actor("member"), at=at(11, 3))
    again = raise_(month, kept, text="另外的话", when=at(11, 3))
    assert [first.pk, again.pk] == list(Appeal.objects.order_by("pk").values_list("pk", flat=True))
    assert again.decide_by == date(2026, 11, 17)


def test_an_appeal_needs_words_and_tells_the_staff(month, kept):
    with pytest.raises(Refused):
        raise_(month, kept, text="  ")
    appeal = raise_(month, kept)

    told = Notice.objects.filter(key=f"appeal:{appeal.pk}").values_list("user", flat=True)
    assert set(told) == {month.users["staff"].pk}


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("OPEN", True),
        ("RECORDED", True),
        ("RECTIFYING", True),
        ("CLOSED", True),
        ("WITHDRAWN", False),
    ],
)
def test_a_follow_up_is_appealed_against_in_its_time_closed_or_not(state, may):
    month = below()
    talk = FollowUp.objects.get()
    is_closed = state == "CLOSED"
    FollowUp.objects.update(
        state=state,
        closed_at=at(4, 12) if is_closed else None,
        closed_by=month.users["staff"] if is_closed else None,
        withdrawn_at=at(4, 12) if state == "WITHDRAWN" else None,
    )
    if may:
        assert raise_(month, talk, when=at(4, 13)).follow_up == talk
    else:
        with pytest.raises(Refused):
            raise_(month, talk, when=at(4, 13))


def test_closing_a_talk_leaves_the_day_until_which_it_is_appealed_against():
    month = below()
    talk = FollowUp.objects.get()
    last_day = appealing.window_of(talk, date(2026, 4, 12)).last_day
    close_it(month)
    talk.refresh_from_db()

    assert appealing.window_of(talk, last_day) == appealing.Window(last_day)
    with pytest.raises(Refused, match=date_format(last_day, "DATE_FORMAT")):
        raise_(month, talk, when=at(last_day.month, last_day.day + 1))


def close_it(month) -> None:
    FollowUp.objects.update(state="CLOSED", closed_at=at(4, 12), closed_by=month.users["staff"])


# -- who decides ---------------------------------------------------------------------------


def able(month, appeal) -> set[str]:
    return who_may(lambda name: decide(month, appeal, by=name), [*month.users, "system"])


def test_staff_above_decide_and_nobody_else(month, kept):
    assert able(month, raise_(month, kept)) == {"staff", "system"}


def test_whoever_answered_does_not_decide_unless_nobody_else_is_appointed():
    month = BranchMonth(bench=("deputy",)).publish_cut(runner="system")
    objection = month.object()
    month.answer(objection, by="staff")
    appeal = raise_(month, objection)
    assert able(month, appeal) == {"staff", "system"}

    month.users["other staff"] = StaffAppointmentFactory(committee=month.committee).user
    assert able(month, appeal) == {"other staff", "system"}


def test_staff_do_not_decide_their_own_appeal(month, kept):
    StaffAppointmentFactory(user=month.users["member"], committee=month.committee)
    appeal = raise_(month, kept)

    assert able(month, appeal) == {"staff", "system"}


# -- deciding ------------------------------------------------------------------------------


def test_a_dismissed_appeal_changes_nothing(month, kept):
    appeal = raise_(month, kept)
    decide(month, appeal, is_upheld=False, correction=approved(month))

    appeal.refresh_from_db()
    assert (appeal.state, appeal.decision) == ("DISMISSED", "经复核")
    assert month.result("member").score == Decimal("81.00")
    assert Decision.objects.count() == 1
    assert Notice.objects.filter(user=month.users["member"], key=f"decided:{appeal.pk}").exists()


def test_an_upheld_appeal_makes_a_decision_and_a_revision(month, kept):
    decide(month, raise_(month, kept), correction=approved(month))

    decisions = month.entry("member").decisions.values_list("number", "outcome", "decided_by")
    assert list(decisions) == [
        (1, "ADJUSTED", month.users["deputy"].pk),
        (2, "APPROVED", month.users["staff"].pk),
    ]
    assert (month.result("member").revision, month.result("member").score) == (2, Decimal(82))
    assert list(check_ledger()) == []


@pytest.mark.parametrize(("outcome", "points"), [("REJECTED", None), ("ADJUSTED", "0.50")])
def test_an_upheld_appeal_never_lowers(month, kept, outcome, points):
    appeal = raise_(month, kept)
    lower = Change(month.entry("member").pk, outcome, points and Decimal(points))

    with pytest.raises(Refused):
        decide(month, appeal, correction=lower)
    appeal.refresh_from_db()
    assert appeal.state == "OPEN"


def test_an_upheld_appeal_may_add_what_was_forgotten(month, kept):
    forgotten = Addition(Item(month.study, Decimal(1), month.day(15), "漏登"))
    decide(month, raise_(month, kept), correction=forgotten)

    assert month.result("member").score == Decimal("83.00")


def test_a_decided_appeal_is_decided_once(month, kept):
    appeal = raise_(month, kept)
    decide(month, appeal)

    with pytest.raises(Refused, match=month.users["staff"].display_name):
        decide(month, appeal, is_upheld=False)
    with pytest.raises(Refused):
        appealing.withdraw(appeal_id=appeal.pk, by=month.actor("member"), at=at(11, 10))
    with pytest.raises(Refused):
        appealing.post(
            appeal_id=appeal.pk, text="还有", files=[], by=month.actor("member"), at=at(11, 10)
        )


def test_a_decision_needs_a_reason_and_a_month_that_is_concerned(month, kept):
    november = month.also(date(2026, 11, 1))
    november.file("member", november.line())
    november.publish()
    appeal = raise_(month, kept)
    elsewhere = Change(november.entry("member").pk, "REJECTED", None)

    with pytest.raises(Refused):
        decide(month, appeal, correction=elsewhere)
    with pytest.raises(Refused):
        appealing.decide(
            appeal_id=appeal.pk, is_upheld=False, text=" ", by=month.actor("staff"), at=at(11, 9)
        )


def test_an_open_appeal_does_not_keep_the_month_open(month, kept):
    appeal = raise_(month, kept)
    closed(date(2026, 11, 10))
    assert month.result("member").is_final

    decide(month, appeal, correction=approved(month), when=at(11, 12))
    assert (month.result("member").is_final, month.result("member").score) == (True, Decimal(82))


def test_the_appeal_is_read_by_its_member_for_ever(month, kept):
    appeal = raise_(month, kept)
    Position.objects.all().delete()
    later = actor_on(month.users["member"], date(2030, 1, 1))

    assert list(Appeal.objects.visible_to(later)) == [appeal]
    assert not Appeal.objects.visible_to(month.actor("other")).exists()


def test_a_thread_goes_between_appellant_and_staff(month, kept):
    appeal = raise_(month, kept)

    def say(by):
        return appealing.post(
            appeal_id=appeal.pk, text="补充", files=[], by=month.actor(by), at=at(11, 3)
        )

    post = say("staff")
    told = Notice.objects.filter(key=f"post:{post.pk}").values_list("user", flat=True)
    assert list(told) == [month.users["member"].pk]
    assert say("member").pk != post.pk
    for by in ("secretary", "other", "staff elsewhere"):
        with pytest.raises(PermissionDenied):
            say(by)


# -- what follows --------------------------------------------------------------------------


def below() -> BranchMonth:
    """March ended at 68 for the member: the talk is to be held by the secretary."""
    march = BranchMonth(month=MARCH)
    march.register("member", item=march.item(day=9))
    march.register("member", item=march.item(day=16))
    march.publish()
    closed(date(2026, 4, 10))
    return march


def absence(month, day=16):
    return month.member.entries.get(month=month.month, occurred_on=month.day(day))


def test_an_upheld_appeal_against_a_talk_withdraws_it_and_says_so_before():
    march = below()
    talk = FollowUp.objects.get()
    appeal = raise_(march, talk, when=at(4, 13))
    what = Change(absence(march).pk, "REJECTED", None)

    effect = appealing.effect_of_decision(
        appeal_id=appeal.pk,
        text="当日已请假",
        correction=what,
        by=march.actor("staff"),
        at=at(4, 20),
    )

    assert [(one.old.score, one.new.score) for one in effect.revised] == [
        (Decimal("68.00"), Decimal("74.00"))
    ]
    assert [(one.month, one.was, one.becomes) for one in effect.streaks] == [(MARCH, 1, 0)]
    (change,) = effect.follow_ups
    assert (change.follow_up.pk, change.was, change.becomes) == (talk.pk, "OPEN", "WITHDRAWN")
    words = in_words(change).text
    assert march.member.name in words
    assert "2026" in words
    talk.refresh_from_db()
    assert talk.state == "OPEN"
    assert march.result("member").score == Decimal("68.00")

    decide(march, appeal, correction=what, seen=effect.digest, when=at(4, 20))

    talk.refresh_from_db()
    assert (talk.state, talk.withdrawal_reason) == ("WITHDRAWN", "经复核")
    told = Notice.objects.filter(key__startswith=f"withdrawn:{talk.pk}:")
    assert set(told.values_list("user", flat=True)) == {
        march.users["member"].pk,
        march.users["secretary"].pk,
    }


def test_a_decision_taken_meanwhile_is_shown_again_first():
    march = below()
    appeal = raise_(march, FollowUp.objects.get(), when=at(4, 13))
    first = Change(absence(march, 16).pk, "REJECTED", None)
    shown = appealing.effect_of_decision(
        appeal_id=appeal.pk, text="复核", correction=first, by=march.actor("staff"), at=at(4, 20)
    )
    other = month_of_other_decision(march)

    with pytest.raises(Refused):
        decide(march, appeal, correction=first, seen=shown.digest, when=at(4, 21))
    appeal.refresh_from_db()
    assert appeal.state == "OPEN"
    assert march.result("member").score == other


def month_of_other_decision(march) -> Decimal:
    correct(
        member=march.member.pk,
        round_=march.round,
        change=Change(absence(march, 9).pk, "ADJUSTED", Decimal("-5.00")),
        reason="抽查",
        by=march.actor("staff"),
        at=at(4, 20, 12),
    )
    return Decimal("69.00")


def test_what_was_carried_out_is_flagged():
    march = below()
    FollowUp.objects.update(state="RECORDED")
    appeal = raise_(march, FollowUp.objects.get(), when=at(4, 13))
    decide(march, appeal, correction=Change(absence(march).pk, "REJECTED", None), when=at(4, 20))

    talk = FollowUp.objects.get()
    assert (talk.state, talk.is_basis_changed) == ("RECORDED", True)


def test_a_talk_that_was_closed_meanwhile_stays_closed_and_is_flagged():
    march = below()
    close_it(march)
    appeal = raise_(march, FollowUp.objects.get(), when=at(4, 13))
    what = Change(absence(march).pk, "REJECTED", None)
    effect = appealing.effect_of_decision(
        appeal_id=appeal.pk, text="复核", correction=what, by=march.actor("staff"), at=at(4, 20)
    )
    decide(march, appeal, correction=what, seen=effect.digest, when=at(4, 20))

    (change,) = effect.follow_ups
    assert (change.was, change.becomes, change.is_flagged) == ("CLOSED", "CLOSED", True)
    talk = FollowUp.objects.get()
    assert (talk.state, talk.is_basis_changed) == ("CLOSED", True)


def half_year(*, march_is_right: bool) -> tuple[BranchMonth, list[BranchMonth]]:
    """Twelve points lost each month from March to June, two earned, of which five count a
    year; in March the two were rejected, unless it was right from the start."""
    march = BranchMonth(month=MARCH)
    capped = march.criterion("2.00", Criterion.RegisteredBy.EITHER, max_points_year=Decimal("5.00"))
    months = [march]
    for number, when in enumerate((MARCH, APRIL, MAY, JUNE)):
        month = march if not number else march.also(when)
        if number:
            months.append(month)
        month.file("member", month.line(criterion=capped))
        month.register("member", item=month.item(day=9))
        month.register("member", item=month.item(day=16))
        month.start()
        earned = month.member.entries.get(month=when, source="DECLARED")
        is_wrong = not number and not march_is_right
        month.decide(earned, "REJECTED" if is_wrong else "APPROVED", by="deputy", reason="材料不符")
        month.meet()
        month.conclude()
        closed(date(2026, when.month + 1, 12))
    return march, months


def state_of(march, months):
    rows = FollowUp.objects.standing().filter(member=march.member)
    return (
        sorted(rows.values_list("kind", "state", "first_month", "trigger_month")),
        [(month.result("member").score, month.result("member").streak) for month in months],
    )


def test_march_upheld_in_june_comes_to_what_it_would_have_been():
    march, months = half_year(march_is_right=False)
    talk = FollowUp.objects.get(trigger_month=MARCH)
    earned = march.member.entries.get(month=MARCH, source="DECLARED")
    assert state_of(march, months) == (
        [("TALK", "OPEN", MARCH, MARCH), ("TALK", "OPEN", JUNE, JUNE)],
        [(Decimal(68), 1), (Decimal(70), 0), (Decimal(70), 0), (Decimal(69), 1)],
    )
    appeal = raise_(march, talk, when=at(4, 14))

    decide(march, appeal, correction=Change(earned.pk, "APPROVED", None), when=at(7, 20))

    # The cap of the year is used up earlier: May and June fall below.
    came_to = state_of(march, months)
    assert came_to == (
        [("INTERVIEW", "OPEN", MAY, JUNE), ("TALK", "OPEN", MAY, MAY)],
        [(Decimal(70), 0), (Decimal(70), 0), (Decimal(69), 1), (Decimal(68), 2)],
    )
    assert came_to == state_of(*half_year(march_is_right=True))
    assert list(check_ledger()) == []
    before = list(FollowUp.objects.values())
    month_end(on=date(2026, 8, 1), by=system_actor(), at=at(8, 1))
    assert list(FollowUp.objects.values()) == before


# -- findings ------------------------------------------------------------------------------


def found(month, finding="EVIDENCE_MISSING", when=None) -> SpotCheckItem:
    check = SpotCheck.objects.create(
        token=uuid4(),
        committee=month.committee,
        first_month=month.month,
        last_month=month.month,
        size=1,
        seed="1",
        algorithm="test",
        pool_size=1,
        pool_digest="0",
        inspect_by=date(2026, 12, 1),
        drawn_by=month.users["staff"],
        drawn_at=at(11, 10),
    )
    by = month.users["staff"] if finding else None
    return SpotCheckItem.objects.create(
        spot_check=check,
        number=1,
        entry=month.entry("member"),
        finding=finding,
        found_by=by,
        found_at=(when or at(11, 16)) if finding else None,
    )


@pytest.mark.parametrize(
    ("finding", "when", "may"),
    [
        ("EVIDENCE_MISSING", at(11, 23), True),
        ("EVIDENCE_MISSING", at(11, 24), False),
        ("IN_ORDER", at(11, 17), False),
        ("", at(11, 17), False),
    ],
)
def test_a_finding_on_ones_entry_is_appealed_against(month, finding, when, may):
    closed(date(2026, 11, 10))
    item = found(month, finding)
    if may:
        assert raise_(month, item, when=when).finding == item
    else:
        with pytest.raises(Refused):
            raise_(month, item, when=when)


def test_whoever_made_the_finding_does_not_decide(month):
    closed(date(2026, 11, 10))
    month.users["other staff"] = StaffAppointmentFactory(committee=month.committee).user
    appeal = raise_(month, found(month), when=at(11, 17))

    assert able(month, appeal) == {"other staff", "system"}
    decide(month, appeal, by="other staff", correction=approved(month), when=at(11, 18))
    assert MonthlyResult.objects.current().get(member=month.member).score == Decimal(82)
