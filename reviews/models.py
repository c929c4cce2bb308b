"""What the organisation does with what members filed: rounds, publications, objections,
follow-ups, year-end, and the record of jobs."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, Committee
from members.models import Member, User
from members.rights import Actor
from points.models import MonthlyResult, ResultLine, RuleBook, points_field


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
        PUBLISHED = "PUBLISHED", _("published")
        CLOSED = "CLOSED", _("closed")

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="rounds")
    month = models.DateField(_("month"))
    rule_book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    declare_by = models.DateField(_("declarations due on"))
    review_by = models.DateField(_("review due on"))
    publication_days = models.PositiveSmallIntegerField(_("working days of publication"))
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
                condition=Q(state__in=["OPEN", "REVIEWING", "PUBLISHED", "CLOSED"]),
                name="round_state",
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


class Meeting(models.Model):
    """The meeting at which a round was reviewed."""

    class Kind(models.TextChoices):
        COMMITTEE = "COMMITTEE", _("branch committee meeting")
        ASSEMBLY = "ASSEMBLY", _("assembly of all members")

    round = models.OneToOneField(Round, on_delete=models.CASCADE, related_name="meeting")
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
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["COMMITTEE", "ASSEMBLY"]), name="meeting_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.held_on}"


class PublicationQuerySet(models.QuerySet["Publication"]):
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
    """公示: a round's results shown to the branch from a day to a day, both included."""

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="publication")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("published at"))

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="publication_span"
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="publication_ends_on")]

    def __str__(self) -> str:
        return f"{self.round} {self.starts_on} – {self.ends_on}"

    def get_absolute_url(self) -> str:
        return reverse("publication", args=[self.pk])


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


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def visible_to(self, actor: Actor) -> "ObjectionQuerySet":
        """One's own, and those that one's branch committee or committee deals with."""
        if actor.is_system:
            return self.all()
        return self.filter(
            Q(member=actor.member_id)
            | Q(publication__round__branch__in=actor.committee_branches | actor.branches_below)
        )


class Objection(models.Model):
    """异议: raised by a member against a line of the result, or against the whole of it;
    answered by the branch with a reason."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("waiting for an answer")
        KEPT = "KEPT", _("result kept")
        CORRECTED = "CORRECTED", _("result corrected")

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="objections"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="objections")
    result = models.ForeignKey(MonthlyResult, on_delete=models.PROTECT, related_name="objections")
    line = models.ForeignKey(
        ResultLine, null=True, blank=True, on_delete=models.PROTECT, related_name="objections"
    )
    text = models.TextField(_("objection"))
    raised_at = models.DateTimeField(_("raised at"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["raised_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state="OPEN", answered_by__isnull=True, answered_at__isnull=True, answer=""
                )
                | (
                    Q(
                        state__in=["KEPT", "CORRECTED"],
                        answered_by__isnull=False,
                        answered_at__isnull=False,
                    )
                    & ~Q(answer="")
                ),
                name="objection_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.raised_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("objection", args=[self.pk])


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, actor: Actor) -> "FollowUpQuerySet":
        """domain.md §9: one's own and those one has the duty for; talks of the branch for
        its secretary; dispositions of the branch for its committee; all below one's
        committee."""
        if actor.is_system:
            return self.all()
        mine = Q(branch__in=actor.branches_below)
        if actor.member_id is not None:
            mine |= Q(member=actor.member_id) | Q(holder=actor.member_id)
        return self.filter(
            mine
            | Q(kind=FollowUp.Kind.TALK, branch__in=actor.secretary_branches)
            | Q(kind=FollowUp.Kind.DISPOSITION, branch__in=actor.committee_branches)
        )

    def standing(self) -> "FollowUpQuerySet":
        return self.exclude(state=FollowUp.State.WITHDRAWN)


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

    class State(models.TextChoices):
        OPEN = "OPEN", _("to be carried out")
        RECORDED = "RECORDED", _("recorded")
        CONFIRMED = "CONFIRMED", _("confirmed by the member")
        RECTIFYING = "RECTIFYING", _("being put right")
        CLOSED = "CLOSED", _("closed")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    STREAK_KINDS = (Kind.TALK, Kind.INTERVIEW, Kind.DISPOSITION)
    EXPLANATION_KINDS = (Kind.REPORT_EXPLANATION, Kind.LIFE_MEETING_EXPLANATION)

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
    opened_at = models.DateTimeField(_("opened at"))
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
                )
                | Q(
                    kind__in=["REPORT_EXPLANATION", "LIFE_MEETING_EXPLANATION"],
                    member__isnull=True,
                    first_month__isnull=True,
                    trigger_month__isnull=True,
                ),
                name="follow_up_kind",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "OPEN",
                        "RECORDED",
                        "CONFIRMED",
                        "RECTIFYING",
                        "CLOSED",
                    ],
                    withdrawn_at__isnull=True,
                )
                | Q(state="WITHDRAWN", withdrawn_at__isnull=False),
                name="follow_up_state",
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


class YearEnd(models.Model):
    """年终总评 of one committee and year: computed, then frozen for good."""

    class State(models.TextChoices):
        PROVISIONAL = "PROVISIONAL", _("provisional")
        FROZEN = "FROZEN", _("frozen")

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="year_ends")
    year = models.PositiveSmallIntegerField(_("year"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    computed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("year-end")
        verbose_name_plural = _("year-ends")
        ordering = ["-year", "committee"]
        constraints = [
            models.UniqueConstraint(fields=["committee", "year"], name="year_end_once"),
            models.CheckConstraint(
                condition=Q(state__in=["PROVISIONAL", "FROZEN"]), name="year_end_state"
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

    class Meta:
        verbose_name = _("annual result of a branch")
        verbose_name_plural = _("annual results of branches")
        ordering = ["branch"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "year"], name="branch_annual_once"),
            models.CheckConstraint(condition=Q(below__lte=F("ranked")), name="branch_annual_below"),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.year}"


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
