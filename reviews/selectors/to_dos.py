"""What somebody has to do now, worked out from the state of things and never stored
(domain.md §1, §9). Each function asks a fixed number of queries, whatever it finds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Branch
from lib.display import zh_date
from lib.months import month_of
from members.models import Position, StaffAppointment
from members.rights import Actor
from points.models import Declaration, Entry, MonthlyResult, RuleBook
from points.rules import may_decide
from reviews.models import (
    Appeal,
    FollowUp,
    Objection,
    Publication,
    Round,
    SpotCheck,
    Verification,
)
from reviews.rules import Bench, may_answer, may_decide_appeal
from reviews.selectors.exemptions import waiting_for_me
from reviews.services.panels import APPEALED, panels_of, panels_of_appeals
from reviews.services.review import what_to_correct
from reviews.services.round import month_label
from reviews.workflow import ROUND_STEPS, Seat

MOST_NAMES = 3
Kind = FollowUp.Kind


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do: what, why, until when, and where a click takes you."""

    title: str
    url: str
    action: str
    icon: str
    note: str = ""
    due_on: date | None = None


def to_dos_of(actor: Actor, *, today: date) -> list[ToDo]:
    """Everything this person has to do, the most pressing first; what has no day comes last."""
    found: list[ToDo] = []
    if actor.member_id is not None:
        found += sheets(actor)
        found += verifications(actor, today=today)
    found += follow_ups(actor)
    if actor.positions or actor.is_staff:
        desk = Desk.of(actor, today=today)
        found += reviews(desk)
        found += answers(desk)
        found += missing_rule_books(desk)
        found += rule_books_in_hand(desk)
        found += missing_secretaries(desk)
    if actor.is_staff:
        found += appeals(actor, today=today)
        found += late_rounds(actor, today=today)
        found += inspections(actor)
        found += exemptions_to_approve(actor)
    if actor.is_administrator:
        found += first_steps()
    return sorted(found, key=lambda one: (one.due_on is None, one.due_on or today))


# -- a member ----------------------------------------------------------------------------


def sheets(actor: Actor) -> Iterator[ToDo]:
    """One's own sheets that are to be filed or put right. One query."""
    waiting = Declaration.objects.filter(
        member=actor.member_id,
        state__in=[Declaration.State.DRAFT, Declaration.State.RETURNED],
    ).annotate(
        registered=Count(
            "entries", filter=~Q(entries__source=Entry.Source.DECLARED), distinct=True
        ),
        remarked=Count(
            "entries__remarks",
            filter=Q(submitted_at__isnull=True)
            | Q(entries__remarks__made_at__gte=F("submitted_at")),
            distinct=True,
        ),
    )
    for sheet in waiting.order_by("month"):
        month = {"month": month_label(sheet.month)}
        if sheet.state == Declaration.State.RETURNED:
            yield ToDo(
                title=_("Correct your declaration for %(month)s") % month,
                note=what_to_correct(sheet.return_reason, sheet.remarked),
                url=sheet.get_absolute_url(),
                action=pgettext("to-do", "Correct"),
                icon="undo-2",
            )
        else:
            yield ToDo(
                title=_("File your declaration for %(month)s") % month,
                note=registered_for_you(sheet.registered),
                url=sheet.get_absolute_url(),
                action=pgettext("to-do", "Fill in"),
                icon="file-pen-line",
                due_on=sheet.declare_by,
            )


def registered_for_you(count: int) -> str:
    if not count:
        return ""
    return ngettext(
        "The branch has registered %(count)s entry for you.",
        "The branch has registered %(count)s entries for you.",
        count,
    ) % {"count": count}


