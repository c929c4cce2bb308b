"""Follow-ups in lists, and the dossier that one rests on (domain.md §6)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, DateField, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.months import months_between
from members.models import Event
from members.rights import Actor
from points.models import Criterion, MonthlyResult, ResultLine
from points.rules import is_confidential
from reviews.models import Disposition, FollowUp, FollowUpRecord
from reviews.selectors.explanations import ZeroMonth, warnings_of, zero_months_of
from reviews.selectors.to_dos.sittings import to_settle
from reviews.services.holders import held_by, to_be_ended, to_be_named, with_secretary

Kind = FollowUp.Kind
State = FollowUp.State
DONE = (State.CLOSED, State.WITHDRAWN)


# -- lists -------------------------------------------------------------------------------


def filters(actor: Actor, today: date) -> dict[str, Q]:
    """The ways in which somebody can look at the follow-ups they may see, by name."""
    found = {"open": ~Q(state__in=DONE)}
    if actor.member_id is not None:
        mine = Q(member=actor.member_id) | held_by(actor)
        found["mine"] = mine & ~Q(state__in=DONE)
    if actor.is_staff:
        found["unnamed"] = to_be_named(today)
        found["absent"] = to_be_ended(today)
        found["settle"] = to_settle()
        found["explanations"] = Q(kind__in=FollowUp.EXPLANATION_KINDS) & ~Q(state__in=DONE)
    if actor.is_staff or actor.positions:
        found["cases"] = Q(kind=Kind.DISPOSITION) & ~Q(state__in=DONE)
    found["done"] = Q(state__in=DONE)
    return found


def labels() -> dict[str, str]:
    return {
        "open": _("Under way"),
        "mine": _("Mine"),
        "unnamed": _("Without holder"),
        "absent": _("No longer on the roll"),
        "settle": _("To be settled"),
        "explanations": _("Explanations"),
        "cases": _("Dispositions"),
        "done": _("Finished"),
    }


def follow_ups_of(actor: Actor, today: date) -> "QuerySet[FollowUp]":
    """All that this person may see, what is to be done next at the top and what is finished
    last; with the secretary of today where the talk is theirs to hold."""
    seen = with_secretary(FollowUp.objects.visible_to(actor), today)
    return (
        seen.select_related("member", "holder", "branch", "judgement", "rectification")
        .annotate(next_on=next_day(), is_over=Q(state__in=DONE))
        .order_by(
            "is_over", F("next_on").asc(nulls_last=True), "due_on", "branch__roll_order", "pk"
        )
    )


def next_day() -> Case:
    """Until when the next step of a follow-up is to be taken: to hold it, to answer its record,
    to put it right. Without a day: an explanation, which is given at the year's meeting, what
    waits for the branch or the committee, and what is finished."""
    record = FollowUpRecord.objects.filter(
        follow_up=OuterRef("pk"), is_current=True, answer=FollowUpRecord.Answer.AWAITED
    )
    opinion = Disposition.objects.filter(follow_up=OuterRef("pk"), is_current=True)
    return Case(
        When(kind__in=FollowUp.EXPLANATION_KINDS, then=None),
        When(state=State.OPEN, then=F("due_on")),
        When(state=State.RECORDED, then=Subquery(record.values("answer_by")[:1])),
        When(
            state=State.RECTIFYING,
            then=Coalesce("rectification__due_on", Subquery(opinion.values("deadline")[:1])),
        ),
        default=None,
        output_field=DateField(),
    )


# -- the dossier ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """A line that cost points; without a text where only the committee sees the matter."""

    text: str
    occurred_on: date
    reason: str
    credited: Decimal
    zeroes: bool


@dataclass(frozen=True, slots=True)
class MonthOf:
    """A month that a follow-up rests on, with the result as it stands now; every revision of
    it, the first one first; and where it was revised since, the one that stood when the
    follow-up was carried out (``then``)."""

    month: date
    result: MonthlyResult | None
    costs: tuple[Cost, ...] = ()
    revisions: tuple[MonthlyResult, ...] = ()
    then: MonthlyResult | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a follow-up rests on: the months of the streak, or the zero months to explain."""

    months: tuple[MonthOf, ...] = ()
    zero_months: tuple[ZeroMonth, ...] = ()
    has_zero: bool = False
    warnings: tuple[str, ...] = field(default=())


