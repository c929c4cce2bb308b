"""Whose a talk or an interview is: positions in force today decide (domain.md §6, §9)."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied

from members.models import Membership, Notice, Position
from reviews.models import FollowUp
from reviews.selectors.follow_ups import filters, follow_ups_of
from reviews.selectors.to_dos.follow_ups import follow_ups
from reviews.services import duties
from reviews.services.holders import held_by, is_held_by, name_of_holder, to_be_named
from reviews.services.matters import matters_due
from reviews.workflow import FOLLOW_UP_STEPS
from tests.factories import MemberFactory
from tests.reviews.sitting_world import AT, SEPTEMBER, SHANGHAI, Kind, Sittings, State

pytestmark = pytest.mark.django_db

TODAY = AT.date()
ONE_DAY = timedelta(days=1)


@pytest.fixture
def world() -> Sittings:
    """The talk with nobody named, and a new secretary from today on."""
    world = Sittings()
    FollowUp.objects.filter(pk=world.talk.pk).update(holder=None)
    world.talk.refresh_from_db()
    former = Position.objects.filter(kind=Position.Kind.SECRETARY, branch=world.branch)
    former.update(ends_on=TODAY - ONE_DAY)
    world.people["successor"] = MemberFactory(branch=world.branch, name="接任书记")
    seat(world, "successor")
    return world


def seat(world, name) -> None:
    Position.objects.create(
        member=world.people[name],
        branch=world.branch,
        kind=Position.Kind.SECRETARY,
        starts_on=TODAY,
    )


def unseat(world) -> None:
    Position.objects.filter(kind=Position.Kind.SECRETARY, branch=world.branch).update(
        starts_on=None, ends_on=TODAY - ONE_DAY
    )


def leave(member) -> None:
    Membership.objects.filter(member=member).update(
        ends_on=TODAY - ONE_DAY, end_reason=Membership.EndReason.DIED
    )


def urls(world, name) -> list[str]:
    return [one.url for one in follow_ups(world.actor(name), today=TODAY)]


def may_record(world, name) -> bool:
    duty = duties.duty_of(world.actor(name), world.talk, TODAY)
    return FOLLOW_UP_STEPS["record"].may(duty, world.talk)


# -- the office changes hands ----------------------------------------------------------------


def test_a_talk_falls_to_the_secretary_of_today_and_to_none_of_before(world):
    where = world.talk.get_absolute_url()

    assert (where in urls(world, "successor"), where in urls(world, "secretary")) == (True, False)
    assert (may_record(world, "successor"), may_record(world, "secretary")) == (True, False)
    assert not may_record(world, "staff")
    assert world.talk in FollowUp.objects.visible_to(world.actor("successor"))
    assert world.talk not in FollowUp.objects.visible_to(world.actor("secretary"))
    with pytest.raises(PermissionDenied):
        world.record(by="secretary")


def test_the_list_names_the_secretary_of_today(world):
    listed = follow_ups_of(world.actor("staff"), TODAY)
    names = {row.kind: name_of_holder(row) for row in listed}

    assert names == {"TALK": "接任书记", "INTERVIEW": world.people["deputy"].name}
    day_before = follow_ups_of(world.actor("staff"), TODAY - ONE_DAY).get(pk=world.talk.pk)
    assert name_of_holder(day_before) == world.people["secretary"].name
    member = next(follow_ups(world.actor("member"), today=TODAY))
    assert "接任书记" in member.note


def test_the_secretary_of_today_is_reminded(world):
    found = matters_due(on=TODAY, until=world.talk.due_on, branches=[world.branch.pk])

    whose = {one.url: one.members for one in found}
    assert whose[world.talk.get_absolute_url()] == (world.people["successor"].pk,)


def test_who_recorded_a_talk_goes_on_with_it(world):
    world.record(sitting=world.measures("successor"), by="successor")
    unseat(world)
    seat(world, "other")
    world.talk.refresh_from_db()

    assert world.talk.holder == world.people["successor"]
    assert (may_record(world, "successor"), may_record(world, "other")) == (True, False)
    readable = [
        name
        for name in ("successor", "other", "secretary")
        if FollowUp.objects.readable_by(world.actor(name)).filter(pk=world.talk.pk).exists()
    ]
    assert readable == ["successor"]


def test_nobody_holds_a_talk_with_themself_as_the_new_secretary(world):
    unseat(world)
    seat(world, "member")

    assert not is_held_by(world.actor("member"), world.talk)
    assert not may_record(world, "member")
    assert may_record(world, "staff")


@pytest.mark.parametrize("name", ["member", "secretary", "successor", "deputy", "staff"])
def test_what_one_holds_is_the_same_in_a_query_and_for_a_row(world, name):
    world.demanded(Kind.TALK, holder=None, month=SEPTEMBER, member=world.people["successor"])
    actor = world.actor(name)

    held = set(FollowUp.objects.filter(held_by(actor)))

    assert held == {row for row in FollowUp.objects.all() if is_held_by(actor, row)}


# -- what the committee is to name somebody for ----------------------------------------------


def nobody_changes(world):
    pass


def closes_the_interview(world):
    by = world.user("staff")
    FollowUp.objects.filter(pk=world.interview.pk).update(
        state=State.CLOSED, holder=None, closed_by=by, closed_at=AT
    )


def takes_back_the_name(world):
    FollowUp.objects.filter(pk=world.interview.pk).update(holder=None)


def names_somebody(world):
    unseat(world)
    FollowUp.objects.filter(pk=world.talk.pk).update(holder=world.people["other"])


@pytest.mark.parametrize(
    ("happens", "to_name"),
    [
        (nobody_changes, set()),
        (unseat, {"talk"}),
        (lambda world: (unseat(world), seat(world, "member")), {"talk"}),
        (names_somebody, set()),
        (takes_back_the_name, {"interview"}),
        (closes_the_interview, set()),
        (lambda world: leave(world.people["deputy"]), {"interview"}),  # who was named for it
        (lambda world: (unseat(world), leave(world.member)), set()),  # people end those
    ],
)
def test_the_committee_is_to_name_exactly_those_whom_nobody_holds(world, happens, to_name):
    happens(world)

    rows = {"talk": world.talk, "interview": world.interview}
    staff = world.actor("staff")
    for found in (to_be_named(TODAY), filters(staff, TODAY)["unnamed"]):
        assert set(FollowUp.objects.filter(found)) == {rows[name] for name in to_name}
    icons = [one.icon for one in follow_ups(staff, today=TODAY)]
    assert icons == ["user-round-search"] * bool(to_name)
    matters = matters_due(on=TODAY, until=world.talk.due_on, branches=[world.branch.pk])
    asked = {one.url for one in matters if one.users}
    assert asked == {rows[name].get_absolute_url() for name in to_name}


# -- naming ----------------------------------------------------------------------------------


def name(world, who, minute) -> None:
    duties.name_holder(
        pk=world.talk.pk,
        words=world.people[who].staff_no,
        by=world.actor("staff"),
        at=datetime(2026, 10, 21, 11, minute, tzinfo=SHANGHAI),
    )


def test_both_hear_of_each_naming(world):
    told = []
    for minute, who in enumerate(["other", "deputy", "other"]):
        before = set(Notice.objects.values_list("pk", flat=True))
        name(world, who, minute)
        name(world, who, minute)  # a double click
        new = Notice.objects.exclude(pk__in=before)
        told.append({(one.user.member.name, one.url.endswith("/follow-ups/")) for one in new})

    other, deputy = (world.people[who].name for who in ("other", "deputy"))
    assert told == [
        {(other, False), ("接任书记", True)},
        {(deputy, False), (other, True)},
        {(other, False), (deputy, True)},
    ]


# -- rows of before --------------------------------------------------------------------------


def test_the_migration_takes_back_only_whom_nobody_named(world):
    talks = {
        what: world.demanded(
            Kind.TALK, holder="secretary", month=SEPTEMBER, member=MemberFactory(), **more
        )
        for what, more in {
            "stale": {},
            "withdrawn": {"state": State.WITHDRAWN, "withdrawn_at": AT},
            "named": {},
            "recorded": {},
        }.items()
    }
    duties.log(
        talks["named"],
        "name_holder",
        by=world.actor("staff"),
        at=AT,
        holder=world.people["secretary"].pk,
    )
    # Somebody else had been named once, before the basis changed and brought the secretary.
    duties.log(talks["stale"], "name_holder", by=world.actor("staff"), at=AT, holder=0)
    world.record(talks["recorded"])

    unheld = import_module("reviews.migrations.0007_talks_follow_the_office").unseat
    unheld(apps, None)

    kept = {what for what, row in talks.items() if FollowUp.objects.get(pk=row.pk).holder_id}
    assert kept == {"named", "recorded"}
    assert FollowUp.objects.get(pk=world.interview.pk).holder == world.people["deputy"]
