"""What a score is made of: policy, rule books, declarations, entries, decisions, results.

Entries and decisions are a ledger: a correction is a new decision and a new revision of
the result. Every month is stored as the date of its first day; every number of points is
an exact decimal with two places.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, Committee
from members.models import Member, User
from members.rights import Actor


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
    """考核政策: a committee's thresholds and calendar for a year. The defaults are the
    source's numbers (case-study §5) and domain.md §5."""

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="policies")
    year = models.PositiveSmallIntegerField(_("year"))
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
    escalate_after_days = models.PositiveSmallIntegerField(
        _("days until a late round is reported to the committee"), default=3
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
        ordering = ["-year", "committee"]
        constraints = [
            models.UniqueConstraint(fields=["committee", "year"], name="policy_one_a_year"),
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
        return f"{self.committee} {self.year}"


class RuleBookQuerySet(models.QuerySet["RuleBook"]):
    def visible_to(self, actor: Actor) -> "RuleBookQuerySet":
        """Those of one's own branch, of branches one leads, and below one's committee."""
        if actor.is_system:
            return self.all()
        branches = {
            *actor.committee_branches,
            *actor.branches_below,
            *actor.led_branches,
            actor.branch_id,
        }
        return self.filter(branch__in=branches - {None})

    def in_force(self, month: date) -> "RuleBookQuerySet":
        """The rule book of each branch in that month: the latest approved one from that
        month or before. A later query decides nothing: one row per branch."""
        latest = (
            RuleBook.objects.filter(
                branch=models.OuterRef("branch"),
                state=RuleBook.State.APPROVED,
                effective_from__lte=month,
            )
            .order_by("-effective_from")
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(latest))


class RuleBook(models.Model):
    """支部积分管理细则: a branch's rules, one version."""

    class State(models.TextChoices):
        APPROVED = "APPROVED", _("approved")
        SUPERSEDED = "SUPERSEDED", _("superseded")

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="rule_books")
    version = models.PositiveIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.APPROVED
    )
    effective_from = models.DateField(_("in force from"))
    base_points = points_field(_("base points"))
    pass_line = points_field(_("pass line"))
    ceiling = points_field(_("monthly ceiling"), null=True, blank=True)
    goals = models.TextField(_("goals"), blank=True)
    procedure = models.TextField(_("procedure"), blank=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(_("approved at"))

    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule book")
        verbose_name_plural = _("rule books")
        ordering = ["branch", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "version"], name="rule_book_version"),
            models.UniqueConstraint(
                fields=["branch", "effective_from"],
                condition=Q(state="APPROVED"),
                name="rule_book_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["APPROVED", "SUPERSEDED"]), name="rule_book_state"
            ),
            models.CheckConstraint(
                condition=Q(base_points__gte=0, pass_line__gte=0), name="rule_book_points"
            ),
            models.CheckConstraint(
                condition=Q(ceiling__isnull=True) | Q(ceiling__gte=F("pass_line")),
                name="rule_book_ceiling",
            ),
        ]

    def __str__(self) -> str:
        return str(
            _("%(branch)s, version %(version)s") % {"branch": self.branch, "version": self.version}
        )

    def get_absolute_url(self) -> str:
        return reverse("rule_book", args=[self.pk])


class Category(models.TextChoices):
    """积分内容, in the source's order (domain.md §3)."""

    STUDY = "STUDY", _("Taking part in study and education")
    ORGANISATION = "ORGANISATION", _("Strict organisational life")
    DUTIES = "DUTIES", _("Performing members' duties")
    RIGHTS = "RIGHTS", _("Safeguarding own rights and interests")
    WORK = "WORK", _("Accomplishing professional work")
    DISCIPLINE = "DISCIPLINE", _("Observing discipline and rules")
    VOLUNTEERING = "VOLUNTEERING", _("Volunteering for the people")
    LEADERSHIP = "LEADERSHIP", _("Fulfilling leadership responsibility")


CATEGORIES = list(Category.values)


