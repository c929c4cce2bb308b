"""Explanations: one's own that is to be added to, and what the committee has to see to."""

from collections.abc import Iterator, Sequence
from datetime import date

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.rights import Actor
from reviews.models import FollowUp, FollowUpRecord
from reviews.selectors.to_dos.to_do import ToDo, some
from reviews.services.follow_up_matters import Days
from reviews.services.holders import to_be_ended

State = FollowUp.State
# Nobody was in office, or whoever was has no account (any more): staff enter what was said.
NOBODY_CAN = Q(holder=None) | Q(holder__user=None) | Q(holder__user__is_active=False)


def explanations(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """One's own whose list of zero months changed after it was given; for committee staff, in
    one line each, what is to be entered, judged and decided; not what somebody was to give who
    left the roll. One query; three more each for what is to be judged and decided."""
    mine = Q(pk__in=[])
    if actor.member_id is not None:
        mine = Q(holder=actor.member_id, state=State.RECORDED, is_basis_changed=True)
    below = Q(branch__in=actor.branches_below) & (
        Q(NOBODY_CAN, state=State.OPEN) | Q(state=State.RECORDED)
    )
    record = FollowUpRecord.objects.filter(follow_up=OuterRef("pk"), is_current=True)
    rows = (
        FollowUp.objects.filter(mine | below, kind__in=FollowUp.EXPLANATION_KINDS)
        .filter(~to_be_ended(today))
        .annotate(
            judged_as=F("judgement__outcome"),
            turn_at=Coalesce("judgement__judged_at", Subquery(record.values("recorded_at")[:1])),
        )
        .select_related("holder", "branch")
        .order_by("year", "branch__roll_order", "pk")
    )
    unnamed: list[FollowUp] = []
    unjudged: list[FollowUp] = []
    serious: list[FollowUp] = []
    for row in rows:
        if actor.member_id is not None and row.holder_id == actor.member_id:
            if row.is_basis_changed:
                yield add_to(row)
        elif row.state == State.OPEN:
            unnamed.append(row)
        else:
            (serious if row.judged_as else unjudged).append(row)
    yield from for_staff(unnamed, unjudged, serious)


def add_to(row: FollowUp) -> ToDo:
    return ToDo(
        title=_("Add to your explanation for %(year)s: its months at zero changed")
        % {"year": row.year},
        note=row.branch.name,
        url=row.get_absolute_url(),
        action=pgettext("to-do", "View"),
        icon="notebook-pen",
    )


def for_staff(
    unnamed: Sequence[FollowUp], unjudged: Sequence[FollowUp], serious: Sequence[FollowUp]
) -> Iterator[ToDo]:
    if unnamed:
        title = ngettext(
            "Enter %(count)s explanation that nobody else can enter",
            "Enter %(count)s explanations that nobody else can enter",
            len(unnamed),
        )
        yield together(title, unnamed, icon="notebook-pen")
    if unjudged:
        title = ngettext(
            "Judge %(count)s explanation", "Judge %(count)s explanations", len(unjudged)
        )
        yield together(title, unjudged, icon="scale", due_on=first_day(unjudged))
    if serious:
        title = ngettext(
            "Decide on accountability for %(count)s explanation",
            "Decide on accountability for %(count)s explanations",
            len(serious),
        )
        yield together(title, serious, icon="gavel", due_on=first_day(serious))


def first_day(rows: Sequence[FollowUp]) -> date:
    """The day of the first that is due, as reminders count it. Three queries."""
    days = Days()
    return min(
        days.after(row.turn_at, row.branch.committee_id)  # type: ignore[attr-defined]
        for row in rows
    )


def together(
    title: str, rows: Sequence[FollowUp], *, icon: str, due_on: date | None = None
) -> ToDo:
    """One line; a single explanation is opened at once."""
    url = f"{reverse('follow_ups')}?show=explanations"
    return ToDo(
        title=title % {"count": len(rows)},
        note=some(dict.fromkeys(f"{row.holder or row.branch}" for row in rows)),
        url=rows[0].get_absolute_url() if len(rows) == 1 else url,
        action=pgettext("to-do", "View"),
        icon=icon,
        due_on=due_on,
    )
