"""``manage.py import_roll FILE.xlsx [--as-of YYYY-MM] [--dry-run]`` (formats.md §1)."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.utils import timezone

from lib.imports import ImportCommand, ImportReport
from lib.months import parse_month
from members.imports import apply_roll, parse_roll, preview_roll
from members.models import User
from members.rights import Actor, system_actor


def month(text: str) -> date:
    try:
        return parse_month(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no month such as 2026-10") from error


class Command(ImportCommand):
    help = "Import the roll: organisations, members, transfers, positions and duties."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--as-of",
            metavar="YYYY-MM",
            type=month,
            help="the month from which changes of branch, position and duty count "
            "(default: next month; for a first import: no lower bound)",
        )

    def run_import(self, options: dict[str, Any]) -> ImportReport:
        now = timezone.now()
        roll = parse_roll(options["file"])
        if options["dry_run"]:
            # Not even the system's own account is written by a dry run.
            nobody = Actor(user=User(), is_system=True)
            today = timezone.localdate(now)
            return preview_roll(roll, by=nobody, today=today, as_of=options["as_of"])
        return apply_roll(roll, by=system_actor(), at=now, as_of=options["as_of"])
