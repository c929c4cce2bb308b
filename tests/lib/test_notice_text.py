"""The notice's text: its places are filled, and a slip of the pen is found early."""

import pytest

from lib.notice_text import check_template, compose_notice, default_template, unknown_places

FACTS = {
    "branch": "综合处党支部",
    "months": "2026年10月",
    "first_day": "11月2日",
    "last_day": "11月5日",
    "count": 12,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{branch}公示{months}", "综合处党支部公示2026年10月"),
        ("自{first_day}至{ last_day }，共{count}人", "自11月2日至11月5日，共12人"),
        ("{日期}前提出", "{日期}前提出"),
        ("没有要填的", "没有要填的"),
    ],
)
def test_places_are_filled(template, text):
    assert compose_notice(template, **FACTS) == text


def test_an_empty_template_is_the_default_one_with_every_place():
    text = compose_notice("  ", **FACTS)

    assert "{" not in text
    assert all(str(fact) in text for fact in FACTS.values())
    assert check_template(default_template()) == ""


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{branch}{months}", []),
        ("{支部}与{branch}，{日期}，{支部}", ["支部", "日期"]),
        ("{}", [""]),
    ],
)
def test_what_no_notice_can_fill_is_named(text, unknown):
    assert unknown_places(text) == unknown
    assert bool(check_template(text)) == bool(unknown)


@pytest.mark.parametrize("text", ["公示{branch", "公示branch}", "{{branch}}"])
def test_a_brace_alone_is_found(text):
    assert check_template(text)
