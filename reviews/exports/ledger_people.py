"""Who stands in an exported ledger, and on the exported roll not, elsewhere, or only later.

The roll of formats.md §1 knows today's branch and no days, while a ledger is checked against the
branch of each month's first day. So the ledger says what the roll cannot.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from django.db.models import Exists, Max, Min, OuterRef

from lib.months import format_month, month_of, next_month
from members.models import Membership
from points.models import MonthlyResult
from reviews.models import Round

Remark = tuple[str, str]
Span = tuple[date, date]
LEFT: Final = "已离开的党员"
MOVED: Final = "已转支部的党员"
CAME: Final = "期间转入的党员"
WHAT_TO_DO: Final = (
    "台账按当月1日所在支部核对，名册只有今天的支部。在新的数据库中，先导入名册：已离开的党员补一行，"
    "填当时的支部；已转支部的填原支部；期间转入的暂不列入。再登记已离开党员的终止组织关系。"
    "然后以转入年月为“变更生效年月”（--as-of）导入今天的名册，年月不同的分次导入。最后导入台账。"
)
TO_DO: Final = ("重新导入前先办理", WHAT_TO_DO)


def people_since(branches: Collection[int], span: Span, today: date) -> Iterator[Remark]:
    """What to do before the ledger of these branches can be imported beside today's roll, and
    for whom; nothing where both agree. Three queries."""
    elsewhere = list(_elsewhere(branches, span, today))
    came = list(_came(branches, span, today, {member for member, _remark in elsewhere}))
    if elsewhere or came:
        yield TO_DO
    yield from (remark for _member, remark in elsewhere)
    yield from came


def _elsewhere(branches: Collection[int], span: Span, today: date) -> Iterator[tuple[int, Remark]]:
    """Members with a result in a branch that is not theirs today, with the months of it."""
    there_today = Membership.objects.on(today).filter(
        member=OuterRef("member"), branch=OuterRef("branch")
    )
    results = (
        MonthlyResult.objects.final()
        .filter(branch__in=branches, month__range=span)
        .exclude(Exists(there_today))
    )
    now = dict(
        Membership.objects.on(today)
        .filter(member__in=results.values("member"), branch__in=branches)
        .values_list("member", "branch__name")
    )
    rows = (
        results.order_by("member__roll_order", "member", "branch")
        .values_list("member", "branch", "member__staff_no", "member__name", "branch__name")
        .annotate(first=Min("month"), last=Max("month"))
    )
    for member, _branch, staff_no, name, branch, first, last in rows:
        then = f"{staff_no} {name}：{_months(first, last)}在{branch}"
        if member in now:
            yield member, (MOVED, f"{then}，现在{now[member]}")
        else:
            yield member, (LEFT, then)


def _came(
    branches: Collection[int], span: Span, today: date, named: Collection[int]
) -> Iterator[Remark]:
    """Members who were on no branch's roll in a month of the ledger that their branch closed."""
    closed = Round.objects.closed().filter(
        branch=OuterRef("branch"), month__range=span, month__lt=OuterRef("starts_on")
    )
    rows = (
        Membership.objects.on(today)
        .filter(Exists(closed), branch__in=branches)
        .order_by("member__roll_order", "member")
        .values_list("member", "member__staff_no", "member__name", "branch__name", "starts_on")
    )
    for member, staff_no, name, branch, starts_on in rows:
        if member not in named:
            month = month_of(starts_on)
            first = month if month == starts_on else next_month(month)
            yield CAME, f"{staff_no} {name}：自{format_month(first)}起在{branch}"


def _months(first: date, last: date) -> str:
    if first == last:
        return format_month(first)
    return f"{format_month(first)}至{format_month(last)}"
