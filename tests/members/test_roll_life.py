"""The roll's changes: each dated, none rewriting the past, each for those who keep the roll."""

from copy import deepcopy
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import (
    Event,
    Exemption,
    LeadershipDuty,
    Member,
    Membership,
    Notice,
    Position,
    RollChange,
)
from members.rights import actor_on, system_actor
from members.roll_days import joins_on, last_day_on_roll, unassessed_months
from members.services import accounts, roll_life
from members.services.particulars import correct_particulars
from members.services.roll_life import Newcomer, Paper
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = AT.date()
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
Reason = Membership.EndReason
NEEDED = Paper("厅党发〔2026〕8号")


class Place:
    """Two branches below one committee, one elsewhere, and whoever may or may not act."""

    def __init__(self) -> None:
        self.committee = CommitteeFactory()
        self.old = BranchFactory(committee=self.committee, name="办公室党支部")
        self.new = BranchFactory(committee=self.committee, name="法规处党支部")
        self.elsewhere = BranchFactory(name="外单位党支部")
        self.member = MemberFactory(branch=self.old, name="张伟")
        self.users = {
            "staff": StaffAppointmentFactory(committee=self.committee).user,
            "staff elsewhere": StaffAppointmentFactory(committee=self.elsewhere.committee).user,
            "secretary": self.person(Position.Kind.SECRETARY).user,
            "organiser": self.person(Position.Kind.ORGANISATION).user,
            "member": self.member.user,
            "administrator": UserFactory(is_superuser=True),
        }

    def person(self, kind, branch=None):
        branch = branch or self.old
        return MemberFactory(branch=branch, position=(branch, kind))

    def actor(self, who):
        return system_actor() if who == "system" else actor_on(self.users[who], TODAY)


@pytest.fixture(scope="module")
def kept_place(kept_rows):
    return Place()


@pytest.fixture
def place(kept_place):
    return deepcopy(kept_place)


def transfer(place, *, on=date(2026, 12, 1), opened=NOVEMBER, by="staff", branch=None, **more):
    return roll_life.transfer(
        member_id=place.member.pk,
        branch=branch or place.new,
        on=on,
        opened_until=opened,
        by=place.actor(by),
        at=AT,
        **more,
    )


def position(place, *kinds, on=date(2026, 11, 21), member=None, by="staff", **more):
    defaults = {"replaces": False, "concluded_until": OCTOBER} | more
    return roll_life.change_position(
        member_id=(member or place.member).pk,
        kinds=kinds,
        on=on,
        by=place.actor(by),
        at=AT,
        **defaults,
    )


def duty(place, kind="IN_CHARGE", *, on=date(2026, 12, 1), by="staff", branch=None, **more):
    defaults = {"marks_leading_cadre": False, "concluded_until": OCTOBER} | more
    return roll_life.set_duty(
        leader_id=place.member.pk,
        branch=branch or place.new,
        kind=kind,
        on=on,
        by=place.actor(by),
        at=AT,
        **defaults,
    )


def end(place, reason=Reason.DIED, *, on=date(2026, 11, 12), by="staff", **more):
    defaults = {"opened_until": NOVEMBER, "concluded_until": OCTOBER, "paper": NEEDED} | more
    return roll_life.end_membership(
        member_id=place.member.pk, on=on, reason=reason, by=place.actor(by), at=AT, **defaults
    )


def retire(place, *, on=date(2026, 11, 10), by="staff", **more):
    defaults = {
        "branch": None,
        "ends_positions": False,
        "opened_until": NOVEMBER,
        "concluded_until": OCTOBER,
    } | more
    return roll_life.retire(member_id=place.member.pk, on=on, by=place.actor(by), at=AT, **defaults)


def full(place, *, on=date(2026, 11, 10), by="staff"):
    Member.objects.filter(pk=place.member.pk).update(category="PROBATIONARY")
    return roll_life.become_full_member(member_id=place.member.pk, on=on, by=place.actor(by), at=AT)


def come_back(place, *, by="staff", branch=None, on=date(2026, 12, 1), opened=NOVEMBER):
    Membership.objects.filter(member=place.member).update(
        ends_on=date(2026, 3, 1), end_reason=Reason.LOST_CONTACT
    )
    return roll_life.return_to_roll(
        member_id=place.member.pk,
        branch=branch or place.new,
        on=on,
        opened_until=opened,
        by=place.actor(by),
        at=AT,
    )


