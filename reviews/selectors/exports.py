"""Exports as the person who asked for them sees them, and what they can ask for. A fixed number
of queries each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Branch, Committee
from lib.months import previous_month
from members.rights import Actor
from reviews.exports.kinds import KINDS, ExportKind
from reviews.models import Export, Publication, Round
from reviews.services.exports import KEPT_FOR, MOST_ATTEMPTS, UNDER_WAY
from reviews.services.round import month_label

ALL = "all"
MOST_PUBLICATIONS = 60
MOST_BRANCHES = 500

Choice = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export in the list; ``scope`` in words, ``until`` the day it is let go."""

    export: Export
    kind: ExportKind
    scope: str
    until: datetime | None
    again_url: str

    @property
    def is_under_way(self) -> bool:
        return self.export.state in UNDER_WAY

    @property
    def is_ready(self) -> bool:
        return self.export.state == Export.State.READY

    @property
    def percent(self) -> int:
        """How much is written, for the bar; never full before it is ready."""
        total = max(self.export.total, 1)
        return min(99, self.export.done * 100 // total)

    @property
    def attempts_left(self) -> int:
        return MOST_ATTEMPTS - self.export.attempts

    @property
    def minutes(self) -> int:
        """Within how many minutes what failed is tried again: the next tick finds it."""
        tick: Any = settings.CELERY_BEAT_SCHEDULE["tick"]
        return round(tick["schedule"] / timedelta(minutes=1))

    @property
    def refusal(self) -> str:
        """Why it was refused, in words for people; "" where it failed for another reason."""
        return self.export.error if self.export.attempts < MOST_ATTEMPTS else ""


def exports_of(actor: Actor) -> "QuerySet[Export]":
    """One's own that one may still see, newest first."""
    visible = Export.objects.visible_to(actor).annotate(
        count=Count("branches"), only=Min("branches__name"), only_id=Min("branches")
    )
    return visible.order_by("-requested_at", "-pk")


def export_row(export: Export) -> ExportRow:
    """A row of ``exports_of``. No query."""
    count = export.count  # type: ignore[attr-defined]
    scope = export.only if count == 1 else None  # type: ignore[attr-defined]
    is_kept = export.state == Export.State.READY and export.finished_at is not None
    return ExportRow(
        export=export,
        kind=KINDS[Export.Kind(export.kind)],
        scope=scope or branches_label(count),
        until=export.finished_at + KEPT_FOR if is_kept and export.finished_at else None,
        again_url=_again_url(export, is_one_branch=count == 1),
    )


def _again_url(export: Export, *, is_one_branch: bool) -> str:
    """Where the same is asked for again, filled in."""
    asked = {name: value for name, value in export.asked.items() if name != "as"}
    if is_one_branch:
        asked["scope"] = f"b{export.only_id}"  # type: ignore[attr-defined]
    slug = KINDS[Export.Kind(export.kind)].slug
    return f"{reverse('new_export', args=[slug])}?{urlencode(sorted(asked.items()))}"


def branches_label(count: int) -> str:
    return ngettext("%(count)s branch", "%(count)s branches", count) % {"count": count}


# -- what can be asked for -------------------------------------------------------------------


def scope_choices(scope: Collection[int]) -> list[Any]:
    """All of them, those right below one committee, or one branch where they are few enough to
    be listed; in the roll's order. With one branch there is nothing to choose. One query."""
    branches = list(Branch.objects.filter(pk__in=scope).select_related("committee"))
    if len(branches) < 2:
        return []
    everything = _("All: %(branches)s") % {"branches": branches_label(len(branches))}
    committees = list(dict.fromkeys(branch.committee for branch in branches))
    found: list[Any] = [(ALL, everything)]
    if len(committees) > 1:
        below = [
            (f"c{one.pk}", _("Right below %(committee)s") % {"committee": one})
            for one in committees
        ]
        found.append((_("By committee"), below))
    if len(branches) <= MOST_BRANCHES:
        found.append((_("One branch"), [(f"b{branch.pk}", branch.name) for branch in branches]))
    return found


def branches_chosen(choice: str, scope: Collection[int]) -> list[int]:
    """The branches that a choice of ``scope_choices`` stands for. One query."""
    branches = Branch.objects.filter(pk__in=scope)
    if choice.startswith("c"):
        branches = branches.filter(committee__in=Committee.objects.filter(pk=choice[1:]))
    elif choice.startswith("b"):
        branches = branches.filter(pk=choice[1:])
    return list(branches.values_list("pk", flat=True))


def span_of(scope: Collection[int], today: date) -> tuple[date, date]:
    """What is usually asked for: this year's months up to the last closed one. One query."""
    closed = Round.objects.closed().filter(branch__in=scope, month__lte=today)
    last = closed.aggregate(last=Max("month"))["last"] or previous_month(today.replace(day=1))
    return date(last.year, 1, 1), last


def publication_choices(
    actor: Actor, scope: Collection[int], wanted: int | None
) -> list[tuple[int, str]]:
    """The latest publications in scope, and the one asked for; each notice once. One query."""
    visible = publications_in(actor, scope)
    latest = visible.order_by("-round__month", "round__branch__roll_order", "-pk")
    found = list(latest[:MOST_PUBLICATIONS])
    if wanted and all(one.pk != wanted for one in found):
        found += visible.filter(pk=wanted)
    return [(one.pk, _publication_label(one)) for one in found]


def publications_in(actor: Actor, scope: Collection[int]) -> "QuerySet[Publication]":
    return (
        Publication.objects.visible_to(actor)
        .filter(Q(together_with=None), round__branch__in=scope)
        .select_related("round__branch")
    )


def _publication_label(one: Publication) -> str:
    label = f"{month_label(one.round.month)} {one.round.branch.name}"
    return _("%(publication)s (withdrawn)") % {"publication": label} if one.is_withdrawn else label
