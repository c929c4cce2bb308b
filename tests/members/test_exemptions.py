"""Exemptions: asked for by the branch, approved by staff, never for a concluded month."""

from copy import deepcopy
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Event, Exemption, Notice, Position, StaffAppointment
from members.rights import actor_on, system_actor
from members.services import exemptions
from members.services.exemptions import Span
from members.workflow import EXEMPTION_STEPS
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = AT.date()
SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (date(2026, month, 1) for month in (9, 10, 11, 12))
JANUARY = date(2027, 1, 1)
WHO = (
    "system",
    "staff",
    "staff elsewhere",
    "secretary",
    "organiser",
    "member",
    "secretary elsewhere",
)


class Place:
    def __init__(self) -> None:
        self.branch = BranchFactory()
        elsewhere = BranchFactory()
        kinds = Position.Kind
        self.member = MemberFactory(branch=self.branch, name="张伟")
        seats = {
            "secretary": (self.branch, kinds.SECRETARY),
            "organiser": (self.branch, kinds.ORGANISATION),
            "secretary elsewhere": (elsewhere, kinds.SECRETARY),
        }
        self.users = {
            name: MemberFactory(branch=seat[0], position=seat).user for name, seat in seats.items()
        }
        self.users["member"] = self.member.user
        self.users["staff"] = StaffAppointmentFactory(committee=self.branch.committee).user
        self.users["staff elsewhere"] = StaffAppointmentFactory(committee=elsewhere.committee).user

    def actor(self, who):
        return system_actor() if who == "system" else actor_on(self.users[who], TODAY)

    def request(
        self, by="secretary", first=NOVEMBER, last=DECEMBER, concluded=OCTOBER, member=None
    ):
        return exemptions.request(
            member_id=(member or self.member).pk,
            span=Span(first, last),
            reason="驻村帮扶",
            concluded_until=concluded,
            by=self.actor(by),
            at=AT,
        )

    def step(self, name, exemption, by="staff", **more):
        if name == "shorten":
            more = {"last_month": NOVEMBER, "concluded_until": OCTOBER} | more
        else:
            more = {"note": "情况属实"} | more
            if name == "approve":
                more = {"concluded_until": OCTOBER} | more
        take = getattr(exemptions, name)
        return take(pk=exemption.pk, by=self.actor(by), at=AT, **more)

    def in_state(self, state):
        made = self.request()
        if state != "REQUESTED":
            self.step("approve" if state == "APPROVED" else "refuse", made)
        made.refresh_from_db()
        return made


@pytest.fixture(scope="module")
def kept_place(kept_rows):
    return Place()


@pytest.fixture
def place(kept_place):
    return deepcopy(kept_place)


@pytest.mark.parametrize(
    ("who", "state"),
    [
        ("system", "APPROVED"),
        ("staff", "APPROVED"),
        ("secretary", "REQUESTED"),
        ("organiser", "REQUESTED"),
        ("staff elsewhere", None),
        ("secretary elsewhere", None),
        ("member", None),
    ],
)
def test_who_may_ask_and_whose_word_is_enough(place, who, state):
    if state is None:
        with pytest.raises(PermissionDenied):
            place.request(who)
        assert not Exemption.objects.exists()
    else:
        assert place.request(who).state == state
        assert Event.objects.filter(verb="request_exemption").count() == 1


def test_staff_do_not_approve_their_own(place):
    own = MemberFactory(branch=place.branch, user=place.users["staff"])

    made = place.request("staff", member=own)

    assert made.state == "REQUESTED"
    with pytest.raises(PermissionDenied):
        place.step("approve", made)
    other = StaffAppointmentFactory(committee=place.branch.committee).user
    place.users["colleague"] = other
    assert place.step("approve", made, by="colleague").state == "APPROVED"


@pytest.mark.parametrize("state", Exemption.State.values)
@pytest.mark.parametrize("step", [step.name for step in EXEMPTION_STEPS])
@pytest.mark.parametrize("who", WHO)
def test_steps_by_actor_and_state(place, who, step, state):
    made = place.in_state(state)
    may = who in ("system", "staff")
    is_open = state in EXEMPTION_STEPS[step].sources

    if may and is_open:
        place.step(step, made, by=who)
    else:
        with pytest.raises(Refused if may else PermissionDenied):
            place.step(step, made, by=who)

    made.refresh_from_db()
    target = EXEMPTION_STEPS[step].target or state
    assert made.state == (target if may and is_open else state)