def add(place, *, by="staff", on=date(2026, 12, 1), opened=NOVEMBER, **fields):
    return roll_life.add_member(
        newcomer=Newcomer({"staff_no": "N1", "name": "李明"} | fields),
        branch=place.old,
        on=on,
        opened_until=opened,
        by=place.actor(by),
        at=AT,
    )


def close_account(place, *, by="staff"):
    return accounts.deactivate_account(
        member_id=place.member.pk, reason="长期不用", by=place.actor(by), at=AT
    )


def open_account(place, *, by="staff"):
    type(place.member.user).objects.filter(pk=place.member.user_id).update(is_active=False)
    return accounts.reactivate_account(
        member_id=place.member.pk, reason="重新启用", by=place.actor(by), at=AT
    )


def correct(place, *, by="staff", **fields):
    return correct_particulars(
        member_id=place.member.pk, fields=fields or {"phone": "1"}, by=place.actor(by), at=AT
    )


CHANGES = {
    "transfer": transfer,
    "position": lambda place, by: position(place, "PUBLICITY", by=by),
    "duty": duty,
    "end": end,
    "retire": retire,
    "full member": full,
    "return": come_back,
    "add": add,
    "close account": close_account,
    "open account": open_account,
    "correct": correct,
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("system", True),
        ("staff", True),
        ("administrator", True),
        ("staff elsewhere", False),
        ("secretary", False),
        ("organiser", False),
        ("member", False),
    ],
)
def test_who_may_change_the_roll(place, what, who, may):
    if may:
        CHANGES[what](place, by=who)
        assert Event.objects.exists()
    else:
        with pytest.raises(PermissionDenied):
            CHANGES[what](place, by=who)
        assert not Event.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda place: transfer(place, branch=place.elsewhere),
        lambda place: come_back(place, branch=place.elsewhere),
        lambda place: duty(place, branch=place.elsewhere),
    ],
)
def test_both_branches_must_lie_below_the_committee(place, change):
    with pytest.raises(PermissionDenied):
        change(place)


# -- transfer --------------------------------------------------------------------------------


def test_a_transfer_ends_the_old_membership_and_its_positions_the_day_before(place):
    seat = Position.objects.create(
        member=place.member, branch=place.old, kind="ORGANISATION", starts_on=date(2025, 1, 1)
    )

    outcome = transfer(place, paper=Paper("组转〔2026〕3号", "岗位调整"))

    assert list(
        Membership.objects.filter(member=place.member).values_list(
            "branch__name", "starts_on", "ends_on", "end_reason"
        )
    ) == [
        ("办公室党支部", None, date(2026, 11, 30), "TRANSFERRED"),
        ("法规处党支部", date(2026, 12, 1), None, ""),
    ]
    seat.refresh_from_db()
    assert seat.ends_on == date(2026, 11, 30)
    change = RollChange.objects.get()
    assert (change.kind, change.takes_effect_on) == ("TRANSFER", date(2026, 12, 1))
    assert (change.document_no, change.note) == ("组转〔2026〕3号", "岗位调整")
    assert change.made_by == place.users["staff"]
    assert outcome.change == change
    assert len(outcome.lines) == 3
    assert "2026年11月" in outcome.lines[2]
    told = set(Notice.objects.values_list("user", flat=True))
    assert told == {place.users["member"].pk, place.users["secretary"].pk}


@pytest.mark.parametrize(
    ("on", "opened", "possible"),
    [
        (date(2026, 10, 31), NOVEMBER, False),
        (date(2026, 11, 1), NOVEMBER, False),
        (date(2026, 11, 2), NOVEMBER, True),
        (date(2026, 11, 30), NOVEMBER, True),
        (date(2026, 12, 1), NOVEMBER, True),
        (date(2026, 12, 1), date(2026, 12, 1), False),
        (date(2026, 3, 1), None, True),
        (date(2027, 11, 30), NOVEMBER, True),
        (date(2027, 12, 1), NOVEMBER, False),
    ],
)
@pytest.mark.parametrize("change", [transfer, come_back, add])
def test_from_which_day_a_membership_may_begin(place, change, on, opened, possible):
    if change is come_back and on == date(2026, 3, 1):
        on = date(2026, 3, 2)  # the day after the former membership ended
    if possible:
        change(place, on=on, opened=opened)
        assert Membership.objects.filter(starts_on=on).exists()
    else:
        with pytest.raises(Refused):
            change(place, on=on, opened=opened)
        assert not Membership.objects.filter(starts_on=on).exists()


def test_the_refusal_names_the_month_and_the_earliest_day(place):
    with pytest.raises(Refused) as refused:
        transfer(place, on=NOVEMBER)

    for said in ("2026年11月", "2026年11月2日", "2026年12月1日"):
        assert said in str(refused.value)


