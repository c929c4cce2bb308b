"""The pages of the roll's changes and of exemptions: shown first, then entered."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from lib.months import add_months, month_of
from members.forms.roll_life import FORMS
from members.models import Event, Exemption, Member, Membership, RollChange
from members.rights import actor_on, system_actor
from members.roll_changes import ROLL_STEPS
from members.services import roll_life
from reviews.models import Round
from reviews.selectors.roll_days import concluded_until, opened_until, results_until
from reviews.selectors.to_dos import exemptions_to_approve
from reviews.services import opening
from reviews.services.roll_life import RUNS
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)
from tests.reviews.branch_month import OCTOBER, BranchMonth, at

pytestmark = pytest.mark.django_db


class Place:
    """A branch whose present month is opened, and another below the same committee."""

    def __init__(self) -> None:
        self.month = month_of(timezone.localdate())
        self.next = add_months(self.month, 1)
        self.committee = CommitteeFactory()
        self.branch = BranchFactory(committee=self.committee, name="办公室党支部")
        self.other = BranchFactory(committee=self.committee, name="法规处党支部")
        RuleBookFactory(branch=self.branch)
        self.member = MemberFactory(branch=self.branch, name="张伟")
        self.secretary = MemberFactory(branch=self.branch, position=(self.branch, "SECRETARY"))
        self.staff = StaffAppointmentFactory(committee=self.committee).user
        opening.open_month(month=self.month, by=system_actor(), at=timezone.now())

    def url(self, what):
        return reverse("roll_change", args=[self.member.pk, what])


@pytest.fixture
def place(db):
    return Place()


@pytest.fixture
def staff(client, place):
    client.force_login(place.staff)
    return place.staff


def test_every_change_has_a_form_and_something_that_does_it():
    assert ROLL_STEPS.keys() == FORMS.keys() == RUNS.keys()


def transfer_of(place, **more):
    return {"branch": place.other.pk, "on": place.next.isoformat()} | more


def test_a_transfer_is_shown_before_it_is_entered(client, staff, place):
    url = place.url("transfer")
    assert client.get(url).context["form"].initial is not None

    shown = client.post(url, transfer_of(place))
    assert shown.status_code == 200
    assert shown.context["outcome"].lines
    assert not RollChange.objects.exists()

    again = client.post(url, transfer_of(place, again="1"))
    assert again.context["outcome"] is None
    assert again.context["form"]["branch"].value() == str(place.other.pk)

    done = client.post(url, transfer_of(place, confirmed="1"))
    assert done["Location"] == reverse("roll_member", args=[place.member.pk])
    assert Membership.objects.get(member=place.member, ends_on=None).branch == place.other


def test_a_transfer_into_an_opened_month_comes_back_with_what_was_typed(client, staff, place):
    url = place.url("transfer")

    refused = client.post(
        url, transfer_of(place, on=place.month.isoformat(), note="岗位调整", confirmed="1")
    )

    assert refused.status_code == 422
    page = refused.content.decode()
    assert "岗位调整" in page
    assert f"{place.month.month}月2日" in page
    assert not RollChange.objects.exists()


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("position", {"kinds": ["PUBLICITY"]}),
        ("duty", {"kind": "IN_CHARGE", "marks_leading_cadre": "on"}),
        ("retirement", {}),
        ("end", {"reason": "DIED"}),
        ("close-account", {"reason": "长期不用"}),
    ],
)
def test_each_change_is_entered_from_its_page(client, staff, place, what, data):
    data = {"on": timezone.localdate().isoformat(), "confirmed": "1"} | data
    if what == "duty":
        data["branch"] = place.other.pk

    assert client.get(place.url(what)).status_code == 200
    assert client.post(place.url(what), data).status_code == 302

    assert Event.objects.filter(by=staff).exists()


def test_full_member_return_and_account_pages(client, staff, place):
    today = timezone.localdate().isoformat()
    member = place.member
    Member.objects.filter(pk=member.pk).update(category="PROBATIONARY")
    client.post(place.url("full-member"), {"on": today, "confirmed": "1"})
    member.refresh_from_db()
    assert member.is_full

    client.post(place.url("end"), {"on": today, "reason": "LOST_CONTACT", "confirmed": "1"})
    back = {"branch": place.branch.pk, "on": place.next.isoformat(), "confirmed": "1"}
    assert client.post(place.url("return"), back).status_code == 302
    assert member.memberships.filter(ends_on=None).exists()

    client.post(place.url("close-account"), {"reason": "长期不用", "confirmed": "1"})
    member.user.refresh_from_db()
    assert not member.user.is_active
    client.post(place.url("open-account"), {"reason": "重新启用", "confirmed": "1"})
    member.user.refresh_from_db()
    assert member.user.is_active


def test_a_change_that_was_entered_already_leads_back(client, staff, place):
    data = {"on": timezone.localdate().isoformat(), "reason": "DIED", "confirmed": "1"}
    client.post(place.url("end"), data)

    again = client.post(place.url("end"), data)

    assert again["Location"] == reverse("roll_member", args=[place.member.pk])
    assert RollChange.objects.count() == 1


def test_a_signed_in_person_is_out_when_the_account_is_closed(client, staff, place):
    client.post(place.url("close-account"), {"reason": "长期不用", "confirmed": "1"})
    theirs = type(client)()
    theirs.force_login(place.member.user)

    assert theirs.get(reverse("home"))["Location"].startswith("/sign-in/")


def test_an_unknown_change_does_not_exist(client, staff, place):
    assert client.get(place.url("delete")).status_code == 404


def newcomer(place, **more):
    return {
        "staff_no": "N1",
        "name": "李明",
        "category": "FULL",
        "branch": place.branch.pk,
        "on": place.next.isoformat(),
    } | more


def test_somebody_new_is_put_on_the_roll(client, staff, place):
    assert client.get(reverse("roll_new")).status_code == 200

    done = client.post(reverse("roll_new"), newcomer(place))

    member = Member.objects.get(staff_no="N1")
    assert done["Location"] == reverse("roll_member", args=[member.pk])
    assert client.get(done["Location"]).status_code == 200


def test_a_taken_number_or_an_opened_month_comes_back(client, staff, place):
    for wrong in ({"staff_no": place.member.staff_no}, {"on": place.month.isoformat()}):
        refused = client.post(reverse("roll_new"), newcomer(place, **wrong))
        assert refused.status_code == 422
        assert "李明" in refused.content.decode()


# -- exemptions ------------------------------------------------------------------------------


def asked(place, **more):
    return {
        "member": place.member.pk,
        "first_month": f"{place.next:%Y-%m}",
        "last_month": f"{place.next:%Y-%m}",
        "reason": "驻村帮扶",
    } | more


def test_the_secretary_asks_and_staff_approve(client, place):
    client.force_login(place.secretary.user)
    assert client.get(reverse("request_exemption")).status_code == 200
    sent = client.post(reverse("request_exemption"), asked(place))
    made = Exemption.objects.get()
    assert sent["Location"] == made.get_absolute_url()
    assert client.get(sent["Location"]).context["decides"] is False

    client.force_login(place.staff)
    assert client.get(made.get_absolute_url()).context["decides"] is True
    assert client.post(made.get_absolute_url(), {"step": "approve"}).status_code == 302
    made.refresh_from_db()
    assert made.state == "APPROVED"
    late = client.post(made.get_absolute_url(), {"step": "refuse", "note": "不符合"})
    assert late.status_code == 422


def test_a_refusal_without_a_reason_and_a_bad_month_come_back(client, staff, place):
    bad = client.post(reverse("request_exemption"), asked(place, first_month="十月"))
    assert (bad.status_code, "驻村帮扶" in bad.content.decode()) == (422, True)
    made = Exemption.objects.create(
        member=place.member, first_month=place.next, last_month=place.next, state="REQUESTED"
    )

    assert client.post(made.get_absolute_url(), {"step": "refuse"}).status_code == 422
    assert client.post(made.get_absolute_url(), {"step": "delete"}).status_code == 422


def test_staff_shorten_what_they_entered(client, staff, place):
    client.post(
        reverse("request_exemption"), asked(place, last_month=f"{add_months(place.next, 2):%Y-%m}")
    )
    made = Exemption.objects.get()
    assert made.state == "APPROVED"

    data = {"step": "shorten", "last_month": f"{place.next:%Y-%m}"}
    assert client.post(made.get_absolute_url(), data).status_code == 302

    made.refresh_from_db()
    assert made.last_month == place.next


def request_exemptions(place, people: int) -> None:
    for _ in range(people):
        Exemption.objects.create(
            member=MemberFactory(branch=place.branch),
            first_month=place.next,
            last_month=place.next,
            state="REQUESTED",
            requested_by=place.secretary.user,
            requested_at=timezone.now(),
        )


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_asks_the_same_whatever_its_length(
    client, staff, place, django_assert_num_queries, people
):
    request_exemptions(place, people)

    with django_assert_num_queries(11):
        page = client.get(reverse("exemptions"))

    assert [row.branch for row in page.context["rows"]] == ["办公室党支部"] * people


@pytest.mark.parametrize("people", [1, 3])
def test_staff_have_one_to_do_for_all_that_waits(place, django_assert_num_queries, people):
    request_exemptions(place, people)
    elsewhere = MemberFactory(branch=BranchFactory())
    Exemption.objects.create(
        member=elsewhere, first_month=place.next, last_month=place.next, state="REQUESTED"
    )
    actor = actor_on(place.staff, timezone.localdate())

    with django_assert_num_queries(1):
        (to_do,) = exemptions_to_approve(actor)

    assert to_do.title.startswith(str(people)) or str(people) in to_do.title


# -- which months are settled ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "concluded"),
    [("OPEN", None), ("REVIEWING", None), ("PUBLISHED", OCTOBER), ("CLOSED", OCTOBER)],
)
def test_up_to_which_month_a_branch_and_a_member_are_settled(state, concluded):
    month = BranchMonth().to(state)

    assert opened_until(month.branch.pk) == OCTOBER
    assert concluded_until(month.branch.pk) == concluded
    assert results_until(month.member.pk) == concluded


def test_a_reopened_month_is_not_settled():
    month = BranchMonth().to("PUBLISHED")
    Round.objects.filter(pk=month.round.pk).update(state="REVIEWING")

    assert results_until(month.member.pk) is None
    assert concluded_until(month.branch.pk) is None


def test_a_transfer_leaves_the_opened_month_in_the_old_branch():
    """The month opened before the transfer is reviewed and closed there, with its result."""
    month = BranchMonth()
    new = BranchFactory(committee=month.committee)
    roll_life.transfer(
        member_id=month.member.pk,
        branch=new,
        on=date(2026, 10, 2),
        opened_until=opened_until(month.branch.pk, new.pk),
        by=month.actor("staff"),
        at=at(10, 20),
    )

    month.publish()
    month.close()

    assert month.result("member").branch == month.branch
    assert Membership.objects.filter(member=month.member).first().ends_on == date(2026, 10, 1)
