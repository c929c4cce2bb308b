"""Plausible names that belong to nobody in particular, the same ones in every build."""

from dataclasses import dataclass
from random import Random

# Surnames, the more frequent ones more often.
SURNAMES = (
    "王王李李李张张张刘刘陈陈杨杨赵黄周吴徐孙马胡朱郭何罗高林"
    "梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
    "阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦"
)
# Two-character given names are a first and a second character, by gender.
MEN = (
    "建国志文明海永学家景宏兆启瑞承育立茂云振广绍春维克昌德",
    "军平华林江峰东辉伟勇刚斌超鹏宁涛亮杰强波毅生清成辰泽航",
)
WOMEN = (
    "淑秀玉桂晓雅慧春丽雪素文海红佩梦思静婉月若芳巧欣书云",
    "芬珍兰英梅琴洁琳敏霞燕萍莹娟娜颖蓉雯婷倩玲妍怡瑶彤宁",
)
SINGLE = {"MALE": "伟磊洋凯旭锋浩翔晨康俊靖", "FEMALE": "静颖洁莉蕾璐娟敏薇琪宁雯"}
# Well-known people whom the dice would otherwise name.
TAKEN = frozenset(
    {
        "王洋",
        "李宁",
        "李娜",
        "张宁",
        "陈静",
        "马云",
        "刘翔",
        "李静",
        "杨洋",
        "张静",
        "周洁",
        "王静",
        "唐嫣",
        "张磊",
        "胡军",
        "王凯",
        "孙莉",
    }
)


@dataclass(frozen=True, slots=True)
class Person:
    """A name and the gender it was drawn for (``Member.Gender``)."""

    name: str
    gender: str


def people(count: int, seed: int) -> list[Person]:
    """Draw that many different names. Pure: the same seed gives the same people."""
    dice = Random(seed)  # noqa: S311
    seen = set(TAKEN)
    drawn: list[Person] = []
    while len(drawn) < count:
        gender = dice.choice(["MALE", "MALE", "MALE", "FEMALE", "FEMALE"])
        name = dice.choice(SURNAMES) + _given(dice, gender)
        if name not in seen:
            seen.add(name)
            drawn.append(Person(name, gender))
    return drawn


def _given(dice: Random, gender: str) -> str:
    if dice.random() < 0.2:
        return dice.choice(SINGLE[gender])
    first, second = MEN if gender == "MALE" else WOMEN
    return dice.choice(first) + dice.choice(second)
