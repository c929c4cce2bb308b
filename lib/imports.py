"""What every import has in common: its report, and the command that prints it."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.excel import Problem


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: all of it, or nothing where there is a problem.

    ``counts`` are lines for people, such as “12 members added”, of what changes; ``notes`` tell
    what changes nothing but is worth knowing.
    """

    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether everything the file says stands there already."""
        return not self.problems and not self.counts


class ImportCommand(BaseCommand):
    """``FILE.xlsx [--dry-run]``: run the import, print its report, exit 1 if there are problems."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.xlsx")
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would happen and write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = self.run_import(options)
        if report.problems:
            for problem in report.problems:
                self.stderr.write(str(problem))
            raise CommandError(refusal(report.problems))
        for note in report.notes:
            self.stdout.write(note)
        for count in report.counts:
            self.stdout.write(count)
        if report.is_unchanged:
            self.stdout.write(_("Nothing to change: all of it was imported before."))
        elif options["dry_run"]:
            self.stdout.write(_("This was a dry run: nothing was written."))

    def run_import(self, options: dict[str, Any]) -> ImportReport:
        """Do the import, or only plan it under ``options["dry_run"]``."""
        raise NotImplementedError


def refusal(problems: Sequence[Problem]) -> str:
    """The sentence that closes a list of problems."""
    return ngettext(
        "%(count)s problem; nothing was written.",
        "%(count)s problems; nothing was written.",
        len(problems),
    ) % {"count": len(problems)}
