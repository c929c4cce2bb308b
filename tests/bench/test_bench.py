"""The benchmark's plain SQL is a second opinion: both must leave the same rows behind."""

import pytest

from tests.bench.__main__ import bench

pytestmark = pytest.mark.worker


def test_month_end_and_year_end_do_what_plain_sql_does(capsys):
    assert bench(members=1_500) == 0

    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[-4:]] == [
        "month-end in SQL",
        "month-end",
        "year-end in SQL",
        "year-end",
    ]
