"""What a committee sets: thresholds and calendar, and the days of a year."""

from collections.abc import Iterable
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Committee
from members.models import User


def points_field(verbose_name: Any, **kwargs: Any) -> models.DecimalField:
    """Points: exact, two places."""
    return models.DecimalField(verbose_name, max_digits=9, decimal_places=2, **kwargs)


def committee_chain(committee: Committee) -> Iterable[int]:
    """The committee and its superiors, nearest first."""
    parents = dict(Committee.objects.values_list("pk", "parent_id"))
    current: int | None = committee.pk
    while current is not None:
        yield current
        current = parents.get(current)


class Policy(models.Model):
    """考核政策: a committee's thresholds and calendar from a month on, until the next one
    takes its place. The defaults are the source's numbers (case-study §5) and domain.md §5."""

    class Period(models.TextChoices):
        MONTHLY = "MONTHLY", _("every month")
        QUARTERLY = "QUARTERLY", _("every quarter")

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="policies")
    effective_from = models.DateField(_("in force from"))
    declare_by_day = models.PositiveSmallIntegerField(
        _("declarations due on day"),
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
    )
    review_by_day = models.PositiveSmallIntegerField(
        _("review due on day"),
        default=31,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
    )
    publication_days = models.PositiveSmallIntegerField(
        _("working days of publication"), default=3, validators=[MinValueValidator(1)]
    )
    publication_period = models.CharField(
        _("results are published"), max_length=10, choices=Period.choices, default=Period.MONTHLY
    )
    notice_template = models.TextField(_("text of the publication notice"), blank=True)
    escalate_after_days = models.PositiveSmallIntegerField(
        _("days until a late round is reported to the committee"), default=3
    )
    appeal_days = models.PositiveSmallIntegerField(
        _("working days within which a member may appeal"),
        default=5,
        validators=[MinValueValidator(1)],
    )
    decide_appeal_days = models.PositiveSmallIntegerField(
        _("working days for the decision on an appeal"),
        default=10,
        validators=[MinValueValidator(1)],
    )
    confirm_days = models.PositiveSmallIntegerField(
        _("working days within which a member confirms a record or an opinion"),
        default=5,
        validators=[MinValueValidator(1)],
    )
    inspection_days = models.PositiveSmallIntegerField(
        _("working days for the inspection of a spot check"),
        default=10,
        validators=[MinValueValidator(1)],
    )
    talk_after = models.PositiveSmallIntegerField(_("months until a talk"), default=1)
    interview_after = models.PositiveSmallIntegerField(_("months until an interview"), default=2)
    disposition_after = models.PositiveSmallIntegerField(_("months until a disposition"), default=3)
    follow_up_days = models.PositiveSmallIntegerField(
        _("working days for a talk or an interview"), default=10
    )
    candidate_ranks = models.PositiveSmallIntegerField(_("ranks that may be nominated"), default=3)
    branch_below_percent = models.PositiveSmallIntegerField(
        _("share of members below the line, in percent, that bars the branch"),
        default=30,
        validators=[MaxValueValidator(100)],
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["-effective_from", "committee"]
        constraints = [
            models.UniqueConstraint(
                fields=["committee", "effective_from"], name="policy_one_a_month"
            ),
            models.CheckConstraint(
                condition=Q(publication_period__in=["MONTHLY", "QUARTERLY"]), name="policy_period"
            ),
            models.CheckConstraint(
                condition=Q(talk_after__gte=1)
                & Q(interview_after__gt=F("talk_after"))
                & Q(disposition_after__gt=F("interview_after")),
                name="policy_thresholds_rise",
            ),
            models.CheckConstraint(
                condition=Q(declare_by_day__range=(1, 31), review_by_day__range=(1, 31)),
                name="policy_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.committee} {self.effective_from:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("policy_version", args=[self.pk])


class HolidayNotice(models.Model):
    """The State Council's notice of the public holidays of a year, as entered by staff for a
    year that the library does not know, or to put one right. Its days replace the library's."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    number = models.CharField(_("number of the notice"), max_length=100)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("entered at"))

    class Meta:
        verbose_name = _("holiday notice")
        verbose_name_plural = _("holiday notices")
        ordering = ["-year"]

    def __str__(self) -> str:
        return f"{self.year} {self.number}"


class SpecialDay(models.Model):
    """A day that is not what its weekday says: a public holiday, or a make-up workday (调休)."""

    notice = models.ForeignKey(HolidayNotice, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"), unique=True)
    is_workday = models.BooleanField(_("workday"))
    name = models.CharField(_("holiday"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
