"""Signing in, as a person does it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.office import fits
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "the-right-one-2026"


@pytest.fixture
def account():
    user = UserFactory(username="li")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(page: Page, password: str) -> None:
    page.locator("input[name=username]").fill("li")
    page.locator("input[name=password]").fill(password)
    page.locator("form button[type=submit]", has_text=re.compile("登录|Sign in")).click()


def test_the_page_is_chinese_fits_and_is_open_to_everyone(at_width, live_server, violations):
    at_width.goto(f"{live_server.url}/sign-in/")

    expect(at_width.locator("html")).to_have_attribute("lang", re.compile("zh"))
    assert fits(at_width)
    assert violations(at_width) == []


def test_a_wrong_password_is_told_and_the_right_one_leads_home(page, live_server, account):
    page.goto(f"{live_server.url}/sign-in/")

    sign_in(page, "a-wrong-one")
    expect(page.get_by_role("alert").first).to_be_visible()
    sign_in(page, PASSWORD)

    page.wait_for_url(f"{live_server.url}/")
    expect(page.locator("h1").first).to_be_visible()


def test_five_wrong_passwords_lock_the_account_and_say_so(page, live_server, account):
    page.goto(f"{live_server.url}/sign-in/")
    for _ in range(5):
        sign_in(page, "a-wrong-one")
        page.wait_for_load_state()

    page.goto(f"{live_server.url}/sign-in/")
    sign_in(page, PASSWORD)

    page.wait_for_load_state()
    assert "/sign-in/" in page.url
    expect(page.locator("form button[type=submit]", has_text="登录")).to_have_count(0)
