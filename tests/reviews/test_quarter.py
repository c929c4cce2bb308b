"""Publishing by the quarter, extending, and taking back: one notice, the months together."""

from datetime import date
from decimal import Decimal

import pytest

from lib.steps import Refused
from members.models import Event, Notice
from members.rights import system_actor
from points.models import Declaration, MonthlyResult, Policy
from reviews.models import Publication, Round
from reviews.services import conclusion as concluding
from reviews.services import publication as publications
from reviews.services.month_end import month_end
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db

JULY, AUGUST, SEPTEMBER = (date(2026, number, 1) for number in (7, 8, 9))


class Quarter:
    """A branch that publishes July to September in one notice."""

    def __init__(self, *, periods=("QUARTERLY",) * 3, months=(JULY, AUGUST, SEPTEMBER)) -> None:
        first = BranchMonth(month=months[0])
        self.months = [first, *(first.also(month) for month in months[1:])]
        for month, period in zip(self.months, periods, strict=True):
            Round.objects.filter(pk=month.round.pk).update(publication_period=period)

    def states(self) -> list[str]:
        for month in self.months:
            month.round.refresh_from_db()
        return [month.round.state for month in self.months]

    def publish(self) -> Publication:
        for month in self.months:
            publication = month.publish()
        return publication


def shown(publication: Publication) -> list[tuple[date, date]]:
    return [(one.round.month, one.ends_on) for one in publications.months_of(publication)]


def test_the_last_month_publishes_all_three_in_one_notice():
    quarter = Quarter()
    july, august, september = quarter.months
    assert (july.publish(), august.publish()) == (None, None)
    assert quarter.states() == ["CONCLUDED", "CONCLUDED", "OPEN"]
    assert not Notice.objects.filter(key__startswith="published:").exists()

    lead = september.publish()

    assert quarter.states() == ["PUBLISHED"] * 3
    assert shown(lead) == [(month, date(2026, 10, 8)) for month in (JULY, AUGUST, SEPTEMBER)]
    assert lead.round == september.round
    told = Notice.objects.filter(key__startswith="published:", user=july.member.user)
    assert [notice.url for notice in told] == [lead.get_absolute_url()]


def test_the_last_month_waits_for_the_earlier_ones():
    quarter = Quarter()
    _july, august, september = quarter.months
    august.publish()
    with pytest.raises(Refused, match="7"):
        september.publish()

    assert not Publication.objects.exists()


@pytest.mark.parametrize(
    ("periods", "together"),
    [
        (("QUARTERLY", "QUARTERLY", "MONTHLY"), [JULY, AUGUST, SEPTEMBER]),
        (("MONTHLY", "QUARTERLY", "QUARTERLY"), [AUGUST, SEPTEMBER]),
        (("QUARTERLY", "MONTHLY", "MONTHLY"), [JULY, SEPTEMBER]),
        (("MONTHLY", "MONTHLY", "QUARTERLY"), [SEPTEMBER]),
        (("MONTHLY", "MONTHLY", "MONTHLY"), [SEPTEMBER]),
    ],
)
def test_a_policy_that_changes_within_the_quarter_leaves_no_month_behind(periods, together):
    lead = Quarter(periods=periods).publish()

    assert [month for month, _end in shown(lead)] == together
    assert not Round.objects.filter(state="CONCLUDED").exists()


def test_each_month_closes_only_after_the_notice():
    quarter = Quarter()
    quarter.months[0].register("member", "other")
    lead = quarter.publish()
    close = lambda day: month_end(on=day, by=system_actor(), at=at(10, 9))  # noqa: E731

    assert close(lead.ends_on).rounds_closed == 0
    assert close(date(2026, 10, 9)).rounds_closed == 3
    assert quarter.states() == ["CLOSED"] * 3


