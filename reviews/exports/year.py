"""The year-end workbook (formats.md §5): an interface, so its Chinese words are fixed here."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import IO, Final, NamedTuple

from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lib.excel import Column, Kind, SheetOut, write_workbook
from lib.excel.writing import Value
from lib.months import format_month, months_of_year
from members.notices import record
from members.rights import Actor
from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.exports.asking import Progress
from reviews.exports.chunks import row_chunks
from reviews.models import (
    AnnualResult,
    BranchAnnualResult,
    FollowUp,
    FollowUpMonth,
    YearEnd,
)
from reviews.services.holders import name_of_holder, with_secretary

CENT: Final = Decimal("0.01")
KINDS: Final = {
    FollowUp.Kind.TALK: "谈话整改",
    FollowUp.Kind.INTERVIEW: "约谈整改",
    FollowUp.Kind.DISPOSITION: "组织处置",
    FollowUp.Kind.REPORT_EXPLANATION: "述职述廉说明",
    FollowUp.Kind.LIFE_MEETING_EXPLANATION: "民主生活会说明",
}
YEAR_COLUMNS: Final = (
    Column("支部"),
    # As narrow as the figures allow: all of it has to be read on one breadth of A4.
    Column("名次", Kind.INTEGER, width=6),
    Column("工号"),
    Column("姓名"),
    *(Column(f"{number}月", Kind.POINTS, width=7) for number in range(1, 13)),
    Column("年度总分", Kind.POINTS, width=9),
    Column("参评月数", Kind.INTEGER, width=6),
    Column("年度平均分", Kind.POINTS, width=8),
    Column("合格线合计", Kind.POINTS, width=8),
    Column("低于合格线", width=8),
    Column("零分月数", Kind.INTEGER, width=6),
    Column("评优资格", width=6),
    Column("说明", width=26),
)
BRANCH_COLUMNS: Final = (
    Column("支部"),
    Column("参评人数", Kind.INTEGER),
    Column("低于合格线人数", Kind.INTEGER),
    Column("占比", Kind.PERCENT),
    Column("五好党支部参评资格"),
    Column("优秀党支部书记参评资格"),
)
STREAK_COLUMNS: Final = tuple(
    map(Column, ("支部", "工号", "姓名", "事项", "连续起始年月", "触发年月", "责任人", "状态"))
)
EXPLANATION_COLUMNS: Final = (
    *map(Column, ("支部", "责任人工号", "责任人", "事项")),
    Column("年度", Kind.INTEGER),
    *map(Column, ("涉及党员", "状态")),
)

Line = list[Value]


class Figure(NamedTuple):
    """A member's month: the score when the year was computed, and the score now."""

    then: Decimal | None
    now: Decimal | None


def export_year(
    target: str | Path | IO[bytes],
    *,
    year: int,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress | None = None,
) -> int:
    """Write the year-end workbook of some branches; return the number of members in it.

    Whoever calls it passes the branches that ``by`` may see; of their follow-ups only those that
    ``by`` may see are in it (an interview is the committee's). The export is logged with who, when
    and which. Rows stand in the roll's order, within a branch by rank, then 工号. While the
    calendar year runs, provisional figures have no rank and nobody is a candidate: they stand by
    工号. A month revised after the year was computed keeps its figure, and the later one stands
    in 说明.
    Source: formats.md §5, domain.md §8, §10.
    """
    counted, today = progress or Progress(), timezone.localdate(at)
    with translation.override("zh-hans"):
        sheets = [
            SheetOut("年度汇总", YEAR_COLUMNS, counted.of(_year_lines(year, branches, today))),
            SheetOut("支部资格", BRANCH_COLUMNS, _branch_lines(year, branches)),
            SheetOut("谈话约谈处置", STREAK_COLUMNS, _streak_lines(year, branches, by, at)),
            SheetOut("说明事项", EXPLANATION_COLUMNS, _explanation_lines(year, branches, by)),
        ]
        write_workbook(target, sheets, heading=f"{year}年年终总评表")
    members = AnnualResult.objects.filter(year=year, branch__in=branches).count()
    record(
        by=by.user,
        at=at,
        verb="export_year",
        year=year,
        branches=sorted(branches),
        members=members,
    )
    return members


def yes_no(value: bool) -> str:
    return "是" if value else "否"


def is_ranked(today: date) -> Q:
    """Ranks exist only at year-end (domain.md §8): provisional figures of a year that still
    runs have none."""
    return Q(year_end__state__in=YearEnd.FINAL) | Q(year__lt=today.year)


def _listed(year: int, branches: Collection[int], today: date) -> "QuerySet[AnnualResult]":
    rank = Case(When(is_ranked(today), then="rank"))
    return AnnualResult.objects.filter(year=year, branch__in=branches).order_by(
        "branch__roll_order", "branch", rank, "member__staff_no"
    )


