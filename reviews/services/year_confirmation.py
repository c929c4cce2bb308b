"""A branch's secretary looks at the branch's figures of a year and confirms them (domain.md §8)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused
from members.notices import record
from members.rights import Actor
from reviews.models import BranchAnnualResult
from reviews.services.round import bench_of
from reviews.services.year_end import lock_year
from reviews.workflow import YEAR_END_STEPS, YearSeat


@transaction.atomic
def confirm_branch_year(
    *, branch: Branch, year: int, seen: str, by: Actor, at: datetime
) -> BranchAnnualResult:
    """The branch's secretary has looked at the figures; committee staff, in place of one that is
    missing. ``seen`` is the digest of the figures that were shown. Confirmed twice is once; not
    confirmed is a reminder, never an obstacle to freezing. Source: domain.md §8.

    Raises PermissionDenied; Refused where they are not computed, are frozen, or were computed
    anew since they were shown.
    """
    result = BranchAnnualResult.objects.select_related("year_end__committee").get(
        branch=branch, year=year
    )
    year_end = lock_year(result.year_end.committee, year)
    seat = YearSeat(by, branch=branch.pk, bench=bench_of(branch.pk, timezone.localdate(at)))
    YEAR_END_STEPS.check("confirm", seat, year_end)
    result = BranchAnnualResult.objects.select_for_update(of=("self",)).get(
        branch=branch, year=year
    )
    if result.confirmed_at is not None:
        return result
    if year_end.digest != seen:
        raise Refused(_("The figures were computed anew meanwhile. Look at them again."))
    result.confirmed_by, result.confirmed_at = by.user, at
    result.save(update_fields=["confirmed_by", "confirmed_at"])
    record(by=by.user, at=at, verb="confirm_year", target=year_end, branch=branch, year=year)
    return result
