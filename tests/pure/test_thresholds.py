from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.months import add_months, months_between
from reviews.thresholds import (
    DISPOSITION,
    INTERVIEW,
    LIFE_MEETING_EXPLANATION,
    REPORT_EXPLANATION,
    TALK,
    Changes,
    Demand,
    FinalResult,
    Stored,
    Thresholds,
    follow_ups_demanded,
    reconcile,
    streaks,
)

ANN, BEN, SECRETARY, LEADER, DEPUTY = 1, 2, 3, 4, 5
OFFICE, LAW = 10, 20


def month(text):
    return date.fromisoformat(f"{text}-01")


def below(member, *months, branch=OFFICE):
    return [FinalResult(member, branch, month(m), True, True, False) for m in months]


def zero(member, *months, branch=OFFICE):
    return [FinalResult(member, branch, month(m), True, True, True) for m in months]


def passed(member, *months, branch=OFFICE):
    return [FinalResult(member, branch, month(m), True, False, False) for m in months]


def exempt(member, *months, branch=OFFICE):
    return [FinalResult(member, branch, month(m), False, False, False) for m in months]


class Always(dict):
    """The same people in every month."""

    def get(self, key, default=()):
        return super().get(key[0], default)


SECRETARIES = Always({OFFICE: (SECRETARY,), LAW: (DEPUTY,)})


def demanded(results, secretaries=SECRETARIES, leaders=None, **kwargs):
    return follow_ups_demanded(
        results=results, secretaries=secretaries, leaders=leaders or {}, **kwargs
    )


def brief(demands):
    """(kind, member, first month, trigger month) of the follow-ups of a streak, in order."""
    rows = [
        (d.kind, d.member, f"{d.first_month:%Y-%m}", f"{d.trigger_month:%Y-%m}")
        for d in demands
        if d.member
    ]
    return sorted(rows, key=lambda row: (row[1], row[3], row[0]))


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], {}),
        (below(ANN, "2026-01"), {"2026-01": 1}),
        (below(ANN, "2025-11", "2025-12", "2026-01"), {"2025-11": 1, "2025-12": 2, "2026-01": 3}),
        (below(ANN, "2026-01", "2026-03"), {"2026-01": 1, "2026-03": 1}),
        (below(ANN, "2026-02", "2026-03") + passed(ANN, "2026-04"), {"2026-02": 1, "2026-03": 2}),
        (
            below(ANN, "2026-01", "2026-03") + exempt(ANN, "2026-02"),
            {"2026-01": 1, "2026-03": 1},
        ),
        (
            below(ANN, "2026-01") + below(ANN, "2026-02", branch=LAW),
            {"2026-01": 1, "2026-02": 2},
        ),
    ],
)
def test_streaks_are_consecutive_calendar_months(results, expected):
    assert streaks(results) == {(ANN, month(m)): n for m, n in expected.items()}


def test_an_exempt_month_is_never_below_even_if_marked_so():
    assert streaks([FinalResult(ANN, OFFICE, month("2026-01"), False, True, True)]) == {}
    assert demanded([FinalResult(ANN, OFFICE, month("2026-01"), False, True, True)]) == set()


def test_one_month_below_demands_a_talk_whoever_will_be_secretary_then():
    assert demanded(below(ANN, "2026-10")) == {
        Demand(TALK, OFFICE, ANN, None, month("2026-10"), month("2026-10"))
    }


def test_talk_interview_and_disposition_coexist_and_a_longer_streak_adds_nothing():
    three = demanded(below(ANN, "2025-11", "2025-12", "2026-01"))
    assert brief(three) == [
        (TALK, ANN, "2025-11", "2025-11"),
        (INTERVIEW, ANN, "2025-11", "2025-12"),
        (DISPOSITION, ANN, "2025-11", "2026-01"),
    ]
    five = demanded(below(ANN, "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"))
    assert five == three
    assert {d.holder for d in three} == {None}


def test_a_new_streak_demands_again():
    assert brief(demanded(below(ANN, "2026-01", "2026-03"))) == [
        (TALK, ANN, "2026-01", "2026-01"),
        (TALK, ANN, "2026-03", "2026-03"),
    ]


def test_the_branch_is_that_of_the_trigger_month():
    demands = demanded(below(ANN, "2026-06") + below(ANN, "2026-07", branch=LAW))
    assert {(d.kind, d.branch) for d in demands} == {(TALK, OFFICE), (INTERVIEW, LAW)}


def test_thresholds_may_differ_by_branch_and_month():
    def limits(branch, month):
        return Thresholds(1, 2, 3) if month.year < 2026 else Thresholds(2, 3, 4)

    results = below(ANN, "2025-12", "2026-01", "2026-02", "2026-03") + below(BEN, "2026-05")
    assert brief(demanded(results, thresholds=limits)) == [
        (TALK, ANN, "2025-12", "2025-12"),
        (INTERVIEW, ANN, "2025-12", "2026-02"),
        (DISPOSITION, ANN, "2025-12", "2026-03"),
    ]


