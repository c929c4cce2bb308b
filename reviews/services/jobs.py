"""Jobs that run by themselves: what is due, one chunk of it, and the record of it.

The schedule is data: every tick asks the database what is due now, never whether today
equals a date, so what a stopped worker missed is made up by the next tick. A message is
only a nudge; the row of a run is written before its work and finished after it.

A chunk is a block of branches. Its key is fixed (day, first and last branch id), and what
there is to do inside it is asked again when it runs: twice, late or half-done is harmless.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from lib.months import add_months, months_between, next_month
from members.rights import Actor
from points.models import RuleBook
from reviews.models import JobRun, Opinion, Round
from reviews.services import month_end as closing
from reviews.services import opening, opinions, proposals, records, reminders
from reviews.services.one_at_a_time import one_at_a_time

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
DIED = "the process was stopped before it could finish"
# Months that opening makes up for after a long standstill.
MOST_MONTHS_BACK = 12
REMIND_FROM = time(8, 0)

Block = tuple[int, int]
Due = Iterable[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a job that is due: its month or day, and the block of branches it covers.

    ``branches`` says how many of them have something to do, for whoever previews it.
    """

    job: str
    on: date
    block: Block
    branches: int = field(compare=False, default=0)

    @property
    def key(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.block[0]}-{self.block[1]}"


