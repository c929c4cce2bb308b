"""Opinions: those one may see, what one may do with each, and its history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from branches.models import Branch
from lib.steps import Refused, Step
from members.models import Event, Member, Membership
from members.rights import Actor
from points.selectors.sheet import file_of
from reviews.models import AnnualResult, Opinion, YearEnd
from reviews.opinion_steps import OPINION_STEPS, is_own
from reviews.selectors.appeals import AppealBox, appeal_box

SHOWN = ("member", "branch", "issued_by__member", "answered_by__member", "nomination")


def issuing_branches(actor: Actor) -> frozenset[int]:
    """The branches in which somebody may issue an opinion."""
    return actor.secretary_branches | actor.branches_below


def may_issue_somewhere(actor: Actor) -> bool:
    return actor.is_staff or bool(actor.secretary_branches)


def opinions_of(actor: Actor) -> "QuerySet[Opinion]":
    """In the roll's order of branches, the latest year first. No query yet."""
    found = Opinion.objects.visible_to(actor).select_related("member", "branch", "nomination")
    return found.order_by("-year", "branch__roll_order", "branch", "-issued_at", "-pk")


def years_of(actor: Actor) -> list[int]:
    """The years of which there are opinions. One query."""
    years = Opinion.objects.visible_to(actor).order_by("-year").values_list("year", flat=True)
    return list(years.distinct())


def branches_of(actor: Actor) -> dict[int, str]:
    """The branches of which there are opinions, in the roll's order. One query."""
    there = Opinion.objects.visible_to(actor).order_by().values("branch")
    rows = Branch.objects.filter(pk__in=there).order_by("roll_order", "pk")
    return dict(rows.values_list("pk", "name"))


def find_member(actor: Actor, words: str, today: date) -> Member:
    """The member of a branch for which one may issue, by staff number or full name. Two
    queries at most. Raises Refused, saying what to type, for nobody or more than one."""
    typed = words.strip()
    there = Membership.objects.on(today).filter(branch__in=issuing_branches(actor))
    people = Member.objects.filter(memberships__in=there)
    found = list(people.filter(staff_no=typed) or people.filter(name=typed)[:2])
    if not found:
        raise Refused(_("Nobody in your branches has this name or staff number."))
    if len(found) > 1:
        raise Refused(_("Several people have this name: type the staff number."))
    return found[0]


def doubt_about_award(member: Member, year: int) -> str:
    """Why an award to this member would surprise: by the year's final figures they are no
    candidate (domain.md §8). Nothing for a candidate. One query."""
    final = AnnualResult.objects.filter(
        member=member, year=year, year_end__state__in=YearEnd.FINAL
    ).first()
    if final is None:
        return _("%(name)s has no final figures of %(year)s, so is no candidate of that year.") % {
            "name": member.name,
            "year": year,
        }
    if not final.is_candidate:
        return _("By the figures of %(year)s, %(name)s is no candidate of that year.") % {
            "name": member.name,
            "year": year,
        }
    return ""


@dataclass(frozen=True, slots=True)
class OpinionPage:
    """One opinion as its page shows it, to somebody."""

    opinion: Opinion
    is_own: bool
    steps: frozenset[str]
    scans: list[dict[str, Any]]
    appeal: AppealBox | None
    timeline: list[dict[str, Any]]

    @property
    def asks_for_answer(self) -> bool:
        return "confirm" in self.steps


def opinion_page(opinion: Opinion, actor: Actor, today: date) -> OpinionPage:
    """Eight queries at most."""
    steps: list[Step] = list(OPINION_STEPS.open_to(actor, opinion))
    return OpinionPage(
        opinion=opinion,
        is_own=is_own(actor, opinion),
        steps=frozenset(step.name for step in steps),
        scans=[file_of(scan) for scan in opinion.scans.all()],
        appeal=appeal_box(opinion, actor, today),
        timeline=timeline_of(opinion),
    )


def timeline_of(opinion: Opinion) -> list[dict[str, Any]]:
    """What happened to it, oldest first, from the record. One query."""
    words = {
        "issue_opinion": (_("The opinion was issued"), "file-badge"),
        "confirm_opinion": (_("Confirmed by the member"), "circle-check"),
        "agree_silently": (_("Silence counts as agreement"), "circle-check"),
        "withdraw_opinion": (_("The opinion was withdrawn"), "circle-slash"),
        "appeal": (_("The member appealed"), "scale"),
        "withdraw_appeal": (_("The appeal was withdrawn"), "undo-2"),
        "decide_appeal": (_("The committee decided the appeal"), "scale"),
    }
    of_opinion = Event.objects.filter(target_type="opinion", target_id=opinion.pk)
    of_appeal = Event.objects.filter(
        target_type="appeal", target_id__in=opinion.appeals.values("pk")
    )
    events = (of_opinion | of_appeal).select_related("by__member").order_by("at", "pk")
    return [
        {
            "at": event.at,
            "who": _("the system") if event.verb == "agree_silently" else event.by.display_name,
            "text": _("Entered from the signed paper form")
            if event.details.get("on_paper")
            else words[event.verb][0],
            "icon": words[event.verb][1],
        }
        for event in events
        if event.verb in words
    ]