def test_zero_months_demand_one_explanation_of_the_branch_and_one_of_each_leader():
    results = zero(ANN, "2026-03", "2026-08") + zero(BEN, "2026-05") + zero(BEN, "2025-12")
    leaders = {
        (OFFICE, month("2026-03")): (LEADER,),
        (OFFICE, month("2026-05")): (LEADER, DEPUTY),
        (OFFICE, month("2025-12")): (DEPUTY,),
    }
    of_2026 = ((ANN, month("2026-03")), (ANN, month("2026-08")), (BEN, month("2026-05")))
    of_2025 = ((BEN, month("2025-12")),)
    explanations = {d for d in demanded(results, leaders=leaders) if d.year}
    assert explanations == {
        Demand(REPORT_EXPLANATION, OFFICE, None, SECRETARY, year=2026, members=of_2026),
        Demand(REPORT_EXPLANATION, OFFICE, None, SECRETARY, year=2025, members=of_2025),
        Demand(
            LIFE_MEETING_EXPLANATION,
            OFFICE,
            None,
            LEADER,
            year=2026,
            members=(of_2026[0], of_2026[2]),
        ),
        Demand(LIFE_MEETING_EXPLANATION, OFFICE, None, DEPUTY, year=2026, members=(of_2026[2],)),
        Demand(LIFE_MEETING_EXPLANATION, OFFICE, None, DEPUTY, year=2025, members=of_2025),
    }


def test_a_secretary_or_leader_explains_their_own_zero_month_too():
    leaders = Always({OFFICE: (SECRETARY,)})
    explanations = {d for d in demanded(zero(SECRETARY, "2026-03"), leaders=leaders) if d.year}
    assert {(d.kind, d.holder) for d in explanations} == {
        (REPORT_EXPLANATION, SECRETARY),
        (LIFE_MEETING_EXPLANATION, SECRETARY),
    }


def test_the_secretary_of_the_latest_zero_month_gives_the_one_explanation():
    secretaries = {
        (OFFICE, month("2026-03")): (SECRETARY,),
        (OFFICE, month("2026-09")): (DEPUTY,),
    }
    results = zero(ANN, "2026-09") + zero(BEN, "2026-03")
    [explanation] = [d for d in demanded(results, secretaries) if d.kind == REPORT_EXPLANATION]
    assert explanation.holder == DEPUTY
    assert explanation.members == ((ANN, month("2026-09")), (BEN, month("2026-03")))


def test_a_zero_that_is_not_below_is_explained_without_a_talk():
    results = [FinalResult(ANN, OFFICE, month("2026-03"), True, False, True)]
    assert {d.kind for d in demanded(results)} == {REPORT_EXPLANATION}


# Reconciling

TALKING = Demand(TALK, OFFICE, ANN, None, month("2026-10"), month("2026-10"))
EXPLAINING = Demand(
    REPORT_EXPLANATION, OFFICE, None, SECRETARY, year=2026, members=((ANN, month("2026-10")),)
)


def stored(demand, pk=1, **state):
    fields = {name: getattr(demand, name) for name in Demand.__slots__}
    return Stored(id=pk, **(fields | state))


CARRIED_OUT = {"is_open": False, "is_carried_out": True}
WITHDRAWN = {"is_open": False, "is_withdrawn": True}
MORE = replace(EXPLAINING, members=(*EXPLAINING.members, (BEN, month("2026-11"))))


@pytest.mark.parametrize(
    ("should", "rows", "changes"),
    [
        ([TALKING], [], Changes(create=(TALKING,))),
        ([TALKING], [stored(TALKING)], Changes()),
        ([], [stored(TALKING)], Changes(withdraw=(1,))),
        ([], [stored(TALKING, **WITHDRAWN)], Changes()),
        ([], [stored(TALKING, **CARRIED_OUT)], Changes(flag=(1,))),
        ([], [stored(TALKING, **CARRIED_OUT, is_flagged=True)], Changes()),
        ([TALKING], [stored(TALKING, **CARRIED_OUT)], Changes()),
        ([TALKING], [stored(TALKING, **CARRIED_OUT, is_flagged=True)], Changes(unflag=(1,))),
        ([TALKING], [stored(TALKING, **WITHDRAWN)], Changes(reinstate=((1, TALKING),))),
        ([MORE], [stored(EXPLAINING)], Changes(update=((1, MORE),))),
        ([MORE], [stored(EXPLAINING, **CARRIED_OUT)], Changes(flag=(1,))),
        ([MORE], [stored(EXPLAINING, **WITHDRAWN)], Changes(reinstate=((1, MORE),))),
    ],
)
def test_reconcile(should, rows, changes):
    assert reconcile(should, rows) == changes
    assert bool(changes) == (changes != Changes())


