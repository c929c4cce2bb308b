"""A month of a branch: its round, meeting, publication, and what members said of it."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models import Member, User
from members.rights import Actor
from points.models import (
    MonthlyResult,
    Policy,
    RuleBook,
)


class RoundQuerySet(models.QuerySet["Round"]):
    def visible_to(self, actor: Actor) -> "RoundQuerySet":
        """Those of the branches on whose committee one sits, and below one's committee."""
        if actor.is_system:
            return self.all()
        return self.filter(branch__in=actor.committee_branches | actor.branches_below)

    def of_month(self, month: date) -> "RoundQuerySet":
        return self.filter(month=month)

    def closed(self) -> "RoundQuerySet":
        return self.filter(state=Round.State.CLOSED)

    def unfinished(self) -> "RoundQuerySet":
        return self.exclude(state=Round.State.CLOSED)


class Round(models.Model):
    """月度评审: one branch × one month, and the state it is in. The days are fixed when
    it opens, from the policy in force then."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("open")
        REVIEWING = "REVIEWING", _("under review")
        CONCLUDED = "CONCLUDED", _("reviewed, waiting for the quarter's publication")
        PUBLISHED = "PUBLISHED", _("published")
        CLOSED = "CLOSED", _("closed")

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="rounds")
    month = models.DateField(_("month"))
    rule_book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    declare_by = models.DateField(_("declarations due on"))
    review_by = models.DateField(_("review due on"))
    publication_days = models.PositiveSmallIntegerField(_("working days of publication"))
    publication_period = models.CharField(
        _("results are published"),
        max_length=10,
        choices=Policy.Period.choices,
        default=Policy.Period.MONTHLY,
    )
    opened_at = models.DateTimeField(_("opened at"))
    review_started_at = models.DateTimeField(_("review started at"), null=True, blank=True)
    concluded_at = models.DateTimeField(_("concluded at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # Empty while follow-ups have yet to be brought to what this closed month demands.
    thresholds_checked_at = models.DateTimeField(_("thresholds checked at"), null=True, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["-month", "branch"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "month"], name="round_once"),
            models.CheckConstraint(
                condition=Q(state__in=["OPEN", "REVIEWING", "CONCLUDED", "PUBLISHED", "CLOSED"]),
                name="round_state",
            ),
            models.CheckConstraint(
                condition=Q(publication_period__in=["MONTHLY", "QUARTERLY"]),
                name="round_publication_period",
            ),
            models.CheckConstraint(
                condition=~Q(state="CLOSED") | Q(closed_at__isnull=False), name="round_closed_at"
            ),
        ]
        indexes = [models.Index(fields=["state", "month"], name="round_state_month")]

    def __str__(self) -> str:
        return f"{self.branch} {self.month:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("round", args=[self.pk])

    @property
    def publication(self) -> "Publication | None":
        """The publication that stands: the one that was not withdrawn. One query, unless
        ``publications`` were prefetched."""
        standing = [one for one in self.publications.all() if one.withdrawn_at is None]
        return standing[0] if standing else None


class Meeting(models.Model):
    """The meeting at which a round was reviewed. A reopened round is reviewed at another
    one; what the first decided stays readable."""

    class Kind(models.TextChoices):
        COMMITTEE = "COMMITTEE", _("branch committee meeting")
        ASSEMBLY = "ASSEMBLY", _("assembly of all members")

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="meetings")
    is_current = models.BooleanField(default=True)
    kind = models.CharField(
        _("kind of meeting"), max_length=10, choices=Kind.choices, default=Kind.COMMITTEE
    )
    held_on = models.DateField(_("held on"))
    place = models.CharField(_("place"), max_length=100, blank=True)
    chair = models.ForeignKey(
        Member, verbose_name=_("chair"), on_delete=models.PROTECT, related_name="+"
    )
    attendees = models.ManyToManyField(
        Member, verbose_name=_("attendees"), blank=True, related_name="+"
    )
    minutes = models.TextField(_("minutes"), blank=True)
    # How many were entitled to take part on the day of the meeting.
    entitled = models.PositiveSmallIntegerField(_("entitled to take part"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["COMMITTEE", "ASSEMBLY"]), name="meeting_kind"
            ),
            models.UniqueConstraint(
                fields=["round"], condition=Q(is_current=True), name="meeting_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.held_on}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    def standing(self) -> "PublicationQuerySet":
        return self.filter(withdrawn_at__isnull=True)

    def visible_to(self, actor: Actor) -> "PublicationQuerySet":
        """Those of one's own branch of today or then, and below one's committee."""
        if actor.is_system:
            return self.all()
        own = MonthlyResult.objects.filter(
            member=actor.member_id,
            branch=models.OuterRef("round__branch"),
            month=models.OuterRef("round__month"),
        )
        return self.filter(
            Q(round__branch=actor.branch_id)
            | Q(round__branch__in=actor.committee_branches | actor.branches_below)
            | Q(models.Exists(own))
        )


class Publication(models.Model):
    """公示: a round's results shown to the branch from a day to a day, both included. One
    that was withdrawn stays readable; the round is then published again by another. A notice
    of a quarter shows three months: the first two point to the last one's publication."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="publications")
    together_with = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="others"
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("published at"))
    notice_text = models.TextField(_("text of the notice"), blank=True)
    withdrawn_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawal_reason = models.CharField(_("why it was withdrawn"), max_length=500, blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="publication_span"
            ),
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(withdrawn_at__isnull=True),
                name="publication_one_standing",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                & ~Q(withdrawal_reason=""),
                name="publication_withdrawn",
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="publication_ends_on")]

    def __str__(self) -> str:
        return f"{self.round} {self.starts_on} – {self.ends_on}"

    def get_absolute_url(self) -> str:
        return reverse("publication", args=[self.pk])

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None


class Verification(models.Model):
    """核实: what the member said of the result within the publication. No row: silence,
    which counts as agreement when the publication ends."""

    class Answer(models.TextChoices):
        CONFIRMED = "CONFIRMED", _("confirmed")
        OBJECTED = "OBJECTED", _("objected")

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="verifications"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="verifications")
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices)
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = [
            models.UniqueConstraint(fields=["publication", "member"], name="verification_once"),
            models.CheckConstraint(
                condition=Q(answer__in=["CONFIRMED", "OBJECTED"]), name="verification_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.answer}"
