"""Raising an appeal, and the committee's decision on it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from points.forms.line import EvidenceForm
from reviews.forms.objection import ADD, CORRECT, CorrectionForm

DISMISS, UPHOLD = "DISMISS", "UPHOLD"


class AppealForm(EvidenceForm):
    """What is wrong with the decision, with files."""

    text = forms.CharField(
        label=_("What I appeal against, and why"),
        max_length=2000,
        help_text=_("The committee above your branch decides; your branch committee can read it."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Say what you appeal against and why.")},
    )


class DecisionForm(CorrectionForm):
    """Dismiss the appeal, or uphold it: alone, or with an entry put right."""

    verdict = forms.ChoiceField(
        label=pgettext_lazy("appeal", "Decision"),
        choices=[
            (DISMISS, _("Dismiss: nothing changes")),
            (CORRECT, _("Uphold, and correct an entry")),
            (ADD, _("Uphold, and add an entry that was forgotten")),
            (UPHOLD, _("Uphold, without a change of points")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether the appeal is upheld or dismissed.")},
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["text"].help_text = _("The member will read it, and it stays readable.")

    @property
    def is_upheld(self) -> bool:
        return bool(self.cleaned_data["verdict"] != DISMISS)


class OpinionDecisionForm(forms.Form):
    """The decision on an appeal against an opinion: it is withdrawn, or it stands. No entry is
    put right by it."""

    verdict = forms.ChoiceField(
        label=pgettext_lazy("appeal", "Decision"),
        choices=[
            (DISMISS, _("Dismiss: the opinion stands")),
            (UPHOLD, _("Uphold: the opinion is withdrawn")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether the appeal is upheld or dismissed.")},
    )
    text = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The member will read it, and it stays readable."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Give a reason: the member will read it.")},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    corrected = None

    @property
    def is_upheld(self) -> bool:
        return bool(self.cleaned_data["verdict"] == UPHOLD)

    def correction(self) -> None:
        return None
