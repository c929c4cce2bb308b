"""Who: users, members, and what they are to a branch from a date to a date."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch, Committee

if TYPE_CHECKING:
    from members.rights import Actor

SYSTEM_USERNAME = "system"


def span_constraint(name: str) -> models.CheckConstraint:
    """A span of days must not end before it starts (an open end is null)."""
    return models.CheckConstraint(
        condition=Q(starts_on__isnull=True)
        | Q(ends_on__isnull=True)
        | Q(ends_on__gte=F("starts_on")),
        name=name,
    )


class AccountManager(UserManager["User"]):
    def system(self) -> "User":
        """The account in whose name imports and jobs act; nobody can sign in with it."""
        user, _created = self.get_or_create(
            username=SYSTEM_USERNAME, defaults={"is_active": False, "password": "!"}
        )
        return user


class User(AbstractUser):
    """An account. What it may do follows from the member's positions in force today."""

    must_change_password = models.BooleanField(_("must change the password"), default=False)
    prefers_big_text = models.BooleanField(_("big text"), default=False)

    objects = AccountManager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    @property
    def display_name(self) -> str:
        """The member's name where the account has one; else what the account is called."""
        if self.username == SYSTEM_USERNAME:
            return str(_("the system"))
        member = getattr(self, "member", None)
        return member.name if member else (self.get_full_name() or self.username)

    def __str__(self) -> str:
        return self.display_name


class MemberQuerySet(models.QuerySet["Member"]):
    def on_roster(self, day: date) -> "MemberQuerySet":
        """The members who belong to some branch on that day (domain.md §4: a month
        belongs to the branch in which the member was on its first day)."""
        return self.filter(memberships__in=Membership.objects.on(day))

    def of_branch(self, branch: Branch, day: date) -> "MemberQuerySet":
        return self.filter(memberships__in=Membership.objects.on(day).filter(branch=branch))


class Member(models.Model):
    """党员: a person on the roll."""

    class Category(models.TextChoices):
        FULL = "FULL", _("full member")
        PROBATIONARY = "PROBATIONARY", _("probationary member")

    class Gender(models.TextChoices):
        MALE = "MALE", _("male")
        FEMALE = "FEMALE", _("female")

    user = models.OneToOneField(
        User,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="member",
    )
    staff_no = models.CharField(_("staff number"), max_length=32, unique=True)
    name = models.CharField(_("full name"), max_length=50)
    pinyin = models.CharField(_("pinyin"), max_length=100, blank=True)
    initials = models.CharField(_("pinyin initials"), max_length=20, blank=True)
    category = models.CharField(
        _("category of member"), max_length=20, choices=Category.choices, default=Category.FULL
    )
    gender = models.CharField(_("gender"), max_length=10, choices=Gender.choices, blank=True)
    born_on = models.DateField(_("date of birth"), null=True, blank=True)
    joined_on = models.DateField(_("joined the Party on"), null=True, blank=True)
    full_since = models.DateField(_("full member since"), null=True, blank=True)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)
    is_leading_cadre = models.BooleanField(_("leading cadre"), default=False)
    phone = models.CharField(_("mobile phone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    roll_order = models.PositiveIntegerField(_("order in the roll"), default=0)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["roll_order", "pk"]
        indexes = [models.Index(fields=["roll_order"], name="member_roll_order")]
        constraints = [
            models.CheckConstraint(
                condition=Q(category__in=["FULL", "PROBATIONARY"]), name="member_category"
            ),
            models.CheckConstraint(
                condition=Q(gender__in=["", "MALE", "FEMALE"]), name="member_gender"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_full(self) -> bool:
        return self.category == self.Category.FULL


class SpanQuerySet(models.QuerySet[Any]):
    """Rows that hold from a day to a day, both included; null is no bound."""

    def on(self, day: date) -> "SpanQuerySet":
        return self.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=day),
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        )


class Membership(models.Model):
    """组织关系: member × branch from a day to a day, and why it ended."""

    class EndReason(models.TextChoices):
        TRANSFERRED = "TRANSFERRED", _("transferred to another branch")
        TRANSFERRED_OUT = "TRANSFERRED_OUT", _("transferred out of the organisation")
        DIED = "DIED", _("deceased")
        LOST_CONTACT = "LOST_CONTACT", _("contact lost")
        LEFT = "LEFT", _("left the Party")
        REMOVED = "REMOVED", _("removed from the Party")
        EXPELLED = "EXPELLED", _("expelled from the Party")
        CANCELLED = "CANCELLED", _("probationary membership cancelled")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="memberships")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="memberships")
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)
    end_reason = models.CharField(
        _("why it ended"), max_length=16, choices=EndReason.choices, blank=True
    )

    objects = SpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = [F("starts_on").asc(nulls_first=True), "pk"]
        constraints = [
            span_constraint("membership_span"),
            models.CheckConstraint(
                condition=Q(end_reason="") | Q(ends_on__isnull=False),
                name="membership_end_reason",
            ),
            models.UniqueConstraint(
                fields=["member"], condition=Q(ends_on__isnull=True), name="membership_one_open"
            ),
            models.UniqueConstraint(fields=["member", "starts_on"], name="membership_one_start"),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.branch}"


