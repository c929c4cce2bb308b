"""The form of an activity: what was held, who was there, and what that brings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.form_fields import DayField
from lib.months import last_day
from lib.template_tags import signed_points
from points.models import Attendance, Criterion
from points.selectors.criteria import choices, grouped
from points.services.activities import Held
from reviews.selectors.activities import Person, choices_of, words_of

State = Attendance.State
Offers = Mapping[str, Sequence[Criterion]]


@dataclass(frozen=True, slots=True)
class Row:
    """A member's line of the attendance, with what is chosen."""

    person: Person
    name: str
    chosen: str


class ActivityForm(forms.Form):
    """One activity with the whole roster. ``token`` makes a double click harmless."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    held_on = DayField(label=_("Date"))
    place = forms.CharField(label=_("Place"), required=False, max_length=100)
    text = forms.CharField(
        label=_("What it was about"),
        max_length=400,
        widget=forms.TextInput,
        error_messages={"required": _("Say what the activity was about.")},
    )
    times = forms.DecimalField(
        label=_("Times"),
        min_value=Decimal("0.01"),
        max_value=Decimal("99"),
        decimal_places=2,
        initial=1,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        month: date,
        today: date,
        people: Sequence[Person],
        offers: Offers,
        **more: Any,
    ) -> None:
        self.kind, self.month, self.today = kind, month, today
        self.people, self.offers = people, offers
        self.last = min(last_day(month), today)
        more.setdefault("initial", {"token": uuid4(), "held_on": self.last, "times": 1})
        super().__init__(*args, **more)
        bounds = {"min": month.isoformat(), "max": self.last.isoformat()}
        self.fields["held_on"].widget.attrs |= bounds
        for state, label in words_of(kind).items():
            self.fields[f"item_{state}"] = forms.ChoiceField(
                label=label, required=False, choices=item_choices(offers[state])
            )
        for person in people:
            self.fields[self.name_of(person)] = forms.ChoiceField(
                label=person.member.name,
                required=False,
                choices=choices_of(kind),
                initial=person.default,
            )

    @staticmethod
    def name_of(person: Person) -> str:
        return f"member_{person.member.pk}"

    def clean_held_on(self) -> date:
        day: date = self.cleaned_data["held_on"]
        if (day.year, day.month) != (self.month.year, self.month.month):
            raise forms.ValidationError(_("The date must lie in the month of the round."))
        if day > self.today:
            raise forms.ValidationError(
                _("The activity has not taken place yet: register it afterwards.")
            )
        return day

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not any(said.get(self.name_of(person)) for person in self.people):
            text = _("Nobody was expected at this activity: mark who was there.")
            self.add_error(None, text)
        return said

    @property
    def rows(self) -> Iterator[Row]:
        for person in self.people:
            bound = self[self.name_of(person)]
            yield Row(person, bound.html_name, bound.value() or "")

    @property
    def states(self) -> list[tuple[str, Any]]:
        return choices_of(self.kind)

    @property
    def counts(self) -> list[tuple[str, Any, int]]:
        """How many are marked how, as the form stands."""
        chosen = [row.chosen for row in self.rows]
        return [(state, label, chosen.count(state)) for state, label in self.states]

    @property
    def items(self) -> list[forms.BoundField]:
        """The pickers that have something to pick from."""
        return [self[f"item_{state}"] for state in State.values if self.offers[state]]

    def held(self) -> Held:
        """What the valid form says."""
        said = self.cleaned_data
        attendance = {
            person.member.pk: state
            for person in self.people
            if (state := said[self.name_of(person)])
        }
        items = {
            state: criterion
            for state in State.values
            for criterion in self.offers[state]
            if str(criterion.pk) == said[f"item_{state}"]
        }
        return Held(
            kind=self.kind,
            held_on=said["held_on"],
            place=said["place"],
            text=said["text"],
            attendance=attendance,
            items=items,
            times=said["times"],
        )


def item_choices(criteria: Sequence[Criterion]) -> list[Any]:
    """The criteria by category, in the source's order; first that there are no points."""
    return [
        ("", _("no points")),
        *(
            (group.label, [(str(c.criterion.pk), described(c.criterion)) for c in group.choices])
            for group in grouped(choices(criteria, None))
        ),
    ]


def described(criterion: Criterion) -> str:
    return f"{criterion.code} {criterion.text}（{signed_points(criterion.points)}）"
