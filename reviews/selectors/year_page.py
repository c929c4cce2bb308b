"""A year's page: how far it has come, what one may do, and the figures one may see (domain.md
§8). Staff see a committee's branches; a branch committee its own, once they are computed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Branch, Committee
from members.rights import Actor
from reviews.models import AnnualResult, BranchAnnualResult, JobRun, YearEnd
from reviews.selectors.annual import BranchYear, branch_year
from reviews.selectors.year_end import Eligibility, Scope, eligibilities, scope_of
from reviews.selectors.year_open import StillOpen, missing_confirmations, still_open
from reviews.services import year_runs
from reviews.services.round import bench_of
from reviews.services.year_check import is_outdated
from reviews.services.year_end import open_rounds, seat_at
from reviews.workflow import YEAR_END_STEPS, YearSeat

State = YearEnd.State


@dataclass(frozen=True, slots=True)
class Standing:
    """A committee's year: its row (None where nobody computed it), what is open, the run under
    way, and which steps are open to whoever looks."""

    committee: Committee
    year: int
    year_end: YearEnd | None
    open: StillOpen
    run: JobRun | None
    scope: Scope | None
    may_compute: bool
    may_freeze: bool
    is_outdated: bool
    is_to_come: bool

    @property
    def is_empty(self) -> bool:
        """Nobody has a closed month in the year: there is nothing to compute."""
        return self.scope is not None and not self.scope.members

    @property
    def is_frozen(self) -> bool:
        return self.year_end is not None and self.year_end.state == State.FROZEN

    @property
    def is_computed(self) -> bool:
        return self.year_end is not None and self.year_end.state in YearEnd.FINAL

    @property
    def is_running(self) -> bool:
        return self.run is not None and self.run.state == JobRun.State.RUNNING

    @property
    def is_interrupted(self) -> bool:
        return year_runs.is_interrupted(self.year_end, self.run)

    @property
    def hides_figures(self) -> bool:
        """While a run is under way, or where one did not come to its end."""
        return self.is_running or self.is_interrupted


def standing_of(committee: Committee, year: int, actor: Actor, today: date) -> Standing:
    """At most twenty queries, however many branches."""
    year_end = (
        YearEnd.objects.filter(committee=committee, year=year)
        .select_related("computed_by__member", "frozen_by__member", "committee")
        .first()
    )
    is_frozen = year_end is not None and year_end.state == State.FROZEN
    branches = Branch.objects.below(committee).values_list("pk", flat=True)
    below = frozenset() if is_frozen else frozenset(branches)
    seat, row = seat_at(actor, committee), year_end or YearEnd(state=State.PROVISIONAL)
    rounds = [] if is_frozen else open_rounds(committee, year)
    scope, is_to_come = None if is_frozen else scope_of(year, below), year > today.year
    has_figures = scope is not None and scope.members > 0 and not is_to_come
    return Standing(
        committee=committee,
        year=year,
        year_end=year_end,
        open=StillOpen()
        if is_frozen
        else still_open(rounds, year=year, branches=below, today=today),
        run=None if is_frozen else year_runs.latest_run(committee.pk, year),
        scope=scope,
        may_compute=has_figures and YEAR_END_STEPS.is_open("compute", seat, row),
        may_freeze=not rounds and YEAR_END_STEPS.is_open("freeze", seat, row),
        is_outdated=not is_frozen and year_end is not None and is_outdated(year_end, below),
        is_to_come=is_to_come,
    )


def readable(actor: Actor, year: int) -> frozenset[int]:
    """The branches whose figures of a year somebody may see: all below one's committee, and
    from when they are computed those on whose committee one sits. One query."""
    own = BranchAnnualResult.objects.filter(
        year=year, branch__in=actor.committee_branches, year_end__state__in=YearEnd.FINAL
    )
    return actor.branches_below | frozenset(own.values_list("branch", flat=True))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whether the branch that is shown has confirmed its figures, and whether one may."""

    result: BranchAnnualResult
    may_confirm: bool

    @property
    def seen(self) -> str:
        return self.result.year_end.digest


def confirmation_of(result: BranchAnnualResult, actor: Actor, today: date) -> Confirmation:
    """One query."""
    branch = result.branch_id
    seat = YearSeat(actor, branch=branch, bench=bench_of(branch, today))
    may = YEAR_END_STEPS.is_open("confirm", seat, result.year_end)
    return Confirmation(result, may and result.confirmed_at is None)