def test_results_stay_out_of_sight_until_the_notice(client):
    quarter = Quarter()
    july = quarter.months[0]
    july.publish()
    client.force_login(july.member.user)

    page = client.get("/results/2026/7/")
    assert page.templates[0].name == "reviews/result_awaited.html"
    assert client.get("/").context["chart"] == []


def test_a_quarter_without_its_last_month_is_published_when_it_is_over():
    quarter = Quarter(periods=("QUARTERLY",) * 2, months=(JULY, AUGUST))
    quarter.publish()
    july = quarter.months[0]
    publish = lambda when: concluding.publish_waiting(  # noqa: E731
        pk=july.round.pk, by=july.actor("secretary"), at=when
    )
    with pytest.raises(Refused, match="9"):
        publish(at(9, 30))

    lead = publish(at(10, 8))

    assert [month for month, _end in shown(lead)] == [JULY, AUGUST]
    assert quarter.states() == ["PUBLISHED", "PUBLISHED"]


# -- taking back ---------------------------------------------------------------------------


def test_reopening_withdraws_the_publication_and_keeps_everything(month_published):
    month = month_published
    old = month.round.publication
    month.reopen()

    month.round.refresh_from_db()
    old.refresh_from_db()
    assert (month.round.state, month.round.concluded_at) == ("REVIEWING", None)
    assert (old.withdrawal_reason, old.withdrawn_by) == ("漏记一项", month.users["secretary"])
    assert month.round.publication is None
    assert month.sheet("member").state == Declaration.State.IN_REVIEW
    assert not month.round.meetings.filter(is_current=True).exists()
    assert MonthlyResult.objects.filter(is_current=True).count() == 5
    told = Notice.objects.filter(key=f"withdrawn:{old.pk}").values_list("user", flat=True)
    names = ("secretary", "deputy", "organiser", "member", "other")
    assert set(told) == {month.users[name].pk for name in names}


@pytest.fixture
def month_published() -> BranchMonth:
    return BranchMonth().to("PUBLISHED")


def test_concluding_again_makes_a_new_revision_where_something_changed(month_published):
    month = month_published
    month.reopen()
    with pytest.raises(Refused):
        month.conclude()  # another meeting is needed
    month.decide(month.entry("member"), "REJECTED", by="deputy", reason="不符", seen=1)
    month.meet()
    new = month.conclude(when=at(10, 30))

    results = MonthlyResult.objects.filter(member=month.member).order_by("revision")
    assert [(r.score, r.is_current) for r in results] == [
        (Decimal("82.00"), False),
        (Decimal("80.00"), True),
    ]
    assert "漏记一项" in results[1].revision_reason
    assert MonthlyResult.objects.filter(member=month.other).count() == 1
    assert (new.starts_on, new.ends_on) == (date(2026, 10, 30), date(2026, 11, 4))
    assert month.round.meetings.count() == 2
    assert not Notice.objects.filter(key__startswith="revised:").exists()


@pytest.mark.parametrize("reason", ["", "   "])
def test_reopening_needs_a_reason(month_published, reason):
    with pytest.raises(Refused):
        month_published.reopen(reason=reason)

    month_published.round.refresh_from_db()
    assert month_published.round.state == "PUBLISHED"


def test_after_the_end_the_publication_is_not_taken_back(month_published):
    end = month_published.round.publication.ends_on
    with pytest.raises(Refused):
        month_published.reopen(when=at(end.month, end.day + 1))

    assert not Publication.objects.get().is_withdrawn


def test_an_open_objection_outlives_the_withdrawal_and_keeps_the_month_open(month_published):
    month = month_published
    objection = month.object()
    month.reopen()
    month.meet()
    month.conclude(when=at(10, 30))

    assert month_end(on=date(2026, 12, 1), by=system_actor(), at=at(12, 1)).rounds_closed == 0
    month.answer(objection)
    assert month_end(on=date(2026, 12, 1), by=system_actor(), at=at(12, 1)).rounds_closed == 1


