"""``manage.py import_rulebook FILE.xlsx [--dry-run]`` (formats.md §2)."""

from typing import Any

from django.utils import timezone

from lib.imports import ImportCommand, ImportReport
from members.models import User
from members.rights import Actor, system_actor
from points.imports import apply_rulebook, parse_rulebook, preview_rulebook


class Command(ImportCommand):
    help = "Import rule books: a new version for each branch whose rules change."

    def run_import(self, options: dict[str, Any]) -> ImportReport:
        file = parse_rulebook(options["file"])
        if options["dry_run"]:
            return preview_rulebook(file, by=Actor(user=User(), is_system=True))
        return apply_rulebook(file, by=system_actor(), at=timezone.now())
