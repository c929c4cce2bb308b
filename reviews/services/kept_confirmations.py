"""Confirmations of branches, kept while their year is computed anew: whose figures come out the
same is not asked again (domain.md §8)."""

from itertools import groupby

from django.db.models import QuerySet

from branches.models import Branch
from reviews.digests import digest_of
from reviews.models import AnnualResult, BranchAnnualResult, KeptConfirmation, YearEnd
from reviews.services.year_figures import line_of_branch, line_of_member


def keep_confirmations(year_end: YearEnd) -> None:
    """Put aside who confirmed which figures, before these give way. Five statements at most,
    however many branches and members."""
    confirmed = BranchAnnualResult.objects.filter(
        year=year_end.year, branch__in=Branch.objects.below(year_end.committee)
    ).exclude(confirmed_at=None)
    confirmed = confirmed.exclude(year_end__state=YearEnd.State.FROZEN)
    digests = _digests(confirmed)
    if not digests:
        return
    of_year = KeptConfirmation.objects.filter(year=year_end.year)
    of_year.filter(branch__in=confirmed.values("branch")).delete()
    KeptConfirmation.objects.bulk_create(_kept(one, digests[one.branch_id]) for one in confirmed)


def _kept(result: BranchAnnualResult, digest: str) -> KeptConfirmation:
    # by constraint branch_annual_confirmed
    assert result.confirmed_by_id is not None
    assert result.confirmed_at is not None
    return KeptConfirmation(
        branch_id=result.branch_id,
        year=result.year,
        digest=digest,
        confirmed_by_id=result.confirmed_by_id,
        confirmed_at=result.confirmed_at,
    )


def give_back_confirmations(year_end: YearEnd) -> None:
    """Let the figures just stored be confirmed where they are those that the branch confirmed.
    Four statements at most."""
    results = year_end.branch_results.all()
    kept = {
        one.branch_id: one
        for one in KeptConfirmation.objects.filter(
            year=year_end.year, branch__in=results.values("branch")
        )
    }
    if not kept:
        return
    digests = _digests(results.filter(branch__in=kept))
    same = [
        one
        for one in results.filter(branch__in=kept)
        if digests[one.branch_id] == kept[one.branch_id].digest
    ]
    for result in same:
        before = kept[result.branch_id]
        result.confirmed_by_id, result.confirmed_at = before.confirmed_by_id, before.confirmed_at
    BranchAnnualResult.objects.bulk_update(same, ["confirmed_by", "confirmed_at"])


def _digests(results: "QuerySet[BranchAnnualResult]") -> dict[int, str]:
    """By branch, the name of its figures and its members'. Two queries, one if there is none."""
    found = list(results)
    if not found:
        return {}
    members = AnnualResult.objects.filter(
        year_end__in=results.values("year_end"), branch__in=results.values("branch")
    )
    rows = members.order_by("branch", "member").iterator(chunk_size=5_000)
    lines = {
        branch: list(map(line_of_member, of_branch))
        for branch, of_branch in groupby(rows, lambda row: row.branch_id)
    }
    return {
        result.branch_id: digest_of(
            result.year, lines.get(result.branch_id, []), [line_of_branch(result)]
        )
        for result in found
    }
