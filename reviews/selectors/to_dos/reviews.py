"""Reviews: for branch committees, for staff in their place, and what is late."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from django.db.models import Count, Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.rights import Actor
from points.models import Declaration, Entry
from points.rules import may_decide
from reviews.models import Round
from reviews.selectors.to_dos.desk import Desk
from reviews.selectors.to_dos.to_do import ToDo, by_key, some
from reviews.services.round import month_label
from reviews.workflow import ROUND_STEPS, Seat


def reviews(desk: Desk) -> Iterator[ToDo]:
    """Reviews to start, entries to decide, reviews to conclude. Three queries."""
    rounds = list(
        Round.objects.filter(
            branch__in=desk.branches, state__in=[Round.State.OPEN, Round.State.REVIEWING]
        )
        .select_related("branch")
        .order_by("month", "branch__roll_order")
    )
    unfiled = Counter(
        Declaration.objects.filter(
            branch__in=desk.branches, state=Declaration.State.DRAFT
        ).values_list("branch", "month")
    )
    waiting = undecided_by_member(desk)
    for round_ in rounds:
        seat = Seat(desk.actor, desk.benches[round_.branch_id])
        place = (round_.branch_id, round_.month)
        if round_.state == Round.State.OPEN:
            yield from _start(round_, seat, unfiled[place], desk.today)
        else:
            yield from _review(round_, seat, waiting.get(place, {}))


def undecided_by_member(desk: Desk) -> dict[tuple[int, date], dict[int, int]]:
    """How many entries wait for a decision: (branch, month) -> member -> number. One query."""
    rows = (
        Entry.objects.undecided()
        .filter(
            Exists(
                Round.objects.filter(
                    branch=OuterRef("branch"),
                    month=OuterRef("month"),
                    state=Round.State.REVIEWING,
                )
            ),
            branch__in=desk.branches,
        )
        .exclude(
            source=Entry.Source.DECLARED,
            declaration__state__in=[
                Declaration.State.DRAFT,
                Declaration.State.MISSING,
                Declaration.State.RETURNED,
            ],
        )
        .order_by()
        .values_list("branch", "month", "member")
        .annotate(count=Count("pk"))
    )
    found: dict[tuple[int, date], dict[int, int]] = defaultdict(dict)
    for branch, month, member, count in rows:
        found[branch, month][member] = count
    return found


def _start(round_: Round, seat: Seat, unfiled: int, today: date) -> Iterator[ToDo]:
    """A review is to be started once the due day has passed, or everybody has filed."""
    if not ROUND_STEPS.is_open("start_review", seat, round_):
        return
    if unfiled and today <= round_.declare_by:
        return
    note = _("Everybody has filed.")
    if unfiled:
        note = ngettext(
            "%(count)s member has not filed.", "%(count)s members have not filed.", unfiled
        ) % {"count": unfiled}
    yield ToDo(
        title=_("Start the review of %(month)s") % {"month": month_label(round_.month)},
        note=where(round_, seat, note),
        url=round_.get_absolute_url(),
        action=pgettext("to-do", "Start"),
        icon="clipboard-check",
        due_on=round_.review_by,
    )


def _review(round_: Round, seat: Seat, waiting: Mapping[int, int]) -> Iterator[ToDo]:
    mine = sum(
        count
        for member, count in waiting.items()
        if may_decide(
            seat.actor,
            member_id=member,
            branch_id=round_.branch_id,
            committee=seat.bench.members,
        )
    )
    if mine and ROUND_STEPS.is_open("decide", seat, round_):
        for_secretary = sum(waiting.get(member, 0) for member in seat.bench.secretaries)
        is_secretary = seat.actor.member_id in seat.bench.secretaries
        note = ""
        if for_secretary and not is_secretary:
            note = _("including the secretary's own sheet, which others decide")
        yield ToDo(
            title=ngettext(
                "%(count)s entry of %(month)s waits for a decision",
                "%(count)s entries of %(month)s wait for a decision",
                mine,
            )
            % {"count": mine, "month": month_label(round_.month)},
            note=where(round_, seat, note),
            url=round_.get_absolute_url(),
            action=pgettext("to-do", "Decide"),
            icon="scale",
            due_on=round_.review_by,
        )
    elif ROUND_STEPS.is_open("conclude", seat, round_):
        others = sum(waiting.values())
        note = _("Every entry is decided.")
        if others:
            note = ngettext(
                "%(count)s entry still waits for another reviewer (recusal).",
                "%(count)s entries still wait for another reviewer (recusal).",
                others,
            ) % {"count": others}
        yield ToDo(
            title=_("Conclude the review of %(month)s and publish")
            % {"month": month_label(round_.month)},
            note=where(round_, seat, note),
            url=round_.get_absolute_url(),
            action=pgettext("to-do", "Conclude"),
            icon="megaphone",
            due_on=round_.review_by,
        )


def where(round_: Round, seat: Seat, note: str) -> str:
    """Staff are told of which branch; in one's own branch that goes without saying."""
    if seat.actor.is_on_committee_of(round_.branch_id):
        return note
    return " · ".join(filter(None, [round_.branch.name, note]))


def late_rounds(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """Reviews past their day in the branches below, a line for each month. One query."""
    rows = (
        Round.objects.filter(
            branch__in=actor.branches_below,
            state__in=[Round.State.OPEN, Round.State.REVIEWING],
            review_by__lt=today,
        )
        .select_related("branch")
        .order_by("month", "branch__roll_order")
    )
    for month, rounds in by_key(rows, lambda round_: round_.month).items():
        yield ToDo(
            title=ngettext(
                "%(count)s review of %(month)s is late",
                "%(count)s reviews of %(month)s are late",
                len(rounds),
            )
            % {"count": len(rounds), "month": month_label(month)},
            note=some(round_.branch.name for round_ in rounds),
            url=reverse("month_rounds", args=[month.year, month.month]),
            action=pgettext("to-do", "View"),
            icon="clock-alert",
            due_on=min(round_.review_by for round_ in rounds),
        )