def test_entering_a_transfer_twice_is_refused_and_changes_nothing(place):
    transfer(place)

    with pytest.raises(Refused):
        transfer(place)

    assert Membership.objects.filter(member=place.member).count() == 2
    assert RollChange.objects.count() == 1


def test_a_position_begun_after_the_day_of_transfer_refuses_it(place):
    Position.objects.create(
        member=place.member, branch=place.old, kind="PUBLICITY", starts_on=date(2026, 11, 10)
    )

    with pytest.raises(Refused):
        transfer(place, on=date(2026, 11, 5))

    assert Membership.objects.get(member=place.member).ends_on is None


def test_a_preview_says_the_same_and_writes_nothing(place):
    shown = roll_life.preview(lambda: transfer(place))

    assert not RollChange.objects.exists()
    assert not Notice.objects.exists()
    assert shown.lines == transfer(place).lines


# -- positions and duties ----------------------------------------------------------------------


def spans(model=Position, **who):
    return list(
        model.objects.filter(**who)
        .order_by("pk")
        .values_list("kind", "branch__name", "starts_on", "ends_on")
    )


def test_positions_are_brought_to_what_is_held_from_the_day_on(place):
    position(place, "ORGANISATION", "PUBLICITY", on=date(2026, 11, 5))
    position(place, "PUBLICITY", "DISCIPLINE", on=date(2026, 11, 20))
    position(place, on=date(2026, 12, 1))

    assert spans(member=place.member) == [
        ("ORGANISATION", "办公室党支部", date(2026, 11, 5), date(2026, 11, 19)),
        ("PUBLICITY", "办公室党支部", date(2026, 11, 5), date(2026, 11, 30)),
        ("DISCIPLINE", "办公室党支部", date(2026, 11, 20), date(2026, 11, 30)),
    ]
    assert RollChange.objects.filter(kind="POSITION").count() == 3


def test_a_second_secretary_is_refused_by_name(place):
    secretary = place.users["secretary"].member

    with pytest.raises(Refused) as refused:
        position(place, "SECRETARY")

    assert secretary.name in str(refused.value)
    assert not Position.objects.filter(member=place.member).exists()


def test_a_secretary_is_replaced_in_the_same_act(place):
    secretary = place.users["secretary"].member

    position(place, "SECRETARY", replaces=True, on=date(2026, 11, 21))

    assert spans(branch=place.old, kind="SECRETARY") == [
        ("SECRETARY", "办公室党支部", None, date(2026, 11, 20)),
        ("SECRETARY", "办公室党支部", date(2026, 11, 21), None),
    ]
    changed = RollChange.objects.order_by("pk").values_list("member", flat=True)
    assert list(changed) == [place.member.pk, secretary.pk]


def test_nothing_to_change_is_said(place):
    with pytest.raises(Refused):
        position(place)
    with pytest.raises(Refused):
        duty(place, "")


@pytest.mark.parametrize(
    "change", [lambda p, on: position(p, "PUBLICITY", on=on), lambda p, on: duty(p, on=on)]
)
@pytest.mark.parametrize(
    ("on", "possible"),
    [(date(2026, 10, 31), False), (date(2026, 11, 1), True), (date(2026, 11, 25), True)],
)
def test_who_was_in_office_in_a_concluded_month_stays(place, change, on, possible):
    if possible:
        change(place, on)
    else:
        with pytest.raises(Refused) as refused:
            change(place, on)
        assert "2026年11月1日" in str(refused.value)


def test_a_duty_begins_changes_its_kind_and_ends(place):
    duty(place, "ASSISTING", on=date(2026, 11, 3), marks_leading_cadre=True)
    duty(place, "IN_CHARGE", on=date(2026, 12, 1))
    duty(place, "", on=date(2027, 1, 1))

    assert spans(LeadershipDuty, leader=place.member) == [
        ("ASSISTING", "法规处党支部", date(2026, 11, 3), date(2026, 11, 30)),
        ("IN_CHARGE", "法规处党支部", date(2026, 12, 1), date(2026, 12, 31)),
    ]
    place.member.refresh_from_db()
    assert place.member.is_leading_cadre


# -- full member, retirement -------------------------------------------------------------------


def test_a_probationary_member_becomes_a_full_one_once(place):
    full(place)

    place.member.refresh_from_db()
    assert (place.member.category, place.member.full_since) == ("FULL", date(2026, 11, 10))
    with pytest.raises(Refused):
        roll_life.become_full_member(
            member_id=place.member.pk, on=TODAY, by=place.actor("staff"), at=AT
        )


