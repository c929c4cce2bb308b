"""The form of a policy."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.months import parse_month
from lib.notice_text import PLACES, check_template, default_template
from points.models import Policy
from points.services.policy import FIGURES

AT_LEAST_ONE = (
    "publication_days",
    "appeal_days",
    "decide_appeal_days",
    "confirm_days",
    "inspection_days",
    "talk_after",
    "interview_after",
    "disposition_after",
    "follow_up_days",
    "candidate_ranks",
    "branch_below_percent",
)
MOST_DAYS = 60


def _place(name: str) -> str:
    """A place of the notice as it is written, with what it stands for."""
    meanings = {
        "branch": _("the branch's name"),
        "months": _("the month or months"),
        "first_day": _("first day of the publication"),
        "last_day": _("last day of the publication"),
        "count": _("number of members"),
    }
    meaning = meanings.get(name)
    return f"{{{name}}}（{meaning}）" if meaning else f"{{{name}}}"


class PolicyForm(forms.ModelForm[Policy]):
    """A version of a committee's policy; the service says whether its month is free."""

    effective_from = forms.TypedChoiceField(
        label=gettext_lazy("In force from"), coerce=parse_month, choices=()
    )

    class Meta:
        model = Policy
        fields = FIGURES
        widgets = {
            "notice_template": forms.Textarea(attrs={"rows": 5}),
            "publication_period": forms.RadioSelect,
        }

    def __init__(self, *args: Any, months: Sequence[date], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["effective_from"].choices = [  # type: ignore[attr-defined]
            (month.isoformat(), date_format(month, "YEAR_MONTH_FORMAT")) for month in months
        ]
        for name in AT_LEAST_ONE:
            field = self.fields[name]
            most = 100 if name == "branch_below_percent" else MOST_DAYS
            field.min_value, field.max_value = 1, most  # type: ignore[attr-defined]
            field.widget.attrs.update(min=1, max=most)
        self.fields["notice_template"].help_text = _(
            "Empty: the standard text. Places that are filled in: %(places)s. Standard text: %(text)s"
        ) % {"places": "、".join(map(_place, PLACES)), "text": default_template()}

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as they belong together, each group with its heading."""
        headings = {
            "declare_by_day": _("Due days"),
            "publication_period": _("Publication"),
            "appeal_days": _("Appeals and spot checks"),
            "talk_after": _("Follow-ups"),
            "candidate_ranks": _("Year-end"),
            "escalate_after_days": _("Lateness"),
        }
        groups: list[tuple[str, list[forms.BoundField]]] = []
        for name in FIGURES:
            if name in headings:
                groups.append((headings[name], []))
            groups[-1][1].append(self[name])
        return groups

    def clean_notice_template(self) -> str:
        text: str = self.cleaned_data["notice_template"]
        if wrong := check_template(text):
            raise forms.ValidationError(wrong)
        return text

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        for name in AT_LEAST_ONE:
            most = 100 if name == "branch_below_percent" else MOST_DAYS
            if (value := said.get(name)) is not None and not 1 <= value <= most:
                self.add_error(name, _("Enter a number from 1 to %(most)s.") % {"most": most})
        self._must_rise(
            ("talk_after", "interview_after", "disposition_after"),
            _("Talk, interview and disposition must follow each other: enter rising numbers."),
        )
        if (said.get("declare_by_day") or 0) > (said.get("review_by_day") or 31):
            self.add_error(
                "review_by_day", _("The review cannot be due before the declarations are.")
            )
        return said

    def _must_rise(self, names: Sequence[str], message: str) -> None:
        values = [self.cleaned_data.get(name) for name in names]
        known = [value for value in values if value is not None]
        if len(known) == len(names) and not known[0] < known[1] < known[2]:
            self.add_error(names[1], message)

    def figures(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIGURES}
