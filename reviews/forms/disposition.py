"""The three forms of a disposition case: opinion, filing, decision. What is possible is
checked by the services; here it is only made out of what was typed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lib.form_fields import DayField
from points.forms.line import EvidenceForm
from reviews.disposing import NONE
from reviews.models import Disposition
from reviews.services.dispositions import CaseDecision, CaseOpinion

APPROVE, RETURN = "APPROVE", "RETURN"


def number_field(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        **more,
    )


def text_field(label: Any, rows: int = 4, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=5000, widget=forms.Textarea(attrs={"rows": rows}), **more
    )


class CaseForm(EvidenceForm):
    """A step with documents; ``seen`` is the number of the opinion that the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class OpinionForm(CaseForm):
    """What the branch's meeting thinks is to follow."""

    measure = forms.ChoiceField(
        label=_("What is to follow"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is to follow.")},
    )
    ground = forms.ChoiceField(
        label=_("Ground"),
        choices=[("", _("Choose")), *Disposition.Ground.choices],
        required=False,
        help_text=_("Low points alone are no ground: say what lies behind them."),
    )
    facts = text_field(
        _("The facts"),
        6,
        required=False,
        help_text=_("What the member did or left undone, when, and how it is known."),
    )
    statement = text_field(
        _("What the member said to it"),
        3,
        required=False,
        help_text=_("The member is heard before the branch decides."),
    )
    deadline = DayField(
        label=_("Deadline"),
        required=False,
        help_text=_(
            "A correction lasts a year at most from the meeting; an extension of the probation "
            "six to twelve months."
        ),
    )
    conditions = text_field(
        _("What is to be put right"),
        3,
        required=False,
        help_text=_("So that it can be checked at the deadline."),
    )
    held_on = DayField(label=_("Meeting of the branch"))
    number = number_field(_("Document number of the opinion"))

    def __init__(self, *args: Any, measures: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["measure"].choices = measures  # type: ignore[attr-defined]

    @property
    def opinion(self) -> CaseOpinion:
        """What was said; of what does not belong to the measure, nothing."""
        said = self.cleaned_data
        measure = said["measure"]
        has_deadline = measure in Disposition.WITH_DEADLINE
        return CaseOpinion(
            measure=measure,
            held_on=said["held_on"],
            number=said["number"],
            ground="" if measure == NONE else said["ground"],
            facts=said["facts"],
            statement=said["statement"],
            deadline=said["deadline"] if has_deadline else None,
            conditions=said["conditions"] if has_deadline else "",
        )


def initial_of(row: Disposition | None, today: date) -> dict[str, Any]:
    """The last opinion, to be amended; nothing where there is none. A case that came back is
    taken up at another meeting: its day and number, and a deadline that is past, are left out."""
    if row is None:
        return {"seen": 0}
    initial = {
        "seen": row.number,
        "measure": row.measure,
        "ground": row.ground,
        "facts": row.ground_text,
        "statement": row.statement,
        "deadline": row.deadline,
        "conditions": row.conditions,
        "held_on": row.opinion_on,
        "number": row.opinion_number,
    }
    if row.state != Disposition.State.PREPARED:
        is_past = row.deadline is not None and row.deadline <= today
        initial |= {"held_on": None, "number": ""} | ({"deadline": None} if is_past else {})
    return initial


class FilingForm(CaseForm):
    """When, and under which number, the case went to the committee."""

    filed_on = DayField(label=pgettext_lazy("disposition", "Filed on"))
    number = number_field(_("Document number of the filing"))


class CaseDecisionForm(CaseForm):
    """Approve the branch's opinion, or return the case with a reason."""

    verdict = forms.ChoiceField(
        label=pgettext_lazy("disposition", "Decision"),
        choices=[
            (APPROVE, _("Approve the branch's opinion")),
            (RETURN, _("Return the case to the branch")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether the case is approved or returned.")},
    )
    decided_on = DayField(label=_("Decided on"))
    number = number_field(
        _("Document number of the decision"),
        required=False,
        help_text=_("Needed to approve."),
    )
    text = text_field(
        _("Decision of the committee"),
        required=False,
        help_text=_("Needed to return the case: the reason. The branch and the member read it."),
    )
    acknowledged = forms.BooleanField(
        label=_(
            "I have made sure that the disposition does not rest on a matter that was already "
            "punished."
        ),
        required=False,
    )

    def __init__(self, *args: Any, is_punished: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.is_punished = is_punished

    @property
    def decision(self) -> CaseDecision:
        said = self.cleaned_data
        return CaseDecision(
            is_approved=said["verdict"] == APPROVE,
            decided_on=said["decided_on"],
            number=said["number"],
            text=said["text"],
            acknowledged=said["acknowledged"],
        )
