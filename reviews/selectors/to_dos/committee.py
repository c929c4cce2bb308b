"""What is for committee staff and for administrators alone."""

from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from branches.models import Branch
from lib.display import zh_date
from members.models import StaffAppointment
from members.rights import Actor
from reviews.models import SpotCheck
from reviews.selectors.exemptions import waiting_for_me
from reviews.selectors.to_dos.desk import Desk
from reviews.selectors.to_dos.to_do import ToDo, some


def missing_secretaries(desk: Desk) -> Iterator[ToDo]:
    """For committee staff: branches without a secretary, in whose place they act."""
    if desk.without_secretary:
        yield ToDo(
            title=_("No branch secretary in office"),
            note=_("%(branches)s: until there is one, the committee acts in their place.")
            % {"branches": some(branch.name for branch in desk.without_secretary)},
            url=reverse("roll"),
            action=pgettext("to-do", "View"),
            icon="user-round-x",
        )


def exemptions_to_approve(actor: Actor) -> Iterator[ToDo]:
    """Exemptions that branches below ask for, in one line. One query."""
    waiting = list(waiting_for_me(actor).select_related("member"))
    if waiting:
        yield ToDo(
            title=ngettext(
                "%(count)s exemption to approve", "%(count)s exemptions to approve", len(waiting)
            )
            % {"count": len(waiting)},
            note=some(dict.fromkeys(one.member.name for one in waiting)),
            url=reverse("exemptions"),
            action=pgettext("to-do", "Approve"),
            icon="circle-minus",
        )


def inspections(actor: Actor) -> Iterator[ToDo]:
    """Drawn entries that one has still to inspect, a line for each draw. One query."""
    waiting = (
        SpotCheck.objects.filter(items__inspector=actor.user, items__finding="")
        .annotate(waiting=Count("items"))
        .select_related("committee")
        .order_by("inspect_by", "pk")
    )
    for spot_check in waiting:
        yield ToDo(
            title=ngettext(
                "Inspect %(count)s drawn entry",
                "Inspect %(count)s drawn entries",
                spot_check.waiting,
            )
            % {"count": spot_check.waiting},
            note=_("Spot check of %(day)s") % {"day": zh_date(spot_check.drawn_at)},
            url=spot_check.get_absolute_url(),
            action=pgettext("to-do", "Inspect"),
            icon="dices",
            due_on=spot_check.inspect_by,
        )


def first_steps() -> Iterator[ToDo]:
    """What a new installation lacks: the roll, and staff who work for a committee. Two
    queries."""
    if not Branch.objects.exists():
        yield ToDo(
            title=_("Import organisations and members"),
            note=_("The roll is empty."),
            url=reverse("roll_import"),
            action=pgettext("to-do", "Import"),
            icon="file-up",
        )
    elif not StaffAppointment.objects.exists():
        yield ToDo(
            title=_("Appoint committee staff"),
            note=_("Nobody can approve, hold interviews or close the year yet."),
            url=reverse("admin:members_staffappointment_add"),
            action=pgettext("to-do", "Appoint"),
            icon="user-round-plus",
        )
