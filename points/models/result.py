"""Monthly results, line by line."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models import Member
from points.models.declaration import SheetQuerySet
from points.models.entry import Entry
from points.models.policy import points_field
from points.models.rule_book import RuleBook


class MonthlyResultQuerySet(SheetQuerySet):
    def current(self) -> "MonthlyResultQuerySet":
        return self.filter(is_current=True)

    def final(self) -> "MonthlyResultQuerySet":
        return self.filter(is_current=True, is_final=True)


class MonthlyResult(models.Model):
    """月度积分: member × month, worked out by ``points.scoring`` and by nothing else.

    An exempt month has a row that is not assessed: no score, not below, not zero. A later
    correction is a new revision; the old one is kept with ``is_current`` false.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="results")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="results")
    rule_book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    is_current = models.BooleanField(default=True)
    is_final = models.BooleanField(_("final"), default=False)
    is_assessed = models.BooleanField(_("assessed"), default=True)
    base = points_field(_("base points"))
    plus = points_field(_("credited plus"))
    minus = points_field(_("credited minus"))
    score = points_field(_("score"), null=True)
    pass_line = points_field(_("pass line"))
    is_below = models.BooleanField(_("below the line"), default=False)
    is_zero = models.BooleanField(_("zero"), default=False)
    streak = models.PositiveSmallIntegerField(_("months below in a row"), default=0)
    revision_reason = models.CharField(_("reason of the revision"), max_length=300, blank=True)
    computed_at = models.DateTimeField(_("computed at"))

    objects = MonthlyResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("monthly result")
        verbose_name_plural = _("monthly results")
        ordering = ["-month", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["member", "month", "revision"], name="result_revision"),
            models.UniqueConstraint(
                fields=["member", "month"], condition=Q(is_current=True), name="result_one_current"
            ),
            models.CheckConstraint(
                condition=Q(is_assessed=True, score__isnull=False, score__gte=0)
                | Q(is_assessed=False, score__isnull=True, is_below=False, is_zero=False),
                name="result_assessed_has_score",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "month"], name="result_sheet"),
            # Month-end reads only what can lead to a follow-up: a few rows in a hundred.
            models.Index(
                fields=["branch", "month"],
                condition=Q(is_below=True) | Q(is_zero=True),
                name="result_below_or_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.month:%Y-%m} {self.score}"

    def get_absolute_url(self) -> str:
        return reverse("result", args=[self.month.year, self.month.month])


class ResultLine(models.Model):
    """What one entry brought to a result: decided, credited, and every cut with its cap.
    ``cuts`` is a list of {"cap", "limit", "lost"} with points as strings."""

    result = models.ForeignKey(MonthlyResult, on_delete=models.PROTECT, related_name="lines")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lines")
    points = points_field(_("decided points"))
    credited = points_field(_("credited points"))
    cuts = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("line of a result")
        verbose_name_plural = _("lines of results")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["result", "entry"], name="result_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.credited}"
