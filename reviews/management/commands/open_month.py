"""Open the rounds that are due, or those of one month."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from lib.months import format_month, parse_month
from members.rights import system_actor
from reviews.services import jobs
from reviews.services.opening import current_month, open_month


def month(text: str) -> Any:
    try:
        return parse_month(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    help = "Open a round for every active branch with a rule book in force. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", type=month, help="YYYY-MM; default: this month")

    def handle(self, *args: Any, **options: Any) -> None:
        by, at = system_actor(), timezone.now()
        wanted = options["month"] or current_month(at)
        without: list[str] = []

        def work() -> dict[str, int]:
            opened = open_month(month=wanted, by=by, at=at)
            without.extend(str(branch) for branch in opened.without_rule_book)
            return {"rounds": opened.rounds, "declarations": opened.declarations}

        run = jobs.run_by_hand(
            job="open_month", what_for=f"{wanted:%Y-%m}", by=by, clock=timezone.now, work=work
        )
        if run.error:
            raise CommandError(run.error)
        self.stdout.write(
            f"{format_month(wanted)}: {run.counts['rounds']} rounds opened,"
            f" {run.counts['declarations']} declarations"
        )
        for name in without:
            self.stdout.write(f"no rule book in force: {name}")
