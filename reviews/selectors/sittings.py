"""Talks and interviews: the record, the answer, and how it was put right, for whoever may read
it (domain.md §9); and the paper form."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from members.models import Member
from members.rights import Actor
from reviews.forms.sittings import AnswerForm, CheckForm, NoteForm, PaperForm, ReasonForm, StepForm
from reviews.models import (
    FollowUp,
    FollowUpFile,
    FollowUpRecord,
    Rectification,
    RectificationCheck,
    RectificationStep,
)
from reviews.selectors.dispositions import asked_by
from reviews.workflow import FOLLOW_UP_STEPS, Duty

File = dict[str, Any]


def may_read(follow_up: FollowUp, actor: Actor) -> bool:
    """Whether this person may read what was said. One query."""
    return FollowUp.objects.readable_by(actor).filter(pk=follow_up.pk).exists()


# -- the record ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with the names of who held it, the holder first, and its signed scans."""

    record: FollowUpRecord
    holders: str
    scans: list[File]


def records_of(follow_up: FollowUp) -> list[Kept]:
    """Every record, the one that stands first. Three queries."""
    records = list(
        follow_up.records.select_related(
            "recorded_by__member", "answered_by__member", "kept_by__member"
        ).order_by("-number")
    )
    names = _names_of_holders(records)
    scans = _files("record", follow_up)
    return [Kept(one, "、".join(names[one.pk]), scans[one.pk]) for one in records]


def _names_of_holders(records: Iterable[FollowUpRecord]) -> dict[int, list[str]]:
    through = FollowUpRecord.held_by.through._default_manager
    rows = through.filter(followuprecord__in=[one.pk for one in records]).order_by("pk")
    names: dict[int, list[str]] = defaultdict(list)
    for record, name in rows.values_list("followuprecord", "member__name"):
        names[record].append(name)
    return names


def _files(of: str, follow_up: FollowUp) -> dict[int, list[File]]:
    files: dict[int, list[File]] = defaultdict(list)
    kept = FollowUpFile.objects.filter(follow_up=follow_up, **{f"{of}__isnull": False})
    for file in kept.order_by("pk"):
        shown = {"url": file.get_absolute_url(), "name": file.name, "size": file.size}
        files[getattr(file, f"{of}_id")].append(shown)
    return files


def names_to_offer(follow_up: FollowUp, kept: Kept | None, actor: Actor) -> str:
    """Whom the form names as holders at first: who did, or who has the duty, or who fills it
    in. One query at most."""
    if kept is not None:
        return kept.holders
    if follow_up.holder is not None:
        return follow_up.holder.name
    if actor.member_id is None or actor.member_id == follow_up.member_id:
        return ""
    return Member.objects.get(pk=actor.member_id).name


# -- putting right ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoneStep:
    step: RectificationStep
    files: list[File]


@dataclass(frozen=True, slots=True)
class PutRight:
    """How it was put right: steps with their files, and the checks, oldest first."""

    row: Rectification
    steps: list[DoneStep]
    checks: list[RectificationCheck]

    @property
    def number(self) -> int:
        """The number of the last check, 0 before there was one."""
        return self.checks[-1].number if self.checks else 0


def put_right_of(follow_up: FollowUp) -> PutRight | None:
    """Four queries; one where nothing is to be put right."""
    found = Rectification.objects.filter(follow_up=follow_up)
    row = found.select_related("handed_in_by__member").first()
    if row is None:
        return None
    files = _files("step", follow_up)
    steps = row.steps.select_related("written_by__member").order_by("number")
    checks = row.checks.select_related("checked_by__member").order_by("number")
    return PutRight(row, [DoneStep(one, files[one.pk]) for one in steps], list(checks))


# -- the page's part -------------------------------------------------------------------------


def sitting_panel(follow_up: FollowUp, duty: Duty, on: date) -> dict[str, Any]:
    """The part of a talk or an interview: the record with its answer, how it is put right, and
    the steps open to whoever looks. Eight queries at most."""
    panel = {"panel": "reviews/sitting_panel.html", "is_panel_first": True}
    may = steps_open(follow_up, duty)
    reads = may_read(follow_up, duty.actor)
    is_held = follow_up.state not in (FollowUp.State.OPEN, FollowUp.State.WITHDRAWN)
    is_over = follow_up.state in FollowUp.DONE
    if not reads:
        return {**panel, "may": may, "may_read": False, "is_held": is_held}
    records = records_of(follow_up)
    kept = records[0] if records else None
    return {
        **panel,
        "may": may,
        "may_read": True,
        "is_over": is_over,
        "kept": kept,
        "earlier": records[1:],
        "answer_form": AnswerForm(auto_id="answer_%s"),
        "paper_form": PaperForm(auto_id="paper_%s"),
        "stand_form": ReasonForm(auto_id="stand_%s"),
        **ending_forms(),
        **_rectification(follow_up, duty, on, may),
    }


def correction_panel(follow_up: FollowUp, duty: Duty, on: date) -> dict[str, Any]:
    """The part of a correction within a deadline: what is to be put right, and how it is. Seven
    queries at most."""
    may = steps_open(follow_up, duty)
    return {
        "panel": "reviews/correction_panel.html",
        "asked": asked_by(follow_up, duty.actor),
        "is_panel_first": True,
        "may": may,
        "may_read": True,
        **ending_forms(),
        **_rectification(follow_up, duty, on, may),
    }


def ending_forms() -> dict[str, Any]:
    return {
        "close_form": NoteForm(auto_id="close_%s"),
        "lift_form": ReasonForm(auto_id="lift_%s"),
    }


def _rectification(
    follow_up: FollowUp, duty: Duty, on: date, may: dict[str, bool]
) -> dict[str, Any]:
    put_right = put_right_of(follow_up)
    is_own = duty.actor.member_id is not None and duty.actor.member_id == follow_up.member_id
    is_handed_in = put_right is not None and put_right.row.handed_in_at is not None
    return {
        "put_right": put_right,
        "is_handed_in": is_handed_in,
        "is_own": is_own,
        "may_hand_in": may["hand_in"] and not is_handed_in and bool(put_right and put_right.steps),
        "step_form": StepForm(today=on, auto_id="step_%s"),
        "check_form": CheckForm(follow_up=follow_up, today=on, auto_id="check_%s"),
    }


def steps_open(follow_up: FollowUp, duty: Duty) -> dict[str, bool]:
    """Which steps stand open to whoever looks. No query."""
    return {
        step.name: FOLLOW_UP_STEPS.is_open(step.name, duty, follow_up) for step in FOLLOW_UP_STEPS
    }


# -- on paper ----------------------------------------------------------------------------------


def title_of(follow_up: FollowUp) -> str:
    """What the official form is called."""
    if follow_up.kind == FollowUp.Kind.TALK:
        return _("Record of a talk on rectification")
    return _("Record of an interview on rectification")
