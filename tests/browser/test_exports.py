"""Exports in the browser: asked for, waited for, taken; and what is refused."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from lib.months import format_month, previous_month
from members.models import Event
from members.rights import actor_on, system_actor
from reviews.exports.asking import Asked
from reviews.models import Export
from reviews.services import exports as services
from reviews.services.year_end import close_year
from tests.browser.office import Office, fits, said
from tests.reviews.final_results import even_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def taken(page):
    """The workbook that the page's download gives."""
    with page.expect_download() as download:
        page.get_by_role("link", name=said("Download"), exact=True).click()
    return openpyxl.load_workbook(BytesIO(download.value.path().read_bytes()))


def test_a_secretary_exports_the_ledger_and_takes_it(browsers):
    office = Office()
    month, before = format_month(office.month), format_month(previous_month(office.month))
    page = browsers.of(office.secretary.user)
    page.goto(f"{browsers.base}/exports/")
    assert fits(page)
    page.locator('a[href$="/exports/new/ledger/"]').click()

    # The wrong way round: what was typed is still there.
    page.locator("[name=first_month]").fill(month)
    page.locator("[name=last_month]").fill(before)
    page.get_by_role("button", name=said("Make the file")).click()
    expect(page.locator("[name=last_month][aria-invalid=true]")).to_have_value(before)
    assert not Export.objects.exists()
    page.locator("[name=last_month]").fill(month)
    page.get_by_role("button", name=said("Make the file")).click()
    assert fits(page)
    book = taken(page)

    assert book.sheetnames == ["积分台账", "参评月份", "免评", "说明"]
    assert dict(book["说明"].iter_rows(values_only=True))["导出范围"] == office.branch.name
    assert Event.objects.filter(verb="download_export", by=office.secretary.user).count() == 1
    # What is for committee staff alone is not offered, and not given.
    assert page.goto(f"{browsers.base}/exports/new/roll/").status == 403


def test_staff_export_the_year_and_wait_for_a_large_one(browsers):
    office = Office()
    even_year(office.branch, 2025, [90, 80], at=timezone.now())
    committee = office.branch.committee
    close_year(
        committee=committee, year=2025, provisional=False, by=system_actor(), at=timezone.now()
    )
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}/exports/new/year/")
    assert fits(page)
    page.get_by_role("button", name=said("Make the file")).click()
    rows = list(taken(page)["年度汇总"].iter_rows(min_row=2, values_only=True))
    assert [(row[1], row[16]) for row in rows] == [(1, 1080), (2, 960)]

    waiting = services.request_export(
        kind="BURDEN",
        asked=Asked(first_month=date(2025, 1, 1), last_month=date(2025, 12, 1)),
        branches=[office.branch.pk],
        by=actor_on(office.staff, office.today),
        at=timezone.now(),
    )
    page.goto(f"{browsers.base}{waiting.get_absolute_url()}")
    assert fits(page)
    download = page.get_by_role("link", name=said("Download"), exact=True)
    expect(download).to_have_count(0)
    services.make(export_id=waiting.pk, clock=timezone.now)
    if not browsers.java_script:
        page.get_by_role("link", name=said("Look again")).click()
    expect(download).to_be_visible()
