"""Talks, interviews and corrections that were carried out: to answer, to put right, to check,
to settle. A member is told of their record as something to do, and never reminded of it."""

from collections.abc import Iterator
from datetime import date

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.rights import Actor
from reviews.models import FollowUp, FollowUpRecord, Rectification
from reviews.selectors.to_dos.to_do import ToDo, some
from reviews.services.holders import to_be_ended

Kind = FollowUp.Kind
State = FollowUp.State
GOING_ON = (State.RECORDED, State.DISPUTED, State.CONFIRMED, State.RECTIFYING)


def sittings(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """What is one's own to answer or put right, what one checks or closes; and for committee
    staff in one line what is to be settled; nothing of who left the roll. One query."""
    mine = Q(pk__in=[])
    if actor.member_id is not None:
        mine = Q(member=actor.member_id) | Q(holder=actor.member_id)
    corrections = Q(kind=Kind.CORRECTION, branch__in=actor.secretary_branches)
    below = Q(branch__in=actor.branches_below) & to_settle()
    record = FollowUpRecord.objects.filter(follow_up=OuterRef("pk"), is_current=True)
    rows = (
        FollowUp.objects.filter(mine | corrections | below, state__in=GOING_ON)
        .filter(~to_be_ended(today))
        .filter(Q(kind__in=[*FollowUp.SITTING_KINDS, Kind.CORRECTION]) | to_settle())
        .annotate(answer_by=Subquery(record.values("answer_by")))
        .select_related("member", "holder", "rectification")
        .order_by("pk")
    )
    settled: list[FollowUp] = []
    for row in rows:
        if actor.member_id is not None and row.member_id == actor.member_id:
            yield from about_me(row)
        elif is_duty(row, actor):
            yield from my_duty(row, today)
        elif row.branch_id in actor.branches_below:
            settled.append(row)
    if settled:
        yield for_committee(settled)


def to_settle() -> Q:
    """Disputed records, and what rests on results that were revised since."""
    return Q(state=State.DISPUTED) | Q(state__in=GOING_ON, is_basis_changed=True)


def is_duty(row: FollowUp, actor: Actor) -> bool:
    if row.kind == Kind.CORRECTION:
        return row.branch_id in actor.secretary_branches
    return actor.member_id is not None and row.holder_id == actor.member_id


def about_me(row: FollowUp) -> Iterator[ToDo]:
    kind = {"kind": row.get_kind_display()}
    if row.state == State.RECORDED and row.kind in FollowUp.SITTING_KINDS:
        yield ToDo(
            title=_("%(kind)s: is the record right?") % kind,
            note=pgettext("record", "Silence counts as agreement."),
            url=row.get_absolute_url(),
            action=pgettext("to-do", "Check"),
            icon="notebook-pen",
            due_on=row.answer_by,  # type: ignore[attr-defined]
        )
    put_right = rectification_of(row)
    if put_right is not None and put_right.handed_in_at is None:
        yield ToDo(
            title=_("%(kind)s: put right what was agreed") % kind,
            url=row.get_absolute_url(),
            action=pgettext("to-do", "Fill in"),
            icon="refresh-cw",
            due_on=put_right.due_on,
        )


def my_duty(row: FollowUp, today: date) -> Iterator[ToDo]:
    words = {"kind": row.get_kind_display(), "name": row.member}
    put_right = rectification_of(row)
    title, due_on, icon = "", None, "clipboard-check"
    if row.state == State.DISPUTED:
        title, icon = _("%(kind)s: %(name)s disputes the record"), "message-square-warning"
    elif row.state == State.CONFIRMED and row.kind in FollowUp.SITTING_KINDS:
        title, icon = _("%(kind)s with %(name)s: nothing is left to put right, close it"), "lock"
    elif put_right is not None and put_right.handed_in_at is not None:
        title = _("%(kind)s: check how %(name)s put it right")
    elif put_right is not None and put_right.due_on < today:
        title, due_on = _("%(kind)s: %(name)s has not put it right"), put_right.due_on
    if title:
        yield ToDo(
            title=title % words,
            url=row.get_absolute_url(),
            action=pgettext("to-do", "View"),
            icon=icon,
            due_on=due_on,
        )


def rectification_of(row: FollowUp) -> Rectification | None:
    """What is being put right. No query: it was read with the row."""
    if row.state != State.RECTIFYING:
        return None
    found: Rectification | None = getattr(row, "rectification", None)
    return found


def for_committee(rows: list[FollowUp]) -> ToDo:
    url = reverse("follow_ups")
    return ToDo(
        title=ngettext(
            "%(count)s follow-up is to be settled",
            "%(count)s follow-ups are to be settled",
            len(rows),
        )
        % {"count": len(rows)},
        note=_("%(names)s: the record is disputed, or its basis was revised.")
        % {"names": some(str(row) for row in rows)},
        url=rows[0].get_absolute_url() if len(rows) == 1 else f"{url}?show=settle",
        action=pgettext("to-do", "View"),
        icon="message-square-warning",
    )