@pytest.mark.parametrize(
    ("first", "last", "concluded", "possible"),
    [
        (NOVEMBER, NOVEMBER, OCTOBER, True),
        (NOVEMBER, JANUARY, OCTOBER, True),
        (OCTOBER, NOVEMBER, OCTOBER, False),
        (SEPTEMBER, NOVEMBER, OCTOBER, False),
        (SEPTEMBER, SEPTEMBER, None, True),
        (DECEMBER, NOVEMBER, OCTOBER, False),
    ],
)
def test_which_months_can_be_exempt(place, first, last, concluded, possible):
    if possible:
        place.request(first=first, last=last, concluded=concluded)
    else:
        with pytest.raises(Refused):
            place.request(first=first, last=last, concluded=concluded)
    assert Exemption.objects.exists() is possible


@pytest.mark.parametrize(
    ("first", "last", "possible"),
    [
        (OCTOBER, NOVEMBER, False),
        (NOVEMBER, NOVEMBER, False),
        (DECEMBER, JANUARY, False),
        (JANUARY, JANUARY, True),
        (OCTOBER, OCTOBER, True),
    ],
)
@pytest.mark.parametrize("state", ["REQUESTED", "APPROVED"])
def test_overlapping_ones_are_refused(place, state, first, last, possible):
    place.in_state(state)
    if possible:
        place.request(first=first, last=last, concluded=None)
    else:
        with pytest.raises(Refused):
            place.request(first=first, last=last, concluded=None)


def test_months_of_a_refused_one_can_be_asked_for_again(place):
    place.in_state("REFUSED")

    assert place.request().state == "REQUESTED"


def test_a_month_concluded_since_is_not_approved_any_more(place):
    made = place.request()

    with pytest.raises(Refused):
        place.step("approve", made, concluded_until=NOVEMBER)

    made.refresh_from_db()
    assert made.state == "REQUESTED"


def test_a_refusal_needs_a_reason(place):
    with pytest.raises(Refused):
        place.step("refuse", place.request(), note=" ")


@pytest.mark.parametrize(
    ("last", "concluded", "possible"),
    [
        (NOVEMBER, OCTOBER, True),
        (NOVEMBER, NOVEMBER, True),
        (NOVEMBER, DECEMBER, False),
        (DECEMBER, DECEMBER, True),
        (OCTOBER, None, False),
        (JANUARY, OCTOBER, False),
    ],
)
def test_up_to_which_month_an_exemption_is_shortened(place, last, concluded, possible):
    made = place.request("staff", last=JANUARY)
    if possible:
        assert place.step("shorten", made, last_month=last, concluded_until=concluded)
    else:
        with pytest.raises(Refused):
            place.step("shorten", made, last_month=last, concluded_until=concluded)
    made.refresh_from_db()
    assert made.last_month == (last if possible else JANUARY)


def told():
    return sorted(Notice.objects.values_list("user", "key"))


def test_staff_of_the_nearest_committee_hear_of_a_request(place):
    StaffAppointment.objects.all().delete()
    above = CommitteeFactory()
    committee = place.branch.committee
    committee.parent = above
    committee.save()
    staff = StaffAppointmentFactory(committee=above).user

    made = place.request()

    assert told() == [(staff.pk, f"exemption:{made.pk}")]


@pytest.mark.parametrize("step", ["approve", "refuse"])
def test_whoever_asked_and_the_member_hear_of_the_decision(place, step):
    made = place.request()
    Notice.objects.all().delete()

    place.step(step, made)

    key = f"exemption:{made.pk}:decided"
    users = sorted([place.users["secretary"].pk, place.users["member"].pk])
    assert told() == [(pk, key) for pk in users]


@pytest.mark.parametrize(
    ("who", "sees"),
    [("staff", True), ("secretary", True), ("staff elsewhere", False), ("member", False)],
)
def test_who_sees_an_exemption(place, who, sees):
    place.request()

    assert Exemption.objects.visible_to(place.actor(who)).exists() is sees
