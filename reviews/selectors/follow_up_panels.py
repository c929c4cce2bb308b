"""What stands beside a follow-up's dossier: each kind has a page part of its own."""

from datetime import date
from typing import Any

from reviews.models import FollowUp
from reviews.selectors.dispositions import disposition_panel
from reviews.selectors.explanations import explanation_panel
from reviews.selectors.sittings import correction_panel, sitting_panel
from reviews.workflow import Duty


def panel_of(follow_up: FollowUp, duty: Duty, on: date) -> dict[str, Any]:
    """The template of this kind's part, as ``panel``, with what it shows."""
    match follow_up.kind:
        case kind if kind in FollowUp.EXPLANATION_KINDS:
            return explanation_panel(follow_up, duty)
        case kind if kind in FollowUp.SITTING_KINDS:
            return sitting_panel(follow_up, duty, on)
        case FollowUp.Kind.DISPOSITION:
            return disposition_panel(follow_up, duty, on)
        case FollowUp.Kind.CORRECTION:
            return correction_panel(follow_up, duty, on)
        case _other:
            return {"panel": ""}