def dossier_of(follow_up: FollowUp, actor: Actor) -> Dossier:
    """The basis of a follow-up as this person may see it. Two queries, one more where it was
    revised; three for an explanation."""
    if follow_up.is_explanation:
        return Dossier(
            zero_months=zero_months_of(follow_up, actor), warnings=warnings_of(follow_up)
        )
    assert follow_up.first_month is not None  # by constraint follow_up_kind
    assert follow_up.trigger_month is not None
    months = months_between(follow_up.first_month, follow_up.trigger_month)
    revisions = _revisions(follow_up, months)
    results = {one.month: one for found in revisions.values() for one in found if one.is_current}
    costs = _costs(results, sees_all=sees_all(actor, follow_up))
    has_zero = any(result.is_zero for result in results.values())
    since = _carried_out_at(follow_up) if follow_up.is_basis_changed else None
    return Dossier(
        months=tuple(
            MonthOf(
                month,
                results.get(month),
                costs.get(month, ()),
                tuple(revisions[month]),
                _stood(revisions[month], since),
            )
            for month in months
        ),
        has_zero=has_zero,
        warnings=tuple(_warnings(follow_up, has_zero=has_zero)),
    )


def _revisions(follow_up: FollowUp, months: list[date]) -> dict[date, list[MonthlyResult]]:
    """The final results of these months in every revision, the first one first."""
    found: dict[date, list[MonthlyResult]] = defaultdict(list)
    results = MonthlyResult.objects.filter(
        member=follow_up.member_id, month__in=months, is_final=True
    )
    for result in results.order_by("month", "revision"):
        found[result.month].append(result)
    return found


def _carried_out_at(follow_up: FollowUp) -> datetime | None:
    """When it was last recorded, or the branch gave its opinion. One query."""
    moments = FollowUp.objects.filter(pk=follow_up.pk).aggregate(
        recorded=Max("records__recorded_at"), given=Max("dispositions__opinion_at")
    )
    return moments["recorded"] or moments["given"]


def _stood(revisions: list[MonthlyResult], at: datetime | None) -> MonthlyResult | None:
    """The revision that stood at a moment, where another one stands today."""
    if at is None:
        return None
    then = [one for one in revisions if one.computed_at <= at]
    return then[-1] if then and not then[-1].is_current else None


def sees_all(actor: Actor, follow_up: FollowUp) -> bool:
    """Whether matters that the committee registered are shown by name: to the member and to
    the committee; discipline is seen by the few who decide it (domain.md §10)."""
    own = actor.member_id is not None and actor.member_id == follow_up.member_id
    return own or actor.is_staff_over(follow_up.branch_id)


def _costs(results: dict[date, MonthlyResult], *, sees_all: bool) -> dict[date, tuple[Cost, ...]]:
    lines = (
        ResultLine.objects.filter(result__in=results.values())
        .filter(Q(points__lt=0) | Q(entry__criterion__zeroes_month=True))
        .select_related("result", "entry__criterion")
        .order_by("entry__occurred_on", "entry")
    )
    found: dict[date, list[Cost]] = defaultdict(list)
    for line in lines:
        found[line.result.month].append(_cost(line, line.entry.criterion, sees_all=sees_all))
    return {month: tuple(costs) for month, costs in found.items()}


def _cost(line: ResultLine, criterion: Criterion, *, sees_all: bool) -> Cost:
    hidden = is_confidential(criterion) and not sees_all
    return Cost(
        text=_("a matter registered by the committee") if hidden else criterion.text,
        occurred_on=line.entry.occurred_on,
        reason="" if hidden else line.entry.reason,
        credited=line.credited,
        zeroes=criterion.zeroes_month,
    )


def _warnings(follow_up: FollowUp, *, has_zero: bool) -> list[str]:
    found = []
    if follow_up.is_basis_changed:
        found.append(
            _(
                "The results that this rests on were revised after it was carried out. "
                "Look at it again."
            )
        )
    if follow_up.kind == Kind.DISPOSITION and has_zero:
        found.append(
            _(
                "One of these months is zero because of organisational or disciplinary handling: "
                "a matter already punished is not disposed of again."
            )
        )
    return found


# -- what comes next, in words -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of follow-up is, who acts and how, and where its limits are."""

    what: str
    steps: tuple[str, ...]
    limit: str = ""


