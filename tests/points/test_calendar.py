"""The working days: the library's, and the notices of staff."""

from datetime import date

import pytest

from points.models import HolidayNotice, SpecialDay
from points.services.calendar import Workdays
from tests.factories import LONG_AGO, UserFactory

pytestmark = pytest.mark.django_db


def enter(year: int, *days: tuple[date, bool]) -> None:
    notice = HolidayNotice.objects.create(
        year=year, number="国办发明电〔2098〕7号", entered_by=UserFactory(), entered_at=LONG_AGO
    )
    SpecialDay.objects.bulk_create(
        SpecialDay(notice=notice, day=day, is_workday=works) for day, works in days
    )


def test_days_of_a_notice_count(django_assert_num_queries):
    enter(2099, (date(2099, 1, 1), False), (date(2099, 1, 2), False), (date(2099, 1, 3), True))
    enter(2098)

    with django_assert_num_queries(1):
        workdays = Workdays.load()
        ends = workdays.publication_end(date(2098, 12, 31), 2)

    assert ends == (date(2099, 1, 5), frozenset())
    assert [workdays.is_known(year) for year in (2026, 2097, 2098, 2099)] == [
        True,
        False,
        True,
        True,
    ]


def test_without_a_notice_the_library_counts():
    workdays = Workdays.load()

    assert workdays.add(date(2025, 9, 30), 3) == (date(2025, 10, 11), frozenset())
    assert workdays.add(date(2099, 1, 2), 1) == (date(2099, 1, 5), frozenset({2099}))
    assert workdays.is_workday(date(2025, 9, 28))
