"""The figures of an analysis in a few sentences: what they say, and no more. Nothing is judged,
nobody is named, nobody is ranked."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.display import number, percent, points, zh_month
from reviews.analysis import (
    WORTH_SAYING,
    MonthBands,
    highest,
    run_under_the_line,
    with_results,
)
from reviews.selectors.analysis.categories import CategoryPoints
from reviews.selectors.analysis.findings import Findings
from reviews.selectors.analysis.follow_ups import OpenFollowUps
from reviews.selectors.analysis.punctuality import Punctuality
from reviews.selectors.burden import Burden, each_month


def about_bands(bands: Sequence[MonthBands]) -> list[str]:
    """The last month with results beside the one before it, and a run of months."""
    known = with_results(bands)
    if not known:
        return []
    last = known[-1]
    words = [
        ngettext(
            "In %(month)s, %(under)s of %(count)s assessed member stood below the line.",
            "In %(month)s, %(under)s of %(count)s assessed members stood below the line.",
            last.assessed,
        )
        % {"month": zh_month(last.month), "under": last.under, "count": last.assessed}
    ]
    run = run_under_the_line(bands)
    if len(run) >= WORTH_SAYING:
        words.append(
            _("There were members below the line in %(count)s months running, since %(month)s.")
            % {"count": len(run), "month": zh_month(run[0])}
        )
    elif not any(one.under for one in known):
        words.append(_("Nobody was below the line in any of these months."))
    return words


def about_categories(rows: Sequence[CategoryPoints]) -> list[str]:
    """Which categories brought and which cost most; several where they are equal."""
    words = []
    if most := highest(rows, lambda row: row.plus):
        words.append(
            _("Most points came from: %(categories)s (%(points)s).")
            % {"categories": _listed(most), "points": f"+{points(most[0].plus)}"}
        )
    if most := highest(rows, lambda row: row.minus):
        words.append(
            _("Most points were lost under: %(categories)s (%(points)s).")
            % {"categories": _listed(most), "points": f"−{points(most[0].minus)}"}
        )
    return words


def _listed(rows: Iterable[CategoryPoints]) -> str:
    return "、".join(str(row.label) for row in rows)


def about_punctuality(one: Punctuality) -> list[str]:
    words = []
    if one.sheets.due:
        words.append(
            _("%(share)s of the sheets that were due were filed in time (%(part)s of %(whole)s).")
            % {
                "share": percent(round(one.sheets.in_time_share, 3)),
                "part": number(one.sheets.in_time),
                "whole": number(one.sheets.due),
            }
        )
    if one.reviews_due:
        words.append(
            ngettext(
                "%(part)s of %(count)s month that was due was reviewed in time.",
                "%(part)s of %(count)s months that were due were reviewed in time.",
                one.reviews_due,
            )
            % {"part": one.reviews_in_time, "count": one.reviews_due}
        )
    return words


def about_findings(one: Findings) -> list[str]:
    if not one.inspected:
        return []
    return [
        ngettext(
            "%(part)s of %(count)s inspected entry was in order.",
            "%(part)s of %(count)s inspected entries were in order.",
            one.inspected,
        )
        % {"part": one.in_order, "count": one.inspected}
    ]


def about_follow_ups(one: OpenFollowUps) -> list[str]:
    if not one.total:
        return [_("No follow-up is open.")]
    return [
        ngettext(
            "%(count)s follow-up is open, %(overdue)s overdue.",
            "%(count)s follow-ups are open, %(overdue)s overdue.",
            one.total,
        )
        % {"count": one.total, "overdue": one.total_overdue}
    ]


def about_burden(rows: Sequence[Burden]) -> list[str]:
    entries, files = each_month("declared", rows), each_month("files", rows)
    if entries is None:
        return []
    return [
        _("A member declared %(entries)s entries and attached %(files)s files a month on average.")
        % {"entries": number(entries), "files": number(files)}
    ]
