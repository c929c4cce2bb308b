"""``manage.py check_ledger``: exit 1 and a line for each stored result that its entries do not
bear out, and for each frozen year whose figures are not those of its digest (formats.md §4)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from lib.months import format_month
from reviews.services.ledger import check_ledger
from reviews.services.year_check import broken_digests


class Command(BaseCommand):
    help = "Recompute every stored result from its entries, and report any difference."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for difference in check_ledger():
            count += 1
            self.stderr.write(
                _("%(name)s (%(staff_no)s), %(month)s: stored %(stored)s, computed %(computed)s")
                % {
                    "name": difference.member.name,
                    "staff_no": difference.member.staff_no,
                    "month": format_month(difference.month),
                    "stored": _shown(difference.stored),
                    "computed": _shown(difference.computed),
                }
            )
        broken = self._check_digests()
        if count:
            raise CommandError(_("%(count)s results differ from their entries.") % {"count": count})
        if broken:
            raise CommandError(
                _("%(count)s frozen years differ from their digest.") % {"count": broken}
            )
        self.stdout.write(_("Every stored result is what its entries say."))

    def _check_digests(self) -> int:
        """How many frozen years are not what they were; a line for each."""
        broken = list(broken_digests())
        for year_end, now in broken:
            self.stderr.write(
                _(
                    "Year %(year)s of %(committee)s: the stored figures have the digest %(now)s, "
                    "frozen under %(then)s"
                )
                % {
                    "year": year_end.year,
                    "committee": year_end.committee,
                    "now": now,
                    "then": year_end.digest,
                }
            )
        return len(broken)


def _shown(score: object) -> str:
    return _("not assessed") if score is None else str(score)
