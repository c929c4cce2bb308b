"""What the pages of a disposition case show: the rows written so far, of what it warns, the
year's grade, the documents, and what comes next (domain.md §6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from members.models import Member, Position
from members.rights import Actor
from reviews.disposing import NO_CASE, STEPS, Facts, Warned, measures_for, warnings
from reviews.forms.sittings import ReasonForm
from reviews.models import (
    Appeal,
    Appraisal,
    Disposition,
    FollowUp,
    FollowUpFile,
    RectificationCheck,
)
from reviews.services.cases import has_zero_month, why_partial
from reviews.workflow import FOLLOW_UP_STEPS, Duty

State = Disposition.State
Measure = Disposition.Measure

# What the roll is to be told once a measure was carried out; nothing happens by itself.
ENDS_MEMBERSHIP = (Measure.PERSUASION, Measure.REMOVAL, Measure.CANCELLATION)


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a case has come, for a pill: what decides its look, and the word."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction of a case, with the last check of it."""

    follow_up: FollowUp
    check: RectificationCheck | None

    @property
    def stage(self) -> Stage:
        """Closed says too little of one that was not made."""
        if self.check and self.check.outcome == RectificationCheck.Outcome.NOT_PUT_RIGHT:
            return Stage(self.check.outcome, self.check.get_outcome_display())
        return Stage(self.follow_up.state, self.follow_up.get_state_display())


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its pages show it; ``rows`` the last first."""

    follow_up: FollowUp
    rows: Sequence[Disposition]
    warned: Sequence[Warned]
    appraisal: Appraisal | None
    documents: Sequence[dict[str, object]]
    corrections: Sequence[Corrected]

    @property
    def current(self) -> Disposition | None:
        return self.rows[0] if self.rows else None

    @property
    def earlier(self) -> Sequence[Disposition]:
        return self.rows[1:]

    @property
    def number(self) -> int:
        return self.current.number if self.current else 0

    @property
    def stage(self) -> Stage:
        return stage_of(self.follow_up, self.current)

    @property
    def failed(self) -> Corrected | None:
        """The correction that was not made, where that is why the branch has the case again."""
        is_again = self.current is not None and self.current.state == State.APPROVED
        if not is_again or self.follow_up.state != FollowUp.State.OPEN or not self.corrections:
            return None
        return self.corrections[-1]

    @property
    def notes(self) -> list[str]:
        """All of which the case warns while it is undecided, the gravest first."""
        return [in_words(one) for one in self.warned if self._is_undecided]

    @property
    def further_notes(self) -> list[str]:
        """What the dossier above does not say already."""
        said = (Warned.ALREADY_PUNISHED, Warned.BASIS_CHANGED)
        return [in_words(one) for one in self.warned if self._is_undecided and one not in said]

    @property
    def _is_undecided(self) -> bool:
        return self.follow_up.state in (FollowUp.State.OPEN, FollowUp.State.RECORDED)

    @property
    def is_punished(self) -> bool:
        return Warned.ALREADY_PUNISHED in self.warned


# -- one case --------------------------------------------------------------------------------


def case_view(follow_up: FollowUp) -> CaseView:
    """A case with everything its pages show. Six queries, one more with a correction."""
    rows = list(
        follow_up.dispositions.select_related(
            "opinion_by__member", "filed_by__member", "decided_by__member"
        ).order_by("-number")
    )
    appraisal = Appraisal.objects.filter(
        member=follow_up.member_id, year=follow_up.year, is_current=True
    ).first()
    return CaseView(
        follow_up=follow_up,
        rows=rows,
        warned=warnings(_facts(follow_up, rows[0] if rows else None, appraisal)),
        appraisal=appraisal,
        documents=documents_of(follow_up),
        corrections=corrections_of(follow_up),
    )


def corrections_of(follow_up: FollowUp) -> list[Corrected]:
    """The corrections of a case, the last one last. Two queries at most."""
    rows = list(follow_up.corrections.order_by("pk"))
    checks = RectificationCheck.objects.filter(rectification__follow_up__in=rows)
    last = {
        check.rectification.follow_up_id: check
        for check in checks.select_related("rectification", "checked_by__member").order_by("number")
    }
    return [Corrected(row, last.get(row.pk)) for row in rows]


def asked_by(correction: FollowUp, actor: Actor) -> Disposition | None:
    """What a correction asks to be put right: the opinion approved when it began, for whoever
    may read its case. One query."""
    readable = FollowUp.objects.readable_by(actor).filter(corrections=correction)
    rows = Disposition.objects.filter(
        follow_up__in=readable, state=State.APPROVED, decided_at__lte=correction.opened_at
    )
    return rows.order_by("number").last()


def _facts(follow_up: FollowUp, row: Disposition | None, appraisal: Appraisal | None) -> Facts:
    assert follow_up.member is not None  # by constraint follow_up_kind
    return Facts(
        has_zero_month=has_zero_month(follow_up),
        is_basis_changed=follow_up.is_basis_changed,
        has_open_appeal=Appeal.objects.filter(
            follow_up=follow_up, state=Appeal.State.OPEN
        ).exists(),
        is_probationary=not follow_up.member.is_full,
        measure=row.measure if row else "",
        is_heard=bool(row and row.statement.strip()),
        grade=appraisal.grade if appraisal else "",
    )


def documents_of(follow_up: FollowUp) -> list[dict[str, object]]:
    """The documents of the case, as a list of files shows them. One query."""
    own = FollowUpFile.objects.filter(follow_up=follow_up, record=None, step=None)
    return [{"name": file.name, "url": file.get_absolute_url(), "size": file.size} for file in own]


def in_words(warned: Warned) -> str:
    return {
        Warned.ALREADY_PUNISHED: _(
            "One of these months is zero because of organisational or disciplinary handling: "
            "a matter already punished is not disposed of again."
        ),
        Warned.BASIS_CHANGED: _(
            "The results that this rests on were revised after it was carried out. "
            "Look at it again."
        ),
        Warned.APPEAL_OPEN: _(
            "The member has appealed against this case, and the appeal is not decided yet."
        ),
        Warned.PROBATIONARY: _(
            "This member is on probation: only extending the probation or cancelling the "
            "probationary membership is possible."
        ),
        Warned.NOT_HEARD: _(
            "Nothing is written of what the member said to it: hear the member before deciding."
        ),
        Warned.NO_GRADE: _(
            "The grade of this year's democratic review of members is not entered yet: a case "
            "is looked into together with it."
        ),
        Warned.GOOD_GRADE: _(
            "This year's democratic review graded the member excellent or qualified: a "
            "disposition needs facts that go beyond the points."
        ),
    }[warned]


def stage_of(follow_up: FollowUp, row: Disposition | None) -> Stage:
    """How far the case has come, in one word."""
    if follow_up.state in FollowUp.DONE or follow_up.state == FollowUp.State.RECTIFYING:
        return Stage(follow_up.state, follow_up.get_state_display())
    if row is None:
        return Stage("PENDING", _("waits for the branch's opinion"))
    if row.state == State.APPROVED:
        return Stage("DUE", _("correction failed: to be taken up again"))
    if row.state == State.RETURNED:
        return Stage(row.state, _("returned to the branch"))
    return Stage(row.state, row.get_state_display())


def next_words(case: CaseView) -> str:
    """Who acts next, in one sentence."""
    row, state = case.current, case.follow_up.state
    if state in FollowUp.DONE:
        return ""
    if state == FollowUp.State.RECTIFYING:
        return _("The correction runs; when it was checked, the case closes or is taken up again.")
    if row is None:
        return _("The branch looks into the facts, hears the member, and gives its opinion.")
    return {
        State.PREPARED: _("The branch files the case with the committee."),
        State.FILED: _("The committee decides: it approves the opinion or returns the case."),
        State.RETURNED: _("The branch takes the case up again with another opinion."),
        State.APPROVED: _("The branch takes the case up again with another opinion."),
    }[State(row.state)]


def measure_choices(member: Member) -> list[tuple[str, str]]:
    """The measures that fit the member, as a form offers them."""
    fitting = measures_for(is_probationary=not member.is_full)
    return [(value, str(label)) for value, label in Measure.choices if value in fitting]


# -- the part of the follow-up's page ----------------------------------------------------------


def disposition_panel(follow_up: FollowUp, duty: Duty, on: date) -> dict[str, Any]:
    """The case with the steps open to whoever looks."""
    case = case_view(follow_up)
    steps = open_steps(case, duty)
    partial = ""
    if steps["decide_case"] and case.current:
        partial = why_partial(follow_up, case.current, duty.actor, on)
    return {
        "panel": "reviews/disposition_panel.html",
        "is_panel_first": True,
        "may_lift": FOLLOW_UP_STEPS.is_open("lift", duty, follow_up),
        "lift_form": ReasonForm(auto_id="lift_%s"),
        "case": case,
        "next_words": next_words(case),
        "steps": steps | {"decide_case": steps["decide_case"] and not partial},
        "partial": partial,
        "roll_url": roll_url(case, duty),
    }


def open_steps(case: CaseView, duty: Duty) -> dict[str, bool]:
    """Which steps stand open, as the services will see it. No query."""
    state = case.current.state if case.current else NO_CASE
    return {
        name: state in states and FOLLOW_UP_STEPS.is_open(name, duty, case.follow_up)
        for name, states in STEPS.items()
    }


def roll_url(case: CaseView, duty: Duty) -> str:
    """Where committee staff end the membership, after a decision that leads to it."""
    row, follow_up = case.current, case.follow_up
    is_due = (
        follow_up.state == FollowUp.State.CLOSED
        and row is not None
        and row.state == State.APPROVED
        and row.measure in ENDS_MEMBERSHIP
    )
    if not is_due or not duty.actor.is_staff_over(follow_up.branch_id):
        return ""
    return reverse("roll_change", args=[follow_up.member_id, "end"])


# -- lists -------------------------------------------------------------------------------------


def with_current_rows(follow_ups: "QuerySet[FollowUp]") -> "QuerySet[FollowUp]":
    """Cases with the row that stands. One query more, however many."""
    current = Disposition.objects.filter(is_current=True)
    return follow_ups.prefetch_related(
        Prefetch("dispositions", queryset=current, to_attr="current_rows")
    )


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list: how far it is, and what was thought or decided."""

    follow_up: FollowUp
    row: Disposition | None

    @property
    def stage(self) -> Stage:
        return stage_of(self.follow_up, self.row)


def case_lines(follow_ups: Iterable[FollowUp]) -> list[CaseLine]:
    """Rows of ``with_current_rows`` as lines. No query."""
    return [CaseLine(one, next(iter(getattr(one, "current_rows", ())), None)) for one in follow_ups]


# -- the form on paper -------------------------------------------------------------------------


def paper_of(case: CaseView, on: date) -> dict[str, Any]:
    """What the official form says of the member, beside the case. One query."""
    member = case.follow_up.member
    assert member is not None  # by constraint follow_up_kind
    held = Position.objects.on(on).filter(member=member, branch=case.follow_up.branch_id)
    posts = [Position.Kind(kind).label for kind in held.values_list("kind", flat=True)]
    return {
        "posts": "、".join(str(post) for post in posts) or pgettext("post", "none"),
        "measures": measure_choices(member),
    }
