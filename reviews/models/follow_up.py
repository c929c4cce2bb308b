"""What final results demand, and what people did about it: records, rectification, closing."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch
from members.models import Member, User
from members.rights import Actor


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, actor: Actor) -> "FollowUpQuerySet":
        """domain.md §9: one's own, those one has the duty for and those one held; talks of the
        branch for its secretary; dispositions of the branch for its committee; all below
        one's committee. What was said in a talk is another question: ``readable_by``."""
        if actor.is_system:
            return self.all()
        return self.filter(
            _content_of(actor) | Q(kind=FollowUp.Kind.TALK, branch__in=actor.secretary_branches)
        )

    def readable_by(self, actor: Actor) -> "FollowUpQuerySet":
        """Those whose record, files and rectification one may read: the member, those who
        held it as the record stands or have the duty, and the committee; of dispositions also
        the branch committee. Nobody else: neither the branch's next secretary nor who was
        named in an earlier record, be it by mistake (domain.md §9, §10)."""
        return self.all() if actor.is_system else self.filter(_content_of(actor))

    def standing(self) -> "FollowUpQuerySet":
        return self.exclude(state=FollowUp.State.WITHDRAWN)


def _content_of(actor: Actor) -> Q:
    who = Q(branch__in=actor.branches_below) | Q(
        kind__in=["DISPOSITION", "CORRECTION"], branch__in=actor.committee_branches
    )
    if actor.member_id is None:
        return who
    held = FollowUp.objects.filter(
        records__held_by=actor.member_id, records__is_current=True
    ).values("pk")
    return who | Q(member=actor.member_id) | Q(holder=actor.member_id) | Q(pk__in=held)


class FollowUp(models.Model):
    """结果运用事项: what final results demand (domain.md §6). Rows are brought to what the
    pure function says; a row is never deleted, only withdrawn."""

    class Kind(models.TextChoices):
        TALK = "TALK", _("talk")
        INTERVIEW = "INTERVIEW", _("interview")
        DISPOSITION = "DISPOSITION", _("disposition")
        REPORT_EXPLANATION = "REPORT_EXPLANATION", _("explanation at the annual report")
        LIFE_MEETING_EXPLANATION = (
            "LIFE_MEETING_EXPLANATION",
            _("explanation at the democratic life meeting"),
        )
        CORRECTION = "CORRECTION", _("correction within a deadline")

    class State(models.TextChoices):
        OPEN = "OPEN", _("to be carried out")
        RECORDED = "RECORDED", _("recorded")
        CONFIRMED = "CONFIRMED", _("confirmed by the member")
        DISPUTED = "DISPUTED", _("disputed by the member")
        RECTIFYING = "RECTIFYING", _("being put right")
        CLOSED = "CLOSED", pgettext_lazy("follow-up", "closed")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    STREAK_KINDS = (Kind.TALK, Kind.INTERVIEW, Kind.DISPOSITION)
    EXPLANATION_KINDS = (Kind.REPORT_EXPLANATION, Kind.LIFE_MEETING_EXPLANATION)
    SITTING_KINDS = (Kind.TALK, Kind.INTERVIEW)
    RECTIFIED_KINDS = (*SITTING_KINDS, Kind.CORRECTION)
    DONE = (State.CLOSED, State.WITHDRAWN)

    kind = models.CharField(_("kind"), max_length=26, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="follow_ups")
    member = models.ForeignKey(
        Member,
        verbose_name=_("member"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="follow_ups",
    )
    holder = models.ForeignKey(
        Member,
        verbose_name=_("whose duty"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="duties_to_follow_up",
    )
    first_month = models.DateField(_("first month of the streak"), null=True, blank=True)
    trigger_month = models.DateField(_("month that set it off"), null=True, blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    due_on = models.DateField(_("due on"), null=True, blank=True)
    is_basis_changed = models.BooleanField(_("basis changed"), default=False)
    withdrawal_reason = models.CharField(_("why it was withdrawn"), max_length=500, blank=True)
    # The disposition whose measure a CORRECTION follows up.
    origin = models.ForeignKey(
        "self",
        verbose_name=_("follows from"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
    )
    closing_note = models.TextField(_("how it was closed"), blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    closed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(pgettext_lazy("follow-up", "closed at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["-trigger_month", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind", "first_month"],
                condition=Q(kind__in=["TALK", "INTERVIEW", "DISPOSITION"]),
                name="follow_up_one_a_streak",
            ),
            models.UniqueConstraint(
                fields=["branch", "year"],
                condition=Q(kind="REPORT_EXPLANATION"),
                name="follow_up_one_report",
            ),
            models.UniqueConstraint(
                fields=["holder", "branch", "year"],
                condition=Q(kind="LIFE_MEETING_EXPLANATION"),
                name="follow_up_one_life_meeting",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["TALK", "INTERVIEW", "DISPOSITION"],
                    member__isnull=False,
                    first_month__isnull=False,
                    trigger_month__isnull=False,
                    origin__isnull=True,
                )
                | Q(
                    kind="CORRECTION",
                    member__isnull=False,
                    first_month__isnull=False,
                    trigger_month__isnull=False,
                    origin__isnull=False,
                )
                | Q(
                    kind__in=["REPORT_EXPLANATION", "LIFE_MEETING_EXPLANATION"],
                    member__isnull=True,
                    first_month__isnull=True,
                    trigger_month__isnull=True,
                    origin__isnull=True,
                ),
                name="follow_up_kind",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "OPEN",
                        "RECORDED",
                        "CONFIRMED",
                        "DISPUTED",
                        "RECTIFYING",
                        "CLOSED",
                    ],
                    withdrawn_at__isnull=True,
                )
                | Q(state="WITHDRAWN", withdrawn_at__isnull=False),
                name="follow_up_state",
            ),
            models.CheckConstraint(
                condition=Q(state="CLOSED", closed_by__isnull=False, closed_at__isnull=False)
                | (
                    ~Q(state="CLOSED")
                    & Q(closed_by__isnull=True, closed_at__isnull=True, closing_note="")
                ),
                name="follow_up_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "state"], name="follow_up_branch_state"),
            models.Index(fields=["year"], name="follow_up_year"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.member or self.holder or ''}"

    def get_absolute_url(self) -> str:
        return reverse("follow_up", args=[self.pk])

    @property
    def is_explanation(self) -> bool:
        return self.kind in self.EXPLANATION_KINDS


class FollowUpMonth(models.Model):
    """A zero month that an explanation lists."""

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="zero_months")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))

    class Meta:
        verbose_name = _("zero month of a follow-up")
        verbose_name_plural = _("zero months of follow-ups")
        ordering = ["month", "member"]
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up", "member", "month"], name="follow_up_month_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.month:%Y-%m}"
