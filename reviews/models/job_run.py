"""The record of jobs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import User


class JobRun(models.Model):
    """One run of a job, or of one chunk of it: written before the work, finished after."""

    class State(models.TextChoices):
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        FAILED = "FAILED", _("failed")

    job = models.CharField(_("job"), max_length=30)
    key = models.CharField(_("what for"), max_length=100)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    started_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("run of a job")
        verbose_name_plural = _("runs of jobs")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["RUNNING", "DONE", "FAILED"]), name="job_run_state"
            ),
            models.CheckConstraint(
                condition=Q(state="RUNNING", finished_at__isnull=True)
                | Q(state__in=["DONE", "FAILED"], finished_at__isnull=False),
                name="job_run_finished",
            ),
            models.UniqueConstraint(
                fields=["job", "key"],
                condition=Q(state="RUNNING"),
                name="job_run_one_running",
            ),
        ]
        indexes = [models.Index(fields=["job", "key"], name="job_run_job_key")]

    def __str__(self) -> str:
        return f"{self.job} {self.key} {self.state}"
