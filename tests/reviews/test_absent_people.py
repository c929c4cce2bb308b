"""Follow-ups of people who died or left the roll: nobody is asked any more, people end them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from lib.steps import Refused
from members.models import Event, Membership, Notice, RollChange
from reviews.models import FollowUp, FollowUpRecord
from reviews.selectors.follow_ups import filters
from reviews.selectors.to_dos import to_dos_of
from reviews.services import follow_up_ends, records
from reviews.services.matters import matters_due
from tests.factories import BranchFactory, MemberFactory, RuleBookFactory
from tests.reviews.final_results import bring_about, final
from tests.reviews.sitting_world import AT, SEPTEMBER, Kind, Sittings, State

pytestmark = pytest.mark.django_db

TODAY, LATER = AT.date(), date(2027, 3, 1)
UNFINISHED = [state for state in State.values if state not in FollowUp.DONE]


@pytest.fixture
def world() -> Sittings:
    return Sittings()


def leave(member, reason="DIED", on=TODAY) -> None:
    Membership.objects.filter(member=member).update(ends_on=on, end_reason=reason)


def end(world, row=None, *, by="staff", reason="本人已去世"):
    return follow_up_ends.end_absent(
        pk=(row or world.talk).pk, reason=reason, by=world.actor(by), at=AT
    )


def explanation(world) -> FollowUp:
    return FollowUp.objects.create(
        kind=Kind.REPORT_EXPLANATION,
        branch=world.branch,
        holder=world.people["secretary"],
        year=2026,
        opened_at=AT,
    )


# -- ending ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", UNFINISHED)
def test_the_committee_ends_what_is_of_somebody_who_left_in_any_state(world, state):
    world.to(state)
    with pytest.raises(PermissionDenied):
        end(world)  # still on the roll
    leave(world.member)
    heard = set(Notice.objects.values_list("pk", flat=True))

    for name in ("secretary", "deputy", "staff elsewhere"):
        with pytest.raises(PermissionDenied):
            end(world, by=name)
    with pytest.raises(Refused):
        end(world, reason=" ")
    end(world)
    end(world)

    world.talk.refresh_from_db()
    assert (world.talk.state, world.talk.closing_note) == (State.CLOSED, "本人已去世")
    assert FollowUpRecord.objects.exists() == (state != State.OPEN)
    assert Event.objects.filter(verb="end_absent", target_id=world.talk.pk).count() == 1
    told = Notice.objects.exclude(pk__in=heard).values_list("user", flat=True)
    assert list(told) == [world.user("secretary").pk]


def test_a_transfer_from_branch_to_branch_is_no_leaving(world):
    leave(world.member, "TRANSFERRED")
    Membership.objects.create(
        member=world.member, branch=BranchFactory(), starts_on=TODAY + timedelta(days=1)
    )

    with pytest.raises(PermissionDenied):
        end(world)
    assert not FollowUp.objects.filter(filters(world.actor("staff"), TODAY)["absent"]).exists()


def test_an_explanation_ends_when_who_was_to_give_it_left(world):
    row = explanation(world)
    leave(world.member)
    with pytest.raises(PermissionDenied):
        end(world, row)
    leave(world.people["secretary"], "TRANSFERRED_OUT")

    end(world, row)

    row.refresh_from_db()
    assert row.state == State.CLOSED


def test_a_case_ends_with_its_corrections(world):
    case = world.demanded(Kind.DISPOSITION, holder=None, month=SEPTEMBER, state=State.RECTIFYING)
    put_right = world.demanded(
        Kind.CORRECTION, holder=None, month=SEPTEMBER, origin=case, state=State.RECTIFYING
    )
    leave(world.member)

    end(world, case)

    assert set(FollowUp.objects.filter(pk__in=[case.pk, put_right.pk]).values_list("state")) == {
        (State.CLOSED,)
    }


# -- nobody is asked -------------------------------------------------------------------------


def shown_to(world, name) -> set[str]:
    return {one.url for one in to_dos_of(world.actor(name), today=TODAY)}


def test_it_becomes_a_to_do_of_staff_and_of_nobody_else(world):
    own = {world.talk.get_absolute_url(), world.interview.get_absolute_url()}
    case = world.demanded(Kind.DISPOSITION, holder=None, month=SEPTEMBER)
    FollowUp.objects.filter(pk=world.interview.pk).update(holder=None)
    where = f"{reverse('follow_ups')}?show=absent"
    assert where not in shown_to(world, "staff")
    leave(world.member)

    assert where in shown_to(world, "staff")
    assert f"{reverse('follow_ups')}?show=unnamed" not in shown_to(world, "staff")
    assert f"{reverse('follow_ups')}?show=cases" not in shown_to(world, "staff")
    for name in ("member", "secretary", "deputy", "staff elsewhere"):
        assert not shown_to(world, name) & {*own, case.get_absolute_url(), where}
    listed = FollowUp.objects.filter(filters(world.actor("staff"), TODAY)["absent"])
    assert set(listed) == {world.talk, world.interview, case}


def test_an_explanation_nobody_can_give_any_more_is_ended_not_entered(world):
    row = explanation(world)
    leave(world.people["secretary"])

    to_dos = to_dos_of(world.actor("staff"), today=TODAY)

    icons = [one.icon for one in to_dos if one.url == row.get_absolute_url()]
    assert icons == ["user-round-x"]


@pytest.mark.parametrize("state", UNFINISHED)
def test_nobody_is_reminded_of_it(world, state):
    world.to(state)
    FollowUp.objects.filter(pk=world.interview.pk).update(member=world.people["other"])
    case = world.demanded(Kind.DISPOSITION, holder=None, month=SEPTEMBER)

    def due():
        found = matters_due(on=LATER, until=LATER, branches=[world.branch.pk])
        return {one.url for one in found} & {row.get_absolute_url() for row in (world.talk, case)}

    is_waited_for = state not in (State.RECORDED, State.CONFIRMED)
    assert (world.talk.get_absolute_url() in due()) == is_waited_for
    leave(world.member)

    assert due() == set()


def test_what_the_dead_held_is_the_committees_to_see_to(world):
    leave(world.people["deputy"])

    found = matters_due(on=LATER, until=LATER, branches=[world.branch.pk])

    (one,) = [one for one in found if one.url == world.interview.get_absolute_url()]
    assert one.members == ()
    assert set(one.users) == {world.user("staff").pk, world.user("second staff").pk}


def test_the_dead_do_not_agree_by_silence(world):
    world.to(State.RECORDED)
    assert records.awaited_past(LATER).count() == 1
    leave(world.member)

    assert records.agree_silently(on=LATER, branches=[world.branch.pk], at=AT) == 0


def test_what_a_month_still_demands_of_the_dead_is_opened_and_told_to_nobody():
    branch = BranchFactory()
    book = RuleBookFactory(branch=branch)
    secretary = MemberFactory(branch=branch, position=(branch, "SECRETARY"))
    gone, there = MemberFactory(branch=branch), MemberFactory(branch=branch)
    leave(gone)
    for member in (gone, there):
        final(member, branch, SEPTEMBER, book=book, score=60, at=AT)

    bring_about([branch], at=AT)

    assert set(FollowUp.objects.values_list("member", "holder")) == {
        (gone.pk, None),
        (there.pk, None),
    }
    talk = FollowUp.objects.get(member=there)
    assert set(Notice.objects.values_list("user", "key")) == {
        (there.user_id, f"follow_up:{talk.pk}"),
        (secretary.user_id, f"follow_up:{talk.pk}"),
    }


# -- pages -----------------------------------------------------------------------------------


@pytest.fixture
def staff(client, world):
    client.force_login(world.user("staff"))
    return client


def test_the_page_of_leaving_lists_what_stays_unfinished(staff, world):
    url = reverse("roll_change", args=[world.member.pk, "end"])
    data = {"on": timezone.localdate().isoformat(), "reason": "DIED"}
    before = staff.post(url, data).context["outcome"].lines
    assert sum(str(row) in line for row in (world.talk, world.interview) for line in before) == 2
    assert not RollChange.objects.exists()

    url = reverse("roll_change", args=[world.people["deputy"].pk, "end"])
    theirs = staff.post(url, data).context["outcome"].lines
    assert sum(str(world.interview) in line for line in theirs) == 1

    url = reverse("roll_change", args=[world.people["other"].pk, "end"])
    none = staff.post(url, data).context["outcome"].lines
    assert not [line for line in none if str(world.interview) in line]


def test_staff_end_it_from_its_page(staff, world):
    where = reverse("end_absent_follow_up", args=[world.talk.pk])
    assert not staff.get(world.talk.get_absolute_url()).context["may_end_absent"]
    leave(world.member, on=timezone.localdate())
    page = staff.get(world.talk.get_absolute_url())
    assert where in page.content.decode()

    assert staff.post(where, {"reason": ""}).status_code == 422
    done = staff.post(where, {"reason": "本人已去世"})

    assert done["Location"] == world.talk.get_absolute_url()
    world.talk.refresh_from_db()
    assert world.talk.state == State.CLOSED
    assert staff.get(where).status_code == 302