def test_reopening_a_month_of_a_quarter_lets_the_others_wait_again():
    quarter = Quarter()
    lead = quarter.publish()
    july = quarter.months[0]
    july.reopen(when=at(9, 29))
    assert quarter.states() == ["REVIEWING", "CONCLUDED", "CONCLUDED"]
    assert Publication.objects.standing().count() == 0

    july.meet()
    again = july.conclude(when=at(9, 29))

    assert quarter.states() == ["PUBLISHED"] * 3
    assert again.round == quarter.months[2].round
    assert [month for month, _end in shown(again)] == [JULY, AUGUST, SEPTEMBER]
    assert [one.is_withdrawn for one in publications.months_of(lead)] == [True] * 3


def test_two_reopened_months_wait_for_each_other():
    quarter = Quarter()
    quarter.publish()
    july, august, _september = quarter.months
    july.reopen(when=at(9, 29))
    august.reopen(when=at(9, 29))
    for month in (july, august):
        month.meet()
    assert july.conclude(when=at(9, 29)) is None
    assert august.conclude(when=at(9, 29)) is not None
    assert quarter.states() == ["PUBLISHED"] * 3


def test_a_concluded_month_is_reopened_and_the_bench_is_told():
    month = BranchMonth().to("CONCLUDED")
    month.reopen()

    month.round.refresh_from_db()
    assert month.round.state == "REVIEWING"
    told = Notice.objects.filter(key__startswith="reopened:").values_list("user", flat=True)
    assert set(told) == {month.users["deputy"].pk, month.users["organiser"].pk}


# -- extending -----------------------------------------------------------------------------


def test_extending_moves_every_month_of_the_notice_and_tells_the_branch():
    quarter = Quarter()
    lead = quarter.publish()
    quarter.months[0].extend(date(2026, 10, 12), when=at(9, 29))

    assert {end for _month, end in shown(lead)} == {date(2026, 10, 12)}
    event = Event.objects.get(verb="extend_publication")
    assert event.details == {
        "was": "2026-10-08",
        "until": "2026-10-12",
        "reason": "部分党员出差在外",
    }
    assert Notice.objects.filter(key=f"extended:{lead.pk}:2026-10-12").count() == 5


@pytest.mark.parametrize(
    ("until", "when"),
    [
        (date(2026, 11, 2), at(10, 29)),  # the day on which it ends anyway
        (date(2026, 12, 3), at(10, 29)),  # more than 30 days later
        (date(2026, 11, 20), at(11, 3)),  # after it has ended
    ],
)
def test_what_cannot_be_extended_stays_as_it_is(month_published, until, when):
    assert month_published.round.publication.ends_on == date(2026, 11, 2)
    with pytest.raises(Refused):
        month_published.extend(until, when=when)

    assert month_published.round.publication.ends_on == date(2026, 11, 2)


def test_an_ended_publication_is_extended_while_an_objection_waits(month_published):
    month_published.object()
    month_published.extend(date(2026, 11, 20), when=at(11, 10))

    month_published.round.refresh_from_db()
    assert month_published.round.publication.ends_on == date(2026, 11, 20)


def test_a_withdrawn_publication_takes_no_answer(month_published):
    old = month_published.round.publication
    month_published.reopen()
    by = month_published.actor("member")
    with pytest.raises(Refused, match="漏记一项"):
        publications.confirm(pk=old.pk, by=by, at=at(10, 29))
    with pytest.raises(Refused):
        publications.extend(
            pk=old.pk,
            until=date(2026, 11, 5),
            reason="出差",
            by=month_published.actor("secretary"),
            at=at(10, 29),
        )


def test_the_notice_is_worded_by_the_committees_template():
    month = BranchMonth()
    Policy.objects.create(
        committee=month.committee,
        effective_from=date(2026, 1, 1),
        notice_template="{branch}公示{months}，{count}人，至{last_day}",
    )
    publication = month.publish()

    text = f"{month.branch.name}公示2026年10月，5人，至2026年11月2日"
    assert publication.notice_text == text
