"""What somebody is asked: told once, counted until read, done from the home page; and a mail
that failed is seen by staff and sent again, by nobody else."""

import pytest
from playwright.sync_api import expect

from members.models import Notice
from members.rights import actor_on, system_actor
from points.models import Declaration
from reviews.services import review as reviewing
from reviews.services import round as rounds
from tests.browser.office import Office, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def return_sheet(office: Office) -> Declaration:
    """The member has not filed; the secretary wants the sheet after all."""
    rounds.start_review(pk=office.round.pk, by=system_actor(), at=office.now)
    return reviewing.return_sheet(
        pk=office.round.pk,
        declaration_id=Declaration.objects.get(member=office.member).pk,
        reason="请补报本月志愿服务",
        by=actor_on(office.secretary.user, office.today),
        at=office.now,
    )


def test_a_returned_sheet_is_told_once_and_is_to_do_until_it_is_back(browsers):
    office = Office()
    sheet = return_sheet(office)
    page = browsers.of(office.member.user)

    page.goto(browsers.base)
    to_do = page.locator(f".todo a[href='{sheet.get_absolute_url()}']").first
    expect(to_do).to_be_visible()
    expect(page.locator(".notice[data-unread]")).to_have_count(1)

    # Opening the notice leads to the sheet, and it counts as read.
    page.locator(".notice[data-unread] button").click()
    page.wait_for_url(f"**{sheet.get_absolute_url()}")
    expect(page.locator("main")).to_contain_text("请补报本月志愿服务")
    page.goto(f"{browsers.base}/notices/")
    expect(page.locator(".notice")).to_have_count(1)
    expect(page.locator(".notice[data-unread]")).to_have_count(0)

    # Read is not done: the to-do goes when the sheet is back, not before.
    page.goto(browsers.base)
    expect(page.locator(f".todo a[href='{sheet.get_absolute_url()}']").first).to_be_visible()
    Declaration.objects.filter(pk=sheet.pk).update(state=Declaration.State.IN_REVIEW)
    page.reload()
    expect(page.locator(f".todo a[href='{sheet.get_absolute_url()}']")).to_have_count(0)


def test_a_failed_mail_is_sent_again_by_staff_only(browsers):
    office = Office()
    return_sheet(office)
    Notice.objects.update(delivery=Notice.Delivery.FAILED, attempts=6, error="Connection refused")
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}/notices/deliveries/")
    expect(page.locator("main")).to_contain_text("Connection refused")
    page.get_by_role("button", name=said("Try again")).first.click()
    page.wait_for_load_state()
    notice = Notice.objects.get(user=office.member.user)
    assert (notice.delivery, notice.attempts) == (Notice.Delivery.PENDING, 0)

    refused = browsers.of(office.secretary.user)
    assert refused.goto(f"{browsers.base}/notices/deliveries/").status == 403
