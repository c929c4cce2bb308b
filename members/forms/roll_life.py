"""The forms of the roll's changes: one for each, with the day and the document."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch
from lib.form_fields import DayField
from lib.months import month_of, next_month
from members.models import LeadershipDuty, Member, Membership, Position
from members.services.roll_life import END_REASONS, NEEDS_DOCUMENT, Paper


class ChangeForm(forms.Form):
    """The day, the document and a note, which every change has."""

    on = DayField(label=_("Takes effect on"))
    document_no = forms.CharField(label=_("Document number"), max_length=100, required=False)
    note = forms.CharField(
        label=_("Note"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    begins_next_month = False

    def __init__(
        self,
        *args: Any,
        member: Member,
        branches: "QuerySet[Branch]",
        positions: Iterable[str] = (),
        today: date,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.member, self.held, self.branches = member, list(positions), branches
        first = next_month(month_of(today)) if self.begins_next_month else today
        self.fields["on"].initial = first
        if isinstance(field := self.fields.get("branch"), forms.ModelChoiceField):
            field.queryset = branches
        self.prepare()

    def prepare(self) -> None:
        """What depends on the member."""

    @property
    def paper(self) -> Paper:
        return Paper(self.cleaned_data["document_no"], self.cleaned_data["note"])


class TransferForm(ChangeForm):
    begins_next_month = True
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("New branch"), empty_label=_("Choose")
    )
    field_order = ["branch", "on"]


class PositionForm(ChangeForm):
    """All positions from the day on."""

    kinds = forms.MultipleChoiceField(
        label=_("Positions from that day on"),
        choices=Position.Kind.choices,
        required=False,
        help_text=_("Tick all positions that are held from that day on; none removes the member."),
        widget=forms.CheckboxSelectMultiple,
    )
    replaces = forms.BooleanField(
        label=_("Takes the place of the present secretary"),
        required=False,
        help_text=_("Only when a secretary is appointed: the other's term ends the day before."),
    )
    field_order = ["kinds", "replaces", "on"]

    def prepare(self) -> None:
        self.fields["kinds"].initial = self.held


class DutyForm(ChangeForm):
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch of the unit"), empty_label=_("Choose")
    )
    kind = forms.ChoiceField(
        label=_("Duty from that day on"),
        choices=[
            *LeadershipDuty.Kind.choices,
            ("NONE", pgettext_lazy("duty", "none")),
        ],
        widget=forms.RadioSelect,
    )
    marks_leading_cadre = forms.BooleanField(label=_("Mark as a leading cadre"), required=False)
    field_order = ["branch", "kind", "on", "marks_leading_cadre"]

    def prepare(self) -> None:
        if self.member.is_leading_cadre:
            del self.fields["marks_leading_cadre"]


class FullMemberForm(ChangeForm):
    on = DayField(label=_("Full member from"))


class RetirementForm(ChangeForm):
    on = DayField(label=_("Retired on"))
    ends_positions = forms.BooleanField(
        label=_("Ends the positions held"), required=False, initial=True
    )
    branch = forms.ModelChoiceField(
        Branch.objects.none(),
        label=_("Transfer to"),
        required=False,
        empty_label=_("Stays in the branch"),
        help_text=_("Counts from the next month that is not opened yet."),
    )
    field_order = ["on", "ends_positions", "branch"]

    def prepare(self) -> None:
        if not self.held:
            del self.fields["ends_positions"]


class EndForm(ChangeForm):
    reason = forms.ChoiceField(
        label=_("Why it ends"),
        choices=[(reason.value, reason.label) for reason in END_REASONS],
        widget=forms.RadioSelect,
    )
    on = DayField(label=_("The day on which it happened"))
    field_order = ["reason", "on"]

    def prepare(self) -> None:
        if self.member.is_full:
            field = self.fields["reason"]
            assert isinstance(field, forms.ChoiceField)
            cancelled = Membership.EndReason.CANCELLED
            field.choices = [
                (reason.value, reason.label) for reason in END_REASONS if reason != cancelled
            ]
        self.fields["document_no"].help_text = _(
            "Needed for leaving, removal, expulsion and a cancelled probation."
        )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("reason") in NEEDS_DOCUMENT and not said.get("document_no"):
            self.add_error("document_no", _("Give the number of the document that decided it."))
        return said


class ReturnForm(TransferForm):
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), empty_label=_("Choose")
    )


class AccountForm(forms.Form):
    """Why an account is closed or opened."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        for name in ("member", "branches", "positions", "today"):
            more.pop(name, None)
        super().__init__(*args, **more)


FORMS: dict[str, Callable[..., forms.Form]] = {
    "transfer": TransferForm,
    "position": PositionForm,
    "duty": DutyForm,
    "full-member": FullMemberForm,
    "retirement": RetirementForm,
    "end": EndForm,
    "return": ReturnForm,
    "close-account": AccountForm,
    "open-account": AccountForm,
}


PARTICULARS = ["staff_no", "name", "gender", "born_on", "joined_on", "phone", "email"]
DAYS = {"born_on": DayField, "joined_on": DayField}


class ParticularsForm(forms.ModelForm[Member]):
    """A member's own fields, to be put right. Where they belong changes elsewhere."""

    class Meta:
        model = Member
        fields = PARTICULARS
        field_classes = DAYS


class NewcomerForm(forms.ModelForm[Member]):
    """Somebody new on the roll."""

    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), empty_label=_("Choose")
    )
    on = DayField(
        label=_("On the roll from"),
        help_text=_(
            "A month belongs to the branch of its first day: later in a month counts from the next."
        ),
    )
    username = forms.CharField(
        label=_("Account name"),
        max_length=150,
        required=False,
        help_text=_("Left blank: the staff number."),
        validators=Member._meta.get_field("user")
        .related_model._meta.get_field(  # type: ignore[union-attr]
            "username"
        )
        .validators,
    )
    document_no = forms.CharField(label=_("Document number"), max_length=100, required=False)

    class Meta:
        model = Member
        fields = [*PARTICULARS, "category", "full_since"]
        field_classes = DAYS | {"full_since": DayField}
        widgets = {"category": forms.RadioSelect}

    field_order = ["staff_no", "name", "branch", "on", "category", "joined_on", "full_since"]

    def __init__(self, *args: Any, branches: "QuerySet[Branch]", today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["branch"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = branches
        self.fields["on"].initial = next_month(month_of(today))