@pytest.mark.parametrize("change", [full, retire, end])
def test_what_takes_effect_at_once_is_not_entered_ahead(place, change):
    with pytest.raises(Refused):
        change(place, on=date(2026, 11, 21))


def test_retirement_moves_to_the_branch_of_the_retired_from_the_next_month(place):
    seat = Position.objects.create(member=place.member, branch=place.old, kind="PUBLICITY")

    retire(place, on=NOVEMBER, branch=place.new, ends_positions=True)

    place.member.refresh_from_db()
    seat.refresh_from_db()
    assert place.member.retired_on == NOVEMBER
    assert seat.ends_on == date(2026, 10, 31)
    assert Membership.objects.get(member=place.member, ends_on=None).starts_on == date(2026, 12, 1)
    kinds = RollChange.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["RETIREMENT", "TRANSFER"]
    with pytest.raises(Refused):
        retire(place)


# -- end and return ----------------------------------------------------------------------------


def test_death_ends_membership_positions_and_duties_and_closes_the_account(place):
    Position.objects.create(member=place.member, branch=place.old, kind="PUBLICITY")
    LeadershipDuty.objects.create(leader=place.member, branch=place.new, kind="IN_CHARGE")

    end(place, on=date(2026, 11, 12))

    held = Membership.objects.get(member=place.member)
    assert (held.ends_on, held.end_reason) == (date(2026, 11, 12), "DIED")
    assert Position.objects.get(member=place.member).ends_on == date(2026, 11, 12)
    assert LeadershipDuty.objects.get(leader=place.member).ends_on == date(2026, 11, 12)
    place.member.user.refresh_from_db()
    assert not place.member.user.is_active
    assert exempted(place) == [(NOVEMBER, NOVEMBER, "APPROVED")]


def exempted(place):
    return list(place.member.exemptions.values_list("first_month", "last_month", "state"))


def test_an_earlier_death_keeps_the_opened_roll_and_the_real_day(place):
    """Died in October, told in November: November's roll is kept, nobody is assessed."""
    end(place, on=date(2026, 10, 28))

    assert Membership.objects.get(member=place.member).ends_on == NOVEMBER
    assert RollChange.objects.get().takes_effect_on == date(2026, 10, 28)
    assert exempted(place) == [(NOVEMBER, NOVEMBER, "APPROVED")]


def test_pending_requests_end_and_approved_exemptions_are_not_doubled(place):
    for state, month in (("APPROVED", NOVEMBER), ("REQUESTED", date(2026, 12, 1))):
        Exemption.objects.create(
            member=place.member,
            first_month=month,
            last_month=month,
            state=state,
            approved_by=place.users["staff"] if state == "APPROVED" else None,
            approved_at=AT if state == "APPROVED" else None,
        )

    end(place)

    assert exempted(place) == [
        (NOVEMBER, NOVEMBER, "APPROVED"),
        (date(2026, 12, 1), date(2026, 12, 1), "REFUSED"),
    ]


def test_an_end_takes_back_a_transfer_that_was_still_to_come(place):
    transfer(place)

    end(place, Reason.LOST_CONTACT, on=date(2026, 11, 15))

    held = Membership.objects.get(member=place.member)
    assert (held.branch, held.ends_on, held.end_reason) == (
        place.old,
        date(2026, 11, 15),
        "LOST_CONTACT",
    )


@pytest.mark.parametrize(
    ("reason", "category", "document", "possible"),
    [
        ("DIED", "FULL", "", True),
        ("LOST_CONTACT", "FULL", "", True),
        ("TRANSFERRED_OUT", "FULL", "", True),
        ("LEFT", "FULL", "", False),
        ("LEFT", "FULL", "8号", True),
        ("REMOVED", "FULL", "", False),
        ("REMOVED", "FULL", "8号", True),
        ("EXPELLED", "FULL", "", False),
        ("EXPELLED", "FULL", "8号", True),
        ("CANCELLED", "FULL", "8号", False),
        ("CANCELLED", "PROBATIONARY", "", False),
        ("CANCELLED", "PROBATIONARY", "8号", True),
        ("TRANSFERRED", "FULL", "8号", False),
        ("", "FULL", "8号", False),
    ],
)
def test_why_a_membership_may_end(place, reason, category, document, possible):
    Member.objects.filter(pk=place.member.pk).update(category=category)
    if possible:
        end(place, reason, paper=Paper(document))
        assert Membership.objects.get(member=place.member).end_reason == reason
    else:
        with pytest.raises(Refused):
            end(place, reason, paper=Paper(document))
        assert Membership.objects.get(member=place.member).ends_on is None


