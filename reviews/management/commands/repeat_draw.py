"""``manage.py repeat_draw ID``: draw a spot check again and compare (domain.md §7)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from lib.months import format_month
from points.models import Entry
from reviews.models import SpotCheck
from reviews.services.spot_checks import repeat


class Command(BaseCommand):
    help = "Repeat the draw of a spot check; exit code 1 unless it comes out the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        spot_check = SpotCheck.objects.filter(pk=options["id"]).first()
        if spot_check is None:
            raise CommandError(_("There is no spot check %(id)s.") % {"id": options["id"]})
        repetition = repeat(spot_check)
        self.stdout.write(f"algorithm {spot_check.algorithm}")
        self.stdout.write(f"seed {spot_check.seed}")
        self.stdout.write(f"digest {repetition.digest}")
        entries = Entry.objects.select_related("member", "branch", "criterion").in_bulk(
            [key.entry for key in repetition.again]
        )
        for number, key in enumerate(repetition.again, start=1):
            entry = entries[key.entry]
            fields = (
                number,
                format_month(entry.month),
                entry.branch,
                entry.member.staff_no,
                entry.member,
                entry.criterion.code,
                entry.pk,
            )
            self.stdout.write("\t".join(map(str, fields)))
        if not repetition.is_same_pool:
            raise CommandError(_("The pool is not the one that was recorded."))
        if not repetition.is_identical:
            raise CommandError(_("The list is not the one that was recorded."))
        self.stdout.write(_("The draw comes out the same."))
