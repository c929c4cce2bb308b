"""The month's five steps, and which of them a round has reached (domain.md §5)."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from reviews.models import Round

State = Round.State
Step = dict[str, Any]


def five_steps(
    round_: Round,
    *,
    registered: int,
    filed: int,
    sheets: int,
    ends_on: date | None,
    objections: int,
    today: date,
    decided: str = "",
) -> list[Step]:
    """登记 · 申报 · 评审 · 公示核实 · 月结, each done, current, late or upcoming. Pure."""
    past_declaring = round_.state != State.OPEN or today > round_.declare_by
    reviewing = round_.state == State.REVIEWING or (round_.state == State.OPEN and past_declaring)
    concluded = round_.state == State.CONCLUDED
    published = round_.state == State.PUBLISHED
    closed = round_.state == State.CLOSED
    late_review = reviewing and today > round_.review_by
    ended = published and ends_on is not None and today > ends_on
    return [
        {
            "label": pgettext("step of the month", "Register"),
            "state": "done",
            "note": ngettext("%(count)s registration", "%(count)s registrations", registered)
            % {"count": registered},
        },
        {
            "label": pgettext("step of the month", "Declare"),
            "state": "done" if past_declaring else "current",
            "on": round_.declare_by,
            "note": _("%(filed)s of %(all)s filed") % {"filed": filed, "all": sheets},
        },
        {
            "label": pgettext("step of the month", "Review"),
            "state": ("late" if late_review else "current")
            if reviewing
            else ("done" if concluded or published or closed else "upcoming"),
            "on": round_.review_by,
            "note": decided,
        },
        {
            "label": pgettext("step of the month", "Publish and verify"),
            "state": ("late" if ended and objections else "done" if ended else "current")
            if published
            else ("done" if closed else "upcoming"),
            "on": ends_on,
            "note": _("with its quarter")
            if concluded
            else _objections_note(objections)
            or ("" if ends_on else _working_days(round_.publication_days)),
        },
        {
            "label": pgettext("step of the month", "Close the month"),
            "state": "done" if closed else ("current" if ended and not objections else "upcoming"),
        },
    ]


def _objections_note(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(count)s objection open", "%(count)s objections open", count) % {
        "count": count
    }


def _working_days(days: int) -> str:
    return ngettext("%(days)s working day", "%(days)s working days", days) % {"days": days}
