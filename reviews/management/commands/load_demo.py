"""`manage.py load_demo`: fill an empty database with the demonstration department."""

import time
from argparse import ArgumentParser
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews.demo.build import build, is_empty


class Command(BaseCommand):
    help = "Loads the demonstration department into an empty database (demo mode only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--today",
            type=date.fromisoformat,
            help="build it as it would stand at noon of this day (YYYY-MM-DD)",
        )

    def handle(self, *args: Any, today: date | None = None, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                _("The demonstration has public passwords: set DEMO=on (and DEBUG=on) first.")
            )
        if not is_empty():
            self.stdout.write(_("The database is not empty: nothing was loaded."))
            return
        start = time.monotonic()
        built = build(now=noon(today) if today else timezone.now())
        self.stdout.write(
            _(
                "Loaded the demonstration in %(seconds)s s: %(branches)s branches, "
                "%(members)s members, %(rounds)s rounds, %(follow_ups)s follow-ups."
            )
            % {
                "seconds": round(time.monotonic() - start),
                "branches": built.branches,
                "members": built.members,
                "rounds": built.rounds,
                "follow_ups": built.follow_ups,
            }
        )


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock_time(12)))
