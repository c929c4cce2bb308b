"""A year that the tests of what follows from it start from together."""

from copy import deepcopy

import pytest

from tests.reviews.branch_year import BranchYear


@pytest.fixture(scope="module")
def computed_year(kept_rows) -> BranchYear:
    return BranchYear()


@pytest.fixture
def year(computed_year) -> BranchYear:
    return deepcopy(computed_year)
