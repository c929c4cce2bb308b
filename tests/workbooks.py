"""Workbooks as people send them, built in a test."""

import io

import openpyxl


def workbook(**sheets):
    """The bytes of a workbook: ``workbook(细则=[{"支部": "…", …}, …])``; a sheet given as a list
    of lists is written as it stands."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        if rows and isinstance(rows[0], dict):
            columns = list(dict.fromkeys(column for row in rows for column in row))
            page.append(columns)
            for row in rows:
                page.append([row.get(column) for column in columns])
        else:
            for row in rows:
                page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


ORGANISATIONS = [
    {"名称": "厅直属机关党委", "类型": "党委", "上级党组织": None},
    {"名称": "办公室党支部", "类型": "党支部", "上级党组织": "厅直属机关党委"},
    {"名称": "法规处党支部", "类型": "党支部", "上级党组织": "厅直属机关党委"},
]


def person(number, branch="办公室党支部", **cells):
    """A row of 党员名册."""
    return {
        "支部": branch,
        "工号": f"A{number}",
        "姓名": f"党员{'甲乙丙丁戊己庚辛'[number]}",
    } | cells


def roll(*people, organisations=ORGANISATIONS):
    return workbook(党组织=organisations, 党员名册=list(people) or [["支部", "工号", "姓名"]])
