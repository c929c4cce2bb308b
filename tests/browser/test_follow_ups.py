"""A talk in a browser: recorded at a desk, answered and put right on a phone, checked and closed;
disputed and recorded again; and without JavaScript."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from lib.months import add_months
from points.models import MonthlyResult
from reviews.models import FollowUp, FollowUpRecord
from tests.browser.office import DESK, PHONE, Browsers, Office, said
from tests.points.uploads import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def office():
    return Office()


@pytest.fixture
def talk(office) -> FollowUp:
    month = add_months(office.month, -1)
    MonthlyResult.objects.create(
        member=office.member,
        branch=office.branch,
        rule_book=office.round.rule_book,
        month=month,
        is_final=True,
        base=80,
        plus=0,
        minus=15,
        score=65,
        pass_line=70,
        is_below=True,
        computed_at=office.now,
    )
    return FollowUp.objects.create(
        kind=FollowUp.Kind.TALK,
        branch=office.branch,
        member=office.member,
        holder=office.secretary,
        first_month=month,
        trigger_month=month,
        year=month.year,
        due_on=office.today,
        opened_at=office.now,
    )


@pytest.fixture
def open_browsers(browser, live_server):
    opened = []

    def of(viewport, java_script=True):
        opened.append(Browsers(browser, live_server.url, viewport, java_script))
        return opened[-1]

    yield of
    for context in browser.contexts:
        context.close()
    assert [one for browsers in opened for one in browsers.complaints] == []


def fill_record(page, office, **more):
    page.locator("input[name=place]").fill("三楼谈话室")
    page.locator("textarea[name=said]").fill(more.get("said", "谈了缺席的原因"))
    page.locator("textarea[name=measures]").fill(more.get("measures", "补学一次"))
    day = office.today + timedelta(days=20)
    page.locator("input[name=rectify_by]").fill(day.isoformat())
    page.locator("main form.form button.button--primary").click()


def test_a_talk_from_its_record_to_its_end(office, talk, open_browsers):
    desk, phone = open_browsers(DESK), open_browsers(PHONE)
    secretary = desk.of(office.secretary.user)
    secretary.goto(f"{desk.base}{talk.get_absolute_url()}")
    secretary.locator("a.button--primary").click()
    # Refused: a day by which nothing is to be put right. What was typed stands there still.
    fill_record(secretary, office, measures="")
    refusal = said("Say what is to be put right by that day.")
    expect(secretary.locator("main")).to_contain_text(refusal)
    expect(secretary.locator("textarea[name=said]")).to_have_value("谈了缺席的原因")
    fill_record(secretary, office)
    expect(secretary.locator("main .facts").first).to_contain_text("谈了缺席的原因")

    # The member finds it at home, reads it on a phone, and confirms.
    member = phone.of(office.member.user)
    member.goto(phone.base)
    member.locator(f"main .todo a[href='{talk.get_absolute_url()}']").first.click()
    expect(member.locator("main")).to_contain_text("谈了缺席的原因")
    member.locator("button.button--primary", has_text=said("The record is right")).click()
    member.locator("textarea[name=text]").fill("补学了集中学习内容")
    member.locator("input[name=papers]").set_input_files(
        {"name": "笔记.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    member.get_by_role("button", name=said("Write it down")).click()
    expect(member.locator("main .said")).to_contain_text("补学了集中学习内容")
    expect(member.locator("main .said a")).to_contain_text("笔记.jpg")
    member.get_by_role("button", name=said("It is put right: ask for the check")).click()

    # The secretary checks it, and it is closed.
    secretary.goto(f"{desk.base}{talk.get_absolute_url()}")
    secretary.locator("input[value=PUT_RIGHT]").check()
    expect(secretary.locator("input[name=due_on]")).to_be_hidden()
    secretary.locator("textarea[name=reason]:visible").fill("笔记齐全")
    secretary.get_by_role("button", name=said("Record the check")).click()
    expect(secretary.locator("main .said--answer")).to_contain_text("笔记齐全")
    talk.refresh_from_db()
    assert talk.state == "CLOSED"


def test_a_disputed_record_without_javascript(office, talk, open_browsers):
    plain = open_browsers(PHONE, java_script=False)
    secretary, member = plain.of(office.secretary.user), plain.of(office.member.user)
    where = f"{plain.base}{talk.get_absolute_url()}"
    secretary.goto(f"{where}record/")
    fill_record(secretary, office, said="未请假")

    member.goto(where)
    member.locator("summary", has_text=said("Something in it is not right")).click()
    member.locator("textarea[name=reason]").fill("口头请过假")
    member.get_by_role("button", name=said("Dispute the record")).click()
    expect(member.locator("main .facts").first).to_contain_text("口头请过假")

    secretary.goto(where)
    secretary.locator("a.button--primary").click()
    fill_record(secretary, office, said="已口头请假")

    member.goto(where)
    expect(member.locator("main .facts").first).to_contain_text("已口头请假")
    member.locator("button.button--primary").click()
    talk.refresh_from_db()
    assert talk.state == "RECTIFYING"
    assert FollowUpRecord.objects.count() == 2
