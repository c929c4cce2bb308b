"""Policies: in force from a month on, set for months that are not open, never backwards."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from lib.months import add_months, month_of
from lib.steps import Refused
from members.models import Event
from members.rights import actor_on, system_actor
from points.models import Policy
from points.selectors.policy import branches_concerned, standings
from points.services.policy import FIGURES, PolicyBook, first_months_not_open, set_policy
from reviews.services.opening import open_month
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

pytestmark = pytest.mark.django_db

JANUARY, OCTOBER, NOVEMBER = date(2026, 1, 1), date(2026, 10, 1), date(2026, 11, 1)
DECEMBER, NEXT_JANUARY = date(2026, 12, 1), date(2027, 1, 1)
AT = datetime(2026, 11, 12, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = AT.date()


@pytest.fixture
def committee():
    """A committee with a branch whose November is open."""
    committee = CommitteeFactory()
    branch = BranchFactory(committee=committee, name="甲支部")
    RuleBookFactory(branch=branch)
    MemberFactory(branch=branch)
    Policy.objects.create(committee=committee, effective_from=JANUARY)
    open_month(month=NOVEMBER, by=system_actor(), at=AT, branches=[branch])
    return committee


def staff_of(committee):
    return StaffAppointmentFactory(committee=committee).user


def put(committee, month=DECEMBER, *, by=None, version=None, **figures):
    standard = Policy(effective_from=month)
    return set_policy(
        committee=committee,
        effective_from=month,
        figures={name: getattr(standard, name) for name in FIGURES} | figures,
        version=version,
        by=by or actor_on(staff_of(committee), TODAY),
        at=AT,
    )


def test_a_policy_holds_from_its_month_on_until_the_next(committee):
    put(committee, declare_by_day=20)
    book = PolicyBook()

    days = [book.of(committee.pk, month).declare_by_day for month in (NOVEMBER, DECEMBER)]

    assert days == [25, 20]
    assert book.of(committee.pk, date(2028, 5, 1)).declare_by_day == 20


def test_who_set_it_and_what_it_was_is_recorded(committee):
    staff = staff_of(committee)
    policy = put(committee, by=actor_on(staff, TODAY), declare_by_day=20)
    put(committee, NEXT_JANUARY, by=actor_on(staff, TODAY), version=policy.pk, declare_by_day=18)

    first, second = Event.objects.filter(verb="set_policy").order_by("pk")

    assert (first.by, first.details["changes"]) == (staff, {"declare_by_day": [25, 20]})
    assert second.details == {
        "committee": committee.pk,
        "effective_from": "2027-01",
        "changes": {"declare_by_day": [20, 18]},
    }


@pytest.mark.parametrize("month", [JANUARY, OCTOBER, NOVEMBER])
def test_a_month_that_is_open_keeps_its_policy(committee, month):
    with pytest.raises(Refused):
        put(committee, month, declare_by_day=20)

    assert Policy.objects.get().declare_by_day == 25


def test_a_month_open_in_a_branch_further_below_is_open_too():
    above = CommitteeFactory()
    below = CommitteeFactory(parent=above)
    branch = BranchFactory(committee=below)
    RuleBookFactory(branch=branch)
    MemberFactory(branch=branch)
    open_month(month=DECEMBER, by=system_actor(), at=AT, branches=[branch])
    elsewhere = CommitteeFactory()

    first = first_months_not_open([above.pk, below.pk, elsewhere.pk], today=TODAY)

    assert first == {above.pk: NEXT_JANUARY, below.pk: NEXT_JANUARY, elsewhere.pk: NOVEMBER}


def test_a_version_to_come_can_be_changed_and_one_that_has_begun_cannot(committee):
    begun = Policy.objects.get()
    with pytest.raises(Refused):
        put(committee, DECEMBER, version=begun.pk, declare_by_day=20)

    coming = put(committee, DECEMBER)
    put(committee, NEXT_JANUARY, version=coming.pk, declare_by_day=20)

    assert list(Policy.objects.values_list("effective_from", "declare_by_day")) == [
        (NEXT_JANUARY, 20),
        (JANUARY, 25),
    ]


def test_a_month_has_one_version_and_the_same_page_twice_is_one(committee):
    by = actor_on(staff_of(committee), TODAY)
    first = put(committee, by=by, declare_by_day=20)

    assert put(committee, by=by, declare_by_day=20) == first
    with pytest.raises(Refused):
        put(committee, by=by, declare_by_day=21)
    assert Event.objects.filter(verb="set_policy").count() == 1


def test_the_publication_period_changes_with_a_quarter(committee):
    quarterly = Policy.Period.QUARTERLY
    with pytest.raises(Refused):
        put(committee, DECEMBER, publication_period=quarterly)

    policy = put(committee, NEXT_JANUARY, publication_period=quarterly)

    assert policy.publication_period == "QUARTERLY"


@pytest.mark.parametrize("who", ["staff elsewhere", "staff below", "secretary"])
def test_only_staff_of_the_committee_or_above_set_it(committee, who):
    branch = committee.branches.get()
    user = {
        "staff elsewhere": lambda: staff_of(CommitteeFactory()),
        "staff below": lambda: staff_of(CommitteeFactory(parent=committee)),
        "secretary": lambda: MemberFactory(branch=branch, position=(branch, "SECRETARY")).user,
    }[who]()

    with pytest.raises(PermissionDenied):
        put(committee, by=actor_on(user, TODAY))


def test_staff_above_set_it_for_a_committee_below(committee):
    committee.parent = CommitteeFactory()
    committee.save()

    put(committee, by=actor_on(staff_of(committee.parent), TODAY))

    assert Policy.objects.filter(committee=committee).count() == 2


def test_a_policy_of_one_s_own_hides_that_of_the_superior(committee):
    below = CommitteeFactory(parent=committee, name="事业单位党总支")
    BranchFactory(committee=below, name="乙支部")
    assert branches_concerned(committee, DECEMBER) == ["甲支部", "乙支部"]

    put(below, DECEMBER, declare_by_day=20)

    assert branches_concerned(committee, NOVEMBER) == ["甲支部", "乙支部"]
    assert branches_concerned(committee, DECEMBER) == ["甲支部"]
    top, sub = standings([committee, below], today=date(2026, 12, 3))
    assert (top.own, top.with_their_own, top.branches) == (True, ["事业单位党总支"], ["甲支部"])
    assert (sub.own, sub.hides, sub.branches) == (True, committee.name, ["乙支部"])
    assert sub.in_force.declare_by_day == 20


# -- the pages -----------------------------------------------------------------------------


@pytest.fixture
def office(committee):
    """The same committee today: this month is open in its branch."""
    this = month_of(timezone.localdate())
    open_month(month=this, by=system_actor(), at=timezone.now(), branches=committee.branches.all())
    return committee


def typed(month, **figures):
    standard = Policy(effective_from=month)
    said = {name: getattr(standard, name) for name in FIGURES}
    return said | {"effective_from": month.isoformat()} | figures


def test_a_new_version_is_entered(client, office):
    client.force_login(staff_of(office))
    url, month = reverse("new_policy", args=[office.pk]), _first_free(office)

    assert client.get(url).context["form"].initial["effective_from"] == month.isoformat()
    response = client.post(url, typed(month, appeal_days=8))

    policy = Policy.objects.get(effective_from=month)
    assert (response.url, policy.appeal_days) == (policy.get_absolute_url(), 8)
    assert client.get(response.url).status_code == 200
    assert client.get(reverse("policy")).context["standings"][0].to_come == [policy]


def _first_free(committee):
    today = timezone.localdate()
    return first_months_not_open([committee.pk], today=today)[committee.pk]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"effective_from": "2026-01-01"}, "effective_from"),
        ({"interview_after": 1}, "interview_after"),
        ({"publication_days": 0}, "publication_days"),
        ({"branch_below_percent": 0}, "branch_below_percent"),
        ({"declare_by_day": 28, "review_by_day": 27}, "review_by_day"),
        ({"notice_template": "公示{日子}"}, "notice_template"),
    ],
)
def test_what_cannot_be_comes_back_as_typed(client, office, wrong, field):
    client.force_login(staff_of(office))

    response = client.post(
        reverse("new_policy", args=[office.pk]),
        typed(_first_free(office), decide_appeal_days=17) | wrong,
    )

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert 'value="17"' in response.content.decode()
    assert Policy.objects.count() == 1


def test_a_version_to_come_is_changed_on_its_page(client, office):
    client.force_login(staff_of(office))
    month = _first_free(office)
    policy = Policy.objects.create(committee=office, effective_from=month)

    later = add_months(month, 1)
    response = client.post(
        reverse("change_policy", args=[policy.pk]), typed(later, escalate_after_days=5)
    )

    policy.refresh_from_db()
    assert response.url == policy.get_absolute_url()
    assert (policy.effective_from, policy.escalate_after_days) == (later, 5)


def test_a_version_that_has_begun_is_refused_on_its_page(client, office):
    client.force_login(staff_of(office))
    policy = Policy.objects.get()

    response = client.post(
        reverse("change_policy", args=[policy.pk]), typed(_first_free(office), appeal_days=9)
    )

    policy.refresh_from_db()
    assert (response.status_code, policy.appeal_days) == (422, 5)


def test_the_page_costs_the_same_for_one_committee_and_three(
    client, office, django_assert_num_queries
):
    client.force_login(staff_of(office))
    for number in (1, 3):
        for _ in range(number - 1):
            below = CommitteeFactory(parent=office)
            BranchFactory(committee=below)
            Policy.objects.create(committee=below, effective_from=NEXT_JANUARY)
        with django_assert_num_queries(17):
            client.get(reverse("policy"))
