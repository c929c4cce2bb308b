from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points.scoring import (
    CATEGORY_MONTH,
    POINTS_MONTH,
    POINTS_YEAR,
    TIMES_MONTH,
    ZEROED,
    Claim,
    CriterionRule,
    Cut,
    Line,
    Rules,
    Score,
    score_month,
)

D = Decimal

PLUS = CriterionRule("A01", "STUDY", D("2.00"))
MINUS = CriterionRule("A04", "STUDY", D("-5.00"))
ZEROING = CriterionRule("F02", "DISCIPLINE", D("0.00"), zeroes_month=True)


def rules(*, base="80", pass_line="70", ceiling=None, **caps):
    return Rules(
        D(base),
        D(pass_line),
        None if ceiling is None else D(ceiling),
        {category: D(cap) for category, cap in caps.items()},
    )


def claim(key, criterion, points, *, times="1", day=1):
    return Claim(key, criterion, date(2026, 10, day), D(times), D(points))


def score(*claims, used=None, **rule_book):
    return score_month(rules=rules(**rule_book), claims=claims, used_this_year=used or {})


def credited(result):
    return [(line.key, line.credited) for line in result.lines]


def test_a_month_without_entries_has_the_base_points():
    assert score() == Score(D(80), D(0), D(0), D(80), D(70), False, False, (), {})


def test_plus_and_minus_are_added_to_the_base():
    result = score(claim(1, PLUS, "2"), claim(2, MINUS, "-5"))
    assert (result.plus, result.minus, result.score) == (D(2), D(5), D(77))
    assert result.used == {"A01": D(2), "A04": D(5)}
    assert result.lines == (Line(1, D(2), D(2), ()), Line(2, D(-5), D(-5), ()))


@pytest.mark.parametrize(
    ("points", "expected"), [("-10", (D(70), False)), ("-10.01", (D("69.99"), True))]
)
def test_equal_to_the_line_is_a_pass(points, expected):
    result = score(claim(1, MINUS, points))
    assert (result.score, result.is_below) == expected


def test_never_below_zero_and_zero_is_zero_however_reached():
    result = score(claim(1, MINUS, "-80.01"))
    assert (result.score, result.is_zero, result.is_below) == (D(0), True, True)
    assert result.minus == D("80.01")


def test_never_above_the_ceiling():
    result = score(claim(1, PLUS, "30"), ceiling="100")
    assert (result.plus, result.score) == (D(30), D(100))


def test_no_ceiling_means_no_bound():
    assert score(claim(1, PLUS, "300")).score == D(380)


def test_base_above_the_ceiling_is_cut_to_it():
    assert score(base="80", ceiling="75").score == D(75)


def test_a_zeroing_entry_zeroes_the_month_and_uses_nothing_up():
    result = score(claim(1, PLUS, "2"), claim(2, ZEROING, "0", day=9), claim(3, MINUS, "-5"))
    assert (result.score, result.is_zero, result.is_below) == (D(0), True, True)
    assert (result.plus, result.minus, result.used) == (D(0), D(0), {})
    assert result.lines == (
        Line(1, D(2), D(0), (Cut(ZEROED, D(0), D(2)),)),
        Line(3, D(-5), D(0), (Cut(ZEROED, D(0), D(5)),)),
        Line(2, D(0), D(0), ()),
    )


def test_zero_is_not_below_a_line_of_zero():
    result = score(claim(1, ZEROING, "0"), pass_line="0")
    assert (result.is_zero, result.is_below) == (True, False)


def test_entries_are_credited_in_order_of_date_then_key():
    once = CriterionRule("A02", "STUDY", D(3), max_times_month=D(1))
    result = score(
        claim(7, once, "2.5", day=2), claim(9, once, "1.5", day=1), claim(3, once, "3", day=2)
    )
    assert credited(result) == [(9, D("1.5")), (3, D(0)), (7, D(0))]


