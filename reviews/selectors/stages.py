"""How far a follow-up of any kind has come, by what it waits for (domain.md §6)."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from reviews.models import Disposition, FollowUp, Judgement
from reviews.selectors.dispositions import Stage, case_lines
from reviews.selectors.dispositions import stage_of as stage_of_case

State = FollowUp.State


def stages_of(follow_ups: Iterable[FollowUp]) -> list[tuple[FollowUp, Stage]]:
    """Rows of ``with_current_rows``, read with their judgement and rectification. No query."""
    return [(one.follow_up, stage_of(one.follow_up, one.row)) for one in case_lines(follow_ups)]


def stage_of(follow_up: FollowUp, row: Disposition | None = None) -> Stage:
    """The stage of a follow-up; ``row`` is the opinion of a case that stands."""
    if follow_up.kind == FollowUp.Kind.DISPOSITION:
        return stage_of_case(follow_up, row)
    if follow_up.is_explanation:
        return _stage_of_explanation(follow_up, getattr(follow_up, "judgement", None))
    return _stage_of_sitting(follow_up)


def _stage_of_explanation(follow_up: FollowUp, judged: Judgement | None) -> Stage:
    """Recorded says too little: it waits for the judgement, or for the decision after it."""
    if follow_up.state != State.RECORDED:
        return _plain(follow_up)
    if judged is None:
        return Stage(State.RECORDED, _("explained, to be judged"))
    return Stage(judged.outcome, _("serious, to be decided on accountability"))


def _stage_of_sitting(follow_up: FollowUp) -> Stage:
    """A talk, an interview, or a correction, which is put right in the same way."""
    rectification = getattr(follow_up, "rectification", None)
    if follow_up.state == State.RECORDED:
        return Stage(State.RECORDED, _("recorded, to be confirmed by the member"))
    if follow_up.state == State.RECTIFYING and rectification and rectification.handed_in_at:
        return Stage("SUBMITTED", _("put right, to be checked"))
    return _plain(follow_up)


def _plain(follow_up: FollowUp) -> Stage:
    return Stage(follow_up.state, follow_up.get_state_display())
