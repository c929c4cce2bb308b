"""Uploaded files."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.models import User
from members.rights import Actor
from points.models.entry import Entry
from points.models.rule_book import Criterion


def stored_path(file: "StoredFile", filename: str) -> str:
    """Where a file is kept: by its content, so a name from outside never reaches the disk."""
    return f"{file.FOLDER}/{file.sha256[:2]}/{file.sha256}{file.suffix}"


class StoredFile(models.Model):
    """An uploaded file that was checked by its content, kept outside the web root and served
    only through a check of rights. Each model of files has a folder of its own."""

    FOLDER: str

    file = models.FileField(upload_to=stored_path, max_length=200)
    name = models.CharField(_("file name"), max_length=200)
    suffix = models.CharField(max_length=10)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        raise NotImplementedError

    @property
    def thumbnail_url(self) -> str:
        """Where its small picture is; nothing where none is kept."""
        return ""


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, actor: Actor) -> "EvidenceQuerySet":
        """The files of entries that one may see. Those of what the committee registered are
        seen by the member and the committee only (domain.md §10)."""
        visible = self.filter(entry__in=Entry.objects.visible_to(actor))
        if actor.is_system:
            return visible
        return visible.exclude(
            ~Q(entry__member=actor.member_id),
            ~Q(entry__branch__in=actor.branches_below),
            entry__criterion__registered_by=Criterion.RegisteredBy.COMMITTEE,
        )


class Evidence(StoredFile):
    """佐证材料: a file attached to an entry."""

    FOLDER = "evidence"

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="evidence")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "sha256"], name="evidence_once"),
        ]
        indexes = [models.Index(fields=["sha256"], name="evidence_content")]

    def get_absolute_url(self) -> str:
        return reverse("evidence", args=[self.pk])

    @property
    def thumbnail_url(self) -> str:
        """Where its small picture is; nothing for what is no picture."""
        is_picture = self.content_type.startswith("image/")
        return reverse("evidence_thumbnail", args=[self.pk]) if is_picture else ""
