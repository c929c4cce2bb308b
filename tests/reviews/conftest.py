"""A month and a year that the tests of what follows from them start from together."""

from copy import deepcopy

import pytest

from tests.reviews.branch_month import BranchMonth
from tests.reviews.branch_year import BranchYear


@pytest.fixture(scope="module")
def published_cut(kept_rows) -> BranchMonth:
    return BranchMonth().publish_cut()


@pytest.fixture
def cut(published_cut) -> BranchMonth:
    """October published; the deputy gave the member one point instead of two: 81."""
    return deepcopy(published_cut)


@pytest.fixture(scope="module")
def computed_year(kept_rows) -> BranchYear:
    return BranchYear()


@pytest.fixture
def year(computed_year) -> BranchYear:
    return deepcopy(computed_year)
