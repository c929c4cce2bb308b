"""What a correction of the results does to a talk: before it is held, and after."""

from datetime import date

import pytest

from lib.steps import Refused
from members.models import Event
from members.rights import actor_on, system_actor
from reviews.models import FollowUp
from reviews.selectors.follow_ups import dossier_of, timeline_of
from reviews.services import appeals as appealing
from reviews.services import records
from reviews.services.corrections import Change
from reviews.services.month_end import month_end
from reviews.services.records import Sitting
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 6)


@pytest.fixture
def month() -> BranchMonth:
    """October closed with the member at 68, below 70."""
    month = BranchMonth()
    month.register("member", item=month.item(day=9))
    month.register("member", item=month.item(day=16))
    month.publish()
    month_end(on=date(2026, 11, 5), by=system_actor(), at=at(11, 5))
    return month


def record(month, talk):
    sitting = Sitting(DAY, "谈话室", (month.secretary.pk,), "谈了缺席")
    by = actor_on(month.users["secretary"], DAY)
    return records.record_sitting(pk=talk.pk, sitting=sitting, by=by, at=at(11, 6))


def uphold(month, talk):
    """The committee finds that one absence was excused: 74 passes."""
    appeal = appealing.appeal_against(
        matter=talk, text="有请假条", by=month.actor("member"), at=at(11, 7)
    )
    entry = month.member.entries.order_by("pk").first()
    appealing.decide(
        appeal_id=appeal.pk,
        is_upheld=True,
        text="请假手续完备",
        correction=Change(entry.pk, "REJECTED", None),
        by=month.actor("staff"),
        at=at(11, 9),
    )
    talk.refresh_from_db()


def verbs(talk) -> list[str]:
    events = Event.objects.filter(target_type="followup", target_id=talk.pk)
    return list(events.order_by("at", "pk").values_list("verb", flat=True))


def test_a_talk_that_was_not_held_is_withdrawn_with_its_reason_and_not_recorded(month):
    talk = FollowUp.objects.get()
    uphold(month, talk)

    assert (talk.state, verbs(talk)) == ("WITHDRAWN", ["withdraw"])
    assert timeline_of(talk)[-1]["note"] == "请假手续完备"
    with pytest.raises(Refused):
        record(month, talk)


def test_a_talk_that_was_held_is_flagged_and_shows_both_revisions(month, django_assert_num_queries):
    talk = FollowUp.objects.get()
    record(month, talk)
    uphold(month, talk)

    assert (talk.state, talk.is_basis_changed) == ("RECORDED", True)
    assert verbs(talk) == ["record", "flag"]
    staff = month.actor("staff")
    with django_assert_num_queries(3):
        (row,) = dossier_of(talk, staff).months
    assert (row.then.revision, row.then.score, row.result.revision, row.result.score) == (
        1,
        68,
        2,
        74,
    )
    assert [one.revision for one in row.revisions] == [1, 2]


def test_the_page_shows_both_revisions(month, client):
    talk = FollowUp.objects.get()
    record(month, talk)
    uphold(month, talk)
    client.force_login(month.users["staff"])

    page = client.get(talk.get_absolute_url())

    assert page.context["may"]["lift"]
    body = page.content.decode()
    assert "68" in body
    assert "74" in body
