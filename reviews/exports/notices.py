"""Official notices as Word files: of a publication, and of the year-end list. They say what the
pages say, in the same order, and nothing more (domain.md §10)."""

from collections.abc import Collection, Iterator
from typing import IO, Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Committee
from lib.display import points, signed_points, zh_date, zh_month
from lib.word import Cell, Paper
from members.rights import system_actor
from reviews.models import Publication
from reviews.selectors.eligible import EligibleList, eligible_list
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
    """The list of the year-end for the notice board, as its page says it: by branch in the
    roll's order the members who may be nominated, by name and staff number and without points;
    then which branches and secretaries may stand. Provisional figures are no ground for a
    list. A fixed number of queries. Source: domain.md §8."""
    with translation.override("zh-hans"):
        found = eligible_list(year, branches)
        paper = Paper(_("Notice of eligibility at year-end %(year)s") % {"year": year})
        paper.text(
            _(
                "The year-end %(year)s has been worked out by the rules. Eligible members, "
                "branches and branch secretaries are published below, in the roll's order. "
                "Being on the list means that a nomination is possible; it is no award."
            )
            % {"year": year}
        )
        if not found.branches:
            paper.text(_("No branch has final figures of this year yet."))
        elif not found.is_frozen:
            paper.text(_("Not frozen yet: this list may still change."))
        if found.branches:
            _write_members(paper, found)
            _write_branches(paper, found)
        # The day is written in by hand when the notice is put up.
        paper.signature(_committee_of(found), _("____ / __ / __"), _("(seal)"))
        paper.save(target)


def _write_members(paper: Paper, found: EligibleList) -> None:
    paper.heading(_("1. Members eligible for “excellent” and for commendation"))
    for one in found.branches:
        count = ngettext("%(count)s member", "%(count)s members", len(one.candidates))
        paper.text(f"{one.branch}（{count % {'count': len(one.candidates)}}）")
        rows = [
            (str(number), member.name, member.staff_no)
            for number, member in enumerate(one.candidates, start=1)
        ]
        if rows:
            head = (_("No."), _("Name"), _("Staff number"))
            paper.table(head, rows, MEMBER_WIDTHS, numeric=(0, 1, 2))


def _write_branches(paper: Paper, found: EligibleList) -> None:
    paper.heading(_("2. Branches and branch secretaries"))
    rows = [
        (
            str(number),
            one.branch.name,
            _eligible(one.is_eligible),
            "、".join(member.name for member in one.secretaries) or "—",
            _eligible(one.is_eligible),
        )
        for number, one in enumerate(found.branches, start=1)
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


def _committee_of(found: EligibleList) -> str:
    """Whose year-end it is, where it is that of one committee; else left for the pen."""
    committees = {one.eligibility.result.year_end.committee_id for one in found.branches}
    names = Committee.objects.filter(pk__in=committees).values_list("name", flat=True)
    return names[0] if len(committees) == 1 else ""
