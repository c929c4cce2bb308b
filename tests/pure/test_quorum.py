"""More than half of those entitled; and who stands in for whom."""

import pytest

from reviews.quorum import Quorum
from reviews.rules import Bench


@pytest.mark.parametrize(
    ("entitled", "present", "needed", "is_met"),
    [
        (5, 3, 3, True),
        (5, 2, 3, False),
        (4, 2, 3, False),
        (4, 3, 3, True),
        (1, 1, 1, True),
        (1, 0, 1, False),
        (0, 0, 1, False),
    ],
)
def test_more_than_half_of_those_entitled_are_needed(entitled, present, needed, is_met):
    quorum = Quorum(entitled=entitled, present=present)

    assert (quorum.needed, quorum.is_met) == (needed, is_met)


FULL = {(1, "ORGANISATION"), (2, "SECRETARY"), (3, "DEPUTY_SECRETARY"), (4, "DISCIPLINE")}


@pytest.mark.parametrize(
    ("seats", "whose", "stand_ins"),
    [
        (FULL, 2, [3, 1, 4]),
        (FULL, 3, [2, 1, 4]),
        (FULL, 1, [2, 3, 4]),
        ({(2, "SECRETARY"), (2, "DISCIPLINE")}, 2, []),
        ({(2, "SECRETARY"), (3, "PUBLICITY"), (3, "DISCIPLINE")}, 2, [3]),
        (set(), 2, []),
    ],
)
def test_the_deputy_stands_in_first_then_the_others_by_their_posts(seats, whose, stand_ins):
    bench = Bench(7, frozenset(seats))

    assert [member for member, _kind in bench.stand_ins_for(whose)] == stand_ins