def words_for(follow_up: FollowUp) -> Words:
    """How a follow-up goes on: the system proposes, people decide (domain.md §6)."""
    limit = _(
        "The system only counts months. What follows, and whether anything does, is decided by "
        "people at a meeting; low points alone are no statutory ground for a disposition."
    )
    count = {"count": _months_in_a_row(follow_up)}
    match follow_up.kind:
        case Kind.TALK:
            return Words(
                _("A month ended below the pass line: the branch talks with the member."),
                (
                    _(
                        "The branch secretary talks with the member; with a secretary, "
                        "a person whom the committee names."
                    ),
                    _("They agree what is to be put right and by when."),
                    _("The member says whether the record is right; then it is put right."),
                ),
            )
        case Kind.INTERVIEW:
            return Words(
                _("%(count)s months in a row ended below the pass line: the committee interviews.")
                % count,
                (
                    _("The committee names who holds the interview."),
                    _("The interview looks for causes and agrees measures and a day."),
                    _("The member says whether the record is right; then it is put right."),
                ),
            )
        case Kind.DISPOSITION:
            return Words(
                _(
                    "%(count)s months in a row ended below the pass line: branch and committee "
                    "look into the matter, together with this year's democratic review of members."
                )
                % count,
                (
                    _("The branch gathers the facts; this dossier is part of them."),
                    _(
                        "The branch assembly discusses: improvement with a deadline, persuading "
                        "to leave, removal from the roll, or nothing at all."
                    ),
                    _("The committee above approves. Party discipline is another procedure."),
                ),
                limit,
            )
        case Kind.REPORT_EXPLANATION:
            return Words(
                _("A member of the branch had a month of zero points in this year."),
                (
                    _("The branch secretary explains it at the year's report on duty and probity."),
                    _("If it is judged serious, accountability is decided by people."),
                ),
            )
        case Kind.CORRECTION:
            return Words(
                _("The committee approved a correction within a deadline."),
                (
                    _("The member puts right what was asked for, and writes here what was done."),
                    _("The branch secretary or the committee checks it."),
                    _("If it is not put right by the deadline, the case is taken up again."),
                ),
            )
        case _kind:
            return Words(
                _("A member in the unit had a month of zero points in this year."),
                (
                    _("The leading cadre explains it at the democratic life meeting."),
                    _("If it is judged serious, accountability is decided by people."),
                ),
            )


def _months_in_a_row(follow_up: FollowUp) -> int:
    if follow_up.first_month is None or follow_up.trigger_month is None:
        return 0
    return len(months_between(follow_up.first_month, follow_up.trigger_month))


# What is written of a step in the history: never what was said.
HAPPENED = {
    "name_holder": (gettext_lazy("Somebody was named to hold it."), "user-round-check"),
    "record": (gettext_lazy("It was recorded."), "notebook-pen"),
    "confirm": (gettext_lazy("The member confirmed the record."), "circle-check"),
    "confirm_on_paper": (gettext_lazy("The member signed the record on paper."), "circle-check"),
    "agree_silently": (
        gettext_lazy("The time to answer passed: silence counts as agreement."),
        "circle-check",
    ),
    "dispute": (gettext_lazy("The member disputed the record."), "message-square-warning"),
    "let_stand": (gettext_lazy("The committee let the record stand."), "scale"),
    "add_step": (gettext_lazy("A step of putting right was written."), "pencil"),
    "hand_in": (gettext_lazy("It was put right and handed in for the check."), "send"),
    "check": (gettext_lazy("How it was put right was checked."), "clipboard-check"),
    "give_opinion": (gettext_lazy("The branch gave its opinion."), "notebook-pen"),
    "file_case": (gettext_lazy("The case was filed with the committee."), "send"),
    "decide_case": (gettext_lazy("The committee approved the branch's opinion."), "gavel"),
    "return_case": (gettext_lazy("The committee returned the case to the branch."), "undo-2"),
    "correction_made": (gettext_lazy("The correction was made: the case is closed."), "lock"),
    "take_up_again": (
        gettext_lazy("The correction was not made: the case is taken up again."),
        "refresh-cw",
    ),
    "explain": (gettext_lazy("The explanation was given."), "notebook-pen"),
    "attach_scan": (gettext_lazy("The signed paper was attached."), "paperclip"),
    "judge": (gettext_lazy("The committee judged the explanation."), "scale"),
    "decide_accountability": (gettext_lazy("Accountability was decided."), "gavel"),
    "close": (gettext_lazy("It was closed."), "lock"),
    "lift": (gettext_lazy("It was closed, because its basis was revised."), "undo-2"),
    "end_absent": (gettext_lazy("It was closed: no longer on the roll."), "user-round-x"),
    "withdraw": (
        gettext_lazy("Withdrawn: the revised results no longer demand it."),
        "circle-slash",
    ),
    "reinstate": (gettext_lazy("Opened again: the revised results demand it."), "circle-dot"),
    "flag": (gettext_lazy("The results that it rests on were revised."), "triangle-alert"),
    "unflag": (
        gettext_lazy("The results were revised back to what it rests on."),
        "circle-check",
    ),
}


def timeline_of(follow_up: FollowUp) -> list[dict[str, Any]]:
    """What happened to it: who, when and what, oldest first. One query."""
    opened = {
        "at": follow_up.opened_at,
        "who": _("the system"),
        "text": _("Opened: a disposition demands it.")
        if follow_up.kind == Kind.CORRECTION
        else _("Opened: the final results demand it."),
        "icon": "circle-dot",
    }
    events = Event.objects.filter(
        target_type=FollowUp._meta.model_name, target_id=follow_up.pk, verb__in=HAPPENED
    ).select_related("by__member")
    return [opened, *(_happened(event) for event in events.order_by("at", "pk"))]


def _happened(event: Event) -> dict[str, Any]:
    text, icon = HAPPENED[event.verb]
    return {
        "at": event.at,
        "who": event.by.display_name,
        "text": text,
        "icon": icon,
        "note": event.details.get("reason", "") if event.verb == "withdraw" else "",
    }
