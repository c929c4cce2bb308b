"""How points, days and months are written (domain.md §8, screens.md)."""

import datetime
from decimal import Decimal

import pytest
from django.utils import translation

from lib import chart, display

NOON = datetime.datetime(2026, 10, 25, 6, 3, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (Decimal("3.00"), "3", "+3"),
        (Decimal("2.50"), "2.5", "+2.5"),
        (Decimal("-1.25"), "−1.25", "−1.25"),
        (Decimal("100.00"), "100", "+100"),
        (Decimal("0.005"), "0.01", "+0.01"),
        (Decimal("0.004"), "0", "0"),
        (Decimal("-0.004"), "0", "0"),
        (0, "0", "0"),
        (None, "—", "—"),
        ("", "—", "—"),
        ("no number", "—", "—"),
    ],
)
def test_points_are_written_without_needless_zeros(value, plain, signed):
    assert (display.points(value), display.signed_points(value)) == (plain, signed)


@pytest.mark.parametrize(
    ("share", "text"),
    [(Decimal("0.3"), "30%"), (Decimal("0.2996"), "29.96%"), (Decimal(1) / 3, "33.33%")],
)
def test_percent_never_rounds_a_share_over_its_limit(share, text):
    assert display.percent(share) == text


def test_days_and_moments_are_written_the_office_s_way():
    with translation.override("zh-hans"):
        assert display.zh_date(NOON.date()) == "2026年10月25日"
        assert display.zh_month(datetime.date(2026, 10, 1)) == "2026年10月"
        assert display.short_date(NOON.date()) == "10月25日"
        assert display.zh_datetime(NOON) == "2026年10月25日 14:03"
        assert display.clock(NOON) == "14:03"
        assert display.zh_date(None) == ""


def test_chart_tells_months_apart():
    months = [
        {"month": datetime.date(2026, 9, 1), "score": Decimal(85), "pass_line": Decimal(70)},
        {"month": datetime.date(2026, 10, 1), "score": Decimal("69.99"), "pass_line": Decimal(70)},
        {"month": datetime.date(2026, 11, 1), "score": Decimal(0), "pass_line": Decimal(70)},
        {"month": datetime.date(2026, 12, 1), "score": None, "is_exempt": True},
        {"month": datetime.date(2027, 1, 1), "score": None, "pass_line": Decimal(70)},
    ]

    columns = chart.drawing(months)["columns"]

    assert [column["state"] for column in columns] == ["passed", "below", "zero", "exempt", "none"]
    assert [column["year"] for column in columns] == [2026, None, None, None, 2027]
    assert columns[0]["bar_top"] == str(164 - 136 * Decimal("0.85"))
