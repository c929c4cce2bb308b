"""``manage.py import_ledger FILE.xlsx [--dry-run]`` (formats.md §3)."""

from typing import Any

from django.utils import timezone

from lib.imports import ImportCommand, ImportReport
from members.models import User
from members.rights import Actor, system_actor
from reviews.imports import apply_ledger, parse_ledger, preview_ledger


class Command(ImportCommand):
    help = "Import the ledger of past months: approved entries, results, closed rounds."

    def run_import(self, options: dict[str, Any]) -> ImportReport:
        now = timezone.now()
        ledger = parse_ledger(options["file"])
        if options["dry_run"]:
            nobody = Actor(user=User(), is_system=True)
            return preview_ledger(ledger, by=nobody, today=timezone.localdate(now))
        return apply_ledger(ledger, by=system_actor(), at=now)
