"""The year-end figures of a branch, which its secretary looks at and confirms (domain.md §8)."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reviews.models import BranchAnnualResult, YearEnd
from reviews.selectors.to_dos.desk import Desk
from reviews.selectors.to_dos.to_do import ToDo, by_key, some
from reviews.workflow import YEAR_END_STEPS, YearSeat


def year_confirmations(desk: Desk) -> Iterator[ToDo]:
    """Computed figures that a branch has not confirmed, a line for each year: for its secretary,
    or for staff in place of one that is missing. One query."""
    waiting = (
        BranchAnnualResult.objects.filter(
            branch__in=desk.branches, confirmed_at=None, year_end__state=YearEnd.State.COMPUTED
        )
        .select_related("branch", "year_end")
        .order_by("year", "branch__roll_order", "branch")
    )
    mine = [result for result in waiting if _may_confirm(desk, result)]
    for year, results in by_key(mine, lambda result: result.year).items():
        others = [one.branch for one in results if not desk.actor.is_on_committee_of(one.branch_id)]
        yield ToDo(
            title=_("Confirm the year-end figures of %(year)s") % {"year": year},
            note=some(branch.name for branch in others),
            url=f"{reverse('year', args=[year])}?branch={results[0].branch_id}",
            action=pgettext("to-do", "Confirm"),
            icon="award",
        )


def _may_confirm(desk: Desk, result: BranchAnnualResult) -> bool:
    branch = result.branch_id
    seat = YearSeat(desk.actor, branch=branch, bench=desk.benches[branch])
    return YEAR_END_STEPS.is_open("confirm", seat, result.year_end)
