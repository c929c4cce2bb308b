"""The analysis of a branch: on a phone and at a desk, for a span, on paper; and of all below."""

import pytest
from playwright.sync_api import expect

from lib.months import add_months, month_of
from tests.browser.office import Office, fits, said, sheets_of
from tests.reviews.final_results import closed_round, final

INSIDE = "all => all.length > 0 && all.every(one => one.scrollWidth <= one.clientWidth)"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def months_closed_in(office: Office) -> None:
    """Three months before this one, stored as an import leaves them."""
    for back, points in ((3, 80), (2, 66), (1, 0)):
        month = add_months(month_of(office.today), -back)
        book = office.round.rule_book
        closed_round(office.branch, month, book=book, at=office.now).save()
        for person in (office.secretary, office.member, office.other):
            score = points if person == office.other else 80
            final(person, office.branch, month, book=book, score=score, at=office.now)


def test_a_secretary_chooses_months_and_prints(browsers):
    office = Office()
    months_closed_in(office)
    page = browsers.of(office.secretary.user)
    page.goto(f"{browsers.base}/branch/")
    expect(page.locator("svg[role=img]").first).to_be_visible()
    assert fits(page)
    assert page.locator("[data-part=BELOW], [data-part=ZERO]").count() == 2

    first = f"{add_months(office.month, -2):%Y-%m}"
    page.locator("select[name=first]").select_option(first)
    page.locator("select[name=last]").select_option(first)
    page.get_by_role("button", name=said("Show"), exact=True).click()
    assert page.locator("[data-part=BELOW]").get_attribute("data-count") == "1"
    assert page.locator("[data-part=LINE], [data-part=TEN]").count() == 1
    assert office.other.name not in page.locator("main").inner_text()

    # No table is to be scrolled sideways, and the whole is three sheets of A4.
    assert page.locator(".table-wrap").evaluate_all(INSIDE)
    assert sheets_of(page) <= 3

    page.locator("select[name=first]").select_option(f"{office.month:%Y-%m}")
    page.get_by_role("button", name=said("Show"), exact=True).click()
    expect(page.locator("select[name=last][aria-invalid=true]")).to_be_visible()
    assert fits(page)

    # As wide as an A4 sheet between its margins.
    page.set_viewport_size({"width": 673, "height": 930})
    page.emulate_media(media="print")
    expect(page.locator("form.toolbar")).to_be_hidden()
    expect(page.locator("svg[role=img]").first).to_be_visible()
    assert fits(page)


def test_staff_go_from_all_branches_to_one(browsers):
    office = Office()
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}/branch/")
    page.get_by_role("link", name=said("Punctuality"), exact=True).click()
    expect(page.locator("main table")).to_contain_text(office.branch.name)
    assert fits(page)
    page.get_by_role("link", name=office.branch.name).click()
    expect(page.locator("h1")).to_have_text(said("Situation analysis of the membership"))
    assert fits(page)
