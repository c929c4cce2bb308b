"""Objection, answer and appeal as people live them; and what they are refused."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from members.rights import actor_on, system_actor
from points.models import Entry, MonthlyResult
from reviews.demo.files import sign_in_sheet
from reviews.models import Appeal, Attachment, FollowUp, Objection, Publication
from reviews.services import conclusion as concluding
from reviews.services import objections as objecting
from reviews.services import round as rounds
from reviews.services.conclusion import MeetingRecord
from reviews.services.month_end import month_end
from tests.browser.office import Office, fits, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def office() -> Office:
    """Published: the secretary registered that one member was absent, who falls to 68."""
    office = Office()
    office.register_absence()
    secretary = actor_on(office.secretary.user, office.today)
    rounds.start_review(pk=office.round.pk, by=secretary, at=office.now)
    bench = (office.secretary.pk, office.deputy.pk)
    meeting = MeetingRecord("COMMITTEE", office.today, "会议室", bench[0], bench, "")
    concluding.record_meeting(pk=office.round.pk, meeting=meeting, by=secretary, at=office.now)
    concluding.conclude(pk=office.round.pk, by=secretary, at=office.now)
    return office


def objected(office: Office) -> Objection:
    return objecting.object_to(
        pk=Publication.objects.get().pk,
        line=MonthlyResult.objects.get(member=office.other).lines.get(),
        text="当日已请假",
        by=actor_on(office.other.user, office.today),
        at=office.now,
    )


def answered(office: Office) -> Objection:
    return objecting.answer(
        objection_id=objected(office).pk,
        text="未见请假条",
        correction=None,
        by=actor_on(office.deputy.user, office.today),
        at=office.now,
    )


def shoot(page: Page, name: str) -> None:
    """Keep a picture where a folder for them is named."""
    if folder := os.environ.get("SHOTS"):
        width = page.viewport_size["width"]
        page.screenshot(path=Path(folder) / f"appeals-{name}-{width}.png", full_page=True)


def press(page: Page, label: str) -> None:
    page.locator("main button", has_text=said(label)).first.click()
    page.wait_for_load_state()


def test_from_an_objection_to_an_upheld_appeal_that_withdraws_the_talk(browsers, office):
    base, month = browsers.base, office.month

    # The member objects to the line, with a picture.
    member = browsers.of(office.other.user)
    member.goto(f"{base}/results/{month.year}/{month.month}/")
    line = MonthlyResult.objects.get(member=office.other).lines.get()
    form = member.locator("#object form")
    form.locator("select[name=line]").select_option(str(line.pk))
    form.locator("textarea").fill("当日已请假，请核对请假条")
    photo = sign_in_sheet(name="请假条", on=office.today, number=3)
    form.locator("input[name=papers]").set_input_files(
        {"name": "请假条.png", "mimeType": "image/png", "buffer": photo.content}
    )
    shoot(member, "object")
    form.locator("button", has_text=said("Send the objection")).click()
    expect(member.locator("main")).to_contain_text("当日已请假，请核对请假条")
    objection = Objection.objects.get()
    assert Attachment.objects.get().post.objection == objection

    # The secretary registered it: the deputy answers, and keeps the result.
    secretary = browsers.of(office.secretary.user)
    secretary.goto(f"{base}/objections/{objection.pk}/")
    expect(secretary.locator("main")).to_contain_text(office.deputy.name)
    expect(secretary.locator("input[name=verdict]")).to_have_count(0)
    shoot(secretary, "not-yours")
    deputy = browsers.of(office.deputy.user)
    deputy.goto(f"{base}/objections/{objection.pk}/")
    shoot(deputy, "answer")
    assert fits(deputy)
    deputy.locator("input[name=verdict][value=KEEP]").check()
    deputy.locator("textarea[name=text]").last.fill("未见请假条，维持原认定")
    press(deputy, "Show what will change")
    deputy.locator("button[name=confirmed]").click()
    expect(deputy.locator("main")).to_contain_text("未见请假条，维持原认定")

    # The month closes, a talk is due; the member appeals.
    closing = Publication.objects.get().ends_on + timedelta(days=1)
    month_end(on=closing, by=system_actor(), at=office.now)
    talk = FollowUp.objects.get()
    member.goto(f"{base}/objections/{objection.pk}/")
    shoot(member, "answered")
    member.locator("a", has_text=said("Raise an appeal")).click()
    member.locator("textarea[name=text]").fill("请假条已于当日交支部")
    shoot(member, "raise")
    assert fits(member)
    press(member, "Send the appeal")
    expect(member.locator("main")).to_contain_text("请假条已于当日交支部")
    appeal = Appeal.objects.get()

    # Staff see what upholding will change, the talk included, and uphold.
    staff = browsers.of(office.staff)
    staff.goto(base)
    staff.locator(f"main a[href='{appeal.get_absolute_url()}']").first.click()
    staff.locator("input[name=verdict][value=CORRECT]").check()
    entry = Entry.objects.get(member=office.other)
    staff.locator("select[name=entry]").select_option(str(entry.pk))
    staff.locator("select[name=outcome]").select_option("REJECTED")
    staff.locator("textarea[name=text]").last.fill("请假手续完备，扣分撤销")
    shoot(staff, "decide")
    assert fits(staff)
    press(staff, "Show what will change")
    expect(staff.locator("main")).to_contain_text(
        said("Will be withdrawn: %(what)s") % {"what": ""}
    )
    expect(staff.locator("main")).to_contain_text(office.other.name)
    assert FollowUp.objects.get().state == FollowUp.State.OPEN
    shoot(staff, "preview")
    assert fits(staff)
    staff.locator("button[name=confirmed]").click()
    expect(staff.locator("main")).to_contain_text("请假手续完备，扣分撤销")
    talk.refresh_from_db()
    assert talk.state == FollowUp.State.WITHDRAWN
    assert MonthlyResult.objects.current().get(member=office.other).score == 80
    staff.goto(f"{base}/appeals/?show=decided")
    shoot(staff, "list")
    member.goto(f"{base}/appeals/{appeal.pk}/")
    expect(member.locator("main")).to_contain_text("请假手续完备，扣分撤销")
    shoot(member, "decided")
    assert fits(member)


def test_an_appeal_after_its_days_is_refused_and_says_since_when(browsers, office):
    objection = answered(office)
    Objection.objects.update(answered_at=office.now - timedelta(days=30))
    page = browsers.of(office.other.user)

    page.goto(f"{browsers.base}/appeals/new/objection/{objection.pk}/")

    expect(page.locator("main")).to_contain_text(said("An appeal is not possible"))
    expect(page.locator("main textarea")).to_have_count(0)
    shoot(page, "over")


def test_the_second_answer_is_told_who_was_first_and_keeps_the_words(browsers, office):
    objection = objected(office)
    pages = [browsers.of(office.deputy.user) for _browser in range(2)]
    for number, page in enumerate(pages):
        page.goto(f"{browsers.base}/objections/{objection.pk}/")
        page.locator("input[name=verdict][value=KEEP]").check()
        page.locator("textarea[name=text]").last.fill(f"第{number}份答复")
        press(page, "Show what will change")
    for page in pages:
        page.locator("button[name=confirmed]").click()
        page.wait_for_load_state()

    expect(pages[1].locator("main")).to_contain_text("第0份答复")
    expect(pages[1].locator("main")).to_contain_text("第1份答复")
    expect(pages[1].locator("main")).to_contain_text(said("What you wrote was not saved"))
    assert Objection.objects.get().answer == "第0份答复"
    shoot(pages[1], "second")


def test_a_published_result_is_corrected_openly(browsers, office):
    page = browsers.of(office.deputy.user)
    page.goto(f"{browsers.base}/publications/{Publication.objects.get().pk}/")
    page.locator("main a, header a", has_text=said("Correction")).first.click()
    page.locator("select[name=member]").select_option(str(office.other.pk))
    page.locator("form.pick-one button").click()
    page.locator("input[name=verdict][value=CORRECT]").check()
    page.locator("select[name=entry]").select_option(index=1)
    page.locator("select[name=outcome]").select_option("ADJUSTED")
    page.locator("input[name=points]").fill("-14")
    page.locator("textarea[name=text]").fill("缺席两次")
    shoot(page, "correct")
    assert fits(page)
    press(page, "Show what will change")
    expect(page.locator("main")).to_contain_text("66")
    shoot(page, "correct-preview")
    page.locator("button[name=confirmed]").click()
    page.wait_for_load_state()

    assert MonthlyResult.objects.current().get(member=office.other).score == 66
