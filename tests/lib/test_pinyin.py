import pytest

from lib.pinyin import initials, spelled


@pytest.mark.parametrize(
    ("text", "whole", "first"),
    [
        ("张三", "zhangsan", "zs"),
        ("欧阳 娜娜", "ouyangnana", "oynn"),
        ("三会一课、主题党日", "sanhuiyikezhutidangri", "shykztdr"),
        ("Li明2", "ming", "m"),
        ("", "", ""),
    ],
)
def test_text_is_found_as_people_type_it(text, whole, first):
    assert (spelled(text), initials(text)) == (whole, first)
