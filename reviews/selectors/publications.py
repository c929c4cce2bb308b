"""The branch's publication: names in the roll's order, points and matters, and nothing that
others need not know (domain.md §10); and the record of what was shown when (公示记录), which is
worked out from what is stored anyway."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lib.months import parse_date
from lib.template_tags import points as shown_points
from members.models import Event
from members.rights import Actor
from points.models import MonthlyResult, ResultLine
from points.rules import is_confidential
from reviews.models import Objection, Publication, Verification
from reviews.rules import is_confirmed, may_read_round, may_work_on
from reviews.services.publication import is_running, months_label, months_of, why_not_extend
from reviews.services.round import month_label, seat_of
from reviews.workflow import ROUND_STEPS


@dataclass(frozen=True, slots=True)
class Matter:
    """What points were given or taken for. Without a text it is confidential."""

    text: str
    times: Decimal
    credited: Decimal


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One member's line of a publication; ``is_corrected``: not as it was first shown."""

    name: str
    is_mine: bool
    is_corrected: bool
    result: MonthlyResult
    matters: list[Matter]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answered objection as the branch sees it: that there was one and how it ended. What
    was written stays between the member and those who answer."""

    name: str
    about: str
    state: str
    state_label: Any
    answered_on: Any


@dataclass(frozen=True, slots=True)
class MonthShown:
    """One month of a notice."""

    publication: Publication
    rows: list[PublishedRow]
    answered: list[Answered]
    waiting: int
    is_running: bool
    has_open_objection: bool
    verification: Verification | None
    may_reopen: bool
    may_correct: bool

    @property
    def mine(self) -> PublishedRow | None:
        return next((row for row in self.rows if row.is_mine), None)

    @property
    def can_confirm(self) -> bool:
        """While it runs: what was not confirmed yet, once an own objection was answered."""
        if not self.is_running or self.mine is None or self.has_open_objection:
            return False
        return not is_confirmed(self.verification, self.mine.result)


@dataclass(frozen=True, slots=True)
class PublicationPage:
    """Everything that a publication's page shows: a month, or the three of a quarter."""

    publication: Publication
    months: list[MonthShown]
    is_running: bool
    extended: list[dict[str, Any]]
    may_extend: bool
    # For the branch committee and staff: what happened to this publication, oldest first.
    record: list[dict[str, Any]] = field(default_factory=list)
    # Set while the page shows what was shown earlier, and since when.
    as_of: datetime | None = None

    @property
    def is_over(self) -> bool:
        return not self.is_running

    @property
    def is_of_a_quarter(self) -> bool:
        return len(self.months) > 1

    @property
    def title_months(self) -> str:
        return months_label([one.publication.round for one in self.months])

    @property
    def rows(self) -> list[PublishedRow]:
        return [row for month in self.months for row in month.rows]

    @property
    def can_confirm(self) -> bool:
        return any(month.can_confirm for month in self.months)


def publications_of(actor: Actor) -> QuerySet[Publication]:
    """The publications that I may see, newest first, each with my own answer."""
    mine = Verification.objects.filter(publication=OuterRef("pk"), member=actor.member_id)
    return (
        Publication.objects.visible_to(actor)
        .select_related("round__branch")
        .annotate(my_answer=Subquery(mine.values("answer")[:1]))
        .order_by("-round__month", "round__branch__roll_order", "round__branch", "-pk")
    )


# -- one notice --------------------------------------------------------------------------

# Every revision of the results of a notice's months: by month and member, oldest first.
Revisions = dict[tuple[date, int], list[MonthlyResult]]