@pytest.mark.parametrize(
    ("points", "times", "limit", "expected"),
    [
        ("4", "2", "1", "2.00"),
        ("10", "3", "1", "3.33"),
        ("10", "3", "2", "6.67"),
        ("0.05", "2", "1", "0.03"),  # 0.025: half up
        ("-0.05", "2", "1", "-0.03"),  # by absolute value
        ("-10", "3", "2", "-6.67"),
        ("7", "2", "0", "0.00"),
        ("7", "2", "2", "7"),
        ("7", "1.5", "0.5", "2.33"),
    ],
)
def test_times_per_month_cut_pro_rata_half_up(points, times, limit, expected):
    rule = CriterionRule("X", "STUDY", D(1), max_times_month=D(limit))
    result = score(claim(1, rule, points, times=times))
    assert credited(result) == [(1, D(expected))]
    lost = abs(D(points)) - abs(D(expected))
    assert result.lines[0].cuts == ((Cut(TIMES_MONTH, D(limit), lost),) if lost else ())


def test_times_are_used_up_over_the_month():
    rule = CriterionRule("X", "STUDY", D(2), max_times_month=D(4))
    result = score(
        claim(1, rule, "6", times="3"), claim(2, rule, "6", times="3"), claim(3, rule, "2")
    )
    assert credited(result) == [(1, D(6)), (2, D(2)), (3, D(0))]


def test_points_per_month_bind_plus_and_minus_by_absolute_value():
    plus = CriterionRule("P", "STUDY", D(4), max_points_month=D(6))
    minus = CriterionRule("M", "STUDY", D(-4), max_points_month=D(6))
    result = score(
        claim(1, plus, "4"), claim(2, plus, "4"), claim(3, minus, "-4"), claim(4, minus, "-4")
    )
    assert credited(result) == [(1, D(4)), (2, D(2)), (3, D(-4)), (4, D(-2))]
    assert result.lines[3].cuts == (Cut(POINTS_MONTH, D(6), D(2)),)
    assert result.used == {"P": D(6), "M": D(6)}


@pytest.mark.parametrize(
    ("used", "expected"), [("0", "4"), ("14", "4"), ("15", "3"), ("18", "0"), ("20", "0")]
)
def test_points_per_year_count_what_earlier_months_used(used, expected):
    rule = CriterionRule("E01", "WORK", D(4), max_points_year=D(18))
    result = score(claim(1, rule, "4"), used={"E01": D(used), "OTHER": D(99)})
    assert credited(result) == [(1, D(expected))]
    assert result.used == ({"E01": D(expected)} if D(expected) else {})


def test_points_per_year_also_count_this_month():
    rule = CriterionRule("E01", "WORK", D(4), max_points_year=D(10))
    result = score(claim(1, rule, "4"), claim(2, rule, "4"), used={"E01": D(5)})
    assert credited(result) == [(1, D(4)), (2, D(1))]
    assert result.lines[1].cuts == (Cut(POINTS_YEAR, D(10), D(3)),)


def test_points_per_year_bind_minus_too():
    rule = CriterionRule("M", "WORK", D(-4), max_points_year=D(6))
    assert credited(score(claim(1, rule, "-4"), used={"M": D(5)})) == [(1, D(-1))]


def test_category_caps_bind_plus_points_only():
    result = score(
        claim(1, PLUS, "6"), claim(2, MINUS, "-20"), claim(3, PLUS, "6"), STUDY="10", OTHER="1"
    )
    assert credited(result) == [(1, D(6)), (2, D(-20)), (3, D(4))]
    assert result.lines[2].cuts == (Cut(CATEGORY_MONTH, D(10), D(2)),)


def test_caps_cut_one_after_the_other_and_every_cut_is_recorded():
    rule = CriterionRule("X", "STUDY", D(5), D(2), D(9), D(8))
    result = score(claim(1, rule, "15", times="3"), used={"X": D(1)}, STUDY="6")
    assert result.lines == (
        Line(
            1,
            D(15),
            D(6),
            (
                Cut(TIMES_MONTH, D(2), D(5)),
                Cut(POINTS_MONTH, D(9), D(1)),
                Cut(POINTS_YEAR, D(8), D(2)),
                Cut(CATEGORY_MONTH, D(6), D(1)),
            ),
        ),
    )
    assert result.used == {"X": D(6)}


def test_what_another_cap_took_is_not_used_up():
    year = CriterionRule("X", "STUDY", D(5), max_points_year=D(7))
    first = score(claim(1, year, "5"), STUDY="3")
    assert first.used == {"X": D(3)}
    assert credited(score(claim(2, year, "5"), used=first.used)) == [(2, D(4))]


