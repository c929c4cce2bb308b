"""What can be exported: one table of kinds says what each asks for, who may, and who writes it.

Whose data goes into a file is decided here too (``scope_of``), and whether somebody may still
have a file that was made earlier (``is_within_rights``).
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from lib.months import format_month
from members.access import is_branch_committee_or_staff, is_staff
from members.rights import Actor
from reviews.exports import (
    annual,
    burden,
    follow_ups,
    ledger,
    performance,
    progress,
    publication,
    roll,
)
from reviews.exports.asking import Asked, Progress, Writer
from reviews.exports.notices import write_publication_notice, write_year_notice
from reviews.models import Export
from reviews.services.publication import months_label, months_of

YEAR, SPAN, PUBLICATION = "year", "span", "publication"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CONTENT_TYPES: Final = {"xlsx": XLSX, "docx": DOCX}
# What somebody is to the branches of a file, the most first. A file is theirs as long as they
# are no less to them than when they asked for it: a talk is in a secretary's file only.
STANDINGS: Final = ("staff", "secretary", "committee")

Rows = Callable[[Asked, Collection[int], Actor], int]
Years = Callable[[Collection[int], Actor], list[int]]


def _anything(asked: Asked, branches: Collection[int], by: Actor) -> None:
    """Nothing stands against it."""


@dataclass(frozen=True, slots=True)
class ExportKind:
    """One kind of file. ``asks``: a year, a span of months, a publication, or "" for nothing.
    ``title`` begins the file's name. ``check`` raises Refused for what cannot be made now;
    ``years`` are those that can be asked for, ``usual_years`` those among them that are usually
    meant, the latest first."""

    kind: Export.Kind
    about: Any
    icon: str
    title: str
    asks: str
    is_for: Callable[[Actor], bool]
    estimate: Rows
    write: Writer
    check: Callable[[Asked, Collection[int], Actor], None] = _anything
    years: Years | None = None
    usual_years: Years | None = None
    suffix: str = "xlsx"

    @property
    def label(self) -> Any:
        return self.kind.label

    @property
    def slug(self) -> str:
        return self.kind.lower().replace("_", "-")


def _write_publication_notice(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    write_publication_notice(target, publication=publication.publication_of(asked, by))


def _write_year_notice(
    target: IO[bytes],
    *,
    asked: Asked,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    progress: Progress,
) -> None:
    write_year_notice(target, year=asked.the_year, branches=branches)


KINDS: Final = {
    one.kind: one
    for one in (
        ExportKind(
            Export.Kind.PUBLICATION,
            _("One publication as the branch sees it: names, points, matters."),
            "megaphone",
            "月度公示表",
            PUBLICATION,
            is_branch_committee_or_staff,
            publication.estimate,
            publication.write_publication,
            check=publication.check,
        ),
        ExportKind(
            Export.Kind.PUBLICATION_NOTICE,
            _("The same as an official notice to be sealed and put up."),
            "file-text",
            "公示通知",
            PUBLICATION,
            is_branch_committee_or_staff,
            publication.estimate,
            _write_publication_notice,
            check=publication.check,
            suffix="docx",
        ),
        ExportKind(
            Export.Kind.LEDGER,
            _("Every entry that counts in the closed months of a span. It can be imported again."),
            "book-text",
            "积分台账",
            SPAN,
            is_branch_committee_or_staff,
            ledger.estimate,
            ledger.write_ledger,
        ),
        ExportKind(
            Export.Kind.FOLLOW_UPS,
            _("Talks, interviews, dispositions, explanations: whose duty, until when, how far."),
            "messages-square",
            "结果运用事项",
            YEAR,
            is_branch_committee_or_staff,
            follow_ups.estimate,
            follow_ups.write_follow_ups,
            years=follow_ups.years,
        ),
        ExportKind(
            Export.Kind.BURDEN,
            _("Sheets, entries and files of each branch and month, and how many to a member."),
            "gauge",
            "填报负担",
            SPAN,
            is_branch_committee_or_staff,
            burden.estimate,
            burden.write_burden,
        ),
        ExportKind(
            Export.Kind.YEAR,
            _("Members' twelve months, eligibility, follow-ups and explanations of a year."),
            "award",
            "年终总评表",
            YEAR,
            is_branch_committee_or_staff,
            annual.estimate,
            annual.write_year,
            check=annual.check,
            years=annual.years,
            usual_years=annual.final_years,
        ),
        ExportKind(
            Export.Kind.PERFORMANCE,
            _("Staff number, total, average, rank and grade, once the year-end is final."),
            "chart-column",
            "绩效考核数据",
            YEAR,
            is_branch_committee_or_staff,
            performance.estimate,
            performance.write_performance,
            check=performance.check,
            years=annual.final_years,
        ),
        ExportKind(
            Export.Kind.YEAR_NOTICE,
            _("Who and which branches may stand, as an official notice; without points."),
            "file-text",
            "年终总评名单通知",
            YEAR,
            is_branch_committee_or_staff,
            performance.estimate,
            _write_year_notice,
            check=performance.check,
            years=annual.final_years,
            suffix="docx",
        ),
        ExportKind(
            Export.Kind.PROGRESS,
            _("How far each branch is in each month: states, days, counts."),
            "layout-grid",
            "工作进度",
            SPAN,
            is_staff,
            progress.estimate,
            progress.write_progress,
        ),
        ExportKind(
            Export.Kind.ROLL,
            _("Organisations and members with their personal data. It can be imported again."),
            "users",
            "党员名册",
            "",
            is_staff,
            roll.estimate,
            roll.write_roll,
        ),
    )
}


# Files about the same thing: whoever asks for one is offered the others.
RELATED: Final = (
    (Export.Kind.PUBLICATION, Export.Kind.PUBLICATION_NOTICE),
    (Export.Kind.YEAR, Export.Kind.PERFORMANCE, Export.Kind.YEAR_NOTICE),
)


def related_to(kind: ExportKind, actor: Actor) -> list[ExportKind]:
    """The kinds about the same thing, itself included; none where it is the only one."""
    group = next((kinds for kinds in RELATED if kind.kind in kinds), ())
    return [KINDS[one] for one in group if KINDS[one].is_for(actor)]


def kinds_for(actor: Actor) -> list[ExportKind]:
    """What this person may export, in the table's order."""
    return [kind for kind in KINDS.values() if kind.is_for(actor)]


