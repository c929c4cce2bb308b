"""Tell whoever is waited for, and the committees what has been late for too long."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from members.rights import system_actor
from reviews.services import jobs
from reviews.services.reminders import branches_to_look_at, escalate, remind


class Command(BaseCommand):
    help = "Send the reminders that are due. Nobody hears of the same thing twice."

    def handle(self, *args: Any, **options: Any) -> None:
        by, at = system_actor(), timezone.now()
        today = timezone.localdate(at)

        def work() -> dict[str, int]:
            branches = list(branches_to_look_at(on=today))
            reminded = remind(on=today, branches=branches, at=at)
            return asdict(reminded) | asdict(escalate(on=today, at=at))

        run = jobs.run_by_hand(
            job="remind", what_for=f"{today:%Y-%m-%d}", by=by, clock=timezone.now, work=work
        )
        if run.error:
            raise CommandError(run.error)
        counts = ", ".join(f"{name} {count}" for name, count in run.counts.items())
        self.stdout.write(f"{today:%Y-%m-%d}: {counts}")
