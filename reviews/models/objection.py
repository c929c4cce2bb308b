"""Objections, appeals, and their threads."""

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch
from members.models import Member, User
from members.rights import Actor
from points.models import (
    MonthlyResult,
    ResultLine,
    StoredFile,
)
from reviews.models.round import Publication


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
        WITHDRAWN = "WITHDRAWN", _("withdrawn by the member")

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
                )
                | Q(state="WITHDRAWN"),
                name="objection_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.raised_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("objection", args=[self.pk])


def _exactly_one(*fields: str) -> Q:
    """One of these is set, the others are not."""
    each = [Q(**{f"{field}__isnull": field != chosen for field in fields}) for chosen in fields]
    return reduce(or_, each)


class AppealQuerySet(models.QuerySet["Appeal"]):
    def visible_to(self, actor: Actor) -> "AppealQuerySet":
        """One's own for ever; those of branches below one's committee; and, to read, those
        from the branch on whose committee one sits (domain.md §9)."""
        if actor.is_system:
            return self.all()
        return self.filter(
            Q(member=actor.member_id)
            | Q(branch__in=actor.committee_branches | actor.branches_below)
        )

    def open(self) -> "AppealQuerySet":
        return self.filter(state=Appeal.State.OPEN)


class Appeal(models.Model):
    """申诉: a member asks the committee to decide what the branch answered, what a spot check
    found, a follow-up or an opinion. Decided by somebody else than who decided before."""

    class State(models.TextChoices):
        OPEN = "OPEN", pgettext_lazy("appeal", "waiting for the decision")
        UPHELD = "UPHELD", _("upheld")
        DISMISSED = "DISMISSED", pgettext_lazy("appeal", "dismissed")
        WITHDRAWN = "WITHDRAWN", _("withdrawn by the member")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="appeals")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="appeals")
    # Exactly one of the four: what the appeal is against.
    objection = models.ForeignKey(
        Objection, null=True, blank=True, on_delete=models.PROTECT, related_name="appeals"
    )
    follow_up = models.ForeignKey(
        "FollowUp", null=True, blank=True, on_delete=models.PROTECT, related_name="appeals"
    )
    finding = models.ForeignKey(
        "SpotCheckItem", null=True, blank=True, on_delete=models.PROTECT, related_name="appeals"
    )
    opinion = models.ForeignKey(
        "Opinion", null=True, blank=True, on_delete=models.PROTECT, related_name="appeals"
    )
    text = models.TextField(_("appeal"))
    raised_at = models.DateTimeField(_("raised at"))
    decide_by = models.DateField(_("to be decided by"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    decision = models.TextField(_("decision"), blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["-raised_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=_exactly_one("objection", "follow_up", "finding", "opinion"),
                name="appeal_against_one",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["OPEN", "WITHDRAWN"],
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                    decision="",
                )
                | (
                    Q(
                        state__in=["UPHELD", "DISMISSED"],
                        decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                    & ~Q(decision="")
                ),
                name="appeal_decided",
            ),
            models.UniqueConstraint(
                fields=["objection"],
                condition=Q(objection__isnull=False) & ~Q(state="WITHDRAWN"),
                name="appeal_one_an_objection",
            ),
            models.UniqueConstraint(
                fields=["member", "follow_up"],
                condition=Q(follow_up__isnull=False) & ~Q(state="WITHDRAWN"),
                name="appeal_one_a_follow_up",
            ),
            models.UniqueConstraint(
                fields=["finding"],
                condition=Q(finding__isnull=False) & ~Q(state="WITHDRAWN"),
                name="appeal_one_a_finding",
            ),
            models.UniqueConstraint(
                fields=["opinion"],
                condition=Q(opinion__isnull=False) & ~Q(state="WITHDRAWN"),
                name="appeal_one_an_opinion",
            ),
        ]
        indexes = [models.Index(fields=["state", "decide_by"], name="appeal_state")]

    def __str__(self) -> str:
        return f"{self.member} {self.raised_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("appeal", args=[self.pk])


class Post(models.Model):
    """What somebody said in the thread of an objection or of an appeal."""

    objection = models.ForeignKey(
        Objection, null=True, blank=True, on_delete=models.PROTECT, related_name="posts"
    )
    appeal = models.ForeignKey(
        Appeal, null=True, blank=True, on_delete=models.PROTECT, related_name="posts"
    )
    text = models.TextField(_("text"), blank=True)
    posted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    posted_at = models.DateTimeField(_("posted at"))

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["posted_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(objection__isnull=False, appeal__isnull=True)
                | Q(objection__isnull=True, appeal__isnull=False),
                name="post_in_one_thread",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:50]


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, actor: Actor) -> "AttachmentQuerySet":
        """The files of threads that one may read."""
        if actor.is_system:
            return self.all()
        return self.filter(
            Q(post__objection__in=Objection.objects.visible_to(actor))
            | Q(post__appeal__in=Appeal.objects.visible_to(actor))
        )


class Attachment(StoredFile):
    """A file attached to a post."""

    FOLDER = "attachments"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="attachments")

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["post", "sha256"], name="attachment_once"),
        ]
        indexes = [models.Index(fields=["sha256"], name="attachment_content")]

    def get_absolute_url(self) -> str:
        return reverse("attachment", args=[self.pk])
