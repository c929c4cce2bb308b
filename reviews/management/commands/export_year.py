"""``manage.py export_year YEAR -o FILE.xlsx [--committee NAME]`` (formats.md §5)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch, Committee
from members.rights import system_actor
from reviews.exports.year import export_year
from reviews.management.commands.close_year import committees_named
from reviews.models import AnnualResult


class Command(BaseCommand):
    help = "Write the year-end workbook."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument("-o", "--output", metavar="FILE.xlsx", required=True)
        parser.add_argument("--committee", metavar="NAME", help="default: all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        year = options["year"]
        roots = [committee.pk for committee in committees_named(options["committee"])]
        branches = list(
            Branch.objects.filter(committee__in=Committee.objects.subtree_ids(roots)).values_list(
                "pk", flat=True
            )
        )
        if not AnnualResult.objects.filter(year=year, branch__in=branches).exists():
            raise CommandError(
                _("There are no figures of %(year)s yet: run close_year first.") % {"year": year}
            )
        members = export_year(
            options["output"], year=year, branches=branches, by=system_actor(), at=timezone.now()
        )
        self.stdout.write(
            _("%(file)s: %(members)s members") % {"file": options["output"], "members": members}
        )
