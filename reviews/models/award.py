"""What the organisation gives on the ground of a year's points: nominations, the grade of the
民主评议, and opinions that the member confirms or appeals against (domain.md §8)."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch
from members.models import Member, User
from members.rights import Actor
from points.models import StoredFile


class Nomination(models.Model):
    """A branch nominates a candidate of the year for 优秀, or for next year's commendation.
    Nobody else than a candidate can be nominated; whoever stops being one before the year is
    frozen, is withdrawn with the reason."""

    class Award(models.TextChoices):
        EXCELLENT = "EXCELLENT", _("excellent grade of the year")
        COMMENDATION = "COMMENDATION", _("commendation of the next year")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="nominations")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="nominations")
    year = models.PositiveSmallIntegerField(_("year"))
    award = models.CharField(_("nominated for"), max_length=12, choices=Award.choices)
    reason = models.TextField(_("reason"), blank=True)
    nominated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    nominated_at = models.DateTimeField(_("nominated at"))
    withdrawal_reason = models.CharField(_("why it was withdrawn"), max_length=300, blank=True)
    withdrawn_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering = ["year", "branch", "award", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(award__in=["EXCELLENT", "COMMENDATION"]), name="nomination_award"
            ),
            models.UniqueConstraint(
                fields=["member", "year", "award"],
                condition=Q(withdrawn_at__isnull=True),
                name="nomination_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    withdrawn_by__isnull=True, withdrawn_at__isnull=True, withdrawal_reason=""
                )
                | (
                    Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                    & ~Q(withdrawal_reason="")
                ),
                name="nomination_withdrawn",
            ),
        ]
        indexes = [models.Index(fields=["branch", "year"], name="nomination_branch")]

    def __str__(self) -> str:
        return f"{self.member} {self.year} {self.get_award_display()}"


class Appraisal(models.Model):
    """The grade of the year's 民主评议, entered by people from their meeting. Points stand
    beside it as evidence and never become it. Entering another grade writes a new row."""

    class Grade(models.TextChoices):
        EXCELLENT = "EXCELLENT", pgettext_lazy("grade", "excellent")
        QUALIFIED = "QUALIFIED", pgettext_lazy("grade", "qualified")
        BASIC = "BASIC", pgettext_lazy("grade", "basically qualified")
        UNQUALIFIED = "UNQUALIFIED", pgettext_lazy("grade", "not qualified")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="appraisals")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="appraisals")
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveSmallIntegerField(_("number"))
    is_current = models.BooleanField(_("current"), default=True)
    grade = models.CharField(_("grade"), max_length=11, choices=Grade.choices)
    held_on = models.DateField(_("meeting of the 民主评议"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("entered at"))

    class Meta:
        verbose_name = _("grade of the 民主评议")
        verbose_name_plural = _("grades of the 民主评议")
        ordering = ["year", "branch", "member", "number"]
        constraints = [
            models.UniqueConstraint(fields=["member", "year", "number"], name="appraisal_number"),
            models.UniqueConstraint(
                fields=["member", "year"],
                condition=Q(is_current=True),
                name="appraisal_one_current",
            ),
            models.CheckConstraint(
                condition=Q(grade__in=["EXCELLENT", "QUALIFIED", "BASIC", "UNQUALIFIED"]),
                name="appraisal_grade",
            ),
        ]
        indexes = [models.Index(fields=["branch", "year"], name="appraisal_branch")]

    def __str__(self) -> str:
        return f"{self.member} {self.year} {self.get_grade_display()}"


class OpinionQuerySet(models.QuerySet["Opinion"]):
    def baseless(self) -> "OpinionQuerySet":
        """Those that stand, or wait for the decision of an appeal, although the nomination on
        which they rest was withdrawn."""
        resting = self.filter(nomination__withdrawn_at__isnull=False)
        return resting.exclude(state=Opinion.State.WITHDRAWN)

    def visible_to(self, actor: Actor) -> "OpinionQuerySet":
        """One's own; those of the branch on whose committee one sits; all below one's
        committee."""
        if actor.is_system:
            return self.all()
        return self.filter(
            Q(member=actor.member_id)
            | Q(branch__in=actor.committee_branches | actor.branches_below)
        )


class Opinion(models.Model):
    """奖惩意见: an award or a sanction that the organisation bases on points. The member
    confirms it (认定) or appeals; silence counts as agreement once ``confirm_by`` is past, and
    so does a signed form that somebody else entered: only the member's own word ends the right
    to appeal before its day.
    It is no Party discipline and no organisational disposition: those have their own places."""

    class Kind(models.TextChoices):
        AWARD = "AWARD", _("award")
        SANCTION = "SANCTION", _("sanction")

    class State(models.TextChoices):
        OPEN = "OPEN", _("waiting for the member")
        CONFIRMED = "CONFIRMED", pgettext_lazy("opinion", "confirmed")
        PAPER = "PAPER", pgettext_lazy("opinion", "signed on paper")
        SILENT = "SILENT", _("silence counts as agreement")
        APPEALED = "APPEALED", _("appealed against")
        KEPT = "KEPT", _("stands after the appeal")
        WITHDRAWN = "WITHDRAWN", pgettext_lazy("opinion", "withdrawn")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="opinions")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="opinions")
    year = models.PositiveSmallIntegerField(_("year"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    title = models.CharField(_("award or sanction"), max_length=100)
    text = models.TextField(_("grounds"))
    document_number = models.CharField(_("document number"), max_length=50, blank=True)
    nomination = models.ForeignKey(
        Nomination, null=True, blank=True, on_delete=models.PROTECT, related_name="opinions"
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued at"))
    confirm_by = models.DateField(_("to be confirmed by"))
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    withdrawal_reason = models.CharField(_("why it was withdrawn"), max_length=500, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = OpinionQuerySet.as_manager()

    class Meta:
        verbose_name = _("opinion")
        verbose_name_plural = _("opinions")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["AWARD", "SANCTION"]), name="opinion_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", answered_by__isnull=True, answered_at__isnull=True)
                | Q(
                    state__in=["CONFIRMED", "PAPER", "SILENT", "APPEALED", "KEPT"],
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                )
                | Q(state="WITHDRAWN"),
                name="opinion_answered",
            ),
            models.CheckConstraint(
                condition=(Q(state="WITHDRAWN", withdrawn_at__isnull=False))
                | (~Q(state="WITHDRAWN") & Q(withdrawn_at__isnull=True, withdrawal_reason="")),
                name="opinion_withdrawn",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "year"], name="opinion_branch"),
            models.Index(fields=["state", "confirm_by"], name="opinion_state"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.member}"

    def get_absolute_url(self) -> str:
        return reverse("opinion", args=[self.pk])

    @property
    def is_baseless(self) -> bool:
        """As ``OpinionQuerySet.baseless``, of one whose nomination is loaded."""
        is_gone = self.nomination is not None and self.nomination.withdrawn_at is not None
        return is_gone and self.state != self.State.WITHDRAWN


class OpinionFileQuerySet(models.QuerySet["OpinionFile"]):
    def visible_to(self, actor: Actor) -> "OpinionFileQuerySet":
        """The files of opinions that one may see."""
        return self.filter(opinion__in=Opinion.objects.visible_to(actor))


class OpinionFile(StoredFile):
    """The scan of an opinion's form that the member signed."""

    FOLDER = "opinions"

    opinion = models.ForeignKey(Opinion, on_delete=models.PROTECT, related_name="scans")

    objects = OpinionFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of an opinion")
        verbose_name_plural = _("files of opinions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["opinion", "sha256"], name="opinion_file_once"),
        ]
        indexes = [models.Index(fields=["sha256"], name="opinion_file_content")]

    def get_absolute_url(self) -> str:
        return reverse("opinion_file", args=[self.pk])
