"""动态登记: what the branch held and registered."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch
from members.models import Member, User
from members.rights import Actor


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, actor: Actor) -> "ActivityQuerySet":
        """Those of branches on whose committee one sits, and below one's committee."""
        if actor.is_system:
            return self.all()
        return self.filter(branch__in=actor.committee_branches | actor.branches_below)


class Activity(models.Model):
    """动态登记 of something the branch held: what, when, where, and who was there. The points
    for it, if any, are registrations of their own. ``token`` comes with the form."""

    class Kind(models.TextChoices):
        ASSEMBLY = "ASSEMBLY", _("assembly of all members")
        COMMITTEE = "COMMITTEE", _("branch committee meeting")
        GROUP = "GROUP", _("Party group meeting")
        LECTURE = "LECTURE", _("Party lecture")
        THEME_DAY = "THEME_DAY", _("theme Party day")
        VOLUNTEERING = "VOLUNTEERING", _("volunteer service")
        DUES = "DUES", _("Party dues")
        OTHER = "OTHER", pgettext_lazy("activity", "other")

    token = models.UUIDField(unique=True)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="activities")
    month = models.DateField(_("month"))
    kind = models.CharField(_("kind of activity"), max_length=12, choices=Kind.choices)
    held_on = models.DateField(_("date"))
    place = models.CharField(_("place"), max_length=100, blank=True)
    text = models.CharField(_("subject"), max_length=500)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"))
    undone_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undo_reason = models.CharField(_("reason"), max_length=500, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["-held_on", "-pk"]
        indexes = [models.Index(fields=["branch", "month"], name="activity_sheet")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "ASSEMBLY",
                        "COMMITTEE",
                        "GROUP",
                        "LECTURE",
                        "THEME_DAY",
                        "VOLUNTEERING",
                        "DUES",
                        "OTHER",
                    ]
                ),
                name="activity_kind",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_reason=""),
                name="activity_undone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.held_on}"

    def get_absolute_url(self) -> str:
        return reverse("activity", args=[self.pk])


class Attendance(models.Model):
    """Whether a member was at an activity."""

    class State(models.TextChoices):
        PRESENT = "PRESENT", _("present")
        ON_LEAVE = "ON_LEAVE", _("absent with leave")
        ABSENT = "ABSENT", _("absent")

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="attendances")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="attendances")
    state = models.CharField(_("attendance"), max_length=10, choices=State.choices)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["activity", "member"], name="attendance_once"),
            models.CheckConstraint(
                condition=Q(state__in=["PRESENT", "ON_LEAVE", "ABSENT"]), name="attendance_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.state}"


class Registration(models.Model):
    """动态登记: one act that registers the same item for one or many members of a branch.
    ``token`` comes with the form, so that sending it twice registers once."""

    token = models.UUIDField(unique=True)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="registrations")
    month = models.DateField(_("month"))
    criterion = models.ForeignKey("Criterion", on_delete=models.PROTECT, related_name="+")
    times = models.DecimalField(_("times"), max_digits=6, decimal_places=2, default=Decimal("1.00"))
    occurred_on = models.DateField(_("date"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    activity = models.ForeignKey(
        Activity, null=True, blank=True, on_delete=models.PROTECT, related_name="registrations"
    )
    # 党委登记 rests on a document; what the branch registers does not.
    document_no = models.CharField(_("document number"), max_length=100, blank=True)
    document_on = models.DateField(_("date of the document"), null=True, blank=True)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(_("registered at"))

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-registered_at", "-pk"]
        indexes = [models.Index(fields=["branch", "month"], name="registration_sheet")]

    def __str__(self) -> str:
        return f"{self.criterion} {self.occurred_on}"
