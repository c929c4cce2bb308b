"""Jobs: what is due, what ran, running a part of it now."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from lib.months import month_of
from reviews.models import JobRun, Round
from reviews.selectors.jobs import due_now, run_row
from reviews.services import jobs
from tests.factories import MemberFactory, RuleBookFactory, StaffAppointmentFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 20, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def _any_hour(monkeypatch):
    """Reminders are due from eight in the morning; the tests run at any hour."""
    monkeypatch.setattr(jobs, "REMIND_FROM", time(0))


@pytest.fixture
def staff(client):
    user = StaffAppointmentFactory().user
    client.force_login(user)
    return user


@pytest.fixture
def branch(db):
    branch = RuleBookFactory().branch
    MemberFactory(branch=branch)
    return branch


def test_what_is_due_can_be_run_now_and_is_recorded(client, staff, branch):
    (due,) = [
        one for one in client.get(reverse("jobs")).context["due"] if one.chunk.job == "open_month"
    ]

    response = client.post(reverse("run_job"), {"job": due.chunk.job, "key": due.chunk.key})

    assert response["Location"] == reverse("jobs")
    assert Round.objects.get().month == month_of(timezone.localdate())
    run = JobRun.objects.get(job="open_month")
    assert (run.state, run.started_by, run.counts) == (
        JobRun.State.DONE,
        staff,
        {"rounds": 1, "declarations": 1},
    )
    page = client.get(reverse("jobs")).content.decode()
    assert "开启评审 1" in " ".join(page.replace('<span class="nowrap">', "").split())


def test_running_it_again_says_that_nothing_is_due(client, staff, branch):
    first = branch.pk // 200 * 200
    key = f"{month_of(timezone.localdate()):%Y-%m-%d} {first}-{first + 199}"
    for _ in range(2):
        client.post(reverse("run_job"), {"job": "open_month", "key": key})

    assert JobRun.objects.filter(job="open_month").count() == 1


@pytest.mark.parametrize(
    "what", [{}, {"job": "format_disk", "key": "2026-10-01 0-199"}, {"job": "remind", "key": "x"}]
)
def test_an_unknown_job_does_not_exist(client, staff, what):
    assert client.post(reverse("run_job"), what).status_code == 404


def failed(key, attempts=3):
    return JobRun.objects.create(
        job="open_month",
        key=key,
        state=JobRun.State.FAILED,
        attempts=attempts,
        started_at=AT,
        finished_at=AT,
        error="OperationalError: disk full",
    )


def test_what_failed_three_times_waits_for_a_person(branch):
    (due,) = [one for one in due_now(AT) if one.chunk.job == "open_month"]
    assert not due.has_given_up

    failed(due.chunk.key)

    (due,) = [one for one in due_now(AT) if one.chunk.job == "open_month"]
    assert due.has_given_up


def test_a_run_reads_as_words():
    row = run_row(failed("2026-10-01 0-199"))

    assert (str(row.label), row.on, row.took.total_seconds()) == (
        "开启月度评审",
        date(2026, 10, 1),
        0,
    )
    assert row.counts == ()


@pytest.mark.parametrize("runs", [1, 3])
def test_list_asks_the_same_whatever_its_length(client, staff, django_assert_num_queries, runs):
    for n in range(runs):
        failed(f"2026-10-0{n + 1} 0-199")

    with django_assert_num_queries(22):
        client.get(reverse("jobs"))
