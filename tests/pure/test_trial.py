"""What past months would have brought under another rule book."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points.scoring import Claim, CriterionRule, Rules, score_month
from points.trial import Book, Outcome, PastEntry, PastMonth, outcome_of, try_out

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
D = Decimal


def book(*criteria, base="80.00", pass_line="70.00", ceiling=None, caps=None):
    rules = Rules(D(base), D(pass_line), D(ceiling) if ceiling else None, caps or {})
    return Book(rules, {one.code: one for one in criteria})


def criterion(code="A", points="2.00", category="STUDY", **more):
    return CriterionRule(code, category, D(points), **more)


def entry(key=1, code="A", *, times="1.00", claimed="2.00", decided=None, month=JANUARY):
    return PastEntry(
        key, code, month, D(times), D(claimed), D(claimed if decided is None else decided)
    )


def before(score="82.00", *, below=False):
    return Outcome(D(score), D("70.00"), below, is_zero=False)


def past(*entries, month=JANUARY, outcome=None, **more):
    return PastMonth(1, month, outcome or before(), tuple(entries), **more)


@pytest.mark.parametrize(
    ("past_entry", "new", "credited"),
    [
        (entry(times="2.00", claimed="4.00"), criterion(points="3.00"), D("6.00")),
        (entry(claimed="2.00", decided="1.00"), criterion(points="3.00"), D("1.50")),
        (entry(claimed="3.00", decided="1.00"), criterion(points="2.00"), D("0.67")),
        (entry(claimed="0.00", decided="-5.00"), criterion(points="-8.00"), D("-5.00")),
        (entry(claimed="0.00"), criterion(points="-8.00"), D("-8.00")),
        (entry(claimed="2.00"), criterion(points="-2.00"), D("-2.00")),
    ],
    ids=[
        "claimed anew",
        "half of the claim",
        "half up to a cent",
        "nothing was claimed",
        "nothing claimed nor decided",
        "from plus to minus",
    ],
)
def test_an_entry_is_claimed_and_decided_anew(past_entry, new, credited):
    (tried,) = try_out(book=book(new), months=[past(past_entry)], first=JANUARY)

    assert tried.after.credited == {"A": credited}


def test_an_entry_whose_criterion_is_retired_does_not_count():
    (tried,) = try_out(book=book(criterion("B")), months=[past(entry())], first=JANUARY)

    assert tried.after == Outcome(D("80.00"), D("70.00"), is_below=False, is_zero=False)
    assert tried.change == D("-2.00")


def test_a_new_criterion_that_zeroes_makes_the_month_zero():
    zeroing = criterion(points="0.00", zeroes_month=True)

    (tried,) = try_out(book=book(zeroing), months=[past(entry())], first=JANUARY)

    assert (tried.after.score, tried.after.is_zero, tried.crosses) == (D("0.00"), True, "DOWN")


@pytest.mark.parametrize(
    ("pass_line", "was_below", "crosses"),
    [("85.00", False, "DOWN"), ("82.00", False, ""), ("82.00", True, "UP"), ("85.00", True, "")],
)
def test_who_crosses_the_line(pass_line, was_below, crosses):
    months = [past(entry(), outcome=before(below=was_below))]

    (tried,) = try_out(book=book(criterion(), pass_line=pass_line), months=months, first=JANUARY)

    assert tried.crosses == crosses


def test_an_exempt_month_stays_exempt():
    month = PastMonth(1, JANUARY, None)

    (tried,) = try_out(book=book(criterion()), months=[month], first=JANUARY)

    assert (tried.before, tried.after, tried.change, tried.crosses) == (None, None, D("0.00"), "")


def test_earlier_months_of_the_year_use_up_its_caps_but_are_not_shown():
    months = [past(entry(2, month=FEBRUARY), month=FEBRUARY), past(entry(1))]
    capped = book(criterion(max_points_year=D("3.00")))

    (tried,) = try_out(book=capped, months=months, first=FEBRUARY)

    assert (tried.month, tried.after.credited, tried.after.lost) == (
        FEBRUARY,
        {"A": D("1.00")},
        {"POINTS_YEAR": D("1.00")},
    )


def test_a_new_year_begins_with_nothing_used():
    months = [past(entry(1, month=date(2025, 12, 1)), month=date(2025, 12, 1)), past(entry(2))]
    capped = book(criterion(max_points_year=D("2.00")))

    tried = try_out(book=capped, months=months, first=date(2025, 12, 1))

    assert [one.after.credited for one in tried] == [{"A": D("2.00")}] * 2


def test_what_was_used_up_in_another_branch_stays_used_up():
    elsewhere = PastMonth(1, JANUARY, None, is_elsewhere=True, used={"A": D("2.50")})
    months = [elsewhere, past(entry(2, month=FEBRUARY), month=FEBRUARY)]
    capped = book(criterion(max_points_year=D("3.00")))

    tried = try_out(book=capped, months=months, first=JANUARY)

    assert [(one.month, one.after.credited) for one in tried] == [(FEBRUARY, {"A": D("0.50")})]


POINTS = st.decimals(min_value=-12, max_value=12, places=2)
CAP = st.none() | st.decimals(min_value=0, max_value=8, places=2)
CRITERIA = st.fixed_dictionaries(
    {
        code: st.builds(
            CriterionRule,
            code=st.just(code),
            category=st.sampled_from(["STUDY", "WORK"]),
            points=POINTS,
            max_times_month=CAP,
            max_points_month=CAP,
            max_points_year=CAP,
            zeroes_month=st.sampled_from([False, False, False, True]),
        )
        for code in "ABC"
    }
)
RULES = st.builds(
    Rules,
    base=st.decimals(min_value=0, max_value=100, places=2),
    pass_line=st.decimals(min_value=0, max_value=100, places=2),
    ceiling=CAP.map(lambda more: None if more is None else more + 100),
    category_caps=st.dictionaries(st.sampled_from(["STUDY", "WORK"]), POINTS.map(abs)),
)
ENTRY = st.tuples(
    st.sampled_from("ABC"),
    st.integers(min_value=1, max_value=12),
    st.integers(min_value=1, max_value=3),
    st.none() | POINTS,
)


@given(criteria=CRITERIA, rules=RULES, entries=st.lists(ENTRY, max_size=20))
def test_a_trial_with_the_same_rule_book_changes_nothing(criteria, rules, entries):
    months, used = [], {}
    for number in range(1, 13):
        month, found = date(2026, number, 1), []
        for key, (code, where, times, decided) in enumerate(entries):
            if where == number:
                claimed = criteria[code].points * times
                points = claimed if decided is None else decided
                found.append(PastEntry(key, code, month, D(times), claimed, points))
        claims = [
            Claim(one.key, criteria[one.code], one.occurred_on, one.times, one.decided)
            for one in found
        ]
        score = score_month(rules=rules, claims=claims, used_this_year=used)
        for code, points in score.used.items():
            used[code] = used.get(code, D(0)) + points
        outcome = outcome_of(score, {one.key: one.code for one in found})
        months.append(PastMonth(1, month, outcome, tuple(found)))

    tried = try_out(book=Book(rules, criteria), months=months, first=JANUARY)

    assert [one.after for one in tried] == [one.before for one in tried]
