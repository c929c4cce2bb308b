"""Chinese text as people type it to find it: in pinyin, or by the initials."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def spelled(text: str) -> str:
    """The pinyin of the characters of a text, without tones or spaces: 张三 is zhangsan."""
    return "".join(_lazy_pinyin(text, initials=False)).lower()


@lru_cache(maxsize=4096)
def initials(text: str) -> str:
    """The initials of the characters of a text: 张三 is zs. Letters, digits and signs go."""
    return "".join(_lazy_pinyin(text, initials=True)).lower()


def _lazy_pinyin(text: str, *, initials: bool) -> list[str]:
    # Its dictionary takes a third of a second to load: only where a text is spelled at all.
    from pypinyin import Style, lazy_pinyin

    style = Style.FIRST_LETTER if initials else Style.NORMAL
    return lazy_pinyin(text, style=style, errors="ignore")
