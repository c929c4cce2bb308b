"""Random draws of reviewed entries, and what was found."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from branches.models import Committee
from members.models import User
from members.rights import Actor
from points.models import (
    Entry,
    points_field,
)
from reviews.models.round import Round


class SpotCheckQuerySet(models.QuerySet["SpotCheck"]):
    def visible_to(self, actor: Actor) -> "SpotCheckQuerySet":
        """Those drawn by one's committee or below it."""
        if actor.is_system:
            return self.all()
        return self.filter(
            committee__in=Committee.objects.subtree_ids(actor.committees)
            if actor.committees
            else []
        )


class SpotCheck(models.Model):
    """随机抽查: one draw from the reviewed entries of some months. Seed, algorithm and the
    digest of the sorted pool let anybody repeat it; another draw is another row."""

    # The form that asked for the draw: sent twice, it draws once.
    token = models.UUIDField(unique=True)
    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="spot_checks")
    first_month = models.DateField(_("first month"))
    last_month = models.DateField(_("last month"))
    # One of the two: so many entries, or such a share of the pool in percent.
    size = models.PositiveIntegerField(_("number of entries"), null=True, blank=True)
    share = models.DecimalField(
        _("share in percent"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    is_each_branch = models.BooleanField(_("at least one of each branch"), default=False)
    seed = models.CharField(_("seed"), max_length=64)
    algorithm = models.CharField(_("algorithm"), max_length=40)
    # The closed months whose reviewed entries are the pool.
    rounds = models.ManyToManyField(Round, related_name="spot_checks")
    pool_size = models.PositiveIntegerField(_("entries in the pool"))
    pool_digest = models.CharField(_("digest of the pool"), max_length=64)
    inspect_by = models.DateField(_("to be inspected by"))
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(_("drawn at"))

    objects = SpotCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("spot check")
        verbose_name_plural = _("spot checks")
        ordering = ["-drawn_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")), name="spot_check_span"
            ),
            models.CheckConstraint(
                condition=Q(size__isnull=False, share__isnull=True)
                | Q(size__isnull=True, share__isnull=False),
                name="spot_check_size_or_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.committee} {self.drawn_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("spot_check", args=[self.pk])


class SpotCheckItemQuerySet(models.QuerySet["SpotCheckItem"]):
    def visible_to(self, actor: Actor) -> "SpotCheckItemQuerySet":
        """The committee's staff and those above see what was drawn; a member sees what was
        found about an entry of their own, and nothing before it was found."""
        if actor.is_system:
            return self.all()
        own = Q(entry__member=actor.member_id) if actor.member_id else Q(pk__in=[])
        drawn = Q(spot_check__in=SpotCheck.objects.visible_to(actor))
        return self.filter((drawn & ~own) | (own & ~Q(finding="")))

    def waiting(self) -> "SpotCheckItemQuerySet":
        return self.filter(finding="")


class SpotCheckItem(models.Model):
    """A drawn entry, who inspects it, and what they found."""

    class Finding(models.TextChoices):
        IN_ORDER = "IN_ORDER", _("in order")
        POINTS_WRONG = "POINTS_WRONG", _("points wrong")
        EVIDENCE_MISSING = "EVIDENCE_MISSING", _("evidence missing")
        FALSE_DECLARATION = "FALSE", _("false declaration")

    spot_check = models.ForeignKey(SpotCheck, on_delete=models.PROTECT, related_name="items")
    number = models.PositiveIntegerField(_("number"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="spot_checks")
    inspector = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="inspections"
    )
    finding = models.CharField(_("finding"), max_length=16, choices=Finding.choices, blank=True)
    right_points = points_field(_("right points"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    found_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    found_at = models.DateTimeField(_("found at"), null=True, blank=True)

    objects = SpotCheckItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("drawn entry")
        verbose_name_plural = _("drawn entries")
        ordering = ["spot_check", "number"]
        constraints = [
            models.UniqueConstraint(fields=["spot_check", "entry"], name="spot_item_entry"),
            models.UniqueConstraint(fields=["spot_check", "number"], name="spot_item_number"),
            models.CheckConstraint(
                condition=Q(finding="", found_by__isnull=True, found_at__isnull=True)
                | Q(
                    finding__in=["IN_ORDER", "POINTS_WRONG", "EVIDENCE_MISSING", "FALSE"],
                    found_by__isnull=False,
                    found_at__isnull=False,
                ),
                name="spot_item_found",
            ),
            models.CheckConstraint(
                condition=Q(finding="POINTS_WRONG", right_points__isnull=False)
                | ~Q(finding="POINTS_WRONG") & Q(right_points__isnull=True),
                name="spot_item_right_points",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spot_check_id}/{self.number} {self.finding}"

    def get_absolute_url(self) -> str:
        return reverse("spot_check_item", args=[self.spot_check_id, self.number])
