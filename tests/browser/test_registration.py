"""Registering what a branch held: at a desk, on a phone, and without JavaScript."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from points.models import Activity, Criterion, Entry, Registration
from tests.browser.office import Office, fits, in_browsers, said
from tests.factories import CriterionFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    in_browsers("phone", "desk", "phone without JavaScript"),
]


def test_an_activity_with_one_absent_and_its_undoing(browsers):
    office = Office()
    page = browsers.of(office.secretary.user)
    page.goto(browsers.base + reverse("register"))
    form = page.locator("form.form--wide")
    form.locator("input[name=place]").fill("三楼会议室")
    form.locator("input[name=text]").fill("学习贯彻全会精神")
    form.locator(f"input[name=member_{office.other.pk}][value=ABSENT]").check(force=True)
    form.locator("select[name=item_ABSENT]").select_option(str(office.absence.pk))
    if browsers.java_script:
        expect(form.locator("[data-tally=ABSENT]")).to_have_text("1")
    assert fits(page)

    # A date outside the month is refused, and nothing that was marked is lost.
    day = form.locator("input[name=held_on]")
    day.evaluate("field => { field.removeAttribute('min'); field.form.noValidate = true; }")
    day.fill((office.month - timedelta(days=1)).isoformat())
    form.locator("button.button--primary").click()
    expect(page.locator(".error-summary")).to_contain_text(
        said("The date must lie in the month of the round.")
    )
    expect(form.locator(f"input[name=member_{office.other.pk}][value=ABSENT]")).to_be_checked()
    assert not Activity.objects.exists()

    day.fill(office.today.isoformat())
    form.locator("button.button--primary").click()
    page.wait_for_url("**/register/activities/**")
    expect(page.locator("main")).to_contain_text(office.other.name)
    entry = Entry.objects.get()
    assert (entry.member, entry.claimed_points) == (office.other, Decimal("-12.00"))
    assert fits(page)

    activity = Activity.objects.get()
    page.goto(browsers.base + reverse("attendance_sheet", args=[activity.pk]))
    expect(page.locator(".paper")).to_contain_text(office.member.name)
    page.goto(browsers.base + activity.get_absolute_url())
    page.locator("summary", has_text=said("Undo the activity")).click()
    page.locator("dialog input[name=reason]").fill("日期有误，重新登记")
    page.locator("dialog button[type=submit]:visible").click()
    expect(page.locator("main")).to_contain_text("日期有误，重新登记")
    assert not Entry.objects.standing().exists()


def test_the_committee_registers_with_a_document_that_the_branch_does_not_read(browsers):
    office = Office()
    discipline = CriterionFactory(
        rule_book=office.study.rule_book,
        code="JL-05B",
        text="被诫勉",
        points=Decimal("-10.00"),
        registered_by=Criterion.RegisteredBy.COMMITTEE,
    )
    page = browsers.of(office.staff)
    page.goto(f"{browsers.base}{reverse('register')}?way=committee&item={discipline.pk}")
    form = page.locator("form.form--wide")
    form.locator(f"input[name=members][value='{office.other.pk}']").check()
    number = form.locator("input[name=document_no]")
    number.evaluate("field => { field.form.noValidate = true; }")
    form.locator("input[name=document_on]").fill(office.today.isoformat())
    form.locator("button.button--primary").click()
    expect(page.locator(".error-summary")).to_contain_text(
        said("Enter the number of the document it rests on.")
    )
    number.fill("厅机纪〔2026〕3号")
    form.locator("button.button--primary").click()
    expect(page.locator("table")).to_contain_text("厅机纪〔2026〕3号")
    assert Registration.objects.get().document_no == "厅机纪〔2026〕3号"
    assert fits(page)

    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{browsers.base}{reverse('register')}?way=item")
    table = secretary.locator("table")
    expect(table).to_contain_text(office.other.name)
    expect(table).not_to_contain_text("被诫勉")
    expect(table).not_to_contain_text("厅机纪〔2026〕3号")