def _year_lines(year: int, branches: Collection[int], today: date) -> Iterator[Line]:
    months = months_of_year(year)
    whole = AnnualResult.objects.select_related("member", "branch", "year_end").annotate(
        ranked=is_ranked(today)
    )
    policies = PolicyBook()
    for results in row_chunks(_listed(year, branches, today), whole):
        figures = figures_of(results, months)
        for result in results:
            of_member = figures[result.member_id]
            policy = policies.of(result.branch.committee_id, months[-1])
            top = policy.candidate_ranks if result.ranked else 0
            average = (result.total / result.assessed_months).quantize(CENT, ROUND_HALF_UP)
            yield [
                result.branch.name,
                result.rank if result.ranked else None,
                result.member.staff_no,
                result.member.name,
                *(of_member[month].then if month in of_member else None for month in months),
                result.total,
                result.assessed_months,
                average,
                result.pass_total,
                yes_no(result.is_below),
                result.zero_months,
                yes_no(result.is_candidate) if result.ranked else None,
                "；".join(
                    [*_provisional(result, result.ranked), *remarks_on(result, of_member, top)]
                ),
            ]


def figures_of(
    results: Collection[AnnualResult], months: Collection[date]
) -> defaultdict[int, dict[date, Figure]]:
    """The months of some members, as they were when their year was computed, and as they are."""
    computed = {result.member_id: result.year_end.computed_at for result in results}
    figures: defaultdict[int, dict[date, Figure]] = defaultdict(dict)
    revisions = (
        MonthlyResult.objects.filter(is_final=True, member__in=computed, month__in=months)
        .order_by("member", "month", "revision")
        .values_list("member", "month", "score", "computed_at")
    )
    for member, month, score, computed_at in revisions:
        before = figures[member].get(month)
        is_later = computed_at > computed[member]
        then = (before.then if before else None) if is_later else score
        figures[member][month] = Figure(then, score)
    return figures


def _provisional(result: AnnualResult, ranked: bool) -> Iterator[str]:
    if not ranked:
        yield _("provisional figures; ranks and candidates exist only at year-end")
    elif result.year_end.state == YearEnd.State.PROVISIONAL:
        yield _("provisional figures")


def remarks_on(result: AnnualResult, months: Mapping[date, Figure], top: int) -> Iterator[str]:
    """What is to be said beside a member's year: why somebody among the first ``top`` cannot be
    nominated, months not assessed, and figures that were revised later (domain.md §8)."""
    if result.rank <= top and not result.is_candidate:
        if not result.is_full_member:
            yield _("a probationary member gets no grade")
        if result.is_below:
            yield _("below the line")
        if result.zero_months:
            yield _("a zero month in the year")
    exempt = [month for month, figure in months.items() if figure == Figure(None, None)]
    if exempt:
        yield _("not assessed: %(months)s") % {"months": "、".join(f"{m.month}月" for m in exempt)}
    for month, figure in months.items():
        if figure.then != figure.now:
            yield _("%(month)s revised later to %(score)s") % {
                "month": f"{month.month}月",
                "score": "—" if figure.now is None else figure.now,
            }


def _branch_lines(year: int, branches: Collection[int]) -> Iterator[Line]:
    results = (
        BranchAnnualResult.objects.filter(year=year, branch__in=branches)
        .select_related("branch")
        .order_by("branch__roll_order", "branch")
    )
    for result in results:
        is_eligible = yes_no(result.is_eligible)
        share = Decimal(result.below) / result.ranked if result.ranked else 0
        yield [result.branch.name, result.ranked, result.below, share, is_eligible, is_eligible]


def _streak_lines(year: int, branches: Collection[int], by: Actor, at: datetime) -> Iterator[Line]:
    rows = (
        with_secretary(FollowUp.objects.visible_to(by), timezone.localdate(at))
        .filter(kind__in=FollowUp.STREAK_KINDS, trigger_month__year=year, branch__in=branches)
        .exclude(state=FollowUp.State.WITHDRAWN)
        .select_related("branch", "member", "holder")
        .order_by(
            "branch__roll_order", "branch", "member__roll_order", "member", "trigger_month", "pk"
        )
    )
    for row in rows:
        assert row.member is not None  # by constraint follow_up_kind
        assert row.first_month is not None
        assert row.trigger_month is not None
        yield [
            row.branch.name,
            row.member.staff_no,
            row.member.name,
            KINDS[FollowUp.Kind(row.kind)],
            format_month(row.first_month),
            format_month(row.trigger_month),
            name_of_holder(row),
            str(row.get_state_display()),
        ]


def _explanation_lines(year: int, branches: Collection[int], by: Actor) -> Iterator[Line]:
    rows = list(
        FollowUp.objects.visible_to(by)
        .filter(kind__in=FollowUp.EXPLANATION_KINDS, year=year, branch__in=branches)
        .exclude(state=FollowUp.State.WITHDRAWN)
        .select_related("branch", "holder")
        .order_by("branch__roll_order", "branch", "-kind", F("holder__roll_order").asc(), "pk")
    )
    concerned: defaultdict[int, set[str]] = defaultdict(set)
    for follow_up, staff_no in FollowUpMonth.objects.filter(follow_up__in=rows).values_list(
        "follow_up", "member__staff_no"
    ):
        concerned[follow_up].add(staff_no)
    for row in rows:
        yield [
            row.branch.name,
            row.holder.staff_no if row.holder else "",
            name_of_holder(row),
            KINDS[FollowUp.Kind(row.kind)],
            row.year,
            "、".join(sorted(concerned[row.pk])),
            str(row.get_state_display()),
        ]
