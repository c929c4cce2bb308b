"""The year on paper, the sentence behind a figure, and the log, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.office import said, sheets_of
from tests.reviews.spot_checking import closed_month

# Forty matters more in one category: what a diligent year holds.
CROWD = """group => { const last = group.rows[group.rows.length - 1];
  for (let more = 0; more < 40; more++) group.append(last.cloneNode(true)); }"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_year_on_paper_and_the_sentence_behind_its_total(browsers):
    month, base = closed_month("member"), browsers.base
    year = month.month.year

    # The member's own sheet, from the page of the year.
    member = browsers.of(month.users["member"])
    member.goto(f"{base}/results/{year}/")
    member.get_by_role("link", name=said("Personal year sheet"), exact=True).click()
    paper = member.locator("article.paper")
    expect(paper).to_contain_text(month.member.name)
    expect(paper.locator(".paper__sign").first).to_be_visible()

    # A figure leads to its sentence, and nowhere else.
    figure = said("Total of the year")
    paper.locator(".rule-link[href$='#total']").click()
    expect(member).to_have_url(re.compile(r"/about/rules/#total$"))
    expect(member.locator("#total h3")).to_have_text(figure)
    expect(member.locator("#total")).to_be_in_viewport()

    # The branch's document: each member begins a sheet of paper, and only paper is printed.
    secretary = browsers.of(month.users["secretary"])
    secretary.goto(f"{base}/year/{year}/sheets/")
    sheets = secretary.locator("article.paper--sheet")
    expect(sheets).to_have_count(5)
    secretary.emulate_media(media="print")
    expect(secretary.locator(".sidebar, .page-head, .rule-link").first).to_be_hidden()
    breaks = [sheet.evaluate("one => getComputedStyle(one).breakBefore") for sheet in sheets.all()]
    assert breaks == ["auto", *["page"] * 4]
    assert sheets_of(secretary) == 5


def test_a_full_year_is_one_sheet_on_paper_and_no_wider_than_a_phone(browsers):
    month = closed_month("member")
    member = browsers.of(month.users["member"])
    member.goto(f"{browsers.base}/results/{month.month.year}/sheet/")
    months = member.locator(".year-sheet__months")
    assert months.evaluate("one => one.scrollWidth <= one.clientWidth")
    matters = member.locator(".year-sheet__matters tbody")
    expect(matters.first.locator("tr").first.locator("th[colspan]")).to_be_visible()
    matters.first.evaluate(CROWD)
    assert matters.first.locator("tr").count() > 40
    assert sheets_of(member) == 1


def test_the_log_is_narrowed_and_says_when_nothing_fits(browsers):
    month, base = closed_month("member"), browsers.base
    staff = browsers.of(month.users["staff"])
    staff.goto(f"{base}/audit/")
    published = staff.locator("main tbody tr")
    before = published.count()
    staff.locator("select[name=verb]").select_option("publish")
    staff.locator("main form button[type=submit]").first.click()
    expect(published).to_have_count(1)
    assert before > 1
    staff.locator("input[name=person]").fill("没有这个人")
    staff.locator("main form button[type=submit]").first.click()
    expect(staff.locator("main")).to_contain_text(said("No step found"))
    expect(staff.locator("select[name=verb]")).to_have_value("publish")
