from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.ranking import (
    MemberYear,
    MonthFigure,
    Ranked,
    is_branch_eligible,
    member_year,
    rank_branch,
)

D = Decimal


def figure(number, score, *, branch=1, line="70", is_zero=False):
    points = None if score is None else D(score)
    return MonthFigure(branch, date(2025, number, 1), points, D(line), score is not None, is_zero)


def year(member, total, *, months=12, line="840", zeros=0, is_full=True):
    return MemberYear(member, 1, D(total), months, D(line), zeros, is_full)


def test_a_year_adds_up_assessed_months_and_carries_points_along():
    months = [
        figure(1, "80.00"),
        figure(2, None),
        figure(3, "0", is_zero=True),
        figure(7, "79.99", branch=2, line="85"),
    ]
    result = member_year(member=5, months=reversed(months), is_full_member=True)
    assert result == MemberYear(5, 2, D("159.99"), 3, D("225"), 1, True)
    assert (result.average, result.is_below) == (D("53.33"), True)


def test_a_member_is_ranked_in_the_branch_of_the_last_assessed_month():
    months = [figure(6, "80", branch=1), figure(12, None, branch=2)]
    assert member_year(member=5, months=months, is_full_member=True).branch == 1


def test_a_year_without_an_assessed_month_has_no_average_and_no_rank():
    result = member_year(member=5, months=[figure(1, None)], is_full_member=True)
    assert result == MemberYear(5, None, D(0), 0, D(0), 0, True)
    assert result.average is None
    assert rank_branch([result, year(6, "900")]) == [Ranked(6, 1, False, True)]


@pytest.mark.parametrize(
    ("total", "months", "average"),
    [("100", 3, "33.33"), ("200", 3, "66.67"), ("80.01", 2, "40.01"), ("80.03", 2, "40.02")],
)
def test_the_average_is_half_up(total, months, average):
    assert year(1, total, months=months).average == D(average)


def test_below_is_compared_exactly():
    assert not year(1, "840.00", line="840").is_below
    assert year(1, "839.99", line="840").is_below


def test_equal_totals_share_the_rank_and_the_next_is_skipped():
    years = [year(1, "900"), year(2, "950.00"), year(3, "900.0"), year(4, "899.99"), year(5, "1")]
    assert [(r.member, r.rank) for r in rank_branch(years)] == [
        (2, 1),
        (1, 2),
        (3, 2),
        (4, 4),
        (5, 5),
    ]


def test_ties_at_the_third_place_are_all_candidates():
    years = [year(n, "900") for n in range(1, 6)]
    assert all(r.rank == 1 and r.is_candidate for r in rank_branch(years))


@pytest.mark.parametrize(
    ("member", "is_candidate"),
    [
        (year(1, "900"), True),
        (year(1, "839.99"), False),
        (year(1, "900", zeros=1), False),
        (year(1, "900", is_full=False), False),
    ],
)
def test_a_candidate_meets_every_condition(member, is_candidate):
    assert rank_branch([member])[0].is_candidate == is_candidate


def test_nobody_moves_up_when_a_leader_cannot_be_nominated():
    years = [year(1, "990", is_full=False), *(year(n, str(990 - n)) for n in range(2, 6))]
    assert [r.member for r in rank_branch(years) if r.is_candidate] == [2, 3]
    assert [r.member for r in rank_branch(years, top=1) if r.is_candidate] == []


@pytest.mark.parametrize(
    ("ranked", "below", "expected"),
    [(10, 3, False), (10, 2, True), (7, 2, True), (6, 2, False), (0, 0, True), (1, 1, False)],
)
def test_a_branch_is_out_at_exactly_the_share(ranked, below, expected):
    assert is_branch_eligible(ranked, below) == expected


def test_the_share_is_the_policy_s():
    assert is_branch_eligible(10, 4, percent=50)
    assert not is_branch_eligible(10, 5, percent=50)


totals = st.lists(st.integers(0, 2000).map(lambda n: D(n).scaleb(-2)), max_size=25)


@given(totals)
def test_a_rank_is_one_more_than_the_number_of_higher_totals(values):
    years = [year(n, total) for n, total in enumerate(values)]
    for r in rank_branch(years):
        assert r.rank == 1 + sum(total > values[r.member] for total in values)


@given(totals, st.randoms(use_true_random=False))
def test_the_order_of_members_is_irrelevant(values, random):
    years = [year(n, total, line="10") for n, total in enumerate(values)]
    shuffled = list(years)
    random.shuffle(shuffled)
    assert rank_branch(shuffled) == rank_branch(years)
