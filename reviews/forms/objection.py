"""The answer to an objection, the correction of a published result, and what is written in a
thread."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.form_fields import DayField
from lib.months import last_day
from lib.template_tags import signed_points
from points.forms.line import EvidenceForm
from points.models import Criterion, Entry
from points.services.registration import Item
from reviews.forms.review import OUTCOMES
from reviews.services.corrections import Addition, Change

KEEP, CORRECT, ADD = "KEEP", "CORRECT", "ADD"


class CriterionChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.text} · {signed_points(obj.points)}"


class CorrectionForm(forms.Form):
    """One entry decided anew, or one added that was forgotten, with a reason."""

    verdict = forms.ChoiceField(
        label=_("What is put right"),
        choices=[(CORRECT, _("Correct an entry")), (ADD, _("Add an entry that was forgotten"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is put right.")},
    )
    entry = forms.TypedChoiceField(
        label=_("Which entry is corrected"), coerce=int, empty_value=None, required=False
    )
    outcome = forms.ChoiceField(
        label=_("What is decided now"), choices=[("", _("Choose")), *OUTCOMES], required=False
    )
    points = forms.DecimalField(
        label=_("Adjusted points"),
        required=False,
        max_digits=9,
        decimal_places=2,
        help_text=_("Only to adjust; with the sign, for example -1.5."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    criterion = CriterionChoice(
        label=_("Item of the rule book"),
        queryset=Criterion.objects.none(),
        required=False,
        empty_label=_("Choose"),
    )
    occurred_on = DayField(
        label=_("Date"),
        required=False,
    )
    times = forms.DecimalField(
        label=_("Times"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(99),
        decimal_places=2,
        initial=1,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    matter = forms.CharField(
        label=_("Matter"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    text = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The member will read it, and it stays readable with the objection."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Give a reason: the member will read it.")},
    )
    # The digest of the effect that was shown before it is confirmed.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        entries: Sequence[Entry],
        criteria: Sequence[Criterion],
        months: Sequence[date],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.fields["entry"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((entry.pk, described(entry)) for entry in entries),
        ]
        field = self.fields["criterion"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = (
            Criterion.objects.filter(pk__in=[criterion.pk for criterion in criteria])
            .select_related("rule_book")
            .order_by("category", "sort_order", "pk")
        )
        self.fields["occurred_on"].widget.attrs |= {
            "min": months[0].isoformat(),
            "max": last_day(months[-1]).isoformat(),
        }

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("verdict") == CORRECT:
            self._need("entry", _("Choose which entry is corrected."))
            self._need("outcome", _("Choose approve, adjust or reject."))
        if said.get("verdict") == ADD:
            self._need("criterion", _("Choose the item that was forgotten."))
            self._need("occurred_on", _("Say on which day it was."))
            self._need("times", _("Say how many times."))
        return said

    def _need(self, name: str, message: Any) -> None:
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, message)

    @property
    def corrected(self) -> tuple[str, str, Decimal | None] | None:
        """What is put right and how, in the words of the form; None: nothing is."""
        said = self.cleaned_data
        if said["verdict"] == CORRECT:
            entries = dict(self.fields["entry"].choices)  # type: ignore[attr-defined]
            outcome = str(dict(OUTCOMES)[said["outcome"]])
            return entries[said["entry"]], outcome, said["points"]
        if said["verdict"] == ADD:
            item = said["criterion"]
            what = f"{item.code} {item.text} · {said['occurred_on']:%m-%d}"
            return what, str(_("added")), item.points * said["times"]
        return None

    def correction(self) -> Change | Addition | None:
        said = self.cleaned_data
        if said["verdict"] == CORRECT:
            return Change(entry_id=said["entry"], outcome=said["outcome"], points=said["points"])
        if said["verdict"] == ADD:
            return Addition(
                Item(said["criterion"], said["times"], said["occurred_on"], said["matter"])
            )
        return None


class AnswerForm(CorrectionForm):
    """Keep the result, or put it right, with a reason either way."""

    verdict = forms.ChoiceField(
        label=_("Answer"),
        choices=[
            (KEEP, _("Keep the result")),
            (CORRECT, _("Correct the result")),
            (ADD, _("Add an entry that was forgotten")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether the result is kept or corrected.")},
    )


class PostForm(EvidenceForm):
    """What is written in a thread, with files."""

    text = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # It stands beside the form of the answer, which has a text of its own.
        kwargs.setdefault("auto_id", "post_%s")
        super().__init__(*args, **kwargs)


def described(entry: Entry) -> str:
    """An entry in a list to choose from: what, when, its points as claimed and as decided."""
    decision = getattr(entry, "decided", None)
    points = (decision.points or Decimal(0)) if decision else entry.claimed_points
    decided = f" → {signed_points(points)}" if points != entry.claimed_points else ""
    return (
        f"{entry.criterion.code} {entry.criterion.text} · {entry.occurred_on:%m-%d} · "
        f"{signed_points(entry.claimed_points)}{decided}"
    )
