"""The Word notices, opened again and compared with the database line by line."""

from copy import deepcopy
from datetime import date
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from docx import Document

from lib.display import points, signed_points, zh_date
from lib.word import Paper
from members.models import Position
from members.rights import system_actor
from points.models import MonthlyResult
from reviews.exports.notices import (
    PUBLICATION_WIDTHS,
    write_publication_notice,
    write_year_notice,
)
from reviews.models import AnnualResult, BranchAnnualResult, Publication
from reviews.services.year_end import close_year
from tests.factories import BranchFactory, CommitteeFactory
from tests.reviews.branch_month import BranchMonth, at
from tests.reviews.final_results import even_year

pytestmark = pytest.mark.django_db
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TWIPS = 1440 / 25.4
"""To a millimetre."""


def opened(target: BytesIO):
    target.seek(0)
    return Document(target)


def cells(table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


@pytest.fixture(scope="module")
def published(kept_rows) -> BranchMonth:
    month = BranchMonth()
    month.study.text = "=HYPERLINK(1)"
    month.study.save()
    month.punished.text = "受到诫勉谈话"
    month.punished.save()
    month.register("other", by="staff", item=month.item(month.punished))
    month.register("other", "deputy")
    return month.to("PUBLISHED")


@pytest.fixture
def branch(published) -> BranchMonth:
    return deepcopy(published)


def notice(branch) -> BytesIO:
    target = BytesIO()
    write_publication_notice(target, publication=Publication.objects.get())
    return target


def test_the_notice_of_a_publication_says_what_is_stored(branch):
    paper = opened(notice(branch))

    publication = Publication.objects.get()
    with translation.override("zh-hans"):
        expected = [[_("No."), _("Name"), _("Matters"), _("Plus"), _("Minus"), _("Score")]]
        results = MonthlyResult.objects.current().order_by("member__roll_order")
        for number, result in enumerate(results, start=1):
            lines = result.lines.order_by("entry__occurred_on", "entry")
            matters = [f"{name_of(line, branch)} {signed_points(line.credited)}" for line in lines]
            figures = [points(value) for value in (result.plus, result.minus, result.score)]
            said = "\n".join(matters) or _("none")
            expected.append([str(number), result.member.name, said, *figures])
        [table] = paper.tables
        assert cells(table) == expected
        assert [line for line in publication.notice_text.splitlines() if line.strip()] == [
            line.text for line in paper.paragraphs[1:2]
        ]
        assert branch.branch.name in paper.paragraphs[0].text
        assert [one.text for one in paper.paragraphs if one.text][-3:] == [
            branch.branch.name,
            zh_date(publication.starts_on),
            _("(seal of the branch)"),
        ]


def name_of(line, branch) -> str:
    if line.entry.criterion == branch.punished:
        return _("a matter that is not made public")
    return line.entry.criterion.text


def test_the_notice_hides_what_is_confidential_and_holds_no_links(branch):
    with ZipFile(notice(branch)) as file:
        names = file.namelist()
        text = file.read("word/document.xml").decode()
        links = file.read("word/_rels/document.xml.rels").decode()
        fonts = file.read("word/fontTable.xml").decode()

    assert "诫勉" not in text
    assert "=HYPERLINK(1)" in text
    assert not any("vbaProject" in name for name in names)
    for field in ("w:hyperlink", "w:fldSimple", "w:instrText", "w:altChunk"):
        assert field not in text
    assert 'TargetMode="External"' not in links
    assert 'w:eastAsia="仿宋"' in text
    assert 'w:eastAsia="方正小标宋简体"' in text
    assert '<w:altName w:val="FangSong"/>' in fonts


def test_the_sheet_is_laid_out_as_official_papers_are(branch):
    [section] = opened(notice(branch)).sections
    size = (section.page_width.mm, section.page_height.mm)
    margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
    assert [round(value) for value in size] == [210, 297]
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]


def test_columns_are_as_wide_as_their_cells_for_every_reader(branch):
    with ZipFile(notice(branch)) as file:
        root = ElementTree.fromstring(file.read("word/document.xml"))

    [table] = root.iter(f"{W}tbl")
    grid = [int(column.get(f"{W}w")) for column in table.iter(f"{W}gridCol")]
    assert [round(width / TWIPS) for width in grid] == list(PUBLICATION_WIDTHS)
    for row in table.iter(f"{W}tr"):
        assert [int(cell.get(f"{W}w")) for cell in row.iter(f"{W}tcW")] == grid
    assert table.find(f"{W}tblPr/{W}tblLayout").get(f"{W}type") == "fixed"