def kind_of_slug(slug: str) -> ExportKind | None:
    return next((kind for kind in KINDS.values() if kind.slug == slug), None)


def scope_of(kind: ExportKind, actor: Actor) -> frozenset[int]:
    """The branches whose data somebody may export: those below one's committee, and, unless
    the kind is for staff alone, those on whose committee one sits."""
    if kind.is_for is is_staff:
        return actor.branches_below
    return actor.branches_below | actor.committee_branches


def standing_in(actor: Actor, branches: Collection[int]) -> str:
    """What somebody is to all of these branches: the least of what they are to each; "" where
    they are nothing to one of them."""
    reach = (
        actor.branches_below,
        actor.branches_below | actor.secretary_branches,
        actor.branches_below | actor.committee_branches,
    )
    wanted = set(branches)
    return next((name for name, of in zip(STANDINGS, reach, strict=True) if wanted <= of), "")


def is_within_rights(
    kind: ExportKind, actor: Actor, *, branches: Collection[int], standing: str
) -> bool:
    """Whether a file that somebody asked for, being ``standing`` to its branches, is still
    theirs today (domain.md §9: rights follow positions in force today)."""
    if not kind.is_for(actor) or not set(branches) <= scope_of(kind, actor):
        return False
    now = standing_in(actor, branches)
    return bool(now) and STANDINGS.index(now) <= STANDINGS.index(standing)


def file_name(kind: ExportKind, *, asked: Asked, branches: Collection[int], by: Actor) -> str:
    """What the file is called: kind, time and scope, fit for every file system."""
    with translation.override("zh-hans"):
        words = f"{kind.title} {_when(kind, asked, by)} {_where(branches, by)}"
    plain = re.sub(r'[\\/:*?"<>|\s]+', " ", words).strip()
    return f"{plain[:150]}.{kind.suffix}"


def _when(kind: ExportKind, asked: Asked, by: Actor) -> str:
    if kind.asks == YEAR:
        return f"{asked.the_year}年"
    if kind.asks == PUBLICATION:
        found = publication.publication_of(asked, by)
        return months_label([one.round for one in months_of(found)])
    if kind.asks == SPAN:
        return "至".join(dict.fromkeys(format_month(month) for month in asked.span))
    return ""


def _where(branches: Collection[int], by: Actor) -> str:
    if len(branches) == 1:
        return Branch.objects.get(pk=next(iter(branches))).name
    if set(branches) == by.branches_below and by.committee_name:
        return by.committee_name
    return f"{len(branches)}个党支部"