ELSEWHERE = replace(TALKING, branch=LAW)
KNOWN = replace(EXPLAINING, holder=DEPUTY)


@pytest.mark.parametrize(
    ("demand", "row", "expected"),
    [
        (TALKING, replace(TALKING, holder=DEPUTY), Changes()),
        (
            ELSEWHERE,
            replace(TALKING, holder=DEPUTY),
            Changes(update=((1, replace(ELSEWHERE, holder=DEPUTY)),)),
        ),
        (EXPLAINING, KNOWN, Changes()),  # entered for somebody else than the secretary
        # the secretary is known now
        (KNOWN, replace(EXPLAINING, holder=None), Changes(update=((1, KNOWN),))),
    ],
)
def test_reconcile_keeps_the_person_whom_people_named(demand, row, expected):
    assert reconcile([demand], [stored(row)]) == expected


def test_a_new_basis_brings_its_holder():
    later = replace(MORE, holder=DEPUTY)
    assert reconcile([later], [stored(EXPLAINING)]) == Changes(update=((1, later),))


def test_a_streak_that_begins_later_replaces_the_one_before():
    first = demanded(below(ANN, "2026-08", "2026-09"))
    rows = carry_out(reconcile(first, []), [])
    changes = reconcile(demanded(below(ANN, "2026-09")), rows)
    assert brief(changes.create) == [(TALK, ANN, "2026-09", "2026-09")]
    assert len(changes.withdraw) == 2


# Properties

MONTHS = months_between(date(2025, 9, 1), date(2026, 4, 1))
finals = st.dictionaries(
    st.tuples(st.integers(1, 4), st.sampled_from(MONTHS)),
    st.tuples(st.sampled_from([OFFICE, LAW]), st.sampled_from("EPBZ")),
    max_size=20,
).map(
    lambda rows: [
        FinalResult(member, branch, month, kind != "E", kind in "BZ", kind == "Z")
        for (member, month), (branch, kind) in rows.items()
    ]
)
LEADERS = Always({OFFICE: (LEADER, ANN), LAW: (LEADER,)})


def carry_out(changes, rows):
    """Apply ``changes`` to stored rows as the service would."""
    by_id = {row.id: row for row in rows}
    for pk in changes.withdraw:
        by_id[pk] = replace(by_id[pk], is_open=False, is_withdrawn=True)
    for pk, demand in (*changes.update, *changes.reinstate):
        by_id[pk] = stored(demand, pk=pk)
    for ids, is_flagged in ((changes.flag, True), (changes.unflag, False)):
        for pk in ids:
            by_id[pk] = replace(by_id[pk], is_flagged=is_flagged)
    start = max(by_id, default=0) + 1
    return [*by_id.values(), *(stored(d, pk=start + n) for n, d in enumerate(changes.create))]


@given(finals, st.randoms(use_true_random=False))
def test_the_order_of_results_and_those_that_pass_are_irrelevant(results, random):
    shuffled = [r for r in results if r.is_below or r.is_zero]
    random.shuffle(shuffled)
    assert demanded(shuffled, leaders=LEADERS) == demanded(results, leaders=LEADERS)


@given(finals)
def test_keys_are_unique(results):
    demands = demanded(results, leaders=LEADERS)
    assert len({d.key for d in demands}) == len(demands)


@given(finals)
def test_every_streak_has_its_follow_ups(results):
    lengths = streaks(results)
    longest = {}
    for (member, last), length in lengths.items():
        first = add_months(last, 1 - length)
        longest[member, first] = max(length, longest.get((member, first), 0))
    expected = {
        (kind, member, first)
        for (member, first), length in longest.items()
        for kind, needed in ((TALK, 1), (INTERVIEW, 2), (DISPOSITION, 3))
        if length >= needed
    }
    assert {(d.kind, d.member, d.first_month) for d in demanded(results) if d.member} == expected


@given(finals, finals, st.sets(st.integers(1, 30)))
def test_once_is_twice_whatever_was_stored_before(before, after, carried_out):
    rows = carry_out(reconcile(demanded(before, leaders=LEADERS), []), [])
    rows = [replace(r, **CARRIED_OUT) if r.id in carried_out else r for r in rows]
    should = demanded(after, leaders=LEADERS)
    rows = carry_out(reconcile(should, rows), rows)
    assert not reconcile(should, rows)
    live = {row.key for row in rows if not row.is_withdrawn and not row.is_flagged}
    assert live <= {demand.key for demand in should} <= {row.key for row in rows}


@given(finals)
def test_removing_the_cause_removes_the_follow_up_and_its_return_brings_it_back(results):
    should = demanded(results, leaders=LEADERS)
    rows = carry_out(reconcile(should, []), [])
    gone = carry_out(reconcile([], rows), rows)
    assert all(row.is_withdrawn for row in gone)
    assert {row.id: row for row in carry_out(reconcile(should, gone), gone)} == {
        row.id: row for row in rows
    }
