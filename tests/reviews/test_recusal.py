"""Nobody decides their own, and everybody knows who does instead."""

from datetime import date

import pytest
from django.urls import reverse

from lib.steps import Refused
from members.models import Member, Notice
from reviews.models import Meeting
from reviews.services import conclusion as concluding
from reviews.services import meeting as meetings
from reviews.services import round as rounds
from reviews.services.meeting import MeetingRecord
from tests.reviews.branch_month import DAY, BranchMonth, at

pytestmark = pytest.mark.django_db


def told(key):
    return set(Notice.objects.filter(key=key).values_list("user", flat=True))


@pytest.mark.parametrize(
    ("bench", "whose", "asked"),
    [
        (("secretary", "deputy", "organiser"), "secretary", {"deputy"}),
        (("secretary", "organiser"), "secretary", {"organiser"}),
        (("secretary",), "secretary", {"staff"}),
        (("deputy",), "deputy", {"staff"}),
        (("secretary", "deputy"), "deputy", set()),
        (("secretary", "deputy"), "member", set()),
    ],
)
def test_whoever_decides_instead_is_asked_when_the_review_starts(bench, whose, asked):
    month = BranchMonth(bench=bench)
    month.file(whose, month.line())
    month.start("system")

    key = f"recusal:{month.round.pk}:{month.people[whose].pk}"
    assert told(key) == {month.users[name].pk for name in asked}


def test_without_an_own_entry_nobody_is_asked():
    month = BranchMonth().to("REVIEWING")

    assert not Notice.objects.filter(key__startswith="recusal:").exists()
    assert month.round.state == "REVIEWING"


@pytest.mark.parametrize(
    ("bench", "named"),
    [(("secretary", "deputy", "organiser"), ["deputy", "organiser"]), (("secretary",), [])],
)
def test_the_grid_names_who_decides_ones_own(client, bench, named):
    month = BranchMonth(bench=bench)
    month.file("secretary", month.line())
    month.start()
    client.force_login(month.users["secretary"])

    page = client.get(reverse("review", args=[month.round.pk]))

    _sheet, line = page.context["grid"].find(month.entry("secretary").pk)
    assert all(month.people[name].name in line.locked for name in named)
    assert line.locked in page.content.decode()


@pytest.mark.parametrize("bench", [("secretary", "deputy"), ("secretary",)])
def test_the_conclusion_names_who_is_waited_for(bench):
    month = BranchMonth(bench=bench)
    month.file("secretary", month.line())
    month.file("member", month.line())
    month.start()
    month.meet()

    found = concluding.obstacles(month.round, rounds.bench_of(month.branch.pk, DAY))

    assert [one.kind for one in found] == ["UNDECIDED", "RECUSED"]
    assert month.member.name in found[0].text
    assert month.secretary.name not in found[0].text
    decider = rounds.decider_for(rounds.bench_of(month.branch.pk, DAY), month.secretary.pk)
    assert decider in found[1].text
    assert (month.deputy.name in decider) == (len(bench) == 2)


def test_nobody_is_blocked_on_a_bench_of_one():
    month = BranchMonth(bench=("secretary",))
    month.file("secretary", month.line())
    month.start()
    month.decide(month.entry("secretary"), by="staff")
    month.meet()

    assert month.conclude() is not None


# -- the quorum ----------------------------------------------------------------------------


def hold(month, kind, *names, day=28):
    people = [month.people[name].pk for name in names]
    record = MeetingRecord(kind, date(2026, 10, day), "", people[0], tuple(people), "")
    return meetings.record_meeting(
        pk=month.round.pk, meeting=record, by=month.actor("secretary"), at=at(10, 28)
    )


EVERYBODY = ("secretary", "deputy", "organiser", "member", "other")


@pytest.mark.parametrize(
    ("kind", "present", "entitled", "is_met"),
    [
        ("COMMITTEE", ("secretary", "deputy"), 3, True),
        ("COMMITTEE", ("secretary",), 3, False),
        ("ASSEMBLY", EVERYBODY, 4, True),
        ("ASSEMBLY", ("secretary", "deputy", "member"), 4, True),
        ("ASSEMBLY", ("secretary", "deputy", "other"), 4, False),
    ],
)
def test_a_meeting_without_a_quorum_concludes_nothing(kind, present, entitled, is_met):
    month = BranchMonth()
    month.other.category = Member.Category.PROBATIONARY  # is there, and does not count
    month.other.save()
    month.start()
    meeting = hold(month, kind, *present)

    assert meeting.entitled == entitled
    assert meetings.quorum_of(meeting, month.branch).is_met == is_met
    if is_met:
        assert month.conclude() is not None
    else:
        with pytest.raises(Refused):
            month.conclude()


@pytest.mark.parametrize(
    ("kind", "names", "day"),
    [
        ("COMMITTEE", ("secretary", "other"), 28),
        ("COMMITTEE", ("member", "secretary"), 28),
        ("ASSEMBLY", ("secretary", "secretary elsewhere"), 28),
        ("COMMITTEE", ("secretary", "deputy"), 29),
    ],
)
def test_who_does_not_belong_to_the_meeting_is_not_recorded(kind, names, day):
    month = BranchMonth()
    month.start()
    with pytest.raises(Refused):
        hold(month, kind, *names, day=day)

    assert not Meeting.objects.exists()


def test_a_branch_without_a_committee_holds_an_assembly():
    month = BranchMonth(bench=())
    month.start("staff")
    with pytest.raises(Refused):
        meetings.record_meeting(
            pk=month.round.pk,
            meeting=MeetingRecord(
                "COMMITTEE", date(2026, 10, 28), "", month.member.pk, (month.member.pk,), ""
            ),
            by=month.actor("staff"),
            at=at(10, 28),
        )
    month.meet("staff")

    assert Meeting.objects.get().kind == "ASSEMBLY"
