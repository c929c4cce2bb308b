"""``manage.py issue_passwords -o FILE.xlsx [--branch NAME] [--again 工号 …]`` (formats.md §1)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from members.rights import system_actor
from members.services.passwords import issue_passwords, write_passwords


class Command(BaseCommand):
    help = "Give one-time passwords, in a workbook, to members who have none yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("-o", "--output", metavar="FILE.xlsx", required=True)
        parser.add_argument("--branch", metavar="NAME", help="default: every branch")
        parser.add_argument(
            "--again", metavar="工号", nargs="+", default=(), help="members who lost theirs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        branches = Branch.objects.all()
        if options["branch"]:
            branches = branches.filter(name=options["branch"])
            if not branches:
                raise CommandError(
                    _("There is no branch “%(name)s”.") % {"name": options["branch"]}
                )
        path = Path(options["output"])
        # The file is written before the passwords count: one that cannot be written loses none.
        with transaction.atomic():
            issued = issue_passwords(
                branches=branches.values_list("pk", flat=True),
                by=system_actor(),
                at=timezone.now(),
                again=options["again"],
            )
            if issued:
                path.touch(mode=0o600)
                write_passwords(path, issued)
        if not issued:
            self.stdout.write(_("Nobody is without a password."))
            return
        self.stdout.write(
            _("%(file)s: %(count)s passwords. Hand them out and delete the file.")
            % {"file": path.name, "count": len(issued)}
        )
