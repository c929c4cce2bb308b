"""Official notices as Word files: of a publication, and of the year-end list. They say what the
pages say, in the same order, and nothing more (domain.md §10)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import IO, Final

from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Committee
from lib.display import points, signed_points, zh_date, zh_month
from lib.word import Cell, Paper
from members.models import Position
from members.rights import system_actor
from reviews.models import AnnualResult, BranchAnnualResult, Publication, YearEnd
from reviews.selectors.publications import (
    MonthShown,
    PublicationPage,
    PublishedRow,
    publication_page,
)
from reviews.services.round import month_label

# Millimetres; together the breadth of the text on a sheet of GB/T 9704.
PUBLICATION_WIDTHS: Final = (13, 24, 65, 17, 17, 20)
MEMBER_WIDTHS: Final = (20, 68, 68)
BRANCH_WIDTHS: Final = (14, 58, 28, 28, 28)


# -- a publication ------------------------------------------------------------------------


def write_publication_notice(target: IO[bytes], *, publication: Publication) -> None:
    """公示通知: the months of a notice as they stand, names in the roll's order, points and
    matters; what is confidential is not named. Source: screens.md, domain.md §5.5, §10."""
    with translation.override("zh-hans"):
        page = publication_page(publication, system_actor(), publication.ends_on)
        round_ = publication.round
        paper = Paper(
            _("%(branch)s: publication of members' points for %(month)s")
            % {"branch": round_.branch, "month": page.title_months}
        )
        for line in _introduction(page):
            paper.text(line)
        for month in page.months:
            _write_month(paper, page, month)
        paper.text(_("Names stand in the roll's order."))
        day = publication.starts_on
        paper.signature(round_.branch.name, zh_date(day), _("(seal of the branch)"))
        paper.save(target)


def _introduction(page: PublicationPage) -> Iterator[str]:
    publication = page.publication
    if publication.withdrawn_at:
        yield _("Withdrawn on %(at)s: %(reason)s") % {
            "at": zh_date(publication.withdrawn_at),
            "reason": publication.withdrawal_reason,
        }
    yield publication.notice_text or _(
        "The branch has reviewed the points of %(month)s. The results are published from "
        "%(starts)s to %(ends)s. Whoever objects may raise it with the branch within that time, "
        "in the system or in writing. No objection counts as agreement."
    ) % {
        "month": month_label(publication.round.month),
        "starts": zh_date(publication.starts_on),
        "ends": zh_date(publication.ends_on),
    }
    for one in page.extended:
        yield _("Extended to %(until)s: %(reason)s") % {
            "until": zh_date(one["until"]),
            "reason": one["reason"],
        }


def _write_month(paper: Paper, page: PublicationPage, month: MonthShown) -> None:
    round_ = month.publication.round
    if page.is_of_a_quarter:
        paper.heading(zh_month(round_.month))
    head = (_("No."), _("Name"), _("Matters"), _("Plus"), _("Minus"), _("Score"))
    rows = [_published(number, row) for number, row in enumerate(month.rows, start=1)]
    paper.table(head, rows, PUBLICATION_WIDTHS, numeric=(0, 3, 4, 5))
    if book := round_.rule_book:
        paper.text(
            _("Base points %(base)s, pass line %(line)s.")
            % {"base": points(book.base_points), "line": points(book.pass_line)}
        )


def _published(number: int, row: PublishedRow) -> list[Cell]:
    result = row.result
    if not result.is_assessed:
        return [str(number), row.name, _("exempt from assessment"), "—", "—", "—"]
    matters = [
        f"{matter.text or _('a matter that is not made public')} {signed_points(matter.credited)}"
        for matter in row.matters
    ]
    figures = [points(result.plus), points(result.minus), points(result.score)]
    return [str(number), row.name, matters or _("none"), *figures]


# -- the year-end list --------------------------------------------------------------------


def write_year_notice(target: IO[bytes], *, year: int, branches: Collection[int]) -> None:
    """The list of the year-end for the notice board: by branch in the roll's order the members
    who may be nominated, by name and staff number and without points; then which branches and
    secretaries may stand. Provisional figures are no ground for a list. Four queries, and one
    for the committee. Source: domain.md §8."""
    with translation.override("zh-hans"):
        results = _branch_results(year, branches)
        paper = Paper(_("Notice of eligibility at year-end %(year)s") % {"year": year})
        paper.text(
            _(
                "The year-end %(year)s has been worked out by the rules. Eligible members, "
                "branches and branch secretaries are published below, in the roll's order. "
                "Being on the list means that a nomination is possible; it is no award."
            )
            % {"year": year}
        )
        if not results:
            paper.text(_("No branch has final figures of this year yet."))
        _write_members(paper, year, results)
        _write_branches(paper, year, results)
        committee = _committee_of(results)
        paper.signature(committee.name if committee else "", _blank_day(), _("(seal)"))
        paper.save(target)


def _branch_results(year: int, branches: Collection[int]) -> list[BranchAnnualResult]:
    return list(
        BranchAnnualResult.objects.filter(
            year=year, branch__in=branches, year_end__state__in=YearEnd.FINAL
        )
        .select_related("branch", "year_end__committee")
        .order_by("branch__roll_order", "branch")
    )


def _write_members(paper: Paper, year: int, results: Sequence[BranchAnnualResult]) -> None:
    if not results:
        return
    paper.heading(_("1. Members eligible for “excellent” and for commendation"))
    candidates = (
        AnnualResult.objects.filter(
            year=year, branch__in=[one.branch_id for one in results], is_candidate=True
        )
        .filter(year_end__state__in=YearEnd.FINAL)
        .select_related("member")
        .order_by("branch__roll_order", "branch", "member__roll_order", "member")
    )
    of_branch = {pk: list(group) for pk, group in groupby(candidates, lambda one: one.branch_id)}
    for result in results:
        found = of_branch.get(result.branch_id, [])
        count = ngettext("%(count)s member", "%(count)s members", len(found))
        paper.text(f"{result.branch}（{count % {'count': len(found)}}）")
        rows = [
            (str(number), one.member.name, one.member.staff_no)
            for number, one in enumerate(found, start=1)
        ]
        if rows:
            head = (_("No."), _("Name"), _("Staff number"))
            paper.table(head, rows, MEMBER_WIDTHS, numeric=(0, 1, 2))


def _write_branches(paper: Paper, year: int, results: Sequence[BranchAnnualResult]) -> None:
    if not results:
        return
    paper.heading(_("2. Branches and branch secretaries"))
    secretaries = _secretaries(year, [one.branch_id for one in results])
    rows = [
        (
            str(number),
            one.branch.name,
            _eligible(one.is_eligible),
            secretaries.get(one.branch_id, "—"),
            _eligible(one.is_eligible),
        )
        for number, one in enumerate(results, start=1)
    ]
    head = (
        _("No."),
        _("Branch"),
        _("Model branch"),
        _("Branch secretary"),
        _("Excellent secretary"),
    )
    paper.table(head, rows, BRANCH_WIDTHS, numeric=(0, 2, 3, 4))


def _eligible(is_eligible: bool) -> str:
    if is_eligible:
        return pgettext("notice", "eligible")
    return pgettext("notice", "not eligible")


def _secretaries(year: int, branches: Collection[int]) -> dict[int, str]:
    """Who was secretary on the last day of the year. One query."""
    on_last_day: Q = Q(ends_on__isnull=True) | Q(ends_on__gte=date(year, 12, 31))
    rows = (
        Position.objects.filter(on_last_day, kind=Position.Kind.SECRETARY, branch__in=branches)
        .filter(Q(starts_on__isnull=True) | Q(starts_on__lte=date(year, 12, 31)))
        .order_by(F("starts_on").asc(nulls_first=True), "pk")
        .values_list("branch", "member__name")
    )
    return dict(rows)


def _committee_of(results: Sequence[BranchAnnualResult]) -> Committee | None:
    """Whose year-end it is, where it is that of one committee."""
    found = {one.year_end.committee_id: one.year_end.committee for one in results}
    return next(iter(found.values())) if len(found) == 1 else None


def _blank_day() -> str:
    """A day to be written in by hand when the notice is put up."""
    return _("____ / __ / __")
