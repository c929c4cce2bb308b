"""What the tests of a module may start from together."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.db import transaction

from tests.reviews.branch_month import BranchMonth


@pytest.fixture(scope="module")
def kept_rows(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Lets fixtures of a module write once what all its tests start from.

    Each test begins after that and is rolled back to it, as ever. Objects are not rolled back:
    a test that changes them is given a deep copy. Not for tests whose transactions end.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def opened_month(kept_rows) -> BranchMonth:
    return BranchMonth()


@pytest.fixture
def month(opened_month) -> BranchMonth:
    """October, just opened."""
    return deepcopy(opened_month)
