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


def criterion(code, points, **cells):
    """A row of 评分标准 that holds for every branch."""
    return {
        "支部": "*",
        "编号": code,
        "类别": "参加学习教育",
        "内容": f"内容{code}",
        "分值": points,
        "登记方式": "支部登记",
    } | cells


def rule_book(branch, **cells):
    """A row of 细则."""
    return {"支部": branch, "生效年月": "2024-12", "基础分": 80, "合格分值": 70} | cells


def rule_books(books, criteria, caps=()):
    sheets = {"细则": list(books), "评分标准": list(criteria)}
    if caps:
        sheets["类别上限"] = list(caps)
    return workbook(**sheets)


def entry(month, staff_no, code, branch="办公室党支部", **cells):
    """A row of 积分台账."""
    return {"年月": month, "支部": branch, "工号": staff_no, "编号": code} | cells


def ledger(*rows, months=(), exemptions=()):
    sheets = {"积分台账": list(rows) or [["年月", "支部", "工号", "编号"]]}
    if months:
        sheets["参评月份"] = [{"年月": month, "支部": branch} for month, branch in months]
    if exemptions:
        sheets["免评"] = list(exemptions)
    return workbook(**sheets)
