"""Which measures and deadlines a disposition allows, and of what it warns."""

from datetime import date

import pytest

from reviews.disposing import (
    CANCELLATION,
    CORRECTION,
    EXTENSION,
    NONE,
    PERSUASION,
    REMOVAL,
    Facts,
    Warned,
    deadlines,
    later_by,
    measures_for,
    must_acknowledge,
    warnings,
)

MET = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("is_probationary", "measures"),
    [
        (False, (NONE, CORRECTION, PERSUASION, REMOVAL)),
        (True, (NONE, EXTENSION, CANCELLATION)),
    ],
)
def test_measures_fit_the_category(is_probationary, measures):
    assert measures_for(is_probationary=is_probationary) == measures


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 31), 6, date(2026, 9, 30)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_a_month_without_that_day_ends_earlier(day, months, later):
    assert later_by(day, months) == later


@pytest.mark.parametrize(
    ("measure", "probation_ends", "allowed"),
    [
        (CORRECTION, None, (date(2026, 4, 1), date(2027, 3, 31))),
        (CORRECTION, date(2026, 8, 1), (date(2026, 4, 1), date(2027, 3, 31))),
        (EXTENSION, None, (date(2026, 9, 30), date(2027, 3, 31))),
        (EXTENSION, date(2026, 2, 1), (date(2026, 9, 30), date(2027, 3, 31))),
        (EXTENSION, date(2026, 7, 1), (date(2027, 1, 1), date(2027, 7, 1))),
        (NONE, None, None),
        (PERSUASION, None, None),
        (REMOVAL, None, None),
        (CANCELLATION, None, None),
    ],
)
def test_deadlines_lie_within_their_bounds(measure, probation_ends, allowed):
    assert deadlines(measure, on=MET, probation_ends=probation_ends) == allowed


HEARD = {"measure": CORRECTION, "is_heard": True, "grade": "BASIC"}


@pytest.mark.parametrize(
    ("facts", "warned"),
    [
        ({}, (Warned.NO_GRADE,)),
        (HEARD, ()),
        (HEARD | {"grade": ""}, (Warned.NO_GRADE,)),
        (HEARD | {"grade": "UNQUALIFIED"}, ()),
        (HEARD | {"grade": "QUALIFIED"}, (Warned.GOOD_GRADE,)),
        (HEARD | {"grade": "EXCELLENT"}, (Warned.GOOD_GRADE,)),
        (HEARD | {"is_heard": False}, (Warned.NOT_HEARD,)),
        ({"measure": NONE, "grade": "QUALIFIED"}, ()),
        ({"measure": "", "grade": "QUALIFIED"}, ()),
        (HEARD | {"has_zero_month": True}, (Warned.ALREADY_PUNISHED,)),
        (HEARD | {"is_basis_changed": True}, (Warned.BASIS_CHANGED,)),
        (HEARD | {"has_open_appeal": True}, (Warned.APPEAL_OPEN,)),
        (HEARD | {"is_probationary": True}, (Warned.PROBATIONARY,)),
        (
            {"has_zero_month": True, "is_probationary": True, "measure": EXTENSION},
            (Warned.ALREADY_PUNISHED, Warned.PROBATIONARY, Warned.NOT_HEARD, Warned.NO_GRADE),
        ),
    ],
)
def test_a_case_warns_of_what_speaks_against_it(facts, warned):
    assert warnings(Facts(**facts)) == warned


@pytest.mark.parametrize(
    ("measure", "has_zero_month", "must"),
    [(REMOVAL, True, True), (REMOVAL, False, False), (NONE, True, False)],
)
def test_only_a_measure_after_a_zero_month_is_to_be_acknowledged(measure, has_zero_month, must):
    assert must_acknowledge(measure=measure, has_zero_month=has_zero_month) is must
