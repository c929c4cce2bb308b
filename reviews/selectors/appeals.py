"""Appeals: one's own, those to decide, what each is against, and what a decision could put
right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from members.models import User
from members.rights import Actor
from points.models import Criterion, Entry
from reviews.models import Appeal, FollowUp, Objection, Opinion, Round, SpotCheckItem
from reviews.rules import Panel
from reviews.selectors.objections import addable, correctable, with_decisions
from reviews.services.appeals import Matter, Window, standing_appeal, window_of
from reviews.services.panels import APPEALED, entry_of, months_of
from reviews.services.round import month_label

SHOWN = (
    *APPEALED,
    "decided_by__member",
    "objection__publication__round__branch",
    "objection__line__entry__criterion",
    "objection__answered_by__member",
    "follow_up__member",
    "follow_up__branch",
    "finding__entry__criterion",
    "finding__found_by__member",
    "opinion__member",
    "opinion__branch",
    "opinion__issued_by__member",
)


def appeals_of(actor: Actor, *, is_open: bool) -> "QuerySet[Appeal]":
    """The inbox: what waits for a decision, the latest due first; what is over, newest first."""
    found = Appeal.objects.visible_to(actor).select_related(*SHOWN)
    if is_open:
        return found.filter(state=Appeal.State.OPEN).order_by("decide_by", "pk")
    return found.exclude(state=Appeal.State.OPEN).order_by("-decided_at", "-pk")


def matter_of(appeal: Appeal) -> Matter:
    matter = appeal.objection or appeal.follow_up or appeal.finding or appeal.opinion
    assert matter is not None  # by constraint appeal_against_one
    return matter


def own_matter(actor: Actor, against: str, pk: int) -> Matter | None:
    """The matter of one's own that somebody asks to appeal against; None where there is none."""
    if actor.member_id is None:
        return None
    match against:
        case "objection":
            found: QuerySet[Any] = Objection.objects.filter(member=actor.member_id)
            related: tuple[str, ...] = (
                "member",
                "publication__round__branch",
                "line__entry__criterion",
                "answered_by__member",
            )
        case "follow-up":
            found = FollowUp.objects.filter(member=actor.member_id)
            related = ("member", "branch", "holder")
        case "finding":
            found = SpotCheckItem.objects.filter(entry__member=actor.member_id).exclude(finding="")
            related = ("entry__criterion", "entry__branch", "found_by__member")
        case "opinion":
            found = Opinion.objects.filter(member=actor.member_id)
            related = ("member", "branch", "issued_by__member")
        case _:
            return None
    matter: Matter | None = found.select_related(*related).filter(pk=pk).first()
    return matter


def about(matter: Matter) -> str:
    """What an appeal is against, in one line. No query for a matter read with what it needs."""
    if isinstance(matter, Objection):
        what = matter.line.entry.criterion.text if matter.line else _("the whole result")
        month = month_label(matter.publication.round.month)
        return _("Answer to the objection for %(month)s: %(what)s") % {
            "month": month,
            "what": what,
        }
    if isinstance(matter, FollowUp):
        if matter.trigger_month is None:
            return str(matter)
        return _("%(kind)s for %(month)s") % {
            "kind": matter.get_kind_display(),
            "month": month_label(matter.trigger_month),
        }
    if isinstance(matter, Opinion):
        return _("Opinion for the year %(year)s: %(title)s") % {
            "year": matter.year,
            "title": matter.title,
        }
    return _("Spot-check finding for %(month)s: %(what)s") % {
        "month": month_label(matter.entry.month),
        "what": matter.entry.criterion.text,
    }


@dataclass(frozen=True, slots=True)
class AppealBox:
    """What a page says of appealing against its matter, to the member whose it is."""

    against: str
    matter: Matter
    window: Window
    standing: Appeal | None


def appeal_box(matter: Matter, actor: Actor, today: date) -> AppealBox | None:
    """For the member concerned, once there is something to appeal against. Five queries."""
    member = matter.entry.member_id if isinstance(matter, SpotCheckItem) else matter.member_id
    if actor.member_id is None or member != actor.member_id:
        return None
    window, standing = window_of(matter, today), standing_appeal(matter)
    if window.last_day is None and standing is None:
        return None
    return AppealBox(kind_of(matter), matter, window, standing)


def kind_of(matter: Matter) -> str:
    """How the address of a new appeal names what it is against."""
    if isinstance(matter, Objection):
        return "objection"
    if isinstance(matter, Opinion):
        return "opinion"
    return "follow-up" if isinstance(matter, FollowUp) else "finding"


@dataclass(frozen=True, slots=True)
class WhoDecides:
    """Who may decide an appeal, by name; and whether they decided before and only may because
    nobody else is appointed."""

    names: Sequence[str]
    is_last_resort: bool


def who_decides(appeal: Appeal, panel: Panel) -> WhoDecides:
    """One query."""
    staff = panel.staff_for(appeal.member.user_id)
    users = User.objects.filter(pk__in=staff).select_related("member").order_by("pk")
    return WhoDecides([user.display_name for user in users], bool(staff & panel.deciders))


def why_not(appeal: Appeal, panel: Panel, actor: Actor) -> str:
    """Why committee staff may not decide this one, in words; nothing for anybody else."""
    if not actor.is_staff_over(appeal.branch_id):
        return ""
    if actor.member_id is not None and actor.member_id == appeal.member_id:
        return _("This is your own appeal: somebody else decides it.")
    if actor.user.pk in panel.deciders:
        return _("You decided on this before: somebody else decides the appeal.")
    return ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a decision could put right: entries of the months concerned, and items to add."""

    entries: list[Entry]
    criteria: list[Criterion]
    months: tuple[date, ...]


def reach_of(appeal: Appeal) -> Reach:
    """The entry that the appeal is about comes first. A few queries a month, of which there
    are as many as the follow-up rests on."""
    months = months_of(appeal)
    where = Round.objects.filter(month__in=months, branch__in=_branches(appeal, months))
    entries: list[Entry] = []
    criteria: list[Criterion] = []
    for round_ in where.select_related("branch", "rule_book").order_by("month"):
        entries += correctable(round_, appeal.member_id)
        criteria += [
            one for one in addable(round_, appeal.member, may_lower=False) if one not in criteria
        ]
    first = entry_of(appeal)
    entries.sort(key=lambda entry: entry.pk != first)
    return Reach(with_decisions(entries), criteria, months)


def _branches(appeal: Appeal, months: tuple[date, ...]) -> list[int]:
    """The branches in which the member was in these months: a streak goes on over a transfer."""
    results = appeal.member.results.current().filter(month__in=months)
    return list(results.values_list("branch", flat=True))