class Position(models.Model):
    """党内职务 in a branch, from a day to a day. An ordinary member has none."""

    class Kind(models.TextChoices):
        SECRETARY = "SECRETARY", _("branch secretary")
        DEPUTY_SECRETARY = "DEPUTY_SECRETARY", _("deputy branch secretary")
        ORGANISATION = "ORGANISATION", _("organisation committee member")
        PUBLICITY = "PUBLICITY", _("publicity committee member")
        DISCIPLINE = "DISCIPLINE", _("discipline committee member")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="positions")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="positions")
    kind = models.CharField(_("Party position"), max_length=20, choices=Kind.choices)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = SpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        ordering = ["pk"]
        constraints = [
            span_constraint("position_span"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "SECRETARY",
                        "DEPUTY_SECRETARY",
                        "ORGANISATION",
                        "PUBLICITY",
                        "DISCIPLINE",
                    ]
                ),
                name="position_kind",
            ),
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(ends_on__isnull=True, kind="SECRETARY"),
                name="position_one_secretary",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.get_kind_display()} {self.member}"


class LeadershipDuty(models.Model):
    """分管 / 协管: a leading cadre's duty for a branch's unit, from a day to a day."""

    class Kind(models.TextChoices):
        IN_CHARGE = "IN_CHARGE", _("in charge")
        ASSISTING = "ASSISTING", _("assisting")

    leader = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="duties")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="duties")
    kind = models.CharField(_("kind of duty"), max_length=10, choices=Kind.choices)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = SpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("leadership duty")
        verbose_name_plural = _("leadership duties")
        ordering = ["pk"]
        constraints = [
            span_constraint("duty_span"),
            models.CheckConstraint(
                condition=Q(kind__in=["IN_CHARGE", "ASSISTING"]), name="duty_kind"
            ),
            models.UniqueConstraint(
                fields=["leader", "branch", "kind"],
                condition=Q(ends_on__isnull=True),
                name="duty_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leader} {self.get_kind_display()} {self.branch}"


class StaffAppointment(models.Model):
    """机关党委工作人员: an account that works for a committee and all below it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appointments")
    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="appointments")
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = SpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("committee staff appointment")
        verbose_name_plural = _("committee staff appointments")
        ordering = ["pk"]
        constraints = [
            span_constraint("appointment_span"),
            models.UniqueConstraint(
                fields=["user", "committee"],
                condition=Q(ends_on__isnull=True),
                name="appointment_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.committee} {self.user}"


class ExemptionQuerySet(models.QuerySet["Exemption"]):
    def visible_to(self, actor: "Actor") -> "ExemptionQuerySet":
        """Those of members who were, in one of its months, in a branch on whose committee one
        sits or that lies below one's committee."""
        if actor.is_system:
            return self.all()
        there = Membership.objects.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=models.OuterRef("last_month")),
            Q(ends_on__isnull=True) | Q(ends_on__gte=models.OuterRef("first_month")),
            member=models.OuterRef("member"),
            branch__in=actor.committee_branches | actor.branches_below,
        )
        return self.filter(models.Exists(there))

    def approved(self) -> "ExemptionQuerySet":
        return self.filter(state=Exemption.State.APPROVED)

    def in_month(self, month: date) -> "ExemptionQuerySet":
        """The approved ones that cover the month."""
        return self.approved().filter(first_month__lte=month, last_month__gte=month)


