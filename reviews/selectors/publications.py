"""The branch's publication: names in the roll's order, points and matters, and nothing that
others need not know (domain.md §10)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from members.rights import Actor
from points.models import MonthlyResult, ResultLine
from points.rules import is_confidential
from reviews.models import Objection, Publication, Verification
from reviews.rules import is_confirmed
from reviews.services.publication import is_running


@dataclass(frozen=True, slots=True)
class Matter:
    """What points were given or taken for. Without a text it is confidential."""

    text: str
    times: Decimal
    credited: Decimal


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One member's line of a publication."""

    name: str
    is_mine: bool
    result: MonthlyResult
    matters: list[Matter]

    @property
    def is_corrected(self) -> bool:
        return self.result.revision > 1


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
class PublicationPage:
    """Everything that a publication's page shows."""

    publication: Publication
    rows: list[PublishedRow]
    answered: list[Answered]
    waiting: int
    is_running: bool
    has_open_objection: bool
    verification: Verification | None

    @property
    def mine(self) -> PublishedRow | None:
        return next((row for row in self.rows if row.is_mine), None)

    @property
    def can_confirm(self) -> bool:
        """While it runs: what was not confirmed yet, once an own objection was answered."""
        if not self.is_running or self.mine is None:
            return False
        confirmed = is_confirmed(self.verification, self.mine.result)
        return not confirmed and not self.has_open_objection

    @property
    def is_over(self) -> bool:
        return not self.is_running


def publications_of(actor: Actor) -> QuerySet[Publication]:
    """The publications that I may see, newest first, each with my own answer."""
    mine = Verification.objects.filter(publication=OuterRef("pk"), member=actor.member_id)
    return (
        Publication.objects.visible_to(actor)
        .select_related("round__branch")
        .annotate(my_answer=Subquery(mine.values("answer")[:1]))
        .order_by("-round__month", "round__branch__roll_order", "round__branch")
    )


def publication_page(publication: Publication, actor: Actor, today: date) -> PublicationPage:
    """A publication with its rows in the roll's order, never by score. Four queries."""
    lines = ResultLine.objects.select_related("entry__criterion").order_by(
        "entry__occurred_on", "entry"
    )
    results = (
        MonthlyResult.objects.current()
        .filter(branch=publication.round.branch_id, month=publication.round.month)
        .select_related("member")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .order_by("member__roll_order", "member")
    )
    objections = list(
        publication.objections.select_related("member", "line__entry__criterion").order_by("pk")
    )
    verification = publication.verifications.filter(member=actor.member_id).first()
    return PublicationPage(
        publication=publication,
        rows=[_row(result, actor) for result in results],
        answered=[_answered(o) for o in objections if o.state != Objection.State.OPEN],
        waiting=sum(objection.state == Objection.State.OPEN for objection in objections),
        is_running=is_running(publication, today),
        has_open_objection=any(
            objection.state == Objection.State.OPEN and objection.member_id == actor.member_id
            for objection in objections
        ),
        verification=verification,
    )


def _row(result: MonthlyResult, actor: Actor) -> PublishedRow:
    return PublishedRow(
        name=result.member.name,
        is_mine=actor.member_id == result.member_id,
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
