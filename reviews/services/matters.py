"""What is due by a day, and whose turn it is: reminders, escalation and the page of progress
read the same list (domain.md §5, §6, §7)."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Branch
from points.models import Declaration
from reviews.models import Appeal, FollowUp, Objection, Round, SpotCheckItem
from reviews.rules import answerers_of
from reviews.services import follow_up_matters
from reviews.services.matter import Desks, Matter, reminder_stage, soonest
from reviews.services.panels import APPEALED, panels_of, panels_of_appeals
from reviews.services.round import month_label

__all__ = [
    "Matter",
    "branches_to_look_at",
    "late_declarations",
    "late_matters",
    "matters_due",
    "reminder_stage",
    "soonest",
]

UNREVIEWED = Q(state__in=[Round.State.OPEN, Round.State.REVIEWING])
WAITING_ROUND = UNREVIEWED | Q(state=Round.State.PUBLISHED)
NOT_FILED = (Declaration.State.DRAFT, Declaration.State.MISSING)


def branches_to_look_at(*, on: date) -> "QuerySet[Branch, int]":
    """The ids of branches in which something may be due. One query."""
    own, until = OuterRef("pk"), soonest(on)
    reasons = (
        Round.objects.filter(WAITING_ROUND, branch=own),
        FollowUp.objects.filter(branch=own, state=FollowUp.State.OPEN, due_on__lte=until),
        *(one.filter(follow_up__branch=own) for one in follow_up_matters.reasons(until)),
        Appeal.objects.open().filter(branch=own, decide_by__lte=until),
        SpotCheckItem.objects.filter(
            entry__branch=own, finding="", spot_check__inspect_by__lte=until
        ),
    )
    wanted = Q(pk__in=[])
    for reason in reasons:
        wanted |= Q(Exists(reason))
    return Branch.objects.filter(wanted).order_by("pk").values_list("pk", flat=True)


def matters_due(*, on: date, until: date, branches: Collection[int]) -> list[Matter]:
    """All that is due in these branches until a day, and whose turn it is on ``on``. The
    number of statements does not depend on the number of matters or branches."""
    desks = Desks(on, branches)
    return [
        *unreviewed_rounds(until, branches, desks),
        *unanswered_objections(on, until, branches),
        *follow_up_matters.follow_up_matters(on, until, branches, desks),
        *undecided_appeals(on, until, branches),
        *uninspected(until, branches, desks),
    ]


def late_matters(on: date, branches: Collection[int]) -> list[Matter]:
    """All that is past its day in these branches."""
    return matters_due(on=on, until=on - timedelta(days=1), branches=branches)


# -- what is due -------------------------------------------------------------------------------


def unreviewed_rounds(until: date, branches: Collection[int], desks: Desks) -> Iterator[Matter]:
    """Rounds whose review is to be concluded by then. One query."""
    rounds = Round.objects.filter(UNREVIEWED, branch__in=branches, review_by__lte=until)
    for round_ in rounds.select_related("branch").order_by("review_by", "pk"):
        members, users = desks.of_round(round_.branch)
        words = words_of(round_, round_.review_by)
        yield Matter(
            what="review",
            id=str(round_.pk),
            branch=round_.branch_id,
            due_on=round_.review_by,
            before=_("%(branch)s: the review of %(month)s is due on %(day)s.") % words,
            after=_("%(branch)s: the review of %(month)s was due on %(day)s.") % words,
            url=round_.get_absolute_url(),
            members=members,
            users=users,
        )


def words_of(round_: Round, day: date) -> dict[str, str]:
    return {
        "branch": round_.branch.name,
        "month": month_label(round_.month),
        "day": date_format(day, "DATE_FORMAT"),
    }


def unanswered_objections(on: date, until: date, branches: Collection[int]) -> Iterator[Matter]:
    """Objections without an answer in publications that end by then. Whoever may answer hears
    of them. Six queries."""
    objections = list(
        Objection.objects.filter(
            state=Objection.State.OPEN,
            publication__withdrawn_at__isnull=True,
            publication__ends_on__lte=until,
            publication__round__branch__in=branches,
        ).select_related("member", "publication__round__branch", "line__entry__criterion")
    )
    panels = panels_of(objections, on)
    for objection in objections:
        round_, panel = objection.publication.round, panels[objection.pk]
        who = answerers_of(objection, panel)
        staff = panel.staff_for(objection.member.user_id) if who.has_staff else ()
        words = words_of(round_, objection.publication.ends_on)
        yield Matter(
            what="answer",
            id=str(objection.pk),
            branch=round_.branch_id,
            due_on=objection.publication.ends_on,
            before=_(
                "%(branch)s: the publication of %(month)s ends on %(day)s, "
                "and an objection has no answer yet."
            )
            % words,
            after=_(
                "%(branch)s: the publication of %(month)s ended on %(day)s, "
                "and an objection has no answer yet."
            )
            % words,
            url=objection.get_absolute_url(),
            members=who.members,
            users=tuple(sorted(staff)),
        )


def undecided_appeals(on: date, until: date, branches: Collection[int]) -> Iterator[Matter]:
    """Appeals that the committee is to decide by then: the staff who may. Five queries."""
    appeals = list(
        Appeal.objects.open()
        .filter(branch__in=branches, decide_by__lte=until)
        .select_related(*APPEALED)
        .order_by("decide_by", "pk")
    )
    panels = panels_of_appeals(appeals, on)
    for appeal in appeals:
        words = {
            "branch": appeal.branch.name,
            "name": appeal.member.name,
            "day": date_format(appeal.decide_by, "DATE_FORMAT"),
        }
        yield Matter(
            what="appeal",
            id=str(appeal.pk),
            branch=appeal.branch_id,
            due_on=appeal.decide_by,
            before=_("%(branch)s: the appeal of %(name)s is to be decided by %(day)s.") % words,
            after=_("%(branch)s: the appeal of %(name)s was to be decided by %(day)s.") % words,
            url=appeal.get_absolute_url(),
            users=tuple(sorted(panels[appeal.pk].staff_for(appeal.member.user_id))),
            is_committees_own=True,
        )


def uninspected(until: date, branches: Collection[int], desks: Desks) -> Iterator[Matter]:
    """Drawn entries without a finding, together for each branch and inspector; the committee's
    staff where nobody was named. One query."""
    waiting = (
        SpotCheckItem.objects.filter(
            finding="", entry__branch__in=branches, spot_check__inspect_by__lte=until
        )
        .order_by()
        .values_list(
            "spot_check",
            "spot_check__inspect_by",
            "spot_check__committee",
            "entry__branch",
            "entry__branch__name",
            "inspector",
        )
        .annotate(count=Count("pk"))
        .order_by("spot_check__inspect_by", "spot_check", "entry__branch", "inspector")
    )
    for check, day, committee, branch, name, inspector, count in waiting:
        words = {"branch": name, "count": count, "day": date_format(day, "DATE_FORMAT")}
        yield Matter(
            what="inspection",
            id=f"{check}:{branch}:{inspector or 0}",
            branch=branch,
            due_on=day,
            before=ngettext(
                "%(branch)s: %(count)s drawn entry is to be inspected by %(day)s.",
                "%(branch)s: %(count)s drawn entries are to be inspected by %(day)s.",
                count,
            )
            % words,
            after=ngettext(
                "%(branch)s: %(count)s drawn entry was to be inspected by %(day)s.",
                "%(branch)s: %(count)s drawn entries were to be inspected by %(day)s.",
                count,
            )
            % words,
            url=reverse("spot_check", args=[check]),
            users=(inspector,) if inspector else tuple(desks.staff.of(committee)),
            is_committees_own=True,
        )


def late_declarations(on: date, branches: Collection[int]) -> Iterator[Matter]:
    """Open rounds past the day of declaring in which sheets are missing: the members who have
    not filed. They hear of it by ``reminders.unfiled_drafts``; here it is one matter for the
    round. Two queries."""
    rounds = list(
        Round.objects.filter(
            branch__in=branches,
            state=Round.State.OPEN,
            declare_by__lt=on,
            review_by__gte=on,
        )
        .select_related("branch")
        .order_by("declare_by", "pk")
    )
    unfiled: dict[tuple[int, date], list[int]] = defaultdict(list)
    sheets = Declaration.objects.filter(
        branch__in={round_.branch_id for round_ in rounds},
        month__in={round_.month for round_ in rounds},
        state__in=NOT_FILED,
    )
    for branch, month, member in sheets.values_list("branch", "month", "member"):
        unfiled[branch, month].append(member)
    for round_ in rounds:
        members = unfiled[round_.branch_id, round_.month]
        if not members:
            continue
        text = _("%(branch)s: the declarations for %(month)s were due on %(day)s.") % words_of(
            round_, round_.declare_by
        )
        yield Matter(
            what="declaration",
            id=str(round_.pk),
            branch=round_.branch_id,
            due_on=round_.declare_by,
            before=text,
            after=text,
            url=reverse("declaration", args=[round_.month.year, round_.month.month]),
            url_for_staff=round_.get_absolute_url(),
            members=tuple(sorted(members)),
        )