class Exemption(models.Model):
    """免评: a member not assessed in a span of months, both included. A branch asks for it;
    committee staff approve or refuse it. Only an approved one counts."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("waiting for approval")
        APPROVED = "APPROVED", pgettext_lazy("exemption", "approved")
        REFUSED = "REFUSED", _("refused")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="exemptions")
    first_month = models.DateField(_("first month"))
    last_month = models.DateField(_("last month"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.APPROVED
    )
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(_("requested at"), null=True, blank=True)
    # Who approved or refused it.
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_note = models.CharField(_("note on the decision"), max_length=200, blank=True)

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("exemption")
        verbose_name_plural = _("exemptions")
        ordering = ["first_month", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")), name="exemption_span"
            ),
            models.UniqueConstraint(
                fields=["member", "first_month"],
                condition=Q(state__in=["REQUESTED", "APPROVED"]),
                name="exemption_one_start",
            ),
            models.CheckConstraint(
                condition=Q(state="REQUESTED", approved_by__isnull=True, approved_at__isnull=True)
                | Q(
                    state__in=["APPROVED", "REFUSED"],
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                ),
                name="exemption_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.first_month:%Y-%m} – {self.last_month:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("exemption", args=[self.pk])


class RollChange(models.Model):
    """What changed in a member's standing, from which day, on what document: the member's
    history as the roll tells it. The spans and dates it brought about stand in their own rows."""

    class Kind(models.TextChoices):
        TRANSFER = "TRANSFER", _("transfer")
        POSITION = "POSITION", _("change of position")
        DUTY = "DUTY", _("change of leadership duty")
        FULL_MEMBER = "FULL_MEMBER", _("became a full member")
        RETIREMENT = "RETIREMENT", _("retirement")
        END = "END", _("end of membership")
        RETURN = "RETURN", _("return to the roll")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="roll_changes")
    kind = models.CharField(_("kind of change"), max_length=12, choices=Kind.choices)
    takes_effect_on = models.DateField(_("takes effect on"))
    text = models.CharField(_("what changed"), max_length=300)
    document_no = models.CharField(_("document number"), max_length=100, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("change of the roll")
        verbose_name_plural = _("changes of the roll")
        ordering = ["-takes_effect_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "TRANSFER",
                        "POSITION",
                        "DUTY",
                        "FULL_MEMBER",
                        "RETIREMENT",
                        "END",
                        "RETURN",
                    ]
                ),
                name="roll_change_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.text}"


class Notice(models.Model):
    """A message to one person about one event: written in the transaction of the event
    (outbox), delivered by another task. ``key`` makes it unique per person and event."""

    class Delivery(models.TextChoices):
        NONE = "NONE", _("in the system only")
        PENDING = "PENDING", _("waiting to be sent")
        SENT = "SENT", _("sent")
        FAILED = "FAILED", _("failed")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=120)
    subject = models.CharField(_("subject"), max_length=200)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    delivery = models.CharField(
        _("delivery"), max_length=10, choices=Delivery.choices, default=Delivery.NONE
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    attempted_at = models.DateTimeField(_("last attempt at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notice_once"),
            models.CheckConstraint(
                condition=Q(delivery__in=["NONE", "PENDING", "SENT", "FAILED"]),
                name="notice_delivery",
            ),
        ]
        indexes = [models.Index(fields=["delivery"], name="notice_delivery_idx")]

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        return self.url or reverse("home")


class Event(models.Model):
    """What happened: who did which step on what, and when. Never changed afterwards."""

    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(_("step"), max_length=40)
    target_type = models.CharField(max_length=40)
    target_id = models.PositiveBigIntegerField(null=True, blank=True)
    branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="event_target"),
            models.Index(fields=["at"], name="event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by} {self.verb}"
