"""Two people at the same moment: one does it, the other is told, and nothing is done twice.

Real races need two connections and row locks, so these run on PostgreSQL only; the same rules
one after the other are tested everywhere (test_review_services, test_publication).
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from lib.steps import Refused
from members.models import Event, Notice
from members.rights import system_actor
from points.models import Decision, Declaration, Entry, MonthlyResult, Registration
from points.services import declaration as declarations
from reviews.models import FollowUp, Objection, Publication, Round
from reviews.services import objections as objecting
from reviews.services import opening
from reviews.services import review as reviewing
from reviews.services.corrections import Change
from reviews.services.month_end import month_end
from tests.reviews.branch_month import BranchMonth, at

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="a race needs two connections and row locks"
    ),
]


def race(*steps: Callable[[], object]) -> list[str]:
    """Take the steps at the same moment, each on its own connection; who did it, who was told."""
    barrier = Barrier(len(steps))

    def take(step: Callable[[], object]) -> str:
        try:
            barrier.wait(timeout=20)
            step()
        except Refused as refused:
            return f"refused: {refused}"
        except PermissionDenied:
            return "denied"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(steps)) as pool:
        return sorted(pool.map(take, steps))


@pytest.fixture
def month() -> BranchMonth:
    return BranchMonth()


def test_two_reviewers_on_one_entry(month):
    month.file("member", month.line())
    month.start()
    entry = month.entry("member")
    told = race(
        lambda: month.decide(entry, by="secretary"),
        lambda: month.decide(entry, "REJECTED", by="deputy", reason="不符"),
    )

    winner = Decision.objects.get()
    assert told[0] == "done"
    assert told[1].startswith("refused")
    assert winner.decided_by.display_name in told[1]


def test_two_reviewers_approve_all_that_is_in_order(month):
    month.file("member", month.line())
    month.file("other", month.line())
    month.start()
    everything = [
        lambda by=by: reviewing.approve_all_in_order(
            pk=month.round.pk, by=month.actor(by), at=at(10, 28)
        )
        for by in ("secretary", "deputy")
    ]

    assert race(*everything) == ["done", "done"]
    assert Decision.objects.count() == 2


def test_concluding_twice_publishes_once(month):
    month.start()
    month.meet()
    told = race(month.conclude, month.conclude)

    assert [text.split(":")[0] for text in told] == ["done", "refused"]
    assert Publication.objects.count() == 1
    assert MonthlyResult.objects.count() == 5


def test_taking_back_and_month_end_follow_one_another(month):
    month.publish()
    last = month.round.publication.ends_on
    following = last + timedelta(days=1)
    told = race(
        lambda: month.reopen(when=at(last.month, last.day, hour=23)),
        lambda: month_end(on=following, by=system_actor(), at=at(following.month, following.day)),
    )

    month.round.refresh_from_db()
    assert told[0] == "done"
    if told == ["done", "done"]:
        assert (month.round.state, month.round.publication) == ("REVIEWING", None)
    else:
        assert month.round.state == "CLOSED"
        assert not Publication.objects.get().is_withdrawn


def test_taking_back_twice_is_taking_back_once(month):
    month.publish()
    told = race(month.reopen, lambda: month.reopen(reason="另有遗漏"))

    assert [text.split(":")[0] for text in told] == ["done", "refused"]
    assert Event.objects.filter(verb="reopen").count() == 1


def test_two_months_of_a_quarter_concluded_at_once_are_published_once(month):
    july = BranchMonth(month=date(2026, 7, 1)).quarterly()
    months = [july, *(july.also(date(2026, number, 1)).quarterly() for number in (8, 9))]
    for one in months:
        one.publish()
    for one in months[:2]:
        one.reopen(when=at(9, 29))
        one.meet()

    told = race(*(lambda one=one: one.conclude(when=at(9, 29)) for one in months[:2]))

    assert told == ["done", "done"]
    assert Publication.objects.standing().count() == 3
    assert set(Round.objects.filter(branch=july.branch).values_list("state", flat=True)) == {
        "PUBLISHED"
    }


def test_double_click_registers_once(month):
    token = uuid4()
    click = lambda: month.register("member", "other", token=token)  # noqa: E731

    assert race(click, click, click) == ["done", "done", "done"]
    assert (Registration.objects.count(), Entry.objects.count()) == (1, 2)


def test_undoing_twice_undoes_once(month):
    registration = month.register("member", "other")

    assert race(
        lambda: month.undo(registration), lambda: month.undo(registration, by="deputy")
    ) == ["done", "done"]
    assert Decision.objects.filter(outcome="WITHDRAWN").count() == 2


def test_decision_and_conclusion_follow_one_another(month):
    month.file("member", month.line())
    month.start()
    entry = month.entry("member")
    month.decide(entry, by="deputy")
    month.meet()
    told = race(
        month.conclude,
        lambda: month.decide(entry, "REJECTED", by="deputy", reason="不符", seen=1),
    )

    # Whoever was second: the published score is what the decisions in force say.
    rejected = entry.decisions.get(is_current=True).outcome == "REJECTED"
    assert told == ["done", "done"] if rejected else told[1].startswith("refused")
    assert month.result("member").score == Decimal("80.00" if rejected else "82.00")


def test_registration_and_conclusion_follow_one_another(month):
    month.start()
    month.meet()
    told = race(month.conclude, lambda: month.register("member"))

    registered = Entry.objects.exists()
    assert month.result("member").score == Decimal("74.00" if registered else "80.00")
    assert told.count("done") == (2 if registered else 1)


def test_take_back_and_start_follow_one_another(month):
    sheet = month.file("member", month.line())
    by = month.actor("member")
    told = race(
        month.start,
        lambda: declarations.take_back(pk=sheet.pk, seen=sheet.revision, by=by, at=at(10, 27)),
    )

    state = month.sheet("member").state
    if len([text for text in told if text == "done"]) == 2:
        assert state == Declaration.State.MISSING  # taken back first: a draft counts as not filed
    else:
        assert state == Declaration.State.IN_REVIEW


def test_objection_of_the_last_minute_keeps_the_month_open(month):
    """Month-end comes while the objection is being written: it waits, and finds it."""
    month.publish()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            objecting.object_to(
                pk=month.round.publication.pk,
                line=None,
                text="请核对",
                by=month.actor("member"),
                at=at(11, 2, hour=23),
            )
            ended = pool.submit(close_connection_after, month.close)
            time.sleep(1)
        ended.result(timeout=20)

    month.round.refresh_from_db()
    assert month.round.state == "PUBLISHED"


def test_two_workers_at_month_end_close_once(month):
    month.register("member", "other")
    month.register("member", item=month.item(day=10))
    month.publish()
    december = at(12, 1)

    def work() -> None:
        month_end(on=december.date(), by=system_actor(), at=december)

    assert race(work, work, work) == ["done", "done", "done"]

    month.round.refresh_from_db()
    assert month.round.state == "CLOSED"
    assert list(Event.objects.filter(verb="close").values_list("details", flat=True)) == [
        {"rounds": 1}
    ]
    talk = FollowUp.objects.get()
    assert (talk.kind, talk.member) == ("TALK", month.member)
    told = Notice.objects.filter(key=f"follow_up:{talk.pk}").values_list("user", flat=True)
    assert sorted(told) == sorted([month.member.user_id, month.secretary.user_id])


def test_two_workers_open_a_month_once(month):
    november = at(11, 1)

    def work() -> None:
        opening.open_month(month=november.date(), by=system_actor(), at=november)

    assert race(work, work) == ["done", "done"]

    assert Round.objects.filter(month=november.date()).count() == 1
    assert Declaration.objects.filter(month=november.date()).count() == 5


def close_connection_after(step: Callable[[], object]) -> None:
    try:
        step()
    finally:
        connection.close()


def test_objection_answered_twice_is_answered_once(month):
    month.publish_cut()
    objection = month.object("member")
    correction = Change(month.entry("member").pk, "APPROVED", None)
    told = race(
        lambda: month.answer(objection, text="维持"),
        lambda: month.answer(objection, text="签到两天", correction=correction),
    )

    objection.refresh_from_db()
    corrected = objection.state == Objection.State.CORRECTED
    assert told[0] == "done"
    assert told[1].startswith("refused")
    assert month.secretary.name in told[1]
    assert month.result("member").score == Decimal("82.00" if corrected else "81.00")
    assert Notice.objects.filter(key=f"answered:{objection.pk}").count() == 1
