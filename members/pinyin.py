"""A member's name as people type it to find it."""

from lib.pinyin import initials, spelled


def pinyin_of(name: str) -> dict[str, str]:
    """The pinyin of a name, and its initials, for searching: 张三 is zhangsan and zs."""
    return {
        "pinyin": spelled(name)[:100],
        "initials": initials(name)[:20],
    }