class CriterionQuerySet(models.QuerySet["Criterion"]):
    def declarable(self) -> "CriterionQuerySet":
        return self.filter(
            registered_by__in=[Criterion.RegisteredBy.MEMBER, Criterion.RegisteredBy.EITHER]
        )

    def registrable(self) -> "CriterionQuerySet":
        return self.filter(
            registered_by__in=[Criterion.RegisteredBy.BRANCH, Criterion.RegisteredBy.EITHER]
        )


class Criterion(models.Model):
    """评分标准: one line of a rule book."""

    class RegisteredBy(models.TextChoices):
        MEMBER = "DECLARED", _("declared by the member")
        BRANCH = "REGISTERED", _("registered by the branch")
        EITHER = "EITHER", _("either")
        COMMITTEE = "COMMITTEE", _("registered by the committee")
        SYSTEM = "AUTOMATIC", _("the system")

    class AppliesTo(models.TextChoices):
        EVERYONE = "EVERYONE", _("all members")
        LEADING_CADRE = "LEADING_CADRE", _("leading cadres")
        SECRETARY = "SECRETARY", _("branch secretaries")
        PROBATIONARY = "PROBATIONARY", _("probationary members")

    rule_book = models.ForeignKey(RuleBook, on_delete=models.CASCADE, related_name="criteria")
    code = models.CharField(_("code"), max_length=20)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    text = models.CharField(_("text"), max_length=300)
    points = points_field(_("points for one time"))
    registered_by = models.CharField(
        _("registered by"), max_length=12, choices=RegisteredBy.choices
    )
    applies_to = models.CharField(
        _("applies to"), max_length=16, choices=AppliesTo.choices, default=AppliesTo.EVERYONE
    )
    max_times_month = points_field(_("times per month"), null=True, blank=True)
    max_points_month = points_field(_("points per month"), null=True, blank=True)
    max_points_year = points_field(_("points per year"), null=True, blank=True)
    needs_evidence = models.BooleanField(_("evidence needed"), default=False)
    zeroes_month = models.BooleanField(_("zeroes the month"), default=False)
    sort_order = models.PositiveIntegerField(_("order"), default=0)

    objects = CriterionQuerySet.as_manager()

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["sort_order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule_book", "code"], name="criterion_code"),
            models.CheckConstraint(condition=Q(category__in=CATEGORIES), name="criterion_category"),
            models.CheckConstraint(
                condition=Q(
                    registered_by__in=[
                        "DECLARED",
                        "REGISTERED",
                        "EITHER",
                        "COMMITTEE",
                        "AUTOMATIC",
                    ]
                ),
                name="criterion_registered_by",
            ),
            models.CheckConstraint(
                condition=Q(
                    applies_to__in=["EVERYONE", "LEADING_CADRE", "SECRETARY", "PROBATIONARY"]
                ),
                name="criterion_applies_to",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class CategoryCap(models.Model):
    """类别上限: the most plus points of one category that one month can bring."""

    rule_book = models.ForeignKey(RuleBook, on_delete=models.CASCADE, related_name="category_caps")
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    max_plus_month = points_field(_("plus points per month"))

    class Meta:
        verbose_name = _("category cap")
        verbose_name_plural = _("category caps")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule_book", "category"], name="category_cap_once"),
            models.CheckConstraint(condition=Q(category__in=CATEGORIES), name="category_cap_cat"),
            models.CheckConstraint(condition=Q(max_plus_month__gte=0), name="category_cap_sign"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} ≤ {self.max_plus_month}"


class SheetQuerySet(models.QuerySet[Any]):
    """Rows of a member's month in a branch: declarations, entries, results."""

    def visible_to(self, actor: Actor) -> "SheetQuerySet":
        """One's own; those of branches on whose committee one sits; those below one's
        committee (domain.md §9)."""
        if actor.is_system:
            return self.all()
        return self.filter(
            Q(member=actor.member_id)
            | Q(branch__in=actor.committee_branches | actor.branches_below)
        )


class Declaration(models.Model):
    """个人申报表: one member's sheet for one month.

    It carries its own state, so that a member's submit or take-back and the start of the
    review meet on this row's lock: whoever is second is told.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("draft")
        SUBMITTED = "SUBMITTED", _("submitted")
        MISSING = "MISSING", _("not filed")
        IN_REVIEW = "IN_REVIEW", _("in review")
        RETURNED = "RETURNED", _("returned for correction")
        REVIEWED = "REVIEWED", _("reviewed")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="declarations")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="declarations")
    rule_book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    declare_by = models.DateField(_("due on"))
    is_late = models.BooleanField(_("late"), default=False)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    entered_by = models.ForeignKey(
        User,
        verbose_name=_("entered on behalf by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    return_reason = models.CharField(_("what is to be corrected"), max_length=500, blank=True)
    saved_at = models.DateTimeField(_("saved at"), null=True, blank=True)
    typed = models.JSONField(_("line being typed"), default=dict, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=0)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        ordering = ["-month", "member"]
        constraints = [
            models.UniqueConstraint(fields=["member", "month"], name="declaration_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "DRAFT",
                        "SUBMITTED",
                        "MISSING",
                        "IN_REVIEW",
                        "RETURNED",
                        "REVIEWED",
                    ]
                ),
                name="declaration_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="SUBMITTED") | Q(submitted_at__isnull=False),
                name="declaration_submitted_at",
            ),
        ]
        indexes = [models.Index(fields=["branch", "month"], name="declaration_sheet")]

    def __str__(self) -> str:
        return f"{self.member} {self.month:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("declaration", args=[self.month.year, self.month.month])


class EntryQuerySet(SheetQuerySet):
    def decided(self) -> "EntryQuerySet":
        return self.filter(decisions__is_current=True)

    def undecided(self) -> "EntryQuerySet":
        return self.exclude(decisions__is_current=True)

    def standing(self) -> "EntryQuerySet":
        """Entries that were not taken back or undone."""
        return self.filter(
            ~models.Exists(
                Decision.objects.filter(
                    entry=models.OuterRef("pk"),
                    is_current=True,
                    outcome=Decision.Outcome.WITHDRAWN,
                )
            )
        )

    def counting(self) -> "EntryQuerySet":
        """Entries that count towards a score: approved or adjusted."""
        return self.filter(
            decisions__is_current=True,
            decisions__outcome__in=[Decision.Outcome.APPROVED, Decision.Outcome.ADJUSTED],
        )


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
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField(_("registered at"))

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-registered_at", "-pk"]
        indexes = [models.Index(fields=["branch", "month"], name="registration_sheet")]

    def __str__(self) -> str:
        return f"{self.criterion} {self.occurred_on}"


class Entry(models.Model):
    """积分记录: one claimed or registered plus or minus item of a member's month."""

    class Source(models.TextChoices):
        DECLARED = "DECLARED", _("declared")
        REGISTERED = "REGISTERED", _("registered")
        IMPORTED = "IMPORTED", _("imported")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="entries")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="entries")
    month = models.DateField(_("month"))
    declaration = models.ForeignKey(
        Declaration, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="entries")
    registration = models.ForeignKey(
        Registration, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    times = models.DecimalField(_("times"), max_digits=6, decimal_places=2, default=Decimal("1.00"))
    claimed_points = points_field(_("claimed points"))
    occurred_on = models.DateField(_("date"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created at"))

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["occurred_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=["DECLARED", "REGISTERED", "IMPORTED"]),
                name="entry_source",
            ),
            models.CheckConstraint(
                condition=~Q(source="DECLARED") | Q(declaration__isnull=False),
                name="entry_declared_on_sheet",
            ),
            models.CheckConstraint(condition=Q(times__gt=0), name="entry_times"),
        ]
        indexes = [
            models.Index(fields=["branch", "month"], name="entry_sheet"),
            models.Index(fields=["member", "month"], name="entry_member_month"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.criterion}"


class Decision(models.Model):
    """What was decided about an entry. Never overwritten: a new decision takes the place
    of the one before it, which stays readable. ``points`` are the decided points, signed;
    nothing where the entry does not count."""

    class Outcome(models.TextChoices):
        APPROVED = "APPROVED", _("approved")
        ADJUSTED = "ADJUSTED", _("adjusted")
        REJECTED = "REJECTED", _("rejected")
        WITHDRAWN = "WITHDRAWN", _("withdrawn")

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    outcome = models.CharField(_("decision"), max_length=10, choices=Outcome.choices)
    points = points_field(_("decided points"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided at"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["entry", "number"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="decision_number"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(is_current=True), name="decision_one_current"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["APPROVED", "ADJUSTED"], points__isnull=False)
                | Q(outcome__in=["REJECTED", "WITHDRAWN"], points__isnull=True),
                name="decision_points",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["ADJUSTED", "REJECTED"]) | ~Q(reason=""),
                name="decision_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.number} {self.outcome}"


def evidence_path(evidence: "Evidence", filename: str) -> str:
    """Where a file is kept: by its content, so a name from outside never reaches the disk."""
    return f"evidence/{evidence.sha256[:2]}/{evidence.sha256}{evidence.suffix}"


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


class Evidence(models.Model):
    """佐证材料: a file attached to an entry, kept outside the web root and served only
    through a check of rights."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="evidence")
    file = models.FileField(upload_to=evidence_path, max_length=200)
    name = models.CharField(_("file name"), max_length=200)
    suffix = models.CharField(max_length=10)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "sha256"], name="evidence_once"),
        ]
        indexes = [models.Index(fields=["sha256"], name="evidence_content")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("evidence", args=[self.pk])


class MonthlyResultQuerySet(SheetQuerySet):
    def current(self) -> "MonthlyResultQuerySet":
        return self.filter(is_current=True)

    def final(self) -> "MonthlyResultQuerySet":
        return self.filter(is_current=True, is_final=True)


class MonthlyResult(models.Model):
    """月度积分: member × month, worked out by ``points.scoring`` and by nothing else.

    An exempt month has a row that is not assessed: no score, not below, not zero. A later
    correction is a new revision; the old one is kept with ``is_current`` false.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="results")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="results")
    rule_book = models.ForeignKey(RuleBook, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    is_current = models.BooleanField(default=True)
    is_final = models.BooleanField(_("final"), default=False)
    is_assessed = models.BooleanField(_("assessed"), default=True)
    base = points_field(_("base points"))
    plus = points_field(_("credited plus"))
    minus = points_field(_("credited minus"))
    score = points_field(_("score"), null=True)
    pass_line = points_field(_("pass line"))
    is_below = models.BooleanField(_("below the line"), default=False)
    is_zero = models.BooleanField(_("zero"), default=False)
    streak = models.PositiveSmallIntegerField(_("months below in a row"), default=0)
    revision_reason = models.CharField(_("reason of the revision"), max_length=300, blank=True)
    computed_at = models.DateTimeField(_("computed at"))

    objects = MonthlyResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("monthly result")
        verbose_name_plural = _("monthly results")
        ordering = ["-month", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["member", "month", "revision"], name="result_revision"),
            models.UniqueConstraint(
                fields=["member", "month"], condition=Q(is_current=True), name="result_one_current"
            ),
            models.CheckConstraint(
                condition=Q(is_assessed=True, score__isnull=False, score__gte=0)
                | Q(is_assessed=False, score__isnull=True, is_below=False, is_zero=False),
                name="result_assessed_has_score",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "month"], name="result_sheet"),
            # Month-end reads only what can lead to a follow-up: a few rows in a hundred.
            models.Index(
                fields=["branch", "month"],
                condition=Q(is_below=True) | Q(is_zero=True),
                name="result_below_or_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.month:%Y-%m} {self.score}"

    def get_absolute_url(self) -> str:
        return reverse("result", args=[self.month.year, self.month.month])


class ResultLine(models.Model):
    """What one entry brought to a result: decided, credited, and every cut with its cap.
    ``cuts`` is a list of {"cap", "limit", "lost"} with points as strings."""

    result = models.ForeignKey(MonthlyResult, on_delete=models.PROTECT, related_name="lines")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lines")
    points = points_field(_("decided points"))
    credited = points_field(_("credited points"))
    cuts = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("line of a result")
        verbose_name_plural = _("lines of results")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["result", "entry"], name="result_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.credited}"
