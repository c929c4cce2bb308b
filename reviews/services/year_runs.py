"""Computing the year of a large committee in the background, part by part, with its progress
(docs/decisions/0013-large-years-are-computed-in-parts.md).

The row of a run says how many branches are done. The year stays provisional until the last
part, so a run that was stopped half-way leaves nothing that anybody takes for the result: it
is begun again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction

from branches.models import Branch, Committee
from lib.months import months_of_year
from members.rights import Actor
from points.models import MonthlyResult
from reviews.models import JobRun, YearEnd
from reviews.services.jobs import finish_after, lock_name
from reviews.services.one_at_a_time import one_at_a_time
from reviews.services.year_end import (
    begin_computing,
    check_there_are_figures,
    compute_part,
    finish_computing,
    lock_year,
    seat_at,
)
from reviews.workflow import YEAR_END_STEPS

JOB = "year_end"
# Up to so many members, a year is computed while the person waits (well under a second).
AT_ONCE = 2_000
# Branches in a part: what the progress moves by.
PART = 20


def key_of(committee: int, year: int) -> str:
    return f"{year}-12-31 {committee}"


def is_large(committee: Committee, year: int) -> bool:
    """Whether more members have a final month in the year than are computed at once. One query,
    which looks no further than it has to."""
    members = (
        MonthlyResult.objects.final()
        .filter(month__in=months_of_year(year), branch__in=Branch.objects.below(committee))
        .order_by()
        .values("member")
        .distinct()
    )
    return members[: AT_ONCE + 1].count() > AT_ONCE


def latest_run(committee: int, year: int) -> JobRun | None:
    """The last computation in the background, running or not. One query."""
    return JobRun.objects.filter(job=JOB, key=key_of(committee, year)).order_by("-pk").first()


@transaction.atomic
def ask_to_compute(*, committee: Committee, year: int, by: Actor, at: datetime) -> JobRun:
    """Write the row of the run that the worker is to take up; asked for twice, it is one.

    Raises PermissionDenied and Refused as computing does.
    """
    year_end = lock_year(committee, year)
    YEAR_END_STEPS.check("compute", seat_at(by, committee), year_end)
    check_there_are_figures(committee, year, at=at)
    last = latest_run(committee.pk, year)
    if last is not None and last.state == JobRun.State.RUNNING:
        return last
    return JobRun.objects.create(
        job=JOB, key=key_of(committee.pk, year), started_by=by.user, started_at=at
    )


def run(*, run_id: int, by: Actor, clock: Callable[[], datetime]) -> JobRun | None:
    """Compute the year that a run's row names. None where another worker is at it, or it is
    done; a run that was given up for dead meanwhile is taken up again."""
    row = JobRun.objects.get(pk=run_id)
    with one_at_a_time(lock_name(JOB, row.key)) as is_ours:
        row.refresh_from_db()
        if not is_ours or row.state == JobRun.State.DONE:
            return None
        row.state, row.finished_at = JobRun.State.RUNNING, None
        row.save(update_fields=["state", "finished_at"])
        return finish_after(row, clock=clock, work=lambda: _compute(row, by, clock()))


def _compute(row: JobRun, by: Actor, at: datetime) -> Mapping[str, int]:
    """Every part in a transaction of its own, so that its progress can be seen."""
    day, committee = row.key.split(" ")
    work = begin_computing(
        committee=Committee.objects.get(pk=committee), year=int(day[:4]), by=by, at=at, size=PART
    )
    _count(row, 0, work.branches, 0)
    done = members = 0
    for part in work.parts:
        members += compute_part(work, part)
        done += len(part[1])
        _count(row, done, work.branches, members)
    closing = finish_computing(work)
    return {"branches": closing.branches, "of": closing.branches, "ranked": closing.members}


def _count(row: JobRun, done: int, of: int, members: int) -> None:
    row.counts = {"branches": done, "of": of, "ranked": members}
    row.save(update_fields=["counts"])


def is_interrupted(year_end: YearEnd | None, run: JobRun | None) -> bool:
    """Whether the year's figures are those of a run that did not come to its end."""
    return (
        run is not None
        and run.state == JobRun.State.FAILED
        and year_end is not None
        and year_end.state == YearEnd.State.PROVISIONAL
        and year_end.computed_at <= (run.finished_at or run.started_at)
        and year_end.computed_at >= run.started_at
    )
