"""Whose turn it is in talks, interviews, cases and explanations: to-dos, reminders, escalation,
and silence as agreement."""

from datetime import date, datetime, timedelta

import pytest

from members.models import Position
from reviews.models import Disposition, FollowUp, FollowUpRecord, Judgement
from reviews.selectors.follow_ups import dossier_of, timeline_of
from reviews.selectors.to_dos.sittings import sittings
from reviews.services import jobs, rectification
from reviews.services.appeals import window_of
from reviews.services.matters import branches_to_look_at, matters_due
from tests.factories import MemberFactory
from tests.reviews.sitting_world import AT, SHANGHAI, Kind, Sittings

pytestmark = pytest.mark.django_db

TODAY, LATER = AT.date(), date(2027, 3, 1)


@pytest.fixture
def world() -> Sittings:
    return Sittings()


def titles(world, name, today=TODAY) -> list[str]:
    return [to_do.icon for to_do in sittings(world.actor(name), today=today)]


def due(world, on=LATER) -> dict[str, tuple[set[str], date]]:
    """What is due that day, and whose turn it is, by name."""
    names = {world.user(name).pk: name for name in world.people}
    members = {
        person.pk: name for name, person in world.people.items() if hasattr(person, "staff_no")
    }
    found = matters_due(on=on, until=on, branches=[world.branch.pk])
    return {
        one.what: (
            {members[pk] for pk in one.members} | {names[pk] for pk in one.users},
            one.due_on,
        )
        for one in found
    }


# -- to-dos ------------------------------------------------------------------------------------

NOTEBOOK, WARN, LOCK, WHEEL, CHECK = (
    "notebook-pen",
    "message-square-warning",
    "lock",
    "refresh-cw",
    "clipboard-check",
)


@pytest.mark.parametrize(
    ("state", "member", "secretary", "staff"),
    [
        ("OPEN", [], [], []),
        ("RECORDED", [NOTEBOOK], [], []),
        ("DISPUTED", [], [WARN], [WARN]),
        ("CONFIRMED", [], [LOCK], []),
        ("RECTIFYING", [WHEEL], [], []),
        ("CLOSED", [], [], []),
    ],
)
def test_whoever_can_go_on_has_it_to_do(world, state, member, secretary, staff):
    FollowUp.objects.filter(pk=world.interview.pk).update(state="WITHDRAWN", withdrawn_at=AT)
    world.to(state)

    assert titles(world, "member") == member
    assert titles(world, "secretary") == secretary
    assert titles(world, "staff") == staff
    assert titles(world, "other") == titles(world, "staff elsewhere") == []


def test_what_was_handed_in_is_for_who_checks(world):
    world.to("RECTIFYING")
    assert titles(world, "secretary", LATER) == [CHECK]  # late
    world.add_step()
    world.hand_in()

    assert titles(world, "member") == []
    assert titles(world, "secretary") == [CHECK]


def test_what_rests_on_revised_results_is_for_the_committee(world):
    world.to("CONFIRMED")
    FollowUp.objects.filter(pk=world.talk.pk).update(is_basis_changed=True)

    assert titles(world, "staff") == [WARN]
    assert titles(world, "staff elsewhere") == []


@pytest.mark.parametrize("count", [1, 3])
def test_to_dos_are_one_query(world, django_assert_num_queries, count):
    for _each in range(count):
        row = world.demanded(
            Kind.TALK, holder="secretary", month=date(2026, 9, 1), member=MemberFactory()
        )
        world.record(row, world.measures())
    secretary = world.actor("secretary")

    with django_assert_num_queries(1):
        list(sittings(secretary, today=AT.date()))


# -- what is due ---------------------------------------------------------------------------------


def test_a_member_is_never_reminded_to_confirm(world):
    world.record()
    world.record(world.interview, world.sitting("deputy"), by="deputy")

    assert due(world) == {}


def test_putting_right_is_the_members_turn_and_once_late_also_the_checkers(world):
    world.to("RECTIFYING")
    FollowUp.objects.filter(pk=world.interview.pk).update(state="WITHDRAWN", withdrawn_at=AT)
    last = date(2026, 11, 10)
    assert branches_to_look_at(on=last).get() == world.branch.pk

    assert due(world, last) == {"rectify": ({"member"}, last)}
    assert due(world, last + timedelta(days=1)) == {"rectify": ({"member", "secretary"}, last)}

    world.add_step()
    world.hand_in()
    assert due(world, last)["check"][0] == {"secretary"}


def test_a_dispute_is_for_who_held_it_and_the_committee(world):
    world.to("DISPUTED")

    assert due(world)["dispute"] == (
        {"secretary", "staff", "second staff"},
        date(2026, 11, 4),  # ten working days
    )