def verifications(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """Publications under way that show a result of one's own, not yet answered. One query."""
    own = MonthlyResult.objects.current().filter(
        member=actor.member_id, branch=OuterRef("round__branch"), month=OuterRef("round__month")
    )
    # A result that was corrected since is to be checked again.
    answered = Verification.objects.filter(
        ~Exists(
            MonthlyResult.objects.current().filter(
                member=actor.member_id,
                branch=OuterRef("publication__round__branch"),
                month=OuterRef("publication__round__month"),
                computed_at__gt=OuterRef("answered_at"),
            )
        ),
        publication=OuterRef("pk"),
        member=actor.member_id,
    )
    running = Publication.objects.filter(
        Exists(own),
        ~Exists(answered),
        round__state=Round.State.PUBLISHED,
        withdrawn_at__isnull=True,
        ends_on__gte=today,
    ).select_related("round")
    for publication in running:
        month = publication.round.month
        yield ToDo(
            title=_("Check your points of %(month)s") % {"month": month_label(month)},
            note=_("Silence counts as agreement."),
            url=reverse("result", args=[month.year, month.month]),
            action=pgettext("to-do", "Check"),
            icon="list-checks",
            due_on=publication.ends_on,
        )


# -- follow-ups: one's own, one's duties, and what the committee has to see to ----------------


def follow_ups(actor: Actor) -> Iterator[ToDo]:
    """Open follow-ups about oneself, those one holds, the dispositions of one's branch; and
    for committee staff, in one line each, what is theirs to see to. One query."""
    mine = Q(pk__in=[])
    if actor.member_id is not None:
        mine = Q(member=actor.member_id) | Q(holder=actor.member_id)
    mine |= Q(kind=Kind.DISPOSITION, branch__in=actor.committee_branches)
    below = Q(branch__in=actor.branches_below) & (Q(holder=None) | Q(kind=Kind.DISPOSITION))
    rows = (
        FollowUp.objects.filter(mine | below, state=FollowUp.State.OPEN)
        .select_related("member", "holder", "branch")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )
    for_staff: dict[str, list[FollowUp]] = defaultdict(list)
    duties: list[FollowUp] = []
    for row in rows:
        if actor.member_id is not None and row.member_id == actor.member_id:
            yield about_me(row)
        elif actor.member_id is not None and row.holder_id == actor.member_id:
            duties.append(row)
        elif row.kind == Kind.DISPOSITION and row.branch_id in actor.committee_branches:
            yield case(row)
        else:
            for_staff["cases" if row.kind == Kind.DISPOSITION else "unnamed"].append(row)
    yield from my_duties(duties)
    yield from for_committee(for_staff)


def my_duties(rows: Iterable[FollowUp]) -> Iterator[ToDo]:
    """One line each; one line together where many of a kind have piled up."""
    for kind, group in _by(rows, lambda row: row.kind).items():
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
    return ToDo(
        title=_("%(kind)s: your points of %(month)s are below the line")
        % {"kind": row.get_kind_display(), "month": month_label(row.trigger_month)},
        note=_("%(name)s will talk with you.") % {"name": row.holder.name} if row.holder else "",
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


# -- branch committees, and staff in their place ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Desk:
    """The branches somebody works on today, and who sits on their committees.

    ``thin`` are branches below one's committee without a secretary, or with so few on the
    branch committee that the committee above may have to decide.
    """

    actor: Actor
    today: date
    branches: frozenset[int]
    benches: Mapping[int, Bench] = field(repr=False)
    without_secretary: tuple[Branch, ...] = ()
    objections: tuple[Objection, ...] = ()

    @classmethod
    def of(cls, actor: Actor, *, today: date) -> "Desk":
        """Three queries."""
        thin = _thin_branches(actor, today)
        objections = tuple(
            Objection.objects.filter(
                state=Objection.State.OPEN,
                publication__round__branch__in=actor.committee_branches | actor.branches_below,
            ).select_related("member", "publication__round__branch", "line__entry__criterion")
        )
        branches = actor.committee_branches | {branch.pk for branch in thin}
        asked = branches | {one.publication.round.branch_id for one in objections}
        seats: dict[int, set[tuple[int, str]]] = defaultdict(set)
        for branch, member, kind in (
            Position.objects.on(today)
            .filter(branch__in=asked)
            .values_list("branch", "member", "kind")
        ):
            seats[branch].add((member, kind))
        benches = {branch: Bench(branch, frozenset(seats[branch])) for branch in asked}
        vacant = tuple(branch for branch in thin if not benches[branch.pk].has_secretary)
        return cls(actor, today, branches, benches, vacant, objections)


def _thin_branches(actor: Actor, today: date) -> list[Branch]:
    if not actor.is_staff:
        return []
    seats = Position.objects.on(today).filter(branch=OuterRef("pk"))
    secretaries = seats.filter(kind=Position.Kind.SECRETARY)
    others = seats.exclude(kind=Position.Kind.SECRETARY)
    return list(
        Branch.objects.active()
        .filter(~Exists(secretaries) | ~Exists(others), pk__in=actor.branches_below)
        .order_by("roll_order", "pk")
    )


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
        note=_where(round_, seat, note),
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
            note=_where(round_, seat, note),
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
            note=_where(round_, seat, note),
            url=round_.get_absolute_url(),
            action=pgettext("to-do", "Conclude"),
            icon="megaphone",
            due_on=round_.review_by,
        )


def _where(round_: Round, seat: Seat, note: str) -> str:
    """Staff are told of which branch; in one's own branch that goes without saying."""
    if seat.actor.is_on_committee_of(round_.branch_id):
        return note
    return " · ".join(filter(None, [round_.branch.name, note]))


def answers(desk: Desk) -> Iterator[ToDo]:
    """Objections that this person may answer. Five queries where there are any."""
    panels = panels_of(desk.objections, desk.today)
    for objection in desk.objections:
        round_ = objection.publication.round
        bench = desk.benches[round_.branch_id]
        if may_answer(desk.actor, objection, panels[objection.pk]):
            yield ToDo(
                title=_("Answer the objection of %(name)s") % {"name": objection.member.name},
                note=_where(round_, Seat(desk.actor, bench), month_label(round_.month)),
                url=objection.get_absolute_url(),
                action=pgettext("to-do", "Answer"),
                icon="message-square-warning",
                due_on=objection.publication.ends_on,
            )


def appeals(actor: Actor, *, today: date) -> Iterator[ToDo]:
    """Appeals that this person may decide. One query, and four where there are any."""
    waiting = list(
        Appeal.objects.open()
        .filter(branch__in=actor.branches_below)
        .select_related(*APPEALED)
        .order_by("decide_by", "pk")
    )
    panels = panels_of_appeals(waiting, today)
    for appeal in waiting:
        if may_decide_appeal(actor, appeal, panels[appeal.pk]):
            yield ToDo(
                title=_("Decide the appeal of %(name)s") % {"name": appeal.member.name},
                note=appeal.branch.name,
                url=appeal.get_absolute_url(),
                action=pgettext("to-do", "Rule on it"),
                icon="scale",
                due_on=appeal.decide_by,
            )


def missing_rule_books(desk: Desk) -> Iterator[ToDo]:
    """Branches without a rule book in force: a to-do for the secretary and the committee,
    not an error (domain.md §5.1). One query."""
    month = month_of(desk.today)
    without = list(
        Branch.objects.active()
        .filter(
            ~Exists(RuleBook.objects.in_force(month).filter(branch=OuterRef("pk"))),
            pk__in=desk.actor.secretary_branches | desk.actor.branches_below,
        )
        .order_by("roll_order", "pk")
    )
    if without:
        yield ToDo(
            title=_("No rule book is in force"),
            note=_("%(branches)s: no month opens until there is one.")
            % {"branches": some(branch.name for branch in without)},
            url=reverse("rule_books"),
            action=pgettext("to-do", "View"),
            icon="book-open",
        )


def rule_books_in_hand(desk: Desk) -> Iterator[ToDo]:
    """Rule books that wait for the committee's approval, but not one's own; and those returned
    to the secretary with remarks. One query."""
    actor, state = desk.actor, RuleBook.State
    books = (
        RuleBook.objects.filter(
            Q(state=state.SUBMITTED, branch__in=actor.branches_below)
            | Q(state=state.RETURNED, branch__in=actor.secretary_branches)
        )
        .select_related("branch")
        .order_by("submitted_at", "pk")
    )
    by_state = _by(books, lambda book: book.state)
    own = {actor.user.pk}
    waiting = [
        book
        for book in by_state.get(state.SUBMITTED, [])
        if not own & {book.drafted_by_id, book.submitted_by_id}
    ]
    for book in by_state.get(state.RETURNED, []):
        yield ToDo(
            title=_("The committee returned your rule book"),
            note=book.remarks,
            url=reverse("rule_book_edit", args=[book.pk]),
            action=pgettext("to-do", "Correct"),
            icon="undo-2",
        )
    if waiting:
        url = reverse("rule_books")
        if len(waiting) == 1:
            url = reverse("rule_book_approval", args=[waiting[0].pk])
        yield ToDo(
            title=ngettext(
                "%(count)s rule book waits for approval",
                "%(count)s rule books wait for approval",
                len(waiting),
            )
            % {"count": len(waiting)},
            note=some(book.branch.name for book in waiting),
            url=url,
            action=pgettext("to-do", "Approve"),
            icon="stamp",
        )


def missing_secretaries(desk: Desk) -> Iterator[ToDo]:
    """For committee staff: branches without a secretary, in whose place they act."""
    if desk.without_secretary:
        yield ToDo(
            title=_("No branch secretary in office"),
            note=_("%(branches)s: until there is one, the committee acts in their place.")
            % {"branches": some(branch.name for branch in desk.without_secretary)},
            url=reverse("roll"),
            action=pgettext("to-do", "View"),
            icon="user-round-x",
        )


# -- committee staff ------------------------------------------------------------------------


def exemptions_to_approve(actor: Actor) -> Iterator[ToDo]:
    """Exemptions that branches below ask for, in one line. One query."""
    waiting = list(waiting_for_me(actor).select_related("member"))
    if waiting:
        yield ToDo(
            title=ngettext(
                "%(count)s exemption to approve", "%(count)s exemptions to approve", len(waiting)
            )
            % {"count": len(waiting)},
            note=some(dict.fromkeys(one.member.name for one in waiting)),
            url=reverse("exemptions"),
            action=pgettext("to-do", "Approve"),
            icon="circle-minus",
        )


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
    for month, rounds in _by(rows, lambda round_: round_.month).items():
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


def inspections(actor: Actor) -> Iterator[ToDo]:
    """Drawn entries that one has still to inspect, a line for each draw. One query."""
    waiting = (
        SpotCheck.objects.filter(items__inspector=actor.user, items__finding="")
        .annotate(waiting=Count("items"))
        .select_related("committee")
        .order_by("inspect_by", "pk")
    )
    for spot_check in waiting:
        yield ToDo(
            title=ngettext(
                "Inspect %(count)s drawn entry",
                "Inspect %(count)s drawn entries",
                spot_check.waiting,
            )
            % {"count": spot_check.waiting},
            note=_("Spot check of %(day)s") % {"day": zh_date(spot_check.drawn_at)},
            url=spot_check.get_absolute_url(),
            action=pgettext("to-do", "Inspect"),
            icon="dices",
            due_on=spot_check.inspect_by,
        )


# -- administrators ---------------------------------------------------------------------------


def first_steps() -> Iterator[ToDo]:
    """What a new installation lacks: the roll, and staff who work for a committee. Two
    queries."""
    if not Branch.objects.exists():
        yield ToDo(
            title=_("Import organisations and members"),
            note=_("The roll is empty."),
            url=reverse("roll_import"),
            action=pgettext("to-do", "Import"),
            icon="file-up",
        )
    elif not StaffAppointment.objects.exists():
        yield ToDo(
            title=_("Appoint committee staff"),
            note=_("Nobody can approve, hold interviews or close the year yet."),
            url=reverse("admin:members_staffappointment_add"),
            action=pgettext("to-do", "Appoint"),
            icon="user-round-plus",
        )


def _by(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def some(names: Iterable[str]) -> str:
    """The first few names, and how many there are if there are more."""
    names = list(names)
    listed = "、".join(names[:MOST_NAMES])
    if len(names) <= MOST_NAMES:
        return listed
    return ngettext(
        "%(names)s and others, %(count)s in all",
        "%(names)s and others, %(count)s in all",
        len(names),
    ) % {"names": listed, "count": len(names)}
