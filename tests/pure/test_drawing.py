"""The draw as values: the same seed gives the same sample, and every promise about it holds."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.drawing import Key, draw, ordered, pool_digest, pool_text, sample_size, share_out

POOL = [Key(branch, branch * 100 + number) for branch in (2, 9, 10) for number in range(4)]

keys = st.builds(Key, st.integers(1, 5), st.integers(1, 200))
pools = st.lists(keys, min_size=1, max_size=40, unique=True)
seeds = st.text("0123456789abcdef", min_size=1, max_size=32)


def test_draw_is_what_the_decision_record_says():
    """The figures of docs/decisions/0009, worked out there with other tools."""
    pool = [Key(1, 11), Key(1, 12), Key(2, 21), Key(2, 22), Key(10, 5)]

    assert pool_text(pool) == "1:11\n1:12\n2:21\n2:22\n10:5"
    assert pool_digest(pool) == "468afab63a442eb05248491810e1b75060a486ec2cfa14e15c566fd5423b2502"
    assert [str(key) for key in ordered(pool, "2026")] == ["1:11", "10:5", "2:22", "1:12", "2:21"]
    assert [str(k) for k in draw(pool, seed="2026", size=2, is_each_branch=False)] == [
        "1:11",
        "10:5",
    ]
    assert [str(k) for k in draw(pool, seed="2026", size=2, is_each_branch=True)] == [
        "1:11",
        "10:5",
        "2:22",
    ]


@given(pools, seeds, st.integers(1, 50), st.booleans(), st.randoms())
def test_draw_keeps_its_promises(pool, seed, size, is_each_branch, dice):
    sample = draw(pool, seed=seed, size=size, is_each_branch=is_each_branch)

    branches = {key.branch for key in pool}
    least = len(branches) if is_each_branch else 0
    assert len(sample) == max(min(size, len(pool)), least)
    assert len(set(sample)) == len(sample)
    assert set(sample) <= set(pool)
    if is_each_branch:
        assert {key.branch for key in sample} == branches
    shuffled = dice.sample(pool, len(pool))
    assert draw(shuffled, seed=seed, size=size, is_each_branch=is_each_branch) == sample
    assert pool_digest(shuffled) == pool_digest(pool)


@given(pools, seeds, st.integers(1, 40))
def test_a_smaller_sample_is_the_beginning_of_a_larger_one(pool, seed, size):
    larger = draw(pool, seed=seed, size=size + 1, is_each_branch=False)

    assert draw(pool, seed=seed, size=size, is_each_branch=False) == larger[:size]


def test_another_seed_or_another_pool_is_another_draw():
    sample = draw(POOL, seed="a", size=4, is_each_branch=False)

    assert draw(POOL, seed="b", size=4, is_each_branch=False) != sample
    assert pool_digest(POOL[1:]) != pool_digest(POOL)


@pytest.mark.parametrize(
    ("pool", "size", "share", "expected"),
    [
        (100, 5, None, 5),
        (3, 5, None, 3),
        (100, None, "5", 5),
        (101, None, "5", 6),
        (10, None, "0.01", 1),
        (10, None, "100", 10),
        (3, None, "33.33", 1),
        (3, None, "33.34", 2),
    ],
)
def test_sample_size(pool, size, share, expected):
    assert sample_size(pool, size=size, share=share and Decimal(share)) == expected


@pytest.mark.parametrize(("size", "share"), [(None, None), (1, Decimal(1))])
def test_sample_size_needs_one_of_the_two(size, share):
    with pytest.raises(ValueError):
        sample_size(10, size=size, share=share)


@pytest.mark.parametrize(
    ("allowed", "people", "expected"),
    [
        ([{1, 2}] * 4, [[1, 2]], [1, 2, 1, 2]),
        ([{1, 2}, {1}, {1, 2}, {1, 2}], [[1, 2]], [1, 1, 2, 2]),
        ([{2}, {1, 2}, {1, 2}], [[1, 2]], [2, 1, 1]),
        ([{1, 3}, {3}, {3, 4}], [[1, 2], [3, 4]], [1, 3, 4]),
        ([set(), {1}], [[1]], [None, 1]),
        ([{1}], [], [None]),
    ],
)
def test_share_out(allowed, people, expected):
    assert share_out(allowed, people) == expected


@given(st.lists(st.sets(st.integers(1, 4)), max_size=30))
def test_share_out_is_balanced_and_never_gives_to_who_may_not(allowed):
    given_to = share_out(allowed, [[1, 2, 3, 4]])

    assert all(
        one in may if may else one is None for one, may in zip(given_to, allowed, strict=True)
    )
    everybody = share_out([{1, 2, 3, 4}] * len(allowed), [[1, 2, 3, 4]])
    counts = Counter(everybody)
    assert not counts or max(counts.values()) - min(counts[one] for one in (1, 2, 3, 4)) <= 1
