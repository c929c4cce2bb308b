"""Files that are made in the background, kept for download, and logged."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models import User
from members.rights import Actor


def export_path(export: "Export", filename: str) -> str:
    """Where a file is kept: by its own number, so a name never reaches the disk."""
    return f"exports/{export.pk}.{filename.rsplit('.', 1)[-1]}"


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, actor: Actor) -> "ExportQuerySet":
        """One's own, as long as every branch in it is still within one's rights today."""
        if actor.is_system:
            return self.all()
        allowed = actor.committee_branches | actor.branches_below
        out_of_reach = Export.branches.through.objects.exclude(branch__in=allowed)
        return self.filter(requested_by=actor.user).exclude(pk__in=out_of_reach.values("export"))


class Export(models.Model):
    """导出: one file that somebody asked for. ``branches`` are its scope, as the screen had it
    when it was asked for; ``asked`` what exactly (year, month, span). The row is the truth and
    the message to the worker only a nudge: a tick sends again what is queued."""

    class Kind(models.TextChoices):
        YEAR = "YEAR", _("year-end workbook")
        PUBLICATION = "PUBLICATION", _("publication of a month")
        LEDGER = "LEDGER", _("ledger of a span of months")
        FOLLOW_UPS = "FOLLOW_UPS", _("follow-ups")
        ROLL = "ROLL", _("roll")
        PROGRESS = "PROGRESS", _("progress")
        BURDEN = "BURDEN", _("burden of filling in")
        PERFORMANCE = "PERFORMANCE", _("file for the performance assessment")
        PUBLICATION_NOTICE = "PUBLICATION_NOTICE", _("notice of a publication (Word)")
        YEAR_NOTICE = "YEAR_NOTICE", _("notice of the year-end list (Word)")

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("waiting")
        RUNNING = "RUNNING", _("being made")
        READY = "READY", _("ready")
        FAILED = "FAILED", _("failed")
        EXPIRED = "EXPIRED", _("no longer kept")

    kind = models.CharField(_("kind"), max_length=18, choices=Kind.choices)
    asked = models.JSONField(_("what was asked for"), default=dict)
    branches = models.ManyToManyField(Branch, verbose_name=_("branches"), related_name="+")
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.QUEUED)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports")
    requested_at = models.DateTimeField(_("requested at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    done = models.PositiveIntegerField(_("rows written"), default=0)
    total = models.PositiveIntegerField(_("rows in all"), default=0)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    file = models.FileField(upload_to=export_path, max_length=200, blank=True)
    name = models.CharField(_("file name"), max_length=200, blank=True)
    size = models.PositiveIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["QUEUED", "RUNNING"], file="", finished_at__isnull=True)
                | (Q(state="READY", finished_at__isnull=False) & ~Q(file=""))
                | Q(state__in=["FAILED", "EXPIRED"], file="", finished_at__isnull=False),
                name="export_state",
            ),
        ]
        indexes = [models.Index(fields=["state", "requested_at"], name="export_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.requested_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("export", args=[self.pk])
