"""The ledger: entries, the decisions on them, and what reviewers said of them."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models import Member, User
from points.models.declaration import Declaration, SheetQuerySet
from points.models.policy import points_field
from points.models.registration import Registration
from points.models.rule_book import Criterion


class EntryQuerySet(SheetQuerySet):
    def decided(self) -> "EntryQuerySet":
        return self.filter(decisions__is_current=True)

    def undecided(self) -> "EntryQuerySet":
        return self.exclude(decisions__is_current=True)

    def standing(self) -> "EntryQuerySet":
        """Entries that were not taken back or undone."""
        return self.filter(
            ~models.Exists(
                Decision.objects.filter(
                    entry=models.OuterRef("pk"),
                    is_current=True,
                    outcome=Decision.Outcome.WITHDRAWN,
                )
            )
        )

    def counting(self) -> "EntryQuerySet":
        """Entries that count towards a score: approved or adjusted."""
        return self.filter(
            decisions__is_current=True,
            decisions__outcome__in=[Decision.Outcome.APPROVED, Decision.Outcome.ADJUSTED],
        )


class Entry(models.Model):
    """积分记录: one claimed or registered plus or minus item of a member's month."""

    class Source(models.TextChoices):
        DECLARED = "DECLARED", _("declared")
        REGISTERED = "REGISTERED", _("registered")
        IMPORTED = "IMPORTED", _("imported")
        PROPOSED = "PROPOSED", _("proposed by the system")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="entries")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="entries")
    month = models.DateField(_("month"))
    declaration = models.ForeignKey(
        Declaration, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="entries")
    registration = models.ForeignKey(
        Registration, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    times = models.DecimalField(_("times"), max_digits=6, decimal_places=2, default=Decimal("1.00"))
    claimed_points = points_field(_("claimed points"))
    occurred_on = models.DateField(_("date"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created at"))

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["occurred_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=["DECLARED", "REGISTERED", "IMPORTED", "PROPOSED"]),
                name="entry_source",
            ),
            models.UniqueConstraint(
                fields=["member", "month", "criterion"],
                condition=Q(source="PROPOSED"),
                name="entry_proposed_once",
            ),
            models.CheckConstraint(
                condition=~Q(source="DECLARED") | Q(declaration__isnull=False),
                name="entry_declared_on_sheet",
            ),
            models.CheckConstraint(condition=Q(times__gt=0), name="entry_times"),
        ]
        indexes = [
            models.Index(fields=["branch", "month"], name="entry_sheet"),
            models.Index(fields=["member", "month"], name="entry_member_month"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.criterion}"


class Decision(models.Model):
    """What was decided about an entry. Never overwritten: a new decision takes the place
    of the one before it, which stays readable. ``points`` are the decided points, signed;
    nothing where the entry does not count."""

    class Outcome(models.TextChoices):
        APPROVED = "APPROVED", _("approved")
        ADJUSTED = "ADJUSTED", _("adjusted")
        REJECTED = "REJECTED", _("rejected")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    outcome = models.CharField(_("decision"), max_length=10, choices=Outcome.choices)
    points = points_field(_("decided points"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided at"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["entry", "number"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="decision_number"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(is_current=True), name="decision_one_current"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["APPROVED", "ADJUSTED"], points__isnull=False)
                | Q(outcome__in=["REJECTED", "WITHDRAWN"], points__isnull=True),
                name="decision_points",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["ADJUSTED", "REJECTED"]) | ~Q(reason=""),
                name="decision_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.number} {self.outcome}"


class Remark(models.Model):
    """What the reviewers said of one entry when they returned its sheet for correction."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="remarks")
    text = models.CharField(_("remark"), max_length=500)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text
