"""What the worker is asked to do: ids and keys in, one service call out."""

import logging
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from branches.models import Committee
from members.models import User
from members.rights import Actor, actor_on, system_actor
from reviews.services import exports, jobs, year_runs

logger = logging.getLogger(__name__)


@shared_task
def tick() -> None:
    """Ask the database what is due and hand it out, one message for each chunk."""
    at = timezone.now()
    jobs.bury_dead(at=at)
    for chunk in jobs.to_start(at=at):
        run_chunk.delay(chunk.job, chunk.key)
    for export in exports.look_after(at=at):
        make_export.delay(export)


@shared_task
def run_chunk(job: str, key: str, user_id: int | None = None) -> None:
    """Run one chunk, in the name of the system or of the account that asked for it."""
    by = actor_on(User.objects.get(pk=user_id), timezone.localdate()) if user_id else system_actor()
    jobs.run(job=job, key=key, by=by, clock=timezone.now, is_asked_for=user_id is not None)


@shared_task
def make_export(export_id: int) -> None:
    """Make one file that waits; whoever asked for it is told."""
    exports.make(export_id=export_id, clock=timezone.now, tells=True)


def send_export(export_id: int) -> None:
    """Nudge the worker. Where no broker answers, the next tick finds what waits."""
    try:
        make_export.delay(export_id)
    except make_export.OperationalError:
        logger.warning("no broker for export %s", export_id)


@shared_task
def compute_year(run_id: int, user_id: int) -> None:
    """Compute the year of a large committee, in the name of who asked for it."""
    by = actor_on(User.objects.get(pk=user_id), timezone.localdate())
    year_runs.run(run_id=run_id, by=by, clock=timezone.now)


def start_computing_year(*, committee: Committee, year: int, by: Actor, at: datetime) -> None:
    """Ask the worker. Where no broker answers, the run is given up by the next tick, and the
    page says so."""
    run = year_runs.ask_to_compute(committee=committee, year=year, by=by, at=at)
    try:
        compute_year.delay(run.pk, by.user.pk)
    except compute_year.OperationalError:
        logger.warning("no broker for run %s", run.pk)
