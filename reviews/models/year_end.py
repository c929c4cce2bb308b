"""A year of a committee: results of members and of branches."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, Committee
from members.models import Member, User
from points.models import (
    points_field,
)


class YearEnd(models.Model):
    """年终总评 of one committee and year: computed provisionally while months are open, computed
    when every month is closed, then frozen for good. ``digest`` names the frozen figures."""

    class State(models.TextChoices):
        PROVISIONAL = "PROVISIONAL", _("provisional")
        COMPUTED = "COMPUTED", _("computed, not frozen yet")
        FROZEN = "FROZEN", _("frozen")

    FINAL = (State.COMPUTED, State.FROZEN)

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="year_ends")
    year = models.PositiveSmallIntegerField(_("year"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    computed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    computed_at = models.DateTimeField(_("computed at"))
    frozen_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    frozen_at = models.DateTimeField(_("frozen at"), null=True, blank=True)
    digest = models.CharField(_("digest of the figures"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("year-end")
        verbose_name_plural = _("year-ends")
        ordering = ["-year", "committee"]
        constraints = [
            models.UniqueConstraint(fields=["committee", "year"], name="year_end_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["PROVISIONAL", "COMPUTED"],
                    frozen_by__isnull=True,
                    frozen_at__isnull=True,
                )
                | Q(state="FROZEN", frozen_by__isnull=False, frozen_at__isnull=False),
                name="year_end_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.committee} {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("year", args=[self.year])


class AnnualResult(models.Model):
    """A member's year: total, line, rank inside the branch, candidacy (domain.md §8)."""

    year_end = models.ForeignKey(YearEnd, on_delete=models.CASCADE, related_name="results")
    year = models.PositiveSmallIntegerField(_("year"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="annual_results")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="annual_results")
    total = points_field(_("total of the year"))
    pass_total = points_field(_("sum of the pass lines"))
    assessed_months = models.PositiveSmallIntegerField(_("months assessed"))
    zero_months = models.PositiveSmallIntegerField(_("zero months"))
    rank = models.PositiveIntegerField(_("rank"))
    is_below = models.BooleanField(_("below the line"))
    is_full_member = models.BooleanField(_("full member"))
    is_candidate = models.BooleanField(_("candidate"))

    class Meta:
        verbose_name = _("annual result")
        verbose_name_plural = _("annual results")
        ordering = ["branch", "rank", "member"]
        constraints = [
            models.UniqueConstraint(fields=["member", "year"], name="annual_result_once"),
            models.CheckConstraint(
                condition=Q(assessed_months__range=(1, 12)), name="annual_result_months"
            ),
        ]
        indexes = [models.Index(fields=["branch", "year"], name="annual_result_branch")]

    def __str__(self) -> str:
        return f"{self.member} {self.year}"


class BranchAnnualResult(models.Model):
    """A branch's year: how many are ranked, how many below, and what follows."""

    year_end = models.ForeignKey(YearEnd, on_delete=models.CASCADE, related_name="branch_results")
    year = models.PositiveSmallIntegerField(_("year"))
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="branch_annual_results"
    )
    ranked = models.PositiveIntegerField(_("members ranked"))
    below = models.PositiveIntegerField(_("members below the line"))
    is_eligible = models.BooleanField(_("eligible"))
    # The branch has looked at its figures; computing them anew asks again where they change.
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("annual result of a branch")
        verbose_name_plural = _("annual results of branches")
        ordering = ["branch"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "year"], name="branch_annual_once"),
            models.CheckConstraint(condition=Q(below__lte=F("ranked")), name="branch_annual_below"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="branch_annual_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.year}"


class KeptConfirmation(models.Model):
    """A branch's confirmation, put aside while its year is computed anew: it holds again if the
    figures, which ``digest`` names, come out the same."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    digest = models.CharField(_("digest of the figures"), max_length=64)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"))

    class Meta:
        verbose_name = _("confirmation kept")
        verbose_name_plural = _("confirmations kept")
        constraints = [
            models.UniqueConstraint(fields=["branch", "year"], name="kept_confirmation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.year}"
