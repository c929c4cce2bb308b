"""Whoever is waited for hears of it, once, and nobody else does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from members.models import Notice, Position
from members.rights import system_actor
from points.models import Declaration
from reviews.models import FollowUp, Round
from reviews.services.reminders import escalate, remind, reminder_stage
from reviews.services.round import open_month
from tests.factories import (
    BranchFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)
AT = datetime(2026, 10, 20, 1, tzinfo=UTC)


@pytest.fixture
def branch(db):
    branch = BranchFactory()
    RuleBookFactory(branch=branch)
    return branch


def opened(branch, *, members=1):
    people = [MemberFactory(branch=branch) for _ in range(members)]
    open_month(month=OCTOBER, by=system_actor(), at=AT)
    return people


def keys(member):
    return list(
        Notice.objects.filter(user=member.user).order_by("pk").values_list("key", flat=True)
    )


def on(day, branch):
    return remind(on=day, branches=[branch.pk], at=AT)


@pytest.mark.parametrize(
    ("day", "stage"), [(22, "3"), (23, "3"), (24, "1"), (25, "1"), (26, "late"), (30, "late")]
)
def test_reminder_stage(day, stage):
    assert reminder_stage(on=date(2026, 10, day), due_on=date(2026, 10, 25)) == stage


def test_member_hears_three_days_before_one_day_before_and_once_after(branch):
    (member,) = opened(branch)
    sheet = Declaration.objects.get(member=member)

    for day in range(18, 32):
        on(date(2026, 10, day), branch)

    assert keys(member) == [f"declare:{sheet.pk}:{stage}" for stage in ("3", "1", "late")]


def test_member_who_has_filed_hears_nothing(branch):
    (member,) = opened(branch)
    Declaration.objects.update(state=Declaration.State.SUBMITTED, submitted_at=AT)

    on(date(2026, 10, 24), branch)

    assert keys(member) == []


def test_secretary_hears_of_a_review_that_is_due_and_again_when_it_is_late(branch):
    secretary = MemberFactory(branch=branch, position=(branch, Position.Kind.SECRETARY))
    opened(branch, members=0)
    Declaration.objects.update(state=Declaration.State.SUBMITTED, submitted_at=AT)
    round_ = Round.objects.get()

    for day in (date(2026, 10, 27), date(2026, 10, 28), date(2026, 11, 1), date(2026, 11, 2)):
        on(day, branch)

    assert keys(secretary) == [f"review-due:{round_.pk}", f"late-review:{round_.pk}"]


def follow_up(branch, kind, *, holder=None):
    return FollowUp.objects.create(
        kind=kind,
        branch=branch,
        member=MemberFactory(branch=branch),
        holder=holder,
        first_month=OCTOBER,
        trigger_month=OCTOBER,
        year=2026,
        due_on=date(2026, 11, 20),
        opened_at=AT,
    )


@pytest.mark.parametrize(
    ("kind", "is_told"),
    [
        (FollowUp.Kind.DISPOSITION, True),
        (FollowUp.Kind.INTERVIEW, False),
        (FollowUp.Kind.TALK, False),
    ],
)
def test_secretary_hears_of_an_overdue_follow_up_without_holder(branch, kind, is_told):
    secretary = MemberFactory(branch=branch, position=(branch, Position.Kind.SECRETARY))
    row = follow_up(branch, kind)

    on(date(2026, 11, 21), branch)

    assert keys(secretary) == ([f"late-follow-up:{row.pk}"] if is_told else [])


def test_holder_hears_of_an_overdue_talk(branch):
    holder = MemberFactory(branch=branch)
    row = follow_up(branch, FollowUp.Kind.TALK, holder=holder)

    on(date(2026, 11, 20), branch)
    assert keys(holder) == []
    on(date(2026, 11, 21), branch)

    assert keys(holder) == [f"late-follow-up:{row.pk}"]


def test_reminding_asks_as_much_for_three_members_as_for_one(branch, django_assert_num_queries):
    opened(branch)
    with django_assert_num_queries(7):
        on(date(2026, 10, 23), branch)
    opened(branch, members=2)
    for member in branch.memberships.values_list("member", flat=True):
        Declaration.objects.get_or_create(
            member_id=member,
            month=OCTOBER,
            defaults={
                "branch": branch,
                "rule_book": branch.rule_books.get(),
                "declare_by": date(2026, 10, 25),
            },
        )
    with django_assert_num_queries(7):
        on(date(2026, 10, 24), branch)


def test_committee_staff_hear_once_of_a_round_that_is_late_for_too_long(branch):
    staff = StaffAppointmentFactory(committee=branch.committee)
    opened(branch)
    due = Round.objects.get().review_by

    for days in range(1, 8):
        escalate(on=due + timedelta(days=days), at=AT)

    (notice,) = Notice.objects.filter(user=staff.user)
    assert notice.key == f"late:{branch.committee_id}:{due:%Y-%m-%d}"
    assert notice.url == "/"


def test_staff_of_another_committee_hear_nothing(branch):
    other = StaffAppointmentFactory()
    opened(branch)

    escalate(on=date(2026, 11, 20), at=AT)

    assert not Notice.objects.filter(user=other.user).exists()
