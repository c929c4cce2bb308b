import io
import re
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.excel import (
    MAX_FILE_BYTES,
    Column,
    Kind,
    Problem,
    SheetOut,
    SheetSpec,
    Unreadable,
    read_sheets,
    write_workbook,
)

SPEC = SheetSpec("台账", required=("工号",), optional=("姓名", "分值", "日期", "年月", "是否"))


def workbook(*rows, sheet="台账", edit=None):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    if edit:
        edit(page)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def opened(*rows, spec=SPEC, **kwargs):
    return read_sheets(workbook(*rows, **kwargs), [spec])[spec.name]


def column(name, *cells, read="text", **kwargs):
    """What reading ``cells`` under ``name`` gives, and what is said about them."""
    spec = SheetSpec("台账", required=("工号",), optional=(name,))
    sheet = opened(["工号", name], *(["A1", cell] for cell in cells), spec=spec)
    return [getattr(row, read)(name, **kwargs) for row in sheet], sheet.problems


def refused(source, specs=(SPEC,)):
    with pytest.raises(Unreadable) as error:
        read_sheets(source, specs)
    return [str(problem) for problem in error.value.problems]


def repacked(content, change):
    """The workbook with the entries of its archive changed by ``change(name, data)``."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
    return stream.getvalue()


# Structure


def test_headers_are_matched_by_name_in_any_order_and_unknown_columns_noted():
    sheet = opened(["备注", "姓名 ", "工号*"], ["x", "张三", "A1"])
    assert [(r.text("工号"), r.text("姓名"), r.text("分值")) for r in sheet] == [("A1", "张三", "")]
    assert len(sheet.notes) == 1
    assert "备注" in sheet.notes[0]
    assert (sheet.has("姓名"), sheet.has("分值")) == (True, False)


def test_blank_rows_are_skipped_and_row_numbers_are_excel_s():
    sheet = opened(["工号"], ["A1"], [None], ["　 "], ["A2"])
    assert [(row.number, row.text("工号")) for row in sheet] == [(2, "A1"), (5, "A2")]


def test_a_table_may_stand_below_a_title_and_away_from_the_corner():
    sheet = opened([], ["2025年台账"], [], [None, "工号", "姓名"], [None, "A1", "张三"])
    assert [(r.number, r.text("工号"), r.text("姓名")) for r in sheet] == [(5, "A1", "张三")]


def test_every_missing_sheet_and_column_is_named():
    other = SheetSpec("细则", required=("支部",))
    optional = SheetSpec("类别上限", required=("类别",), is_optional=True)
    [column, sheet] = refused(workbook(["姓名"], ["张三"]), (SPEC, other, optional))
    assert "台账" in column
    assert "工号" in column
    assert "细则" in sheet


def test_an_optional_sheet_that_is_missing_has_no_rows():
    optional = SheetSpec("类别上限", required=("类别",), is_optional=True)
    assert list(read_sheets(workbook(["工号"]), [SPEC, optional])["类别上限"]) == []


def test_a_header_that_stands_twice_is_refused():
    [message] = refused(workbook(["工号", "姓名", "姓名"], ["A1", "x", "y"]))
    assert "姓名" in message


def test_merged_cells_are_refused_with_their_place():
    [message] = refused(
        workbook(["工号", "姓名"], ["A1", "张三"], edit=lambda page: page.merge_cells("A2:A3"))
    )
    assert "A2:A3" in message


def test_a_merged_title_above_the_table_does_no_harm():
    sheet = opened(["台账"], ["工号"], ["A1"], edit=lambda page: page.merge_cells("A1:C1"))
    assert [row.text("工号") for row in sheet] == ["A1"]


# Hostile files


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b,c\n1,2,3",
        b"PK\x03\x04 and then nothing",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    ],
)
def test_what_is_no_xlsx_is_refused(content):
    assert len(refused(content)) == 1


def test_old_and_protected_files_are_told_apart():
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert refused(ole) != refused(ole + "EncryptedPackage".encode("utf-16-le"))


def test_a_zip_that_is_no_workbook_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "a")
    assert len(refused(stream.getvalue())) == 1


def test_a_truncated_workbook_is_refused():
    content = workbook(["工号"], ["A1"])
    assert len(refused(content[: len(content) // 2])) == 1


def test_a_damaged_sheet_is_refused():
    content = repacked(
        workbook(["工号"], ["A1"]), lambda name, data: data[:-40] if "sheet1" in name else data
    )
    assert len(refused(content)) == 1


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    [message] = refused(tmp_path / "nowhere.xlsx")
    assert "nowhere.xlsx" in message


def test_a_file_too_large_is_refused_before_it_is_read():
    assert len(refused(bytes(MAX_FILE_BYTES + 1))) == 1


def test_a_zip_bomb_is_refused_without_unpacking_it():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as entry:
            for _ in range(300):
                entry.write(bytes(1024 * 1024))
    content = stream.getvalue()
    assert len(content) < 1024 * 1024
    tracemalloc.start()
    try:
        [message] = refused(content)
        assert tracemalloc.get_traced_memory()[1] < 20 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert "256" in message


def test_a_zip_bomb_that_lies_about_its_size_is_refused():
    content = bytearray(
        repacked(
            workbook(["工号"], ["A1"]),
            lambda name, data: data + b" " * 1_000_000 if "sheet1" in name else data,
        )
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    true, false = size.to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert content.count(true) >= 1
    assert len(refused(bytes(content.replace(true, false)))) == 1


def test_too_many_entries_are_refused():
    stream = io.BytesIO(workbook(["工号"]))
    with zipfile.ZipFile(stream, "a") as archive:
        for number in range(1001):
            archive.writestr(f"x/{number}", "")
    assert len(refused(stream.getvalue())) == 1


@pytest.mark.parametrize("cell", ["XFD1048576", "DA2", "AAA1", "A200001", "B1048576"])
def test_a_cell_far_out_is_refused_before_the_sheet_is_laid_out(cell):
    def edit(page):
        page[cell] = "x"

    [message] = refused(workbook(["工号"], ["A1"], edit=edit))
    assert "CZ" in message


@pytest.mark.parametrize("cell", ["CZ2", "A200000"])
def test_a_cell_within_the_limits_is_read(cell):
    def edit(page):
        page[cell] = "x"

    assert list(opened(["工号"], ["A1"], edit=edit))


def test_a_far_cell_hidden_in_unusual_xml_is_refused():
    def change(name, data):
        return data.replace(b'r="A2"', b"r = 'xfd1048576'") if "sheet1" in name else data

    assert len(refused(repacked(workbook(["工号"], ["A1"]), change))) == 1


# Cells


def test_a_formula_without_a_result_is_reported():
    values, [problem] = column("分值", "=1+1", 3, read="decimal")
    assert values == [None, Decimal("3.00")]
    assert (problem.row, problem.column, problem.value) == (2, "分值", "=")


def test_a_formula_with_its_result_reads_as_the_result():
    def change(name, data):
        return data.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")

    content = repacked(workbook(["工号", "分值"], ["A1", "=1+1"]), change)
    sheet = read_sheets(content, [SPEC])["台账"]
    assert [row.decimal("分值") for row in sheet] == [Decimal("2.00")]


def test_a_row_of_nothing_but_a_formula_is_not_blank():
    sheet = opened(["工号"], ["=1+1"])
    assert [row.text("工号") for row in sheet] == [""]
    assert sheet.problems[0].value == "="


def test_excel_s_errors_are_reported():
    def edit(page):
        page["B2"] = "#REF!"
        page["B2"].data_type = "e"

    sheet = opened(["工号", "姓名"], ["A1", None], edit=edit)
    assert [row.text("姓名") for row in sheet] == [""]
    assert sheet.problems[0].value == "#REF!"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  A１２ｂ　", "A12b"),
        ("业务，工作（一）", "业务，工作（一）"),
        ("a\u200bb", "ab"),
        (13912345678, "13912345678"),
        (1.0, "1"),
        (1.5, "1.5"),
        (999999999999999, "999999999999999"),
        (True, "TRUE"),
        (None, ""),
    ],
)
def test_text(cell, text):
    assert column("姓名", cell) == ([text], [])


@pytest.mark.parametrize("cell", [123456789012345678, 1e15, -1e15, date(2026, 1, 2)])
def test_a_number_that_lost_digits_or_a_date_is_no_text(cell):
    values, problems = column("姓名", cell)
    assert values == [""]
    assert len(problems) == 1


def test_text_has_a_length():
    values, problems = column("姓名", "一二三", "一二", max_length=2)
    assert (values, len(problems)) == (["", "一二"], 1)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("张 三", "张三"),
        ("张　三", "张三"),
        (" 欧阳\u00a0 娜娜 ", "欧阳娜娜"),
        ("阿依古丽 · 买买提", "阿依古丽·买买提"),
        ("John Smith", "John Smith"),
    ],
)
def test_spaces_inside_chinese_names_go(cell, name):
    assert column("姓名", cell, read="name") == ([name], [])


def test_names_in_one_cell():
    [names], problems = column("姓名", "甲；乙;丙、丁，戊\n己 , 甲；", read="names")
    assert (names, problems) == (["甲", "乙", "丙", "丁", "戊", "己"], [])


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (3, "3.00"),
        (-1.5, "-1.50"),
        (0.1 + 0.2, "0.30"),
        (1.1 * 3, "3.30"),
        ("２．５", "2.50"),
        ("－３", "-3.00"),
        ("−3", "-3.00"),
        ("+4", "4.00"),
        (None, None),
    ],
)
def test_decimal(cell, number):
    assert column("分值", cell, read="decimal") == ([number and Decimal(number)], [])


@pytest.mark.parametrize(
    "cell", ["abc", "1e5", "nan", 1.005, "1.234", True, date(2026, 1, 2), 1e9, "1,000", 1e300]
)
def test_what_is_no_number_of_points_is_reported(cell):
    values, problems = column("分值", cell, read="decimal")
    assert values == [None]
    assert len(problems) == 1


def test_decimal_has_bounds():
    values, problems = column("分值", -1, 0, 5, read="decimal", low="0", high="4")
    assert (values, [p.row for p in problems]) == ([None, Decimal("0.00"), None], [2, 4])


def test_integer():
    values, problems = column("分值", 2, "3", 2.5, "x", 10, read="integer", high=9)
    assert (values, [p.row for p in problems]) == ([2, 3, None, None, None], [4, 5, 6])


def test_dates_and_months():
    cells = [datetime(2026, 10, 5), "2026年10月5日", "2026.10.5", "昨天", None]
    values, problems = column("日期", *cells, read="date")
    day = date(2026, 10, 5)
    assert (values, [p.row for p in problems]) == ([day, day, day, None, None], [5])
    values, problems = column("年月", *cells, 202610, "2026-10", 202613, read="month")
    month = date(2026, 10, 1)
    assert values == [month, month, month, None, None, month, month, None]
    assert [p.row for p in problems] == [5, 9]


def test_yes_and_no():
    values, problems = column(
        "是否", "是", "Ｙ", "y", 1, True, "true", "否", "n", 0, False, "false", None, read="yes_no"
    )
    assert (values, problems) == ([True] * 6 + [False] * 6, [])
    values, problems = column("是否", "大概", 2, read="yes_no")
    assert (values, len(problems)) == ([False, False], 2)


def test_a_choice():
    values, problems = column("姓名", "甲", "丙", None, read="choice", choices={"甲": 1, "乙": 2})
    assert (values, [p.value for p in problems]) == ([1, None, None], ["丙"])
    assert "甲、乙" in problems[0].expected


def test_a_required_cell_must_be_filled_in():
    sheet = opened(["工号", "姓名"], [None, "张三"])
    [row] = sheet
    assert row.text("工号") == ""
    assert row.is_bad
    assert sheet.problems[0].value == ""


def test_every_bad_cell_is_reported():
    sheet = opened(["工号", "分值", "日期"], [None, "x", "y"], ["A2", 1.234, 3], ["A3", 1, None])
    for row in sheet:
        row.text("工号"), row.decimal("分值"), row.date("日期")
    assert [(p.row, p.column, p.value) for p in sheet.problems] == [
        (2, "工号", ""),
        (2, "分值", "x"),
        (2, "日期", "y"),
        (3, "分值", "1.234"),
        (3, "日期", "3"),
    ]


def test_a_problem_names_sheet_row_column_value_and_expectation():
    message = str(Problem("台账", 7, "分值", "x" * 100, "a number"))
    for part in ("台账", "7", "分值", "x" * 50, "a number"):
        assert part in message
    assert "x" * 61 not in message


cells = st.none() | st.text(max_size=20) | st.integers() | st.floats() | st.booleans() | st.dates()
XML_SAFE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=8))
def test_no_cell_makes_reading_fail(rows):
    safe = [
        [XML_SAFE.sub("", cell) if isinstance(cell, str) else cell for cell in row]
        for row in rows
        if not any(isinstance(cell, date) and cell.year < 1901 for cell in row)
    ]
    sheet = opened(["工号", "分值"], *safe)
    for row in sheet:
        row.text("工号")
        row.name("工号")
        row.names("工号")
        row.decimal("分值")
        row.integer("分值")
        row.date("分值")
        row.month("分值")
        row.yes_no("分值")
        row.choice("分值", {})


# Writing


def written(*sheets):
    stream = io.BytesIO()
    write_workbook(stream, sheets)
    return openpyxl.load_workbook(io.BytesIO(stream.getvalue()))


def test_numbers_are_numbers_and_text_is_text():
    columns = [
        Column("姓名"),
        Column("分", Kind.POINTS),
        Column("数", Kind.INTEGER),
        Column("占比", Kind.PERCENT),
        Column("日", Kind.DATE),
    ]
    day = date(2026, 10, 5)
    page = written(SheetOut("表", columns, [["张三", Decimal("80.50"), 3, 0.3, day], [None] * 5]))[
        "表"
    ]
    assert [cell.value for cell in page[1]] == ["姓名", "分", "数", "占比", "日"]
    assert [cell.value for cell in page[2]] == ["张三", 80.5, 3, 0.3, datetime(2026, 10, 5)]
    formats = ["@", "0.00", "0", "0%", "yyyy-mm-dd"]
    assert [cell.number_format for cell in page[2]] == formats
    assert page.max_row == 2


@pytest.mark.parametrize("text", ["=1+1", "+86", "-x", "@SUM(A1)", "http://x.test", "0012", "1"])
def test_nothing_becomes_a_formula_a_link_or_a_number(text):
    cell = written(SheetOut("表", [Column("文")], [[text]]))["表"]["A2"]
    assert (cell.value, cell.hyperlink) == (text, None)
    assert cell.data_type != "f"
    assert bool(cell.quotePrefix) == text.startswith(("=", "+", "-", "@"))


def test_what_was_written_reads_back():
    rows = [["=1+1", "张三", Decimal("1.50")], ["A2", "李 四", Decimal("-0.01")]]
    stream = io.BytesIO()
    columns = [Column("工号"), Column("姓名"), Column("分值", Kind.POINTS)]
    assert write_workbook(stream, [SheetOut("台账", columns, rows)]) == 2
    sheet = read_sheets(stream.getvalue(), [SPEC])["台账"]
    assert [[r.text("工号"), r.text("姓名"), r.decimal("分值")] for r in sheet] == rows
    assert sheet.problems == []


def test_the_sheet_is_set_up_for_reading_and_printing():
    rows = [["人力资源和社会保障厅直属机关党委办公室党支部", "x"], ["短", "x" * 200]]
    page = written(SheetOut("表", [Column("支部"), Column("说明")], rows))["表"]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:B3"
    assert (page.page_setup.orientation, int(page.page_setup.paperSize)) == ("landscape", 9)
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) in ((1, 0), (None, 0))
    assert page.print_title_rows == "$1:$1"
    assert 44 <= page.column_dimensions["A"].width <= 50
    assert 55 <= page.column_dimensions["B"].width <= 65


def test_a_share_never_looks_like_a_whole_percent_that_it_is_not():
    shares = [0, 0.3, Decimal(7) / 100, 8 / 27, Decimal("0.2996"), 0.29996, 1 / 3, 0.3000000001, 1]
    page = written(SheetOut("表", [Column("占比", Kind.PERCENT)], [[one] for one in shares]))["表"]
    assert [row[0].number_format for row in page.iter_rows(min_row=2)] == [
        "0%",
        "0%",
        "0%",
        "0.0%",
        "0.00%",
        "0.000%",
        "0.0%",
        "0.0000%",
        "0%",
    ]


def test_the_heading_is_on_paper_only_and_lines_are_printed():
    stream = io.BytesIO()
    write_workbook(stream, [SheetOut("表", [Column("名")], [["甲"]])], heading="2025年 甲&乙")
    page = openpyxl.load_workbook(stream)["表"]
    assert page["A1"].value == "名"
    assert page.oddHeader.center.text == "2025年 甲&&乙"
    assert page.print_options.gridLines
    assert not written(SheetOut("表", [Column("名")], []))["表"].oddHeader.center.text


def test_what_is_wider_than_its_column_goes_on_in_the_next_line():
    columns = [Column("合格线合计", Kind.POINTS, width=9), Column("说明", width=10)]
    page = written(SheetOut("表", columns, [[840, "很长很长的说明"], [70, "短"]]))["表"]
    assert [page.column_dimensions[name].width for name in "AB"] == pytest.approx([9, 10], abs=1)
    wraps = [bool(page[cell].alignment.wrap_text) for cell in ("A1", "B2", "B3")]
    assert wraps == [True, True, False]
    assert page.row_dimensions[1].height == 30


def test_an_empty_sheet_still_has_its_header():
    page = written(SheetOut("表", [Column("支部"), Column("姓名")], []))["表"]
    assert (page.max_row, page["A1"].value, page.auto_filter.ref) == (1, "支部", "A1:B1")


def test_rows_are_streamed(tmp_path):
    def rows():
        for number in range(20_000):
            yield [f"A{number}", "张三", Decimal("80.00")]

    columns = [Column("工号"), Column("姓名"), Column("分值", Kind.POINTS)]
    tracemalloc.start()
    try:
        count = write_workbook(tmp_path / "x.xlsx", [SheetOut("台账", columns, rows())])
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert count == 20_000
    sheet = read_sheets(tmp_path / "x.xlsx", [SPEC])["台账"]
    assert sum(1 for row in sheet if row.decimal("分值") == 80) == 20_000
