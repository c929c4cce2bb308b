"""``manage.py close_year YEAR [--committee NAME] [--provisional]`` (formats.md §4)."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Committee
from lib.months import format_month
from lib.steps import Refused
from members.rights import system_actor
from reviews.models import Round
from reviews.services.year_end import Closing, NothingToCompute, OpenRound, RoundsOpen, close_year


def committees_named(name: str | None) -> list[Committee]:
    """The committee of that name; without a name, every one that has none above it."""
    found = list(
        Committee.objects.filter(name=name) if name else Committee.objects.filter(parent=None)
    )
    if not found:
        message = _("There is no committee “%(name)s”.") if name else _("There is no committee.")
        raise CommandError(message % {"name": name})
    return found


class Command(BaseCommand):
    help = "Compute and freeze the figures of a year."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument("--committee", metavar="NAME", help="default: all of them")
        parser.add_argument(
            "--provisional", action="store_true", help="compute what there is, and freeze nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """A committee with nothing to compute keeps none of the others from being closed."""
        committees = committees_named(options["committee"])
        empty = []
        for committee in committees:
            try:
                closing = close_year(
                    committee=committee,
                    year=options["year"],
                    provisional=options["provisional"],
                    by=system_actor(),
                    at=timezone.now(),
                )
            except NothingToCompute as error:
                empty.append(f"{committee}: {error}")
                continue
            except Refused as error:
                self._list(error.rounds if isinstance(error, RoundsOpen) else ())
                raise CommandError(f"{committee}: {error}") from error
            for round_ in closing.open_rounds:
                self.stdout.write(_line(round_))
            self.stdout.write(f"{committee}: {_outcome(closing)}")
        if len(empty) == len(committees):
            raise CommandError("\n".join(empty))
        for line in empty:
            self.stderr.write(line)

    def _list(self, rounds: Iterable[OpenRound]) -> None:
        for round_ in rounds:
            self.stderr.write(_line(round_))


def _line(round_: OpenRound) -> str:
    state = str(Round.State(round_.state).label) if round_.state else _("not opened")
    return f"{round_.branch.name} {format_month(round_.month)}: {state}"


def _outcome(closing: Closing) -> str:
    counts = {"branches": closing.branches, "members": closing.members}
    if closing.was_frozen:
        return _("already frozen; nothing was changed.")
    if closing.year_end.state == closing.year_end.State.PROVISIONAL:
        return _("provisional figures of %(members)s members in %(branches)s branches.") % counts
    return _("frozen: %(members)s members in %(branches)s branches.") % counts
