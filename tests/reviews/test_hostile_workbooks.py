"""Workbooks from outside are hostile: every import gives a clear answer, and writes nothing."""

import io
import zipfile
from datetime import UTC, datetime
from functools import cache

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from branches.models import Branch
from members.imports import apply_roll, parse_roll
from members.models import Event, Member
from members.rights import system_actor
from points.imports import parse_rulebook
from reviews.imports import parse_ledger
from tests.workbooks import criterion, entry, ledger, person, roll, rule_book, rule_books

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
IMPORTS = {
    "import_roll": (parse_roll, roll(person(1), person(2)), "党员名册"),
    "import_rulebook": (
        parse_rulebook,
        rule_books([rule_book("办公室党支部")], [criterion("A1", 2), criterion("A2", 2)]),
        "评分标准",
    ),
    "import_ledger": (
        parse_ledger,
        ledger(entry("2025-01", "A1", "A1"), entry("2025-01", "A1", "A1")),
        "积分台账",
    ),
}


def changed(content, sheet, edit):
    book = openpyxl.load_workbook(io.BytesIO(content))
    edit(book[sheet])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@cache
def bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(257 * 1024 * 1024))
    return stream.getvalue()


HOSTILE = {
    "no workbook": lambda content, sheet: b"PK\x03\x04 nothing",
    "a zip bomb": lambda content, sheet: bomb(),
    "a far cell": lambda content, sheet: changed(
        content, sheet, lambda page: page.cell(1_048_576, 16_384, "x")
    ),
    "merged cells": lambda content, sheet: changed(
        content, sheet, lambda page: page.merge_cells("A2:A3")
    ),
    "a formula": lambda content, sheet: changed(
        content, sheet, lambda page: page.cell(2, 2, "=A1&B1")
    ),
    "an 18-digit number": lambda content, sheet: changed(
        content, sheet, lambda page: page.cell(2, 2, 123456789012345678)
    ),
    "a date where text belongs": lambda content, sheet: changed(
        content, sheet, lambda page: page.cell(2, 2, datetime(2026, 1, 1))
    ),
    "a missing sheet": lambda content, sheet: changed(
        content, sheet, lambda page: setattr(page, "title", "别的表")
    ),
    "a missing column": lambda content, sheet: changed(
        content, sheet, lambda page: page.delete_cols(2)
    ),
}


@pytest.mark.parametrize("command", IMPORTS)
@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_workbook_gets_a_clear_answer(command, attack):
    parse, content, sheet = IMPORTS[command]
    assert parse(content).problems == ()
    file = parse(HOSTILE[attack](content, sheet))
    assert len(file.problems) == 1
    assert all(str(problem) for problem in file.problems)


@pytest.mark.django_db
@pytest.mark.parametrize("command", IMPORTS)
def test_a_command_refuses_and_writes_nothing(command, tmp_path, capsys):
    path = tmp_path / "file.xlsx"
    path.write_bytes(HOSTILE["merged cells"](*IMPORTS[command][1:]))
    with pytest.raises(CommandError):
        call_command(command, str(path))
    assert "A2:A3" in capsys.readouterr().err
    with pytest.raises(CommandError):
        call_command(command, str(tmp_path / "nowhere.xlsx"))
    assert not Branch.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_what_people_type_is_understood():
    people = [
        person(1, 工号="Ａ１ ", 姓名="张　三", 出生日期="１９８０年５月６日", 领导干部="Ｙ"),
        {},
        person(2, 工号=" a2\u200b", 姓名="李 四 ", 领导干部=0, 手机=13900000001.0),
    ]
    file = parse_roll(changed(roll(*people), "党员名册", lambda page: page.insert_rows(2, 3)))
    report = apply_roll(file, by=system_actor(), at=AT)
    assert report.problems == ()
    assert list(
        Member.objects.values_list("staff_no", "name", "born_on__year", "is_leading_cadre", "phone")
    ) == [("A1", "张三", 1980, True, ""), ("a2", "李四", None, False, "13900000001")]
