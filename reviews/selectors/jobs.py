"""What the jobs page shows: what is due now, and what ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.models import JobRun
from reviews.services import jobs, year_runs
from reviews.services.jobs import JOBS, Chunk

# What runs when a person asks for it, never by itself.
OTHERS = {year_runs.JOB: gettext_lazy("computing a year")}


@dataclass(frozen=True, slots=True)
class DueChunk:
    """A part of a job that is due; ``has_given_up`` after three failures."""

    chunk: Chunk
    label: Any
    has_given_up: bool


def due_now(at: datetime) -> list[DueChunk]:
    """What the next tick would start, and what waits for a person after three failures. The
    number of queries does not depend on how much is due."""
    startable = set(jobs.to_start(at=at))
    due = [chunk for job in JOBS.values() for chunk in jobs.due_chunks(job=job, at=at)]
    given_up = _given_up([chunk for chunk in due if chunk not in startable])
    return [
        DueChunk(chunk, JOBS[chunk.job].label, chunk in given_up)
        for chunk in due
        if chunk in startable or chunk in given_up
    ]


def _given_up(chunks: list[Chunk]) -> set[Chunk]:
    failed = set(
        JobRun.objects.filter(
            state=JobRun.State.FAILED,
            attempts__gte=jobs.MOST_ATTEMPTS,
            key__in={chunk.key for chunk in chunks},
        ).values_list("job", "key")
    )
    return {chunk for chunk in chunks if (chunk.job, chunk.key) in failed}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as people read it."""

    run: JobRun
    label: Any
    on: date | None
    counts: tuple[tuple[str, int], ...]
    took: timedelta | None


def runs() -> "QuerySet[JobRun]":
    return JobRun.objects.select_related("started_by__member")


def run_row(run: JobRun) -> RunRow:
    """No query."""
    took = run.finished_at - run.started_at if run.finished_at else None
    label = JOBS[run.job].label if run.job in JOBS else OTHERS.get(run.job, run.job)
    return RunRow(run, label, _day(run.key), counts_in_words(run.counts), took)


def _day(key: str) -> date | None:
    """The month or day that a run was for: its key begins with it."""
    try:
        return date.fromisoformat(key[:10])
    except ValueError:
        return None


def counts_in_words(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """What a run counted, without what was zero."""
    words = {
        "branches": _("branches looked at"),
        "rounds": _("rounds opened"),
        "declarations": _("sheets laid out"),
        "rounds_closed": _("months closed"),
        "created": _("follow-ups opened"),
        "withdrawn": _("follow-ups withdrawn"),
        "reinstated": _("follow-ups reinstated"),
        "updated": _("follow-ups updated"),
        "flagged": _("follow-ups flagged"),
        "entries": _("entries proposed"),
        "records": _("records taken as agreed"),
        "opinions": _("opinions taken as agreed"),
        "members": _("members waited for"),
        "duty_holders": _("duty holders waited for"),
        "committees": _("committees told"),
        "matters": _("late matters"),
        "of": _("branches in all"),
        "ranked": _("members ranked"),
    }
    return tuple((words.get(name, name), count) for name, count in counts.items() if count)
