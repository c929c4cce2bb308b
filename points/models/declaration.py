"""A member's sheet for a month."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models import Member, User
from members.rights import Actor
from points.models.rule_book import RuleBook


class SheetQuerySet(models.QuerySet[Any]):
    """Rows of a member's month in a branch: declarations, entries, results."""

    def visible_to(self, actor: Actor) -> "SheetQuerySet":
        """One's own; those of branches on whose committee one sits; those below one's
        committee (domain.md §9)."""
        if actor.is_system:
            return self.all()
        return self.filter(
            Q(member=actor.member_id)
            | Q(branch__in=actor.committee_branches | actor.branches_below)
        )


class Declaration(models.Model):
    """个人申报表: one member's sheet for one month.

    It carries its own state, so that a member's submit or take-back and the start of the
    review meet on this row's lock: whoever is second is told.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("draft")
        SUBMITTED = "SUBMITTED", _("submitted")
        MISSING = "MISSING", _("not filed")
        IN_REVIEW = "IN_REVIEW", _("in review")
        RETURNED = "RETURNED", _("returned for correction")
        REVIEWED = "REVIEWED", _("reviewed")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="declarations")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="declarations")
    rule_book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    declare_by = models.DateField(_("due on"))
    is_late = models.BooleanField(_("late"), default=False)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    entered_by = models.ForeignKey(
        User,
        verbose_name=_("entered on behalf by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    return_reason = models.CharField(_("what is to be corrected"), max_length=500, blank=True)
    saved_at = models.DateTimeField(_("saved at"), null=True, blank=True)
    typed = models.JSONField(_("line being typed"), default=dict, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=0)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        ordering = ["-month", "member"]
        constraints = [
            models.UniqueConstraint(fields=["member", "month"], name="declaration_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "DRAFT",
                        "SUBMITTED",
                        "MISSING",
                        "IN_REVIEW",
                        "RETURNED",
                        "REVIEWED",
                    ]
                ),
                name="declaration_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="SUBMITTED") | Q(submitted_at__isnull=False),
                name="declaration_submitted_at",
            ),
        ]
        indexes = [models.Index(fields=["branch", "month"], name="declaration_sheet")]

    def __str__(self) -> str:
        return f"{self.member} {self.month:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("declaration", args=[self.month.year, self.month.month])