def chunk_of(*, job: str, key: str) -> Chunk:
    """The chunk that a key names. Raises ValueError for anything else."""
    day, block = key.split(" ")
    first, last = block.split("-")
    return Chunk(job, date.fromisoformat(day), (int(first), int(last)))


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work.

    ``due(at, block)`` yields (month or day, branch id) for what is to be done now;
    ``work`` does it for some branches and counts what it did. A daily job runs once for a
    day even where it is still due afterwards.
    """

    name: str
    label: Any
    block_size: int
    due: Callable[[datetime, Block | None], Due]
    work: Callable[[date, list[int], Actor, datetime], Mapping[str, int]]
    is_daily: bool = False


# -- what is due -------------------------------------------------------------------------


def within(block: Block | None, name: str = "branch") -> Q:
    return Q(**{f"{name}__gte": block[0], f"{name}__lte": block[1]}) if block else Q()


def due_to_open(at: datetime, block: Block | None = None) -> Due:
    """Branches with a rule book in force and no round: for this month, and for the months
    since their last round that went through the product. A branch whose past was imported
    starts with this month. Source: domain.md §5.1."""
    current = opening.current_month(at)
    live = Q(rounds__publications__isnull=False) | ~Q(rounds__state=Round.State.CLOSED)
    branches = (
        Branch.objects.active()
        .filter(within(block, "pk"))
        .annotate(last_live=Max("rounds__month", filter=live & Q(rounds__isnull=False)))
        .filter(Q(last_live__isnull=True) | Q(last_live__lt=current))
        .order_by("pk")
        .values_list("pk", "last_live")
    )
    wanted: dict[date, list[int]] = {}
    for branch, last in branches:
        first = next_month(last) if last else current
        for month in months_between(max(first, add_months(current, -MOST_MONTHS_BACK)), current):
            wanted.setdefault(month, []).append(branch)
    for month in sorted(wanted):
        has_round = Round.objects.filter(branch=OuterRef("branch"), month=month)
        with_book = set(
            RuleBook.objects.in_force(month)
            .filter(~Exists(has_round), within(block))
            .values_list("branch", flat=True)
        )
        yield from ((month, branch) for branch in wanted[month] if branch in with_book)


def due_to_close(at: datetime, block: Block | None = None) -> Due:
    """Branches with a publication that has ended, or a closed month not yet checked."""
    today = timezone.localdate(at)
    unchecked = Q(state=Round.State.CLOSED, thresholds_checked_at__isnull=True)
    branches = (
        Round.objects.filter(closing.due_rounds(today) | unchecked, within(block))
        .order_by("branch")
        .values_list("branch", flat=True)
        .distinct()
    )
    return ((today, branch) for branch in branches)


def due_to_propose(at: datetime, block: Block | None = None) -> Due:
    """Once a day: branches whose review is past its day, which the system has not yet put
    before the reviewers."""
    today = timezone.localdate(at)
    branches = (
        proposals.overdue_reviews(today)
        .filter(within(block))
        .order_by("branch")
        .values_list("branch", flat=True)
        .distinct()
    )
    return ((today, branch) for branch in branches)


def due_to_agree(at: datetime, block: Block | None = None) -> Due:
    """Branches in which somebody let the day pass by which to answer a record or an opinion."""
    today = timezone.localdate(at)
    silent = records.awaited_past(today).filter(within(block, "follow_up__branch"))
    open_ones = Opinion.objects.filter(
        within(block), state=Opinion.State.OPEN, confirm_by__lt=today
    )
    branches = {
        *silent.values_list("follow_up__branch", flat=True),
        *open_ones.values_list("branch", flat=True),
    }
    return ((today, branch) for branch in sorted(branches))


def due_to_remind(at: datetime, block: Block | None = None) -> Due:
    """Once a day, from eight in the morning: branches where somebody may be waited for."""
    if timezone.localtime(at).time() < REMIND_FROM:
        return []
    today = timezone.localdate(at)
    return (
        (today, pk) for pk in reminders.branches_to_look_at(on=today).filter(within(block, "pk"))
    )


def due_to_escalate(at: datetime, block: Block | None = None) -> Due:
    """Once a day, after the reminders; one piece, because a committee hears of all at once."""
    return [(timezone.localdate(at), 0)] if any(due_to_remind(at)) else []


def open_rounds(month: date, branches: list[int], by: Actor, at: datetime) -> Mapping[str, int]:
    rows = Branch.objects.filter(pk__in=branches).select_related("committee")
    opened = opening.open_month(month=month, branches=list(rows), by=by, at=at)
    return {"rounds": opened.rounds, "declarations": opened.declarations}


def close_rounds(on: date, branches: list[int], by: Actor, at: datetime) -> Mapping[str, int]:
    return asdict(closing.close_chunk(branches=branches, on=on, by=by, at=at))


def propose(on: date, branches: list[int], by: Actor, at: datetime) -> Mapping[str, int]:
    return {"entries": proposals.propose_overdue(on=on, branches=branches, at=at)}


def agree(on: date, branches: list[int], by: Actor, at: datetime) -> Mapping[str, int]:
    """Silence is agreement (domain.md §10)."""
    return {
        "records": records.agree_silently(on=on, branches=branches, at=at),
        "opinions": opinions.agree_silently(on=on, branches=branches, at=at),
    }


def send_reminders(on: date, branches: list[int], by: Actor, at: datetime) -> Mapping[str, int]:
    return asdict(reminders.remind(on=on, branches=branches, at=at))


def escalate(on: date, branches: list[int], by: Actor, at: datetime) -> Mapping[str, int]:
    return asdict(reminders.escalate(on=on, at=at))


JOBS = {
    job.name: job
    for job in (
        Job("open_month", _("open the month"), 200, due_to_open, open_rounds),
        Job("month_end", _("month-end"), closing.CHUNK, due_to_close, close_rounds),
        Job("propose", _("proposals of the system"), 200, due_to_propose, propose, is_daily=True),
        Job("agree", _("silence as agreement"), 200, due_to_agree, agree),
        Job("remind", _("reminders"), 500, due_to_remind, send_reminders, is_daily=True),
        Job("escalate", _("report to the committees"), 1, due_to_escalate, escalate, is_daily=True),
    )
}


def due_chunks(*, job: Job, at: datetime) -> list[Chunk]:
    """Everything of a job that is due now, by month and block of branches."""
    sizes: dict[tuple[date, int], int] = {}
    for on, branch in job.due(at, None):
        place = (on, branch // job.block_size)
        sizes[place] = sizes.get(place, 0) + 1
    return [
        Chunk(job.name, on, (n * job.block_size, (n + 1) * job.block_size - 1), count)
        for (on, n), count in sorted(sizes.items())
    ]


def to_start(*, at: datetime, names: Iterable[str] = JOBS) -> list[Chunk]:
    """What is due and may be started: not given up, and not done for the day."""
    chunks = [chunk for name in names for chunk in due_chunks(job=JOBS[name], at=at)]
    runs = JobRun.objects.filter(
        job__in={chunk.job for chunk in chunks}, key__in={chunk.key for chunk in chunks}
    )
    latest = {(run.job, run.key): run for run in runs.order_by("pk")}
    return [chunk for chunk in chunks if may_start(chunk, latest.get((chunk.job, chunk.key)))]


def may_start(chunk: Chunk, last: JobRun | None) -> bool:
    """Whether a chunk may be started after its last run."""
    if last is None:
        return True
    if last.state == JobRun.State.DONE:
        return not JOBS[chunk.job].is_daily
    return last.attempts < MOST_ATTEMPTS


# -- running one chunk -------------------------------------------------------------------


def run(
    *,
    job: str,
    key: str,
    by: Actor,
    clock: Callable[[], datetime],
    is_asked_for: bool = False,
) -> JobRun | None:
    """Run one chunk and record it. Returns None where nothing is due any more, another
    worker is at it, or it has failed three times.

    ``is_asked_for``: a person wants it, whatever failed before.
    """
    with one_at_a_time(lock_name(job, key)) as is_ours:
        if not is_ours:
            return None
        at = clock()
        bury(job=job, key=key, at=at)
        chunk = chunk_of(job=job, key=key)
        branches = {branch for on, branch in JOBS[job].due(at, chunk.block) if on == chunk.on}
        row = claim(chunk, by=by, at=at, is_asked_for=is_asked_for) if branches else None
        if row is None:
            return None
        return finish_after(
            row,
            clock=clock,
            work=lambda: JOBS[job].work(chunk.on, sorted(branches), by, at),
        )


def lock_name(job: str, key: str) -> str:
    return f"job {job} {key}"


@transaction.atomic
def claim(chunk: Chunk, *, by: Actor, at: datetime, is_asked_for: bool = False) -> JobRun | None:
    """Write the row of a run before its work, under the chunk's lock; a failed one is taken
    up again, three times at most."""
    last = JobRun.objects.filter(job=chunk.job, key=chunk.key).order_by("-pk").first()
    if last is None or last.state == JobRun.State.DONE:
        if not (may_start(chunk, last) or is_asked_for):
            return None
        return JobRun.objects.create(
            job=chunk.job, key=chunk.key, started_by=by.user, started_at=at
        )
    if last.attempts >= MOST_ATTEMPTS and not is_asked_for:
        return None
    last.attempts = 1 if is_asked_for else last.attempts + 1
    last.state = JobRun.State.RUNNING
    last.started_at, last.finished_at, last.started_by = at, None, by.user
    last.save(update_fields=["attempts", "state", "started_at", "finished_at", "started_by"])
    return last


def finish_after(
    row: JobRun, *, clock: Callable[[], datetime], work: Callable[[], Mapping[str, int]]
) -> JobRun:
    """Do the work of a run and finish its row, with the error where there was one."""
    try:
        row.counts = dict(work())
        row.state, row.error = JobRun.State.DONE, ""
    except Exception as error:
        logger.exception("%s %s failed", row.job, row.key)
        row.state = JobRun.State.FAILED
        row.error = f"{type(error).__name__}: {error}"
    row.finished_at = clock()
    row.save(update_fields=["counts", "state", "error", "finished_at"])
    return row


def bury_dead(*, at: datetime) -> None:
    """Mark the runs whose process died before it could finish their rows."""
    running = JobRun.objects.filter(state=JobRun.State.RUNNING)
    for job, key in running.order_by("pk").values_list("job", "key"):
        with one_at_a_time(lock_name(job, key)) as is_ours:
            if is_ours:
                bury(job=job, key=key, at=at)


def bury(*, job: str, key: str, at: datetime) -> int:
    """Under the lock of a chunk: a run of it that still stands as running has died. What it
    left undone is still due, so the next run of the chunk takes it up."""
    return JobRun.objects.filter(job=job, key=key, state=JobRun.State.RUNNING).update(
        state=JobRun.State.FAILED, finished_at=at, error=DIED
    )


def run_by_hand(
    *,
    job: str,
    what_for: str,
    by: Actor,
    clock: Callable[[], datetime],
    work: Callable[[], Mapping[str, int]],
) -> JobRun:
    """Record what a person runs from the command line, outside the chunks.

    Two people may run the same thing at once (the work is safe against it), so every run
    has a row of its own.
    """
    at = clock()
    key = f"{what_for} {at:%H:%M:%S.%f}"
    with one_at_a_time(lock_name(job, key)):
        row = JobRun.objects.create(job=job, key=key, started_by=by.user, started_at=at)
        return finish_after(row, clock=clock, work=work)
