"""Where: the committees, which form a tree, and the branches below them."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class CommitteeQuerySet(models.QuerySet["Committee"]):
    def subtree_ids(self, roots: Iterable[int]) -> set[int]:
        """The ids of these committees and of everything below them: one query.

        A department has tens of committees, not thousands, so the tree is read whole
        instead of being kept as paths that a move would have to rewrite.
        """
        children: dict[int | None, list[int]] = defaultdict(list)
        for pk, parent in Committee.objects.values_list("pk", "parent_id"):
            children[parent].append(pk)
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            pk = waiting.pop()
            if pk not in found:
                found.add(pk)
                waiting.extend(children[pk])
        return found


class Committee(models.Model):
    """党委 / 党总支: an organisation above branches."""

    class Kind(models.TextChoices):
        PARTY_COMMITTEE = "PARTY_COMMITTEE", _("Party committee")
        GENERAL_BRANCH = "GENERAL_BRANCH", _("General Party branch")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("superior organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    unit_type = models.CharField(_("type of unit"), max_length=50, blank=True)
    roll_order = models.PositiveIntegerField(_("order in the roll"), default=0)

    objects = CommitteeQuerySet.as_manager()

    class Meta:
        verbose_name = _("committee")
        verbose_name_plural = _("committees")
        ordering = ["roll_order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["PARTY_COMMITTEE", "GENERAL_BRANCH"]),
                name="committee_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="committee_not_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BranchQuerySet(models.QuerySet["Branch"]):
    def active(self) -> "BranchQuerySet":
        return self.filter(is_active=True)

    def below(self, committee: Committee) -> "BranchQuerySet":
        """The branches of this committee and of the committees below it."""
        return self.filter(committee__in=Committee.objects.subtree_ids([committee.pk]))


class Branch(models.Model):
    """党支部: the unit in which members are reviewed and ranked."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    committee = models.ForeignKey(
        Committee,
        verbose_name=_("superior organisation"),
        on_delete=models.PROTECT,
        related_name="branches",
    )
    unit_type = models.CharField(_("type of unit"), max_length=50, blank=True)
    roll_order = models.PositiveIntegerField(_("order in the roll"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["roll_order", "pk"]

    def __str__(self) -> str:
        return self.name