@dataclass(frozen=True, slots=True)
class YearPage:
    """Everything that the page of a year shows; ``standing`` for committee staff only."""

    year: int
    standing: Standing | None
    eligibilities: tuple[Eligibility, ...]
    branch_year: BranchYear | None
    confirmation: Confirmation | None
    candidates: int

    @property
    def branch(self) -> Branch | None:
        return self.branch_year.branch if self.branch_year else None

    @property
    def is_frozen(self) -> bool:
        return self._all_in({State.FROZEN})

    @property
    def is_final(self) -> bool:
        return self._all_in(set(YearEnd.FINAL))

    def _all_in(self, states: Collection[str]) -> bool:
        rows = self.eligibilities
        return bool(rows) and all(one.result.year_end.state in states for one in rows)

    @property
    def out(self) -> int:
        """How many branches are out of 五好党支部."""
        return sum(not one.result.is_eligible for one in self.eligibilities)

    @property
    def confirmed(self) -> int:
        return len(missing_confirmations(self.eligibilities)[True])

    @property
    def unconfirmed(self) -> list[str]:
        return missing_confirmations(self.eligibilities)[False]

    @property
    def steps(self) -> list[dict[str, Any]]:
        return (
            []
            if self.standing is None
            else four_steps(self.standing, self.confirmed, len(self.eligibilities))
        )


def year_page(
    *, year: int, actor: Actor, committee: Committee | None, wanted: str, today: date
) -> YearPage | None:
    """The page of a year; None where the branch ``wanted`` is not there for this person."""
    standing = standing_of(committee, year, actor, today) if committee else None
    visible: Collection[int] = readable(actor, year)
    if committee is not None:
        visible = _below(committee, visible)
    hides = standing is not None and standing.hides_figures
    rows = [] if hides else eligibilities(year, visible)
    shown = _shown(rows, wanted, actor)
    if wanted and shown is None and not hides:
        return None
    candidates = AnnualResult.objects.filter(
        year=year, is_candidate=True, branch__in=[one.result.branch_id for one in rows]
    )
    return YearPage(
        year=year,
        standing=standing,
        eligibilities=tuple(rows),
        branch_year=branch_year(shown.branch, year) if shown else None,
        confirmation=confirmation_of(shown, actor, today) if shown else None,
        candidates=candidates.count(),
    )


def _below(committee: Committee, visible: Collection[int]) -> "QuerySet[Branch, int]":
    return Branch.objects.below(committee).filter(Q(pk__in=visible)).values_list("pk", flat=True)


def _shown(rows: Collection[Eligibility], wanted: str, actor: Actor) -> BranchAnnualResult | None:
    """The one branch whose members are shown: asked for, or one's own, or the first."""
    results = [one.result for one in rows]
    if wanted:
        return next((one for one in results if str(one.branch_id) == wanted), None)
    own = [one for one in results if one.branch_id == actor.branch_id]
    return next(iter(own or results), None)


def four_steps(standing: Standing, confirmed: int, branches: int) -> list[dict[str, Any]]:
    """月结 · 计算 · 支部确认 · 锁定, each done, current or upcoming; the branches' confirmation is
    skipped where the year was frozen without all of them. Pure."""
    is_open, is_computed = bool(standing.open.count), standing.is_computed
    is_missing = standing.is_to_come or (standing.is_empty and not is_open)
    is_skipped = standing.is_frozen and confirmed < branches
    confirmations = _("%(confirmed)s of %(all)s confirmed")
    if is_skipped:
        confirmations = _("%(confirmed)s of %(all)s confirmed (not required)")
    return [
        {
            "label": pgettext("step of the year", "Close the months"),
            "state": "upcoming" if is_missing else "current" if is_open else "done",
            "note": ngettext("%(count)s month open", "%(count)s months open", standing.open.count)
            % {"count": standing.open.count}
            if is_open
            else "",
        },
        {
            "label": pgettext("step of the year", "Compute"),
            "state": "done" if is_computed else "upcoming" if is_open or is_missing else "current",
        },
        {
            "label": pgettext("step of the year", "Branches confirm"),
            "state": "skipped"
            if is_skipped
            else "done"
            if standing.is_frozen
            else "current"
            if is_computed and not is_open
            else "upcoming",
            "note": confirmations % {"confirmed": confirmed, "all": branches}
            if is_computed
            else "",
        },
        {
            "label": pgettext("step of the year", "Freeze"),
            "state": "done" if standing.is_frozen else "upcoming",
        },
    ]
