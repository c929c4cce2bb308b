"""Close what has been published long enough, and bring follow-ups to what results demand."""

import argparse
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from lib.months import parse_date
from members.rights import system_actor
from reviews.services import jobs
from reviews.services.month_end import month_end


def day(text: str) -> date:
    try:
        return parse_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    help = "Close every publication that has ended, and check the thresholds of closed months."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", type=day, help="YYYY-MM-DD; default: today")

    def handle(self, *args: Any, **options: Any) -> None:
        by, at = system_actor(), timezone.now()
        on = options["on"] or timezone.localdate(at)
        run = jobs.run_by_hand(
            job="month_end",
            what_for=f"{on:%Y-%m-%d}",
            by=by,
            clock=timezone.now,
            work=lambda: asdict(month_end(on=on, by=by, at=at)),
        )
        if run.error:
            raise CommandError(run.error)
        counts = ", ".join(f"{name} {count}" for name, count in run.counts.items())
        self.stdout.write(f"{on:%Y-%m-%d}: {counts}")
