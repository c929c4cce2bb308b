"""The policies of committees for their page: in force, to come, history, and in words what
each says. A fixed number of queries, whatever the number of committees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import Branch, Committee
from lib.months import add_months, month_of
from members.models import Event
from members.rights import Actor
from points.models import Policy
from points.services.policy import (
    FIGURES,
    PolicyBook,
    first_months_not_open,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that a policy sets, in words: now, in the version before, and by default."""

    name: str
    label: str
    value: str
    before: str
    default: str

    @property
    def is_changed(self) -> bool:
        return self.value != self.before

    @property
    def is_default(self) -> bool:
        return self.value == self.default


@dataclass(frozen=True, slots=True)
class Standing:
    """A committee's policy today: what holds and whose it is, what is to come, what was."""

    committee: Committee
    in_force: Policy
    own: bool
    inherited_from: str
    hides: str
    to_come: Sequence[Policy]
    history: Sequence[Policy]
    figures: Sequence[Figure]
    branches: Sequence[str]
    with_their_own: Sequence[str]
    first_month: date


def committees_of(actor: Actor) -> list[Committee]:
    """The committees whose policy one sets, in the roll's order. Two queries."""
    return list(Committee.objects.filter(pk__in=Committee.objects.subtree_ids(actor.committees)))


def standings(committees: Sequence[Committee], *, today: date) -> list[Standing]:
    """Where the policies of these committees stand today. Eight queries."""
    book, month = PolicyBook(), month_of(today)
    names = dict(Committee.objects.values_list("pk", "name"))
    parents = dict(Committee.objects.values_list("pk", "parent_id"))
    branches = list(Branch.objects.active().values_list("name", "committee"))
    first = first_months_not_open([committee.pk for committee in committees], today=today)
    found = []
    for committee in committees:
        in_force = book.of(committee.pk, month)
        source = in_force.committee_id
        above = book.of(committee.parent_id, month) if committee.parent_id else None
        own = source == committee.pk
        below = {pk for pk in parents if committee.pk in _upwards(pk, parents)}
        apart = {pk for pk in below if pk != committee.pk and book.own(pk)}
        found.append(
            Standing(
                committee=committee,
                in_force=in_force,
                own=own,
                inherited_from=names[source] if source and not own else "",
                hides=names[above.committee_id] if own and above and above.committee_id else "",
                to_come=[one for one in book.own(committee.pk) if one.effective_from > month],
                history=[
                    one
                    for one in reversed(book.own(committee.pk))
                    if one.effective_from <= month and one.pk != in_force.pk
                ],
                figures=figures(in_force),
                branches=[
                    name
                    for name, place in branches
                    if place in below and book.of(place, month).pk == in_force.pk
                ],
                with_their_own=[names[pk] for pk in sorted(apart)],
                first_month=first[committee.pk],
            )
        )
    return found


def _upwards(committee: int, parents: Mapping[int, int | None]) -> list[int]:
    chain: list[int] = []
    current: int | None = committee
    while current is not None:
        chain.append(current)
        current = parents.get(current)
    return chain


def branches_concerned(committee: Committee, month: date) -> list[str]:
    """The branches for which a version of this committee would hold from a month on: those
    below it, unless a committee in between has a policy of its own by then. Five queries."""
    book = PolicyBook()
    parents = dict(Committee.objects.values_list("pk", "parent_id"))
    names = []
    for name, place in Branch.objects.active().below(committee).values_list("name", "committee"):
        chain = _upwards(place, parents)
        between = chain[: chain.index(committee.pk)]
        if not any(one.effective_from <= month for pk in between for one in book.own(pk)):
            names.append(name)
    return names


def figures(policy: Policy, before: Policy | None = None) -> list[Figure]:
    """All that a policy says, in words, beside what held before it and the defaults."""
    default = Policy(effective_from=policy.effective_from)
    before = before or policy
    return [
        Figure(
            name,
            str(Policy._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
            in_words(policy, name),
            in_words(before, name),
            in_words(default, name),
        )
        for name in FIGURES
    ]


def in_words(policy: Policy, name: str) -> str:
    """One figure of a policy as a sentence would say it."""
    value: Any = getattr(policy, name)
    match name:
        case "declare_by_day" | "review_by_day":
            if value >= 31:
                return _("last day of the month")
            return _("day %(day)s of the month") % {"day": value}
        case "publication_period":
            return str(policy.get_publication_period_display())
        case "notice_template":
            return value.strip() or _("the standard text")
        case "talk_after" | "interview_after" | "disposition_after":
            return ngettext(
                "after %(count)s month below the line",
                "after %(count)s months in a row below the line",
                value,
            ) % {"count": value}
        case "candidate_ranks":
            return _("the first %(count)s") % {"count": value}
        case "branch_below_percent":
            return f"{value}%"
        case "escalate_after_days":
            return ngettext("%(days)s day", "%(days)s days", value) % {"days": value}
        case _:
            return _("%(days)s working days") % {"days": value}


@dataclass(frozen=True, slots=True)
class Change:
    """Who set a version, when, and what it was before."""

    event: Event
    lines: Sequence[tuple[str, str, str]]


def changes_of(policy: Policy) -> list[Change]:
    """Every time this version was set, the latest first. One query."""
    events = (
        Event.objects.filter(target_type="policy", target_id=policy.pk, verb="set_policy")
        .select_related("by__member")
        .order_by("-at", "-pk")
    )
    return [Change(event, _lines(event.details.get("changes", {}))) for event in events]


def _lines(changes: dict[str, list[Any]]) -> list[tuple[str, str, str]]:
    lines = []
    for name, (was, now) in changes.items():
        old, new = (Policy(effective_from=date.min, **{name: value}) for value in (was, now))
        label = str(Policy._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        lines.append((label, in_words(old, name), in_words(new, name)))
    return lines


def before_of(policy: Policy) -> Policy:
    """What held for the committee before this version began. Two queries."""
    return PolicyBook().of(policy.committee_id, add_months(policy.effective_from, -1))