def publication_page(
    publication: Publication, actor: Actor, today: date, *, as_published: bool = False
) -> PublicationPage:
    """A notice with its rows in the roll's order, never by score. What was withdrawn is shown
    as it stood when it was; ``as_published``: as it was shown at first. The number of queries
    depends neither on members nor on months."""
    shown = _visible_months(publication, actor)
    revisions = _revisions(shown)
    moment = publication.published_at if as_published else publication.withdrawn_at
    results = {
        place: result
        for place, known in revisions.items()
        if (result := _as_of(known, moment)) is not None
    }
    lines = ResultLine.objects.select_related("entry__criterion").order_by(
        "entry__occurred_on", "entry"
    )
    prefetch_related_objects(list(results.values()), Prefetch("lines", queryset=lines))
    objections = _objections(shown)
    answers = {
        one.publication_id: one
        for one in Verification.objects.filter(publication__in=shown, member=actor.member_id)
    }
    seat = seat_of(actor, publication.round.branch_id, today)
    runs = any(is_running(one, today) for one in shown)

    def month_of(one: Publication) -> MonthShown:
        month = one.round.month
        theirs = [o for o in objections if o.publication.round_id == one.round_id]
        open_ones = [o for o in theirs if o.state == Objection.State.OPEN]
        return MonthShown(
            publication=one,
            rows=[
                _row(result, revisions[place], one, actor)
                for place, result in results.items()
                if place[0] == month
            ],
            answered=[_answered(o) for o in theirs if o.state != Objection.State.OPEN],
            waiting=len(open_ones),
            is_running=is_running(one, today),
            has_open_objection=any(o.member_id == actor.member_id for o in open_ones),
            verification=answers.get(one.pk),
            may_reopen=(
                not one.is_withdrawn
                and one.ends_on >= today
                and ROUND_STEPS.is_open("reopen", seat, one.round)
            ),
            may_correct=(
                not one.is_withdrawn
                and one.round.state == one.round.State.PUBLISHED
                and may_work_on(actor, one.round, seat.bench)
            ),
        )

    months = [month_of(one) for one in shown]
    events = list(
        Event.objects.filter(
            verb="extend_publication",
            target_type="publication",
            target_id=publication.together_with_id or publication.pk,
        )
        .select_related("by__member")
        .order_by("at")
    )
    waits = any(month.waiting for month in months)
    may_read = may_read_round(actor, publication.round.branch)
    return PublicationPage(
        publication=publication,
        months=months,
        is_running=runs,
        extended=[_extension(event) for event in events],
        may_extend=ROUND_STEPS.is_open("extend", seat, publication.round)
        and not why_not_extend(publication, today, has_open_objection=waits),
        record=list(_record(publication, shown, revisions, events, today)) if may_read else [],
        as_of=publication.published_at if as_published else None,
    )


def _visible_months(publication: Publication, actor: Actor) -> list[Publication]:
    """The months of its notice that this person may see: who has left the branch since sees
    those in which they were there."""
    together = months_of(publication)
    if len(together) == 1:
        return together
    visible = Publication.objects.visible_to(actor).filter(pk__in=[one.pk for one in together])
    ids = set(visible.values_list("pk", flat=True))
    return [one for one in together if one.pk in ids]


def _revisions(shown: Sequence[Publication]) -> Revisions:
    places = Q(pk__in=[])
    for one in shown:
        places |= Q(branch=one.round.branch_id, month=one.round.month)
    found: Revisions = defaultdict(list)
    for result in (
        MonthlyResult.objects.filter(places)
        .select_related("member")
        .order_by("member__roll_order", "member", "month", "revision")
    ):
        found[result.month, result.member_id].append(result)
    return found


def _as_of(revisions: Sequence[MonthlyResult], moment: datetime | None) -> MonthlyResult | None:
    """The revision in force at a moment; without one, now. Pure."""
    if moment is None:
        return next((one for one in revisions if one.is_current), None)
    then = [one for one in revisions if one.computed_at <= moment]
    return then[-1] if then else None


def _objections(shown: Sequence[Publication]) -> list[Objection]:
    """Those of a notice that stands concern its rounds, whichever publication they were raised
    in; those of one that was withdrawn stay with it."""
    mine = Q(publication__in=shown)
    standing = [one.round_id for one in shown if not one.is_withdrawn]
    return list(
        Objection.objects.filter(mine | Q(publication__round__in=standing))
        .select_related("publication", "member", "line__entry__criterion")
        .order_by("pk")
    )


