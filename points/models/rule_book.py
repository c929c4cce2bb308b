"""A branch's rules, version by version: criteria, caps, and who has read them."""

from collections.abc import Collection
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch, Committee
from members.models import Member, User
from members.rights import Actor
from points.models.policy import committee_chain, points_field


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


def committees_above(branches: Collection[int]) -> set[int]:
    """The committees of these branches and their superiors. Two queries."""
    above: set[int] = set()
    for committee in Committee.objects.filter(branches__in=branches).distinct():
        above |= set(committee_chain(committee))
    return above


def branches_open_to(actor: Actor) -> set[int]:
    """The branches whose rule books in force somebody reads: the own one, those one leads,
    and those below one's committee."""
    branches = {*actor.committee_branches, *actor.branches_below, *actor.led_branches}
    return branches | ({actor.branch_id} if actor.branch_id is not None else set())


class RuleBookQuerySet(models.QuerySet["RuleBook"]):
    def visible_to(self, actor: Actor) -> "RuleBookQuerySet":
        """Those of one's own branch, of branches one leads, and below one's committee; drafts
        only for those who make them and who approve them; templates for the branch committees
        to whom they are offered."""
        if actor.is_system:
            return self.all()
        decided = Q(branch__in=branches_open_to(actor)) & ~Q(state__in=RuleBook.IN_THE_MAKING)
        drafts = Q(
            branch__in=actor.committee_branches | actor.branches_below,
            state__in=RuleBook.IN_THE_MAKING,
        )
        if not actor.committee_branches:
            return self.filter(decided | drafts)
        templates = Q(offered_by__in=committees_above(actor.committee_branches))
        return self.filter(decided | drafts | templates)

    def offered_to(self, branches: Collection[int]) -> "RuleBookQuerySet":
        """The templates that committees above these branches offer."""
        return self.filter(offered_by__in=committees_above(branches))

    def decided(self) -> "RuleBookQuerySet":
        """Those that were approved once: what members read. Drafts are not among them."""
        return self.filter(state__in=[RuleBook.State.APPROVED, RuleBook.State.SUPERSEDED])

    def in_the_making(self) -> "RuleBookQuerySet":
        return self.filter(state__in=RuleBook.IN_THE_MAKING)

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
        DRAFT = "DRAFT", _("draft")
        SUBMITTED = "SUBMITTED", _("submitted for approval")
        RETURNED = "RETURNED", pgettext_lazy("rule book", "returned with remarks")
        APPROVED = "APPROVED", _("approved")
        SUPERSEDED = "SUPERSEDED", _("superseded")

    IN_THE_MAKING = (State.DRAFT, State.SUBMITTED, State.RETURNED)

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="rule_books")
    version = models.PositiveIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.APPROVED
    )
    # Empty until the committee approves the draft for a month.
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Counts the changes of a draft, so that a stale page is noticed.
    revision = models.PositiveIntegerField(_("revision"), default=0)
    drafted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(_("drafted at"), null=True, blank=True)
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    remarks = models.TextField(_("the committee's remarks"), blank=True)
    # A committee offers a version as a template to the branches below it.
    offered_by = models.ForeignKey(
        Committee,
        verbose_name=_("offered as a template by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="templates",
    )
    offered_as = models.CharField(_("name as a template"), max_length=100, blank=True)
    base_points = points_field(_("base points"))
    pass_line = points_field(_("pass line"))
    ceiling = points_field(_("monthly ceiling"), null=True, blank=True)
    goals = models.TextField(_("goals"), blank=True)
    procedure = models.TextField(_("procedure"), blank=True)
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)

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
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(state__in=["DRAFT", "SUBMITTED", "RETURNED"]),
                name="rule_book_one_draft",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["APPROVED", "SUPERSEDED"],
                    effective_from__isnull=False,
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                )
                | Q(
                    state__in=["DRAFT", "SUBMITTED", "RETURNED"],
                    approved_by__isnull=True,
                    approved_at__isnull=True,
                    drafted_by__isnull=False,
                    drafted_at__isnull=False,
                ),
                name="rule_book_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="SUBMITTED")
                | Q(submitted_by__isnull=False, submitted_at__isnull=False),
                name="rule_book_submitted",
            ),
            models.CheckConstraint(
                condition=Q(offered_by__isnull=True)
                | Q(offered_by__isnull=False, state__in=["APPROVED", "SUPERSEDED"]),
                name="rule_book_offered",
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

    @property
    def is_in_the_making(self) -> bool:
        return self.state in self.IN_THE_MAKING

    def has_begun(self, month: date) -> bool:
        """Whether the month from which it is in force has come."""
        return self.effective_from is not None and self.effective_from <= month


class RuleBookReading(models.Model):
    """已阅知: a member has read a version of the branch's rule book, and when."""

    rule_book = models.ForeignKey(RuleBook, on_delete=models.CASCADE, related_name="readings")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="readings")
    read_at = models.DateTimeField(_("read at"))

    class Meta:
        verbose_name = _("reading of a rule book")
        verbose_name_plural = _("readings of rule books")
        constraints = [
            models.UniqueConstraint(fields=["rule_book", "member"], name="reading_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.read_at:%Y-%m-%d}"


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

    class Trigger(models.TextChoices):
        """What the system notices by itself and proposes to the reviewers (系统)."""

        LATE = "LATE", _("declaration filed late")
        MISSING = "MISSING", _("declaration not filed")
        REVIEW_LATE = "REVIEW_LATE", _("review not held in time")

    rule_book = models.ForeignKey(RuleBook, on_delete=models.CASCADE, related_name="criteria")
    code = models.CharField(_("code"), max_length=20)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    text = models.CharField(_("text"), max_length=300)
    points = points_field(_("points for one time"))
    registered_by = models.CharField(
        _("registered by"), max_length=12, choices=RegisteredBy.choices
    )
    # Only of criteria that the system registers.
    trigger = models.CharField(
        _("proposed when"), max_length=12, choices=Trigger.choices, blank=True
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
            models.CheckConstraint(
                condition=Q(trigger="")
                | Q(registered_by="AUTOMATIC", trigger__in=["LATE", "MISSING", "REVIEW_LATE"]),
                name="criterion_trigger",
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
