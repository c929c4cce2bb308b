from datetime import date
from decimal import Decimal

from lib.bars import FIGURES_UP_TO, STACKS, Series, diverging, stacked
from lib.months import add_months

MAY = date(2026, 5, 1)
SERIES = (
    Series("good", "达线", "solid"),
    Series("better", "更高", "lines"),
    Series("bad", "低于", "hatch", hangs=True),
    Series("worse", "零分", "cross", hangs=True),
)


def number(text: str) -> Decimal:
    return Decimal(text.rstrip("%"))


def test_stacks_rise_and_hang_from_one_axis_to_one_scale():
    chart = stacked([(MAY, {"good": 3, "better": 1, "worse": 1}), (MAY, {"good": 2})], SERIES)
    room = STACKS["foot"] - STACKS["top"]
    unit = Decimal(room) / 5

    good, better, worse = chart["columns"][0]["parts"]
    (alone,) = chart["columns"][1]["parts"]
    axis = number(chart["axis"])
    assert axis == STACKS["top"] + 4 * unit
    assert (number(good.y) + number(good.height), number(better.y)) == (axis, STACKS["top"])
    assert number(better.y) + number(better.height) == number(good.y)
    assert (number(worse.y), number(worse.height)) == (axis, unit)
    assert number(alone.height) == 2 * unit
    assert [part.count for part in (good, better, worse, alone)] == [3, 1, 1, 2]


def test_hanging_parts_stand_below_one_another():
    chart = stacked([(MAY, {"bad": 2, "worse": 1})], SERIES)
    bad, worse = chart["columns"][0]["parts"]
    assert number(bad.y) == number(chart["axis"]) == STACKS["top"]
    assert number(worse.y) == number(bad.y) + number(bad.height)


def test_a_chart_of_nothing_has_its_axis_at_the_foot():
    chart = stacked([(MAY, {})], SERIES)
    assert (chart["axis"], chart["columns"][0]["parts"]) == (f"{STACKS['foot']}.00", [])
    assert stacked([], SERIES)["columns"] == []


def test_figures_and_names_make_room_for_more_months():
    def chart(count):
        return stacked([(add_months(MAY, n), {"good": 9}) for n in range(count)], SERIES)

    few, many = chart(FIGURES_UP_TO), chart(FIGURES_UP_TO + 1)
    assert all(column["parts"][0].has_figure for column in few["columns"])
    assert not any(column["parts"][0].has_figure for column in many["columns"])
    assert [column["label"] for column in few["columns"]] == [*range(5, 13), *range(1, 5)]
    assert [column["label"] for column in many["columns"] if column["label"]] == [7, 10, 1, 4]
    assert [column["year"] for column in few["columns"] if column["year"]] == [2026, 2027]


def test_a_year_is_not_named_beside_the_next_one():
    december = date(2026, 12, 1)
    columns = stacked([(add_months(december, n), {}) for n in range(3)], SERIES)["columns"]
    assert [column["year"] for column in columns] == [None, 2027, None]


def test_a_part_too_low_for_its_figure_has_it_at_the_stacks_end_or_goes_without():
    (column,) = stacked([(MAY, {"good": 1, "better": 99, "bad": 1})], SERIES)["columns"]
    low, high, bad = column["parts"]
    assert [part.has_figure for part in (low, high, bad)] == [False, True, True]
    assert number(high.y) < number(high.figure_y) < number(high.y) + number(high.height)
    assert number(bad.figure_y) > number(bad.y) + number(bad.height)

    (column,) = stacked([(MAY, {"good": 99, "better": 1})], SERIES)["columns"]
    last = column["parts"][1]
    assert last.has_figure
    assert number(last.figure_y) < number(last.y)


def test_plus_and_minus_part_at_one_axis_to_one_scale():
    chart = diverging(
        [
            ("学习", Decimal("30"), Decimal("0")),
            ("组织", Decimal("10"), Decimal("30")),
            ("权益", Decimal("0"), Decimal("0")),
        ]
    )
    study, organisation, rights = chart["rows"]
    axis = number(chart["axis"])
    assert number(study["plus_x"]) == number(rights["plus_x"]) == axis
    assert number(study["plus_width"]) == number(organisation["minus_width"]) == 33
    assert number(organisation["plus_width"]) == 11
    assert number(organisation["minus_x"]) + number(organisation["minus_width"]) == axis
    assert (number(study["plus_end"]), number(organisation["minus_x"])) == (83, 17)
    assert [row["label"] for row in chart["rows"]] == ["学习", "组织", "权益"]
    assert study["label_y"] < study["bar_y"] < organisation["label_y"]


def test_nothing_to_diverge_draws_no_bar():
    assert diverging([("学习", Decimal(0), Decimal(0))])["rows"][0]["plus_width"] == "0.00%"
    assert diverging([])["height"] == 0
