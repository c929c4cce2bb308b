"""The page of e-mails that did not get through, and trying again."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from members import delivery
from members.models import Event, Notice
from members.notices import Message, tell, tell_users
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
    UserFactory,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
Delivery = Notice.Delivery

pytestmark = pytest.mark.django_db


def mail_to(user, state=Delivery.FAILED, *, key="published:1", **fields) -> Notice:
    return Notice.objects.create(
        user=user,
        key=key,
        subject=f"{user.pk}：2026年10月积分已公示",
        created_at=NOW,
        delivery=state,
        **{"attempts": 6, "attempted_at": NOW, "error": "拒收"} | fields,
    )


class World:
    def __init__(self) -> None:
        self.committee = CommitteeFactory()
        self.branch = BranchFactory(committee=self.committee)
        self.staff = StaffAppointmentFactory(committee=self.committee).user
        self.administrator = UserFactory(is_superuser=True)
        self.users = {
            "member": MemberFactory(branch=self.branch).user,
            "own staff": self.staff,
            "member elsewhere": MemberFactory(branch=BranchFactory()).user,
            "staff above": StaffAppointmentFactory(committee=CommitteeFactory()).user,
        }
        self.mails = {name: mail_to(user) for name, user in self.users.items()}


@pytest.fixture
def world():
    return World()


def listed(client, user) -> list[tuple[int, str]]:
    client.force_login(user)
    rows = client.get(reverse("deliveries")).context["rows"]
    return sorted((row.notice.pk, row.subject) for row in rows)


def test_staff_see_the_mails_of_their_own_people(client, world):
    own = [world.mails[name] for name in ("member", "own staff")]

    assert listed(client, world.staff) == sorted((one.pk, one.subject) for one in own)


def test_administrators_see_that_a_mail_failed_and_not_what_it_said(client, world):
    assert listed(client, world.administrator) == sorted(
        (one.pk, "") for one in world.mails.values()
    )


def test_sent_and_unmailed_notices_do_not_stand_there(client, world):
    Notice.objects.update(delivery=Delivery.SENT)
    Notice.objects.filter(user=world.staff).update(delivery=Delivery.NONE)

    assert listed(client, world.staff) == []


def test_a_mail_given_up_is_tried_again_once(client, world):
    client.force_login(world.staff)
    mail = world.mails["member"]
    for _press in range(2):
        response = client.post(reverse("try_delivery_again", args=[mail.pk]))

    mail.refresh_from_db()
    assert response.url == reverse("deliveries")
    assert (mail.delivery, mail.attempts, mail.error) == (Delivery.PENDING, 0, "")
    assert Event.objects.filter(verb="try_mail_again", by=world.staff).count() == 1
    assert delivery.next_try(mail, now=NOW) == NOW


def test_a_mail_of_somebody_elsewhere_is_not_there(client, world):
    client.force_login(world.staff)
    mail = world.mails["member elsewhere"]

    response = client.post(reverse("try_delivery_again", args=[mail.pk]))

    mail.refresh_from_db()
    assert (response.status_code, mail.delivery) == (404, Delivery.FAILED)


@pytest.mark.parametrize(
    ("state", "attempts", "later"),
    [
        (Delivery.PENDING, 0, timedelta()),
        (Delivery.PENDING, 1, timedelta(minutes=5)),
        (Delivery.PENDING, 5, timedelta(minutes=1280)),
        (Delivery.FAILED, 6, None),
        (Delivery.SENT, 1, None),
    ],
)
def test_when_a_mail_is_tried_next(state, attempts, later):
    notice = Notice(delivery=state, attempts=attempts, attempted_at=NOW if attempts else None)

    assert delivery.next_try(notice, now=NOW) == (None if later is None else NOW + later)


def test_the_page_costs_the_same_for_one_and_three(client, world, django_assert_num_queries):
    client.force_login(world.staff)
    for count in (1, 3):
        Notice.objects.all().delete()
        for number in range(count):
            mail_to(world.users["member"], key=f"published:{number}")
        with django_assert_num_queries(10):
            client.get(reverse("deliveries"))


# -- who is mailed at all ---------------------------------------------------------------------


@pytest.mark.parametrize("is_configured", [True, False])
def test_members_and_accounts_with_an_address_are_mailed_where_mail_is_set_up(
    settings, is_configured
):
    settings.EMAIL_CONFIGURED = is_configured
    by_own = MemberFactory(email="li@example.cn")
    by_account = MemberFactory(user=UserFactory(email="zhang@example.cn"))
    without = MemberFactory()
    staff = UserFactory(email="staff@example.cn")

    tell([Message(one.pk, "k", "请核实") for one in (by_own, by_account, without)], at=NOW)
    tell_users([staff, by_own.user], key="k", subject="请核实", url="", at=NOW)

    waiting = Notice.objects.filter(delivery=Delivery.PENDING).values_list("user", flat=True)
    everybody = {by_own.user_id, by_account.user_id, staff.pk} if is_configured else set()
    assert set(waiting) == everybody
    assert Notice.objects.count() == 4