def test_an_entry_credited_nothing_uses_no_times_up():
    rule = CriterionRule("X", "STUDY", D(5), max_times_month=D(1))
    result = score(claim(1, rule, "0"), claim(2, rule, "5"))
    assert credited(result) == [(1, D(0)), (2, D(5))]


def test_caps_are_by_code_not_by_object():
    one = CriterionRule("X", "STUDY", D(5), max_points_month=D(6))
    same = CriterionRule("X", "STUDY", D(5), max_points_month=D(6))
    assert credited(score(claim(1, one, "5"), claim(2, same, "5"))) == [(1, D(5)), (2, D(1))]


# Properties

cents = st.integers(0, 3000).map(lambda n: D(n).scaleb(-2))
caps = st.none() | cents


@st.composite
def months(draw):
    criteria = [
        CriterionRule(
            f"C{number}",
            draw(st.sampled_from(["STUDY", "WORK"])),
            D(1),
            draw(st.none() | st.integers(0, 5).map(D)),
            draw(caps),
            draw(caps),
            draw(st.integers(0, 19)) == 0,
        )
        for number in range(4)
    ]
    claims = [
        Claim(
            key,
            draw(st.sampled_from(criteria)),
            date(2026, 10, draw(st.integers(1, 31))),
            D(draw(st.integers(1, 6))),
            draw(cents) * draw(st.sampled_from([1, -1])),
        )
        for key in range(draw(st.integers(0, 12)))
    ]
    book = Rules(
        draw(cents),
        draw(cents),
        draw(caps),
        draw(st.dictionaries(st.sampled_from(["STUDY", "WORK"]), cents)),
    )
    used = draw(st.dictionaries(st.sampled_from([c.code for c in criteria]), cents))
    return book, claims, used


@given(months())
def test_score_stays_within_zero_and_the_ceiling(month):
    book, claims, used = month
    result = score_month(rules=book, claims=claims, used_this_year=used)
    assert result.score >= 0
    assert book.ceiling is None or result.score <= book.ceiling
    assert result.is_below == (result.score < book.pass_line)
    assert result.is_zero == (result.score == 0)


@given(months())
def test_credited_lines_and_base_make_the_score_before_clamping(month):
    book, claims, used = month
    result = score_month(rules=book, claims=claims, used_this_year=used)
    total = book.base + sum(line.credited for line in result.lines)
    assert total == book.base + result.plus - result.minus
    if not any(c.criterion.zeroes_month for c in claims):
        floored = max(total, D(0))
        assert result.score == (floored if book.ceiling is None else min(floored, book.ceiling))


@given(months())
def test_no_cap_is_ever_exceeded(month):
    book, claims, used = month
    result = score_month(rules=book, claims=claims, used_this_year=used)
    by_key = {c.key: c for c in claims}
    by_code, plus = defaultdict(D), defaultdict(D)
    for line in result.lines:
        rule = by_key[line.key].criterion
        by_code[rule.code] += abs(line.credited)
        plus[rule.category] += max(line.credited, D(0))
    assert dict(result.used) == {code: points for code, points in by_code.items() if points}
    for rule in {c.criterion for c in claims}:
        spent = by_code[rule.code]
        assert rule.max_points_month is None or spent <= rule.max_points_month
        if rule.max_points_year is not None and spent:
            assert used.get(rule.code, D(0)) + spent <= rule.max_points_year
    for category, cap in book.category_caps.items():
        assert plus[category] <= cap


@given(months())
def test_every_line_is_its_points_less_its_cuts(month):
    book, claims, used = month
    result = score_month(rules=book, claims=claims, used_this_year=used)
    for line in result.lines:
        assert abs(line.points) - sum(cut.lost for cut in line.cuts) == abs(line.credited)
        assert line.credited * line.points >= 0
        assert all(cut.lost > 0 for cut in line.cuts)


@given(months(), st.randoms(use_true_random=False))
def test_the_order_in_which_claims_arrive_is_irrelevant(month, random):
    book, claims, used = month
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert score_month(rules=book, claims=claims, used_this_year=used) == score_month(
        rules=book, claims=shuffled, used_this_year=used
    )
