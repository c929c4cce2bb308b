"""Organisational dispositions and the accountability of those who answer for a branch."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import User
from reviews.models.follow_up import FollowUp


class Disposition(models.Model):
    """组织处置: what branch and committee decide in a case that a third month below the line
    opened (domain.md §6). The system only opens the case and shows what it rests on: ground,
    measure and approval are chosen by people. A case that was returned, or whose correction
    failed, is taken up again in a new row; the earlier ones stay.

    Party discipline (党纪处分) and talks have no field here: the three regimes are kept apart.
    """

    class Ground(models.TextChoices):
        CONVICTION = "CONVICTION", _("wavering ideals and convictions")
        ORGANISATION = "ORGANISATION", _("no part in the organisation's life, fees or tasks")
        DUTIES = "DUTIES", _("a member's duties not performed, no exemplary role")
        SERVICE = "SERVICE", _("the people's interests disregarded")
        CONDUCT = "CONDUCT", _("conduct that does harm to the Party's standing")
        OTHER = "OTHER", pgettext_lazy("ground", "another ground")

    class Measure(models.TextChoices):
        NONE = "NONE", _("no disposition")
        CORRECTION = "CORRECTION", _("correction within a deadline")
        PERSUASION = "PERSUASION", _("persuading to leave the Party")
        REMOVAL = "REMOVAL", _("removal from the roll")
        EXTENSION = "EXTENSION", _("extending the probation")
        CANCELLATION = "CANCELLATION", _("cancelling the probationary membership")

    class State(models.TextChoices):
        PREPARED = "PREPARED", _("opinion of the branch")
        FILED = "FILED", _("filed with the committee")
        APPROVED = "APPROVED", pgettext_lazy("disposition", "approved")
        RETURNED = "RETURNED", pgettext_lazy("disposition", "returned")

    FOR_FULL_MEMBERS = (Measure.NONE, Measure.CORRECTION, Measure.PERSUASION, Measure.REMOVAL)
    FOR_PROBATIONERS = (Measure.NONE, Measure.EXTENSION, Measure.CANCELLATION)
    WITH_DEADLINE = (Measure.CORRECTION, Measure.EXTENSION)

    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="dispositions")
    number = models.PositiveSmallIntegerField(_("number"))
    is_current = models.BooleanField(_("current"), default=True)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.PREPARED
    )
    # The branch's opinion, from its meeting; "" as ground only where nothing is to follow.
    ground = models.CharField(_("ground"), max_length=12, choices=Ground.choices, blank=True)
    ground_text = models.TextField(_("the facts"))
    statement = models.TextField(_("what the member said to it"), blank=True)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure.choices)
    deadline = models.DateField(_("deadline"), null=True, blank=True)
    conditions = models.TextField(_("what is to be put right"), blank=True)
    opinion_on = models.DateField(_("meeting of the branch"))
    opinion_number = models.CharField(_("document number of the opinion"), max_length=50)
    opinion_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opinion_at = models.DateTimeField(_("opinion entered at"))
    filed_on = models.DateField(_("filed on"), null=True, blank=True)
    filing_number = models.CharField(_("document number of the filing"), max_length=50, blank=True)
    filed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    filed_at = models.DateTimeField(_("filing entered at"), null=True, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    decision_number = models.CharField(
        _("document number of the decision"), max_length=50, blank=True
    )
    decision_text = models.TextField(_("decision of the committee"), blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("decision entered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("disposition")
        verbose_name_plural = _("dispositions")
        ordering = ["follow_up", "number"]
        constraints = [
            models.UniqueConstraint(fields=["follow_up", "number"], name="disposition_number"),
            models.UniqueConstraint(
                fields=["follow_up"], condition=Q(is_current=True), name="disposition_one_current"
            ),
            models.CheckConstraint(
                condition=Q(measure__in=["CORRECTION", "EXTENSION"], deadline__isnull=False)
                | Q(
                    measure__in=["NONE", "PERSUASION", "REMOVAL", "CANCELLATION"],
                    deadline__isnull=True,
                ),
                name="disposition_deadline",
            ),
            models.CheckConstraint(
                condition=Q(measure="NONE") | ~Q(ground=""), name="disposition_ground"
            ),
            models.CheckConstraint(
                condition=Q(
                    filed_on__isnull=True,
                    filed_by__isnull=True,
                    filed_at__isnull=True,
                    filing_number="",
                )
                | Q(filed_on__isnull=False, filed_by__isnull=False, filed_at__isnull=False),
                name="disposition_filed",
            ),
            models.CheckConstraint(
                condition=Q(state="PREPARED", filed_on__isnull=True, decided_on__isnull=True)
                | Q(state="FILED", filed_on__isnull=False, decided_on__isnull=True)
                | Q(
                    state__in=["APPROVED", "RETURNED"],
                    filed_on__isnull=False,
                    decided_on__isnull=False,
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="disposition_state",
            ),
            models.CheckConstraint(
                condition=Q(deadline__isnull=True) | Q(deadline__gt=F("opinion_on")),
                name="disposition_deadline_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.follow_up} {self.get_measure_display()}"


class Judgement(models.Model):
    """How the committee judged an explanation; if serious, accountability (追责) and its
    decision (domain.md §6)."""

    class Outcome(models.TextChoices):
        ACCEPTED = "ACCEPTED", _("taken note of")
        SERIOUS = "SERIOUS", _("serious: accountability")

    follow_up = models.OneToOneField(FollowUp, on_delete=models.PROTECT, related_name="judgement")
    outcome = models.CharField(_("judgement"), max_length=8, choices=Outcome.choices)
    reason = models.TextField(_("reason"))
    judged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(_("judged at"))
    # The decision on accountability, once it was taken.
    decision = models.TextField(_("decision on accountability"), blank=True)
    decision_number = models.CharField(_("document number"), max_length=50, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("decision entered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("judgement of an explanation")
        verbose_name_plural = _("judgements of explanations")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    decision="",
                    decision_number="",
                    decided_on__isnull=True,
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                )
                | (
                    Q(
                        outcome="SERIOUS",
                        decided_on__isnull=False,
                        decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                    & ~Q(decision="")
                ),
                name="judgement_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.follow_up} {self.get_outcome_display()}"
