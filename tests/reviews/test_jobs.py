"""Jobs: what is due, run once at a time, made up when missed, given up after three times."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from members.rights import system_actor
from points.models import Declaration
from reviews.models import JobRun, Publication, Round
from reviews.services import jobs
from reviews.services.jobs import JOBS, Chunk
from reviews.services.one_at_a_time import one_at_a_time
from reviews.services.opening import open_month
from tests.factories import BranchFactory, MemberFactory, RuleBookFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")
OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 10, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def clock_at(moment: datetime):
    return lambda: moment


def branches_with_members(count: int = 2) -> list:
    """Numbered so that they lie in one block, whatever numbers other tests used up."""
    branches = [BranchFactory(pk=1_000_000 + n) for n in range(count)]
    for branch in branches:
        RuleBookFactory(branch=branch)
        MemberFactory(branch=branch)
    return branches


def due(name: str, moment: datetime) -> list[tuple[date, int]]:
    return list(JOBS[name].due(moment, None))


def run(chunk: Chunk, moment: datetime, **how) -> JobRun | None:
    return jobs.run(job=chunk.job, key=chunk.key, by=system_actor(), clock=clock_at(moment), **how)


def publish(round_: Round, *, ends_on: date) -> None:
    """As if the round had been concluded; what a conclusion computes is tested elsewhere."""
    Publication.objects.create(
        round=round_,
        starts_on=ends_on - timedelta(days=3),
        ends_on=ends_on,
        published_by=system_actor().user,
        published_at=at(10, 25),
    )
    Round.objects.filter(pk=round_.pk).update(state=Round.State.PUBLISHED)


@contextmanager
def lock_of_another_process(name: str):
    """Hold the lock as another process would: on PostgreSQL, from another session."""
    if connection.vendor != "postgresql":
        with one_at_a_time(name) as is_ours:
            assert is_ours
            yield
        return
    number = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{n: parameters[n] for n in names if n in parameters}) as other:
        assert other.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()[0]
        yield


# -- what is due -------------------------------------------------------------------------


def test_opening_is_due_for_active_branches_with_a_rule_book_and_no_round():
    first, second = branches_with_members()
    BranchFactory()
    closed_down = RuleBookFactory(branch=BranchFactory(is_active=False))
    open_month(month=OCTOBER, by=system_actor(), at=at(10, 1), branches=[first])

    assert closed_down.branch.pk
    assert due("open_month", at(10, 1, 0)) == [(OCTOBER, second.pk)]


def test_opening_makes_up_for_the_months_since_the_last_round():
    first, second = branches_with_members()
    open_month(month=date(2026, 12, 1), by=system_actor(), at=at(12, 1), branches=[first])

    assert due("open_month", at(2, 3, year=2027)) == [
        (date(2027, 1, 1), first.pk),
        (date(2027, 2, 1), first.pk),
        (date(2027, 2, 1), second.pk),
    ]


def test_a_branch_whose_past_was_imported_starts_with_this_month():
    (branch,) = branches_with_members(1)
    open_month(month=date(2025, 12, 1), by=system_actor(), at=at(12, 1, year=2025))
    Round.objects.update(state=Round.State.CLOSED, closed_at=at(1, 1))

    assert due("open_month", at(11, 2)) == [(NOVEMBER, branch.pk)]


def test_opening_is_not_due_before_the_rule_book_is_in_force():
    RuleBookFactory(effective_from=date(2026, 12, 1))

    assert due("open_month", at(11, 30)) == []


def test_month_end_is_due_the_day_after_the_publication_and_any_day_later():
    first, second = branches_with_members()
    open_month(month=OCTOBER, by=system_actor(), at=at(10, 1))
    publish(Round.objects.get(branch=first), ends_on=date(2026, 11, 4))
    publish(Round.objects.get(branch=second), ends_on=date(2026, 11, 6))

    assert due("month_end", at(11, 4, 23)) == []
    assert due("month_end", at(11, 5, 0)) == [(date(2026, 11, 5), first.pk)]
    assert due("month_end", at(11, 20)) == [
        (date(2026, 11, 20), first.pk),
        (date(2026, 11, 20), second.pk),
    ]


def test_reminders_are_due_from_eight_in_the_morning_and_once_a_day():
    branches_with_members(1)
    open_month(month=OCTOBER, by=system_actor(), at=at(10, 1))

    assert due("remind", at(10, 23, 7)) == []
    (chunk,) = jobs.to_start(at=at(10, 23, 8), names=["remind"])
    JobRun.objects.create(
        job=chunk.job,
        key=chunk.key,
        state=JobRun.State.DONE,
        started_at=at(10, 23, 8),
        finished_at=at(10, 23, 8),
    )
    assert jobs.to_start(at=at(10, 23, 18), names=["remind"]) == []
    assert len(jobs.to_start(at=at(10, 24, 9), names=["remind"])) == 1


def test_chunks_are_fixed_blocks_of_branches_whatever_is_due_inside_them():
    first = BranchFactory(pk=199)
    second = BranchFactory(pk=200)
    third = BranchFactory(pk=205)
    for branch in (first, second, third):
        RuleBookFactory(branch=branch)

    chunks = jobs.to_start(at=at(11, 1), names=["open_month"])

    assert [(chunk.key, chunk.branches) for chunk in chunks] == [
        ("2026-11-01 0-199", 1),
        ("2026-11-01 200-399", 2),
    ]
    assert [jobs.chunk_of(job="open_month", key=chunk.key) for chunk in chunks] == chunks


@pytest.mark.parametrize("key", ["", "2026-11-01", "2026-11-01 a-b", "yesterday 0-199"])
def test_a_key_that_names_no_chunk_is_an_error(key):
    with pytest.raises(ValueError):
        jobs.chunk_of(job="open_month", key=key)


@pytest.mark.parametrize("count", [1, 3])
def test_asking_what_is_due_takes_the_same_queries_for_one_branch_and_many(
    count, django_assert_num_queries
):
    branches_with_members(count)
    open_month(month=OCTOBER, by=system_actor(), at=at(10, 1))
    for round_ in Round.objects.all():
        publish(round_, ends_on=date(2026, 10, 28))

    with django_assert_num_queries(9):
        chunks = jobs.to_start(at=at(11, 2))

    # No review is late here, and no answer awaited: nothing to propose, nothing agreed to.
    assert {chunk.job for chunk in chunks} == set(JOBS) - {"propose", "agree"}


# -- running -----------------------------------------------------------------------------


def test_a_run_does_its_block_and_is_recorded():
    branches_with_members(2)
    (chunk,) = jobs.to_start(at=at(11, 1), names=["open_month"])

    run(chunk, at(11, 1))

    row = JobRun.objects.get()
    assert (row.job, row.key, row.state, row.attempts) == ("open_month", chunk.key, "DONE", 1)
    assert row.counts == {"rounds": 2, "declarations": 2}
    assert (row.started_at, row.finished_at) == (at(11, 1), at(11, 1))
    assert Declaration.objects.filter(month=NOVEMBER).count() == 2
    assert jobs.to_start(at=at(11, 1, 11), names=["open_month"]) == []


def test_the_same_chunk_again_changes_nothing():
    branches_with_members(1)
    (chunk,) = jobs.to_start(at=at(11, 1), names=["open_month"])
    run(chunk, at(11, 1))

    assert run(chunk, at(11, 1, 11)) is None

    assert (Round.objects.count(), JobRun.objects.count()) == (1, 1)


def test_month_end_closes_what_is_due_and_leaves_the_rest():
    first, second = branches_with_members()
    open_month(month=OCTOBER, by=system_actor(), at=at(10, 1))
    publish(Round.objects.get(branch=first), ends_on=date(2026, 11, 4))
    (chunk,) = jobs.to_start(at=at(11, 9), names=["month_end"])

    row = run(chunk, at(11, 9))

    assert row.counts["rounds_closed"] == 1
    assert Round.objects.get(branch=first).state == Round.State.CLOSED
    assert Round.objects.get(branch=second).state == Round.State.OPEN
    assert jobs.to_start(at=at(11, 9, 11), names=["month_end"]) == []


def test_a_chunk_that_another_process_runs_is_left_alone():
    branches_with_members(1)
    (chunk,) = jobs.to_start(at=at(11, 1), names=["open_month"])

    with lock_of_another_process(jobs.lock_name(chunk.job, chunk.key)):
        jobs.claim(chunk, by=system_actor(), at=at(11, 1))
        jobs.bury_dead(at=at(11, 1))
        assert run(chunk, at(11, 1)) is None
        assert JobRun.objects.get().state == JobRun.State.RUNNING


def test_a_chunk_whose_process_died_is_taken_up_at_the_next_tick():
    branches_with_members(1)
    (chunk,) = jobs.to_start(at=at(11, 1), names=["open_month"])
    jobs.claim(chunk, by=system_actor(), at=at(11, 1))

    jobs.bury_dead(at=at(11, 1, 11))

    row = JobRun.objects.get()
    assert (row.state, row.error) == ("FAILED", jobs.DIED)
    assert jobs.to_start(at=at(11, 1, 11), names=["open_month"]) == [chunk]
    row = run(chunk, at(11, 1, 11))
    assert (row.state, row.attempts, row.error) == ("DONE", 2, "")


def test_a_failing_chunk_keeps_its_error_and_is_tried_three_times():
    branches_with_members(1)
    (chunk,) = jobs.to_start(at=at(11, 1), names=["open_month"])

    def work():
        raise ZeroDivisionError("no members")

    for attempt in (1, 2, 3):
        assert jobs.to_start(at=at(11, 1), names=["open_month"]) == [chunk]
        row = jobs.claim(chunk, by=system_actor(), at=at(11, 1))
        jobs.finish_after(row, clock=clock_at(at(11, 1)), work=work)
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("FAILED", attempt)
        assert row.error == "ZeroDivisionError: no members"

    assert jobs.to_start(at=at(11, 1), names=["open_month"]) == []
    assert run(chunk, at(11, 1)) is None
    asked_for = run(chunk, at(11, 2), is_asked_for=True)
    assert (asked_for.state, asked_for.attempts) == ("DONE", 1)


def test_a_chunk_that_kills_its_worker_is_given_up_after_three_times():
    branches_with_members(1)
    (chunk,) = jobs.to_start(at=at(11, 1), names=["open_month"])
    for _ in range(3):
        assert jobs.claim(chunk, by=system_actor(), at=at(11, 1))
        jobs.bury_dead(at=at(11, 1))

    assert run(chunk, at(11, 1)) is None

    row = JobRun.objects.get()
    assert (row.state, row.attempts, row.error) == ("FAILED", 3, jobs.DIED)


def test_the_database_knows_one_running_row_of_a_chunk():
    chunk = Chunk("remind", NOVEMBER, (0, 499))
    jobs.claim(chunk, by=system_actor(), at=at(11, 1))

    with pytest.raises(IntegrityError), transaction.atomic():
        JobRun.objects.create(job=chunk.job, key=chunk.key, started_at=at(11, 1))


# -- by hand -----------------------------------------------------------------------------


def test_commands_do_the_same_and_are_recorded(capsys):
    (branch,) = branches_with_members(1)
    call_command("open_month", month=OCTOBER)
    publish(Round.objects.get(), ends_on=date(2026, 11, 4))

    call_command("month_end", on=date(2026, 11, 4))
    call_command("month_end", on=date(2026, 11, 5))

    assert Round.objects.get(branch=branch).state == Round.State.CLOSED
    assert list(JobRun.objects.order_by("pk").values_list("job", "state")) == [
        ("open_month", "DONE"),
        ("month_end", "DONE"),
        ("month_end", "DONE"),
    ]
    lines = capsys.readouterr().out.splitlines()
    assert "1 rounds opened, 1 declarations" in lines[0]
    assert "rounds_closed 0" in lines[1]
    assert "rounds_closed 1" in lines[2]
