"""Follow-ups: one's own, one's duties, and what the committee has to see to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.rights import Actor
from reviews.models import FollowUp
from reviews.selectors.to_dos.cases import UNDECIDED, undecided_cases, with_stage
from reviews.selectors.to_dos.to_do import MOST_NAMES, ToDo, by_key, some
from reviews.services.holders import (
    held_by,
    is_held_by,
    to_be_ended,
    to_be_named,
    with_secretary,
)
from reviews.services.round import month_label

Kind = FollowUp.Kind


def follow_ups(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """Open follow-ups about oneself, those one holds, the dispositions of one's branch, also
    those to be filed; and for committee staff, in one line each, what is theirs to see to.
    Nothing of who left the roll: that stands in ``to_end``. One query."""
    mine = held_by(actor) | Q(kind=Kind.DISPOSITION, branch__in=actor.committee_branches)
    if actor.member_id is not None:
        mine |= Q(member=actor.member_id)
    below = Q(branch__in=actor.branches_below) & (to_be_named(today) | Q(kind=Kind.DISPOSITION))
    rows = (
        with_stage(with_secretary(FollowUp.objects.filter(mine | below), today))
        .filter(Q(state=FollowUp.State.OPEN) | UNDECIDED, ~to_be_ended(today))
        .select_related("member", "holder", "branch")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )
    for_staff: dict[str, list[FollowUp]] = defaultdict(list)
    duties: list[FollowUp] = []
    undecided: list[FollowUp] = []
    for row in rows:
        if row.state != FollowUp.State.OPEN:
            undecided.append(row)
        elif actor.member_id is not None and row.member_id == actor.member_id:
            yield about_me(row)
        elif is_held_by(actor, row):
            duties.append(row)
        elif row.kind == Kind.DISPOSITION and row.branch_id in actor.committee_branches:
            yield case(row)
        else:
            for_staff["cases" if row.kind == Kind.DISPOSITION else "unnamed"].append(row)
    yield from my_duties(duties)
    yield from undecided_cases(undecided, actor)
    yield from for_committee(for_staff)


def my_duties(rows: Iterable[FollowUp]) -> Iterator[ToDo]:
    """One line each; one line together where many of a kind have piled up."""
    for kind, group in by_key(rows, lambda row: row.kind).items():
        if len(group) <= MOST_NAMES or group[0].is_explanation:
            yield from map(my_duty, group)
        else:
            yield ToDo(
                title=_("%(kind)s: %(count)s are yours to hold")
                % {"kind": Kind(kind).label, "count": len(group)},
                note=some(dict.fromkeys(str(row.member) for row in group)),
                url=f"{reverse('follow_ups')}?show=mine",
                action=pgettext("to-do", "View"),
                icon="messages-square",
                due_on=group[0].due_on,
            )


def about_me(row: FollowUp) -> ToDo:
    """For the member it is news, not a task with a day: that day is the holder's."""
    assert row.trigger_month is not None  # by constraint follow_up_kind
    holder = row.holder or getattr(row, "secretary", None)
    return ToDo(
        title=_("%(kind)s: your points of %(month)s are below the line")
        % {"kind": row.get_kind_display(), "month": month_label(row.trigger_month)},
        note=_("%(name)s will talk with you.") % {"name": holder} if holder else "",
        url=row.get_absolute_url(),
        action=pgettext("to-do", "View"),
        icon="messages-square",
    )


def my_duty(row: FollowUp) -> ToDo:
    if row.is_explanation:
        title = {
            Kind.REPORT_EXPLANATION: _("Explain zero points at the annual report of %(year)s"),
            Kind.LIFE_MEETING_EXPLANATION: _(
                "Explain zero points at the democratic life meeting of %(year)s"
            ),
        }[Kind(row.kind)] % {"year": row.year}
        note = row.branch.name
    else:
        assert row.trigger_month is not None
        title = _("%(kind)s with %(name)s") % {"kind": row.get_kind_display(), "name": row.member}
        note = _("points of %(month)s below the line") % {"month": month_label(row.trigger_month)}
    return ToDo(
        title=title,
        note=note,
        url=row.get_absolute_url(),
        action=pgettext("to-do", "View"),
        icon="messages-square",
        due_on=row.due_on,
    )


def case(row: FollowUp) -> ToDo:
    return ToDo(
        title=_("Disposition case: %(name)s") % {"name": row.member},
        note=_("Months below the line in a row: people decide what follows."),
        url=row.get_absolute_url(),
        action=pgettext("to-do", "View"),
        icon="gavel",
        due_on=row.due_on,
    )


def for_committee(rows: Mapping[str, list[FollowUp]]) -> Iterator[ToDo]:
    url = reverse("follow_ups")
    if unnamed := rows.get("unnamed"):
        yield ToDo(
            title=ngettext(
                "Name who holds %(count)s follow-up",
                "Name who holds %(count)s follow-ups",
                len(unnamed),
            )
            % {"count": len(unnamed)},
            note=some(str(row) for row in unnamed),
            url=f"{url}?show=unnamed",
            action=pgettext("to-do", "View"),
            icon="user-round-search",
            due_on=min((row.due_on for row in unnamed if row.due_on), default=None),
        )
    if cases := rows.get("cases"):
        yield ToDo(
            title=ngettext(
                "%(count)s disposition case is open",
                "%(count)s disposition cases are open",
                len(cases),
            )
            % {"count": len(cases)},
            note=some(str(row.member) for row in cases),
            url=f"{url}?show=cases",
            action=pgettext("to-do", "View"),
            icon="gavel",
            due_on=min((row.due_on for row in cases if row.due_on), default=None),
        )


def to_end(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """What is not finished about somebody who left the roll, or was theirs to explain: committee
    staff end it, in one line. One query."""
    rows = list(
        FollowUp.objects.filter(to_be_ended(today), branch__in=actor.branches_below)
        .select_related("member", "holder")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )
    if rows:
        yield ToDo(
            title=ngettext(
                "End %(count)s follow-up of somebody no longer on the roll",
                "End %(count)s follow-ups of people no longer on the roll",
                len(rows),
            )
            % {"count": len(rows)},
            note=some(str(row) for row in rows),
            url=rows[0].get_absolute_url()
            if len(rows) == 1
            else f"{reverse('follow_ups')}?show=absent",
            action=pgettext("to-do", "View"),
            icon="user-round-x",
        )