def test_an_end_is_entered_once(place):
    end(place)

    with pytest.raises(Refused):
        end(place)

    assert RollChange.objects.count() == 1


def test_whoever_was_lost_and_is_found_gets_a_new_membership_and_the_account(place):
    type(place.member.user).objects.filter(pk=place.member.user_id).update(is_active=False)

    come_back(place)

    assert list(
        Membership.objects.filter(member=place.member).values_list(
            "branch", "ends_on", "end_reason"
        )
    ) == [(place.old.pk, date(2026, 3, 1), "LOST_CONTACT"), (place.new.pk, None, "")]
    place.member.user.refresh_from_db()
    assert place.member.user.is_active
    assert RollChange.objects.get().kind == "RETURN"


def test_somebody_on_the_roll_cannot_return(place):
    with pytest.raises(Refused):
        roll_life.return_to_roll(
            member_id=place.member.pk,
            branch=place.new,
            on=date(2026, 12, 1),
            opened_until=None,
            by=place.actor("staff"),
            at=AT,
        )


# -- somebody new, particulars, accounts -------------------------------------------------------


def test_somebody_new_has_an_account_without_a_password(place):
    member = add(place)

    member.refresh_from_db()
    assert (member.pinyin, member.initials) == ("liming", "lm")
    assert (member.user.username, member.user.has_usable_password()) == ("N1", False)
    assert member.memberships.get().starts_on == date(2026, 12, 1)
    with pytest.raises(Refused):
        add(place)


def test_a_correction_remembers_what_stood_there(place):
    changed = correct(place, name="张炜", phone="139", email="")

    place.member.refresh_from_db()
    assert changed == ["name", "phone"]
    assert (place.member.name, place.member.pinyin, place.member.initials) == (
        "张炜",
        "zhangwei",
        "zw",
    )
    details = Event.objects.get(verb="correct_particulars").details
    assert details == {"name": ["张伟", "张炜"], "phone": ["", "139"]}


def test_a_taken_staff_number_is_refused(place):
    MemberFactory(staff_no="R9")

    with pytest.raises(Refused):
        correct(place, staff_no="R9")


def test_nobody_closes_their_own_account_and_staff_no_administrators(place):
    own = MemberFactory(branch=place.old, user=place.users["staff"])
    chief = MemberFactory(branch=place.old, user=place.users["administrator"])

    for member in (own, chief):
        with pytest.raises(PermissionDenied):
            accounts.deactivate_account(
                member_id=member.pk, reason="", by=place.actor("staff"), at=AT
            )


def test_an_account_of_somebody_who_left_is_not_opened_by_itself(place):
    end(place)

    with pytest.raises(Refused):
        accounts.reactivate_account(
            member_id=place.member.pk, reason="", by=place.actor("staff"), at=AT
        )


# -- the days ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "opened", "joins", "last_day"),
    [
        (date(2026, 10, 28), NOVEMBER, date(2026, 12, 1), NOVEMBER),
        (date(2026, 11, 1), NOVEMBER, date(2026, 12, 1), NOVEMBER),
        (date(2026, 11, 12), NOVEMBER, date(2026, 11, 12), date(2026, 11, 12)),
        (date(2026, 10, 28), None, date(2026, 10, 28), date(2026, 10, 28)),
    ],
)
def test_days_beside_the_latest_opened_month(on, opened, joins, last_day):
    assert joins_on(on, opened) == joins
    assert last_day_on_roll(on, opened) == last_day


@pytest.mark.parametrize(
    ("on", "died", "opened", "concluded", "months"),
    [
        (date(2026, 11, 12), True, NOVEMBER, OCTOBER, [NOVEMBER]),
        (date(2026, 11, 12), False, NOVEMBER, OCTOBER, []),
        (date(2026, 10, 28), False, NOVEMBER, date(2026, 9, 1), [NOVEMBER]),
        (date(2026, 10, 28), True, NOVEMBER, date(2026, 9, 1), [OCTOBER, NOVEMBER]),
        (date(2026, 10, 28), True, NOVEMBER, OCTOBER, [NOVEMBER]),
        (date(2026, 8, 3), True, NOVEMBER, NOVEMBER, []),
        (date(2026, 11, 12), True, None, None, []),
    ],
)
def test_which_months_are_not_assessed_after_an_end(on, died, opened, concluded, months):
    found = unassessed_months(on, has_died=died, opened_until=opened, concluded_until=concluded)

    assert found == months
