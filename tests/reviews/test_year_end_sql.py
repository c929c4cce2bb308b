"""The year-end's one statement says what the pure ranking says, whatever the year was like."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from lib.months import months_of_year
from members.models import Member
from members.rights import system_actor
from points.models import MonthlyResult, Policy
from reviews.models import AnnualResult, YearEnd
from reviews.services.year_end_sql import is_possible, rank_in_database
from reviews.services.year_figures import rank_row_by_row
from tests.factories import BranchFactory, MemberFactory, RuleBookFactory
from tests.reviews.final_results import row_of

AT = datetime(2026, 1, 8, tzinfo=UTC)
FIGURES = (
    "member",
    "branch",
    "total",
    "pass_total",
    "assessed_months",
    "zero_months",
    "rank",
    "is_below",
    "is_full_member",
    "is_candidate",
)

pytestmark = pytest.mark.django_db


def build_year(seed: int):
    """Three branches with transfers, exempt, zero and missing months, cents and ties."""
    random = Random(seed)
    branches = [BranchFactory() for _ in range(3)]
    books = {branch: RuleBookFactory(branch=branch) for branch in branches}
    results = []
    for number in range(24):
        member = MemberFactory(
            category=random.choice([Member.Category.FULL] * 5 + [Member.Category.PROBATIONARY])
        )
        branch = random.choice(branches)
        scores = [Decimal(random.choice(("70.10", "70.20", "69.90", "70.00"))) for _ in range(3)]
        for month in months_of_year(2025):
            if random.random() < 0.05:
                branch = random.choice(branches)
            if number % 5 == 0 and random.random() < 0.2:
                continue
            is_assessed = random.random() > 0.1
            score = Decimal("0.00") if random.random() < 0.03 else random.choice(scores)
            results.append(
                row_of(
                    member,
                    branch,
                    month,
                    book=books[branch],
                    score=score,
                    is_assessed=is_assessed,
                    is_final=random.random() > 0.02,
                    pass_line=Decimal("70.05"),
                    at=AT,
                )
            )
    MonthlyResult.objects.bulk_create(results)
    return branches


def ranked(form, branches, size: int):
    year_end = YearEnd.objects.create(
        committee=branches[0].committee,
        year=2025,
        state=YearEnd.State.PROVISIONAL,
        computed_by=system_actor().user,
        computed_at=AT,
    )
    ids = [branch.pk for branch in branches]
    for start in range(0, len(ids), size):
        form(year_end=year_end, branches=ids[start : start + size], policy=Policy())
    rows = set(AnnualResult.objects.values_list(*FIGURES))
    year_end.delete()
    return rows


@pytest.mark.skipif(not is_possible(), reason="another database")
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_statement_agrees_with_pure_ranking(seed, size):
    branches = build_year(seed)

    by_hand = ranked(rank_row_by_row, branches, size)

    assert by_hand
    assert ranked(rank_in_database, branches, size) == by_hand