def _row(
    result: MonthlyResult,
    revisions: Sequence[MonthlyResult],
    publication: Publication,
    actor: Actor,
) -> PublishedRow:
    first = _as_of(revisions, publication.published_at)
    return PublishedRow(
        name=result.member.name,
        is_mine=actor.member_id == result.member_id,
        is_corrected=first is not None and first.pk != result.pk,
        result=result,
        matters=[_matter(line) for line in result.lines.all()],
    )


def _matter(line: ResultLine) -> Matter:
    criterion = line.entry.criterion
    text = "" if is_confidential(criterion) else criterion.text
    return Matter(text, line.entry.times, line.credited)


def _answered(objection: Objection) -> Answered:
    criterion = objection.line.entry.criterion if objection.line else None
    is_named = criterion is not None and not is_confidential(criterion)
    return Answered(
        name=objection.member.name,
        about=criterion.text if criterion and is_named else "",
        state=objection.state,
        state_label=objection.get_state_display(),
        answered_on=objection.answered_at,
    )


# -- the record of what was shown when -------------------------------------------------------


def _extension(event: Event) -> dict[str, Any]:
    return {
        "until": parse_date(event.details["until"]),
        "was": parse_date(event.details["was"]),
        "reason": event.details["reason"],
        "at": event.at,
        "who": event.by.display_name,
    }


def _record(
    publication: Publication,
    shown: Sequence[Publication],
    revisions: Revisions,
    events: Sequence[Event],
    today: date,
) -> Iterator[dict[str, Any]]:
    """What happened to a notice, the oldest first: published, corrected, extended, withdrawn,
    ended, closed."""
    count = len({member for _month, member in revisions})
    yield {
        "icon": "megaphone",
        "tone": "info",
        "text": _("Published until %(day)s: %(count)s members")
        % {"day": _day(_first_end(publication, events)), "count": count},
        "at": publication.published_at,
        "who": publication.published_by.display_name,
    }
    while_it_ran = [*_corrections(shown, revisions), *map(_extended, events)]
    yield from sorted(while_it_ran, key=lambda item: item["at"])
    if publication.withdrawn_at and publication.withdrawn_by:
        yield {
            "icon": "undo-2",
            "tone": "warn",
            "text": _("Withdrawn"),
            "at": publication.withdrawn_at,
            "who": publication.withdrawn_by.display_name,
            "note": publication.withdrawal_reason,
        }
        return
    if publication.ends_on < today:
        yield {"icon": "flag", "text": _("The publication ended"), "on": publication.ends_on}
    for one in shown:
        if one.round.closed_at:
            text = _("%(month)s was closed") % {"month": month_label(one.round.month)}
            yield {"icon": "lock", "text": text, "at": one.round.closed_at}


def _first_end(publication: Publication, events: Sequence[Event]) -> date:
    return parse_date(events[0].details["was"]) if events else publication.ends_on


def _extended(event: Event) -> dict[str, Any]:
    said = _extension(event)
    return {
        "icon": "calendar-plus",
        "text": _("Extended from %(was)s to %(until)s")
        % {"was": _day(said["was"]), "until": _day(said["until"])},
        "at": said["at"],
        "who": said["who"],
        "note": said["reason"],
    }


def _corrections(shown: Sequence[Publication], revisions: Revisions) -> Iterator[dict[str, Any]]:
    """Results that were revised between publishing and the end: whose, from what to what."""
    published = {one.round.month: one for one in shown}
    for (month, _member), known in revisions.items():
        one = published[month]
        until = one.withdrawn_at or one.round.closed_at
        for old, new in pairwise(known):
            if one.published_at < new.computed_at and (until is None or new.computed_at <= until):
                yield {
                    "icon": "pencil-line",
                    "text": _("%(name)s, %(month)s: %(before)s → %(after)s points")
                    % {
                        "name": new.member.name,
                        "month": month_label(month),
                        "before": _score(old),
                        "after": _score(new),
                    },
                    "at": new.computed_at,
                    "note": new.revision_reason,
                }


def _score(result: MonthlyResult) -> str:
    return shown_points(result.score) if result.score is not None else _("not assessed")


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
