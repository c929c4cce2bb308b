"""Chinese unless this browser switched."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from config.language import language_middleware


@pytest.mark.parametrize(
    ("cookie", "accepts", "language"),
    [
        (None, None, "zh-hans"),
        (None, "en-US,en;q=0.9", "zh-hans"),
        ("en", "zh-CN", "en"),
        ("zh-hans", "en", "zh-hans"),
        ("xx", "en", "zh-hans"),
    ],
)
def test_language_follows_the_switch_and_not_the_browser(cookie, accepts, language):
    request = RequestFactory().get("/", headers={"Accept-Language": accepts} if accepts else {})
    if cookie:
        request.COOKIES["django_language"] = cookie
    seen = []

    def page(request):
        seen.append(translation.get_language())
        return HttpResponse()

    response = language_middleware(page)(request)

    assert seen == [language]
    assert response["Content-Language"] == language
    assert "Cookie" in response["Vary"]
