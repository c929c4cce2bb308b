"""A real browser, at the width of a phone and of a desk, with nothing from outside.

The host rules let the browser find this machine only: a page that needs anything else fails.
What a page reports on the console, a violation of the content security policy included,
fails the test that saw it.
"""

import importlib.util
import os
import shutil

import pytest

from tests.browser.office import DESK, PHONE, WAYS, Browsers

if importlib.util.find_spec("playwright") is None:
    # Set up by `make e2e`, not by `make test`.
    collect_ignore_glob = ["test_*.py"]

# Playwright runs an event loop of its own beside the test.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium; Playwright's own is not downloaded."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if path is None:
        pytest.fail("no browser: apt-get install chromium fonts-noto-cjk, or set CHROMIUM")
    return browser_type_launch_args | {"executable_path": path, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def at_width(request, page):
    """The page at the width of a phone, and again at that of a desk."""
    page.set_viewport_size(request.param)
    return page


@pytest.fixture(params=["phone", "desk without JavaScript"])
def browsers(request, browser, live_server):
    """Each person's own browser, in one of the ``WAYS``; a test names others by ``in_browsers``."""
    browsers = Browsers(browser, live_server.url, *WAYS[request.param])
    yield browsers
    for context in browser.contexts:
        context.close()
    assert browsers.complaints == []


@pytest.fixture(autouse=True)
def _console_stays_quiet(request):
    """Fail on what the browser reports, unless the test is marked to expect it."""
    if "page" not in request.fixturenames:
        yield
        return
    page = request.getfixturevalue("page")
    reported: list[str] = []
    page.on("pageerror", lambda error: reported.append(str(error)))
    page.on(
        "console",
        lambda message: reported.append(message.text) if message.type == "error" else None,
    )
    yield
    # A form that is refused answers 4xx, which the console mentions: that is no mistake.
    assert [one for one in reported if "status of 4" not in one] == []


@pytest.fixture
def violations():
    """Ask axe for what a page breaks of WCAG 2.2 AA: rule and element, or nothing."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def ask(page) -> list[str]:
        found = axe.run(page, options={"runOnly": rules}).response["violations"]
        return [
            f"{violation['id']}: {' '.join(node['target'])}"
            for violation in found
            for node in violation["nodes"]
        ]

    return ask
