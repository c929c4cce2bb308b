"""Drawing a spot check, naming an inspector, recording what was found."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import Committee
from lib.months import format_month, parse_month
from points.models import Entry
from reviews.models import SpotCheckItem
from reviews.selectors.spot_checks import Choosable
from reviews.services.round import month_label
from reviews.services.spot_checks import Choice, Found

SIZE, SHARE = "SIZE", "SHARE"
Finding = SpotCheckItem.Finding


class DrawForm(forms.Form):
    """From which months, how many. The token tells one form sent twice from two draws."""

    committee = forms.TypedChoiceField(label=_("Committee"), coerce=int)
    first_month = forms.TypedChoiceField(label=_("From month"), coerce=parse_month)
    last_month = forms.TypedChoiceField(label=_("To month"), coerce=parse_month)
    measure = forms.ChoiceField(
        label=_("How much is drawn"),
        choices=[(SIZE, _("A number of entries")), (SHARE, _("A share of the pool"))],
        widget=forms.RadioSelect,
        initial=SIZE,
    )
    size = forms.IntegerField(
        label=_("Number of entries"), min_value=1, max_value=10_000, required=False, initial=10
    )
    share = forms.DecimalField(
        label=_("Share in percent"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        required=False,
        help_text=_("Rounded up; at least one entry."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    is_each_branch = forms.BooleanField(
        label=_("At least one entry of each branch"), required=False
    )
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, committees: Sequence[Committee], months: Sequence[date], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.committees = {one.pk: one for one in committees}
        choices = [(format_month(month), month_label(month)) for month in months]
        for name in ("first_month", "last_month"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.fields["committee"].choices = [  # type: ignore[attr-defined]
            (one.pk, one.name) for one in committees
        ]
        if len(committees) == 1:
            self.fields["committee"].widget = forms.HiddenInput()
            self.fields["committee"].initial = committees[0].pk

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        first, last = said.get("first_month"), said.get("last_month")
        if first and last and first > last:
            self.add_error("last_month", _("The last month lies before the first one."))
        if said.get("measure") == SIZE and not said.get("size") and "size" not in self.errors:
            self.add_error("size", _("Enter how many entries are drawn."))
        if said.get("measure") == SHARE and not said.get("share") and "share" not in self.errors:
            self.add_error("share", _("Enter which share is drawn."))
        return said

    def choice(self) -> Choice:
        said = self.cleaned_data
        by_size = said["measure"] == SIZE
        return Choice(
            committee=self.committees[said["committee"]],
            first_month=said["first_month"],
            last_month=said["last_month"],
            size=said["size"] if by_size else None,
            share=None if by_size else said["share"],
            is_each_branch=said["is_each_branch"],
        )


class InspectorForm(forms.Form):
    """Who inspects: only those who may can be chosen."""

    inspector = forms.TypedChoiceField(
        label=_("Inspector"),
        coerce=int,
        error_messages={"required": _("Choose who inspects.")},
    )

    def __init__(self, *args: Any, people: Sequence[Choosable], **more: Any) -> None:
        super().__init__(*args, **more)
        # Whoever may not is refused by the service, by name; the page offers the others.
        self.people = people
        self.fields["inspector"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((one.user, one.name) for one in people),
        ]
        self.fields["inspector"].widget.choices = [
            ("", _("Choose")),
            *((one.user, one.name) for one in people if not one.why_not),
        ]


class FindingForm(forms.Form):
    """What the inspection found."""

    finding = forms.ChoiceField(
        label=_("Finding"),
        choices=Finding.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what was found.")},
    )
    right_points = forms.DecimalField(
        label=_("Right points"),
        required=False,
        max_digits=9,
        decimal_places=2,
        help_text=_("Only where the points are wrong; with the sign, for example -1.5."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=450,
        help_text=_("Needed unless everything is in order. The member will read it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, entry: Entry, **more: Any) -> None:
        super().__init__(*args, **more)
        self.entry = entry

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        finding = said.get("finding")
        if not finding or finding == Finding.IN_ORDER:
            return said
        if not said.get("note", "").strip():
            self.add_error("note", _("Say what was found: the member will read it."))
        right = said.get("right_points")
        if finding == Finding.POINTS_WRONG and "right_points" not in self.errors:
            if right is None:
                self.add_error("right_points", _("Enter the right points."))
            elif right * self.entry.claimed_points < 0:
                self.add_error(
                    "right_points",
                    _("Adjusted points keep the sign of the item: a bonus stays a bonus."),
                )
        return said

    def found(self) -> Found:
        said = self.cleaned_data
        is_wrong = said["finding"] == Finding.POINTS_WRONG
        return Found(
            finding=said["finding"],
            right_points=said["right_points"] if is_wrong else None,
            note=said["note"].strip(),
        )
