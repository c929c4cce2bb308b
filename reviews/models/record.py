"""The record of a talk, an interview or an explanation, and how a member put things right."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import Member, User
from members.rights import Actor
from points.models import StoredFile
from reviews.models.follow_up import FollowUp


class FollowUpRecord(models.Model):
    """A talk, interview or explanation as it was held (domain.md §6). Recording it again, e.g.
    after a dispute, writes a new row; the earlier ones stay.

    A member answers the record of a talk or an interview: confirmed on the page, on paper, or
    by silence once ``answer_by`` is past; or disputed, with the reason. A disputed record that
    the committee lets stand has ``kept_reason``. An explanation asks nobody: no answer.
    """

    class Answer(models.TextChoices):
        AWAITED = "AWAITED", _("not answered yet")
        CONFIRMED = "CONFIRMED", pgettext_lazy("record", "confirmed")
        PAPER = "PAPER", _("signed on paper")
        SILENT = "SILENT", _("silence counts as agreement")
        DISPUTED = "DISPUTED", pgettext_lazy("record", "disputed")
        NOT_ASKED = "NOT_ASKED", _("nobody is asked")

    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="records")
    number = models.PositiveSmallIntegerField(_("number"))
    is_current = models.BooleanField(_("current"), default=True)
    held_on = models.DateField(pgettext_lazy("record", "held on"))
    place = models.CharField(_("place"), max_length=100)
    # Who held it; the holder first. Whoever else was present is named in ``present``.
    held_by = models.ManyToManyField(Member, verbose_name=_("held by"), related_name="+")
    present = models.CharField(_("also present"), max_length=200, blank=True)
    said = models.TextField(_("what was said"))
    causes = models.TextField(_("causes"), blank=True)
    measures = models.TextField(_("measures agreed"), blank=True)
    rectify_by = models.DateField(_("to be put right by"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"))
    answer_by = models.DateField(_("to be answered by"), null=True, blank=True)
    answer = models.CharField(
        _("answer of the member"), max_length=10, choices=Answer.choices, default=Answer.AWAITED
    )
    answer_reason = models.TextField(_("what the member disputes"), blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    kept_reason = models.TextField(_("why the record stands"), blank=True)
    kept_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kept_at = models.DateTimeField(_("let stand at"), null=True, blank=True)

    class Meta:
        verbose_name = _("record of a follow-up")
        verbose_name_plural = _("records of follow-ups")
        ordering = ["follow_up", "number"]
        constraints = [
            models.UniqueConstraint(fields=["follow_up", "number"], name="record_number"),
            models.UniqueConstraint(
                fields=["follow_up"], condition=Q(is_current=True), name="record_one_current"
            ),
            models.CheckConstraint(
                condition=Q(
                    answer__in=["AWAITED", "NOT_ASKED"],
                    answered_by__isnull=True,
                    answered_at__isnull=True,
                    answer_reason="",
                )
                | Q(
                    answer__in=["CONFIRMED", "PAPER", "SILENT"],
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    answer_reason="",
                )
                | (
                    Q(answer="DISPUTED", answered_by__isnull=False, answered_at__isnull=False)
                    & ~Q(answer_reason="")
                ),
                name="record_answered",
            ),
            models.CheckConstraint(
                condition=Q(kept_by__isnull=True, kept_at__isnull=True, kept_reason="")
                | (
                    Q(answer="DISPUTED", kept_by__isnull=False, kept_at__isnull=False)
                    & ~Q(kept_reason="")
                ),
                name="record_kept",
            ),
            models.CheckConstraint(
                condition=Q(rectify_by__isnull=True) | ~Q(measures=""), name="record_measures"
            ),
        ]
        indexes = [models.Index(fields=["answer", "answer_by"], name="record_answer")]

    def __str__(self) -> str:
        return f"{self.follow_up} {self.held_on}"


class Rectification(models.Model):
    """整改: what a member does to put right what a record or a disposition asks for, and until
    when. It begins when the record is confirmed and ends with a check that finds it put right."""

    follow_up = models.OneToOneField(
        FollowUp, on_delete=models.PROTECT, related_name="rectification"
    )
    due_on = models.DateField(_("to be put right by"))
    started_at = models.DateTimeField(_("started at"))
    # The member says it is done; taken back by a check that finds it is not.
    handed_in_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    handed_in_at = models.DateTimeField(_("handed in at"), null=True, blank=True)

    class Meta:
        verbose_name = _("rectification")
        verbose_name_plural = _("rectifications")
        constraints = [
            models.CheckConstraint(
                condition=Q(handed_in_by__isnull=True, handed_in_at__isnull=True)
                | Q(handed_in_by__isnull=False, handed_in_at__isnull=False),
                name="rectification_handed_in",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="rectification_due")]

    def __str__(self) -> str:
        return f"{self.follow_up} {self.due_on}"


class RectificationStep(models.Model):
    """One thing the member did, with its evidence. Never changed; a further one is added."""

    rectification = models.ForeignKey(Rectification, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField(_("number"))
    text = models.TextField(_("what was done"))
    done_on = models.DateField(_("done on"))
    # True where somebody else entered it from paper (代填).
    is_on_behalf = models.BooleanField(_("entered on behalf"), default=False)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("step of a rectification")
        verbose_name_plural = _("steps of rectifications")
        ordering = ["rectification", "number"]
        constraints = [
            models.UniqueConstraint(fields=["rectification", "number"], name="step_number"),
        ]

    def __str__(self) -> str:
        return self.text[:50]


class RectificationCheck(models.Model):
    """What whoever has the duty found: put right, or not yet, with a new day."""

    class Outcome(models.TextChoices):
        PUT_RIGHT = "PUT_RIGHT", _("put right")
        NOT_YET = "NOT_YET", _("not put right yet")
        NOT_PUT_RIGHT = "NOT_PUT_RIGHT", _("not put right by the deadline")

    rectification = models.ForeignKey(
        Rectification, on_delete=models.PROTECT, related_name="checks"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome.choices)
    reason = models.TextField(_("what was found"))
    due_on = models.DateField(_("new day"), null=True, blank=True)
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("checked at"))

    class Meta:
        verbose_name = _("check of a rectification")
        verbose_name_plural = _("checks of rectifications")
        ordering = ["rectification", "number"]
        constraints = [
            models.UniqueConstraint(fields=["rectification", "number"], name="check_number"),
            models.CheckConstraint(
                condition=Q(outcome="NOT_YET", due_on__isnull=False)
                | Q(outcome__in=["PUT_RIGHT", "NOT_PUT_RIGHT"], due_on__isnull=True),
                name="check_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.checked_at:%Y-%m-%d}"


class FollowUpFileQuerySet(models.QuerySet["FollowUpFile"]):
    def visible_to(self, actor: Actor) -> "FollowUpFileQuerySet":
        """The files of follow-ups whose content one may read (``FollowUp`` ``readable_by``)."""
        return self.filter(follow_up__in=FollowUp.objects.readable_by(actor))


class FollowUpFile(StoredFile):
    """A file of a follow-up: the scan of a signed record, the evidence of a step, or, with
    neither, a document of the case."""

    FOLDER = "follow_ups"

    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="files")
    record = models.ForeignKey(
        FollowUpRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="scans"
    )
    step = models.ForeignKey(
        RectificationStep, null=True, blank=True, on_delete=models.PROTECT, related_name="files"
    )

    objects = FollowUpFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a follow-up")
        verbose_name_plural = _("files of follow-ups")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(record__isnull=True) | Q(step__isnull=True), name="file_of_one"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="follow_up_file_content")]

    def get_absolute_url(self) -> str:
        return reverse("follow_up_file", args=[self.pk])