def test_a_quarter_has_a_table_for_each_of_its_months():
    month = BranchMonth(month=date(2026, 10, 1)).quarterly()
    months = [month, month.also(date(2026, 11, 1)).quarterly()]
    months.append(month.also(date(2026, 12, 1)).quarterly())
    for one in months:
        one.publish(when=at(12, 28))

    target = BytesIO()
    lead = Publication.objects.get(round__branch=month.branch, together_with=None)
    write_publication_notice(target, publication=lead)

    paper = opened(target)
    assert len(paper.tables) == 3
    assert {len(table.rows) for table in paper.tables} == {6}


def test_characters_that_no_file_can_hold_are_left_out():
    paper, target = Paper("甲\x00乙"), BytesIO()
    paper.text("一\x0b二")
    paper.table(["列"], [["三\x1f四"]], [50])
    paper.save(target)
    again = opened(target)
    assert [p.text for p in again.paragraphs if p.text][:1] == ["甲 乙"]
    assert cells(again.tables[0]) == [["列"], ["三 四"]]


# -- the year-end list --------------------------------------------------------------------

YEAR = 2025


def branch_of(committee, name: str, *scores: int):
    """A branch whose members have the same score in every month of the year."""
    branch = BranchFactory(committee=committee, name=name)
    even_year(branch, YEAR, scores, pass_line=60, at=timezone.now())
    return branch


@pytest.fixture
def committee():
    return CommitteeFactory(name="厅机关党委")


def closed(committee, *, provisional=False):
    close_year(
        committee=committee,
        year=YEAR,
        provisional=provisional,
        by=system_actor(),
        at=timezone.now(),
    )


def test_the_year_end_list_says_what_is_stored_and_no_points(committee):
    second, first = branch_of(committee, "乙", 71, 59), branch_of(committee, "甲", 70, 69, 73, 72)
    type(second).objects.filter(pk=second.pk).update(roll_order=first.roll_order + 1)
    closed(committee)
    secretary = second.memberships.earliest("pk").member
    Position.objects.create(member=secretary, branch=second, kind=Position.Kind.SECRETARY)

    target = BytesIO()
    write_year_notice(target, year=YEAR, branches=[second.pk, first.pk])
    paper = opened(target)

    candidates = AnnualResult.objects.filter(is_candidate=True).select_related("member")
    assert candidates.count() == 4
    for branch, table in zip((first, second), paper.tables, strict=False):
        stored = candidates.filter(branch=branch).order_by("member__staff_no")
        rows = cells(table)[1:]
        assert [row[1:] for row in rows] == [[o.member.name, o.member.staff_no] for o in stored]
    yes, no = ((row[2], row[4]) for row in cells(paper.tables[-1])[1:])
    assert yes != no
    assert [row[1] for row in cells(paper.tables[-1])[1:]] == ["甲", "乙"]
    assert [row[3] for row in cells(paper.tables[-1])[1:]] == ["—", secretary.name]
    assert [o.is_eligible for o in BranchAnnualResult.objects.order_by("branch__roll_order")] == [
        True,
        False,
    ]
    text = "\n".join(p.text for p in paper.paragraphs) + str([cells(t) for t in paper.tables])
    for result in AnnualResult.objects.all():
        assert points(result.total) not in text
    assert "厅机关党委" in text


def test_provisional_figures_are_no_ground_for_a_list(committee):
    branch = branch_of(committee, "甲", 70)
    closed(committee, provisional=True)

    target = BytesIO()
    write_year_notice(target, year=YEAR, branches=[branch.pk])

    assert opened(target).tables == []


def test_the_list_takes_the_same_number_of_queries_for_one_branch_and_for_three(
    committee, django_assert_num_queries
):
    branches = [branch_of(committee, name, 70).pk for name in "甲乙丙"]
    closed(committee)
    for some in (branches[:1], branches):
        with django_assert_num_queries(7):
            write_year_notice(BytesIO(), year=YEAR, branches=some)