def test_a_correction_is_checked_by_the_secretary_or_in_their_place_the_committee(world):
    case = world.demanded(Kind.DISPOSITION, holder=None, month=date(2026, 10, 1))
    row = world.demanded(Kind.CORRECTION, holder=None, month=date(2026, 10, 1), origin=case)
    rectification.begin(follow_up=row, due_on=date(2026, 12, 31), at=AT)
    world.add_step(row)
    world.hand_in(row)
    assert due(world)["check"][0] == {"secretary"}

    Position.objects.update(ends_on=date(2026, 10, 1))
    assert due(world)["check"][0] == {"staff", "second staff"}


def test_a_case_is_filed_by_the_branch_and_decided_by_the_committee(world):
    case = world.demanded(Kind.DISPOSITION, holder=None, month=date(2026, 10, 1))
    FollowUp.objects.filter(pk=case.pk).update(state="RECORDED")
    user = world.user("secretary")
    row = Disposition.objects.create(
        follow_up=case,
        number=1,
        measure="NONE",
        ground_text="事实",
        opinion_on=AT.date(),
        opinion_number="1",
        opinion_by=user,
        opinion_at=AT,
    )
    assert due(world)["file-case"][0] == {"secretary"}

    row.state, row.filed_on, row.filed_by, row.filed_at = "FILED", AT.date(), user, AT
    row.save()
    assert due(world)["decide-case"][0] == {"staff", "second staff"}


def test_an_explanation_waits_for_its_judgement_and_then_for_the_decision(world):
    row = FollowUp.objects.create(
        kind=Kind.REPORT_EXPLANATION,
        branch=world.branch,
        holder=world.people["secretary"],
        year=2026,
        opened_at=AT,
        state="RECORDED",
    )
    FollowUpRecord.objects.create(
        follow_up=row,
        number=1,
        held_on=AT.date(),
        place="会议室",
        said="说明",
        recorded_by=world.user("secretary"),
        recorded_at=AT,
        answer="NOT_ASKED",
    )
    assert due(world)["judge"][0] == {"staff", "second staff"}

    Judgement.objects.create(
        follow_up=row,
        outcome="SERIOUS",
        reason="多人连续为零",
        judged_by=world.user("staff"),
        judged_at=AT,
    )
    found = due(world)
    assert "judge" not in found
    assert found["accountability"][0] == {"staff", "second staff"}


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_due_asks_the_same_for_many(world, django_assert_num_queries, count):
    for _each in range(count):
        row = world.demanded(
            Kind.TALK, holder="secretary", month=date(2026, 9, 1), member=MemberFactory()
        )
        world.record(row, world.measures())
        world.confirm(row, by=world_member(world, row))
    with django_assert_num_queries(17):
        found = matters_due(on=LATER, until=LATER, branches=[world.branch.pk])

    assert sum(one.what == "rectify" for one in found) == count


def world_member(world, row) -> str:
    world.people[str(row.member)] = row.member
    return str(row.member)


# -- silence -------------------------------------------------------------------------------------


def test_the_job_lets_silence_count_once_the_day_is_past(world):
    world.record()
    last = FollowUpRecord.objects.get().answer_by

    def start(day: date) -> list[str]:
        at = datetime(day.year, day.month, day.day, 1, tzinfo=SHANGHAI)
        chunks = jobs.to_start(at=at, names=["agree"])
        runs = [
            jobs.run(job="agree", key=chunk.key, by=world.actor("system"), clock=lambda: at)
            for chunk in chunks
        ]
        return [run.counts for run in runs]

    assert start(last) == []
    assert start(last + timedelta(days=1)) == [{"records": 1, "opinions": 0}]
    assert start(last + timedelta(days=1)) == []
    world.talk.refresh_from_db()
    assert world.talk.state == "CONFIRMED"


# -- history, and until when to appeal -----------------------------------------------------------


def test_the_history_says_who_and_when_and_nothing_of_what_was_said(
    world, django_assert_num_queries
):
    world.record(sitting=world.measures(said="机密"))
    world.dispute(reason="机密")
    world.let_stand(reason="机密")
    world.add_step(text="机密")
    world.hand_in()
    world.check(reason="机密")

    with django_assert_num_queries(1):
        items = timeline_of(world.talk)

    user = {name: world.user(name).display_name for name in ("member", "secretary", "staff")}
    assert [item["who"] for item in items[1:]] == [
        user["secretary"],
        user["member"],
        user["staff"],
        user["member"],
        user["member"],
        user["secretary"],
    ]
    assert "机密" not in str(items)


def test_the_time_for_an_appeal_runs_from_the_record(world):
    opened = window_of(world.talk, AT.date()).last_day
    world.record(at=AT + timedelta(days=7))

    assert window_of(world.talk, AT.date()).last_day > opened


def test_the_dossier_of_what_was_not_revised_shows_no_earlier_revision(world):
    world.to("CONFIRMED")

    dossier = dossier_of(world.talk, world.actor("staff"))

    assert [month.then for month in dossier.months] == [None]
