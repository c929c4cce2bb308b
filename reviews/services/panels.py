"""Who could answer an objection or decide an appeal, and who decided before and may not
(domain.md §5.4, §9). A fixed number of queries, however many matters."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from django.db.models import Q

from lib.months import months_between
from members.selectors.staff import StaffOfCommittees
from points.models import Decision
from reviews.models import Appeal, Objection
from reviews.rules import Bench, Panel
from reviews.services.round import benches_of

APPEALED: Final = (
    "member",
    "branch",
    "follow_up",
    "objection__line",
    "objection__answered_by",
    "objection__publication__round",
    "finding__entry",
    "finding__found_by",
    "opinion__issued_by",
)
"""What is to be read together with an appeal for its panel."""

Deciders = set[tuple[int, int | None]]
"""Accounts, each with its member if it has one."""


def panel_of(objection: Objection, day: date) -> Panel:
    """Who could answer an objection on that day."""
    return panels_of([objection], day)[objection.pk]


def panels_of(objections: Collection[Objection], day: date) -> Mapping[int, Panel]:
    """Who could answer each of these objections, by its id. Five queries, however many; the
    publications with their rounds and branches were read with them."""
    if not objections:
        return {}
    branches = {one.publication.round.branch for one in objections}
    benches = benches_of({branch.pk for branch in branches}, day)
    staff = staff_above({branch.pk: branch.committee_id for branch in branches}, day)
    deciders = _deciders(objections)
    return {
        one.pk: _panel(
            benches[one.publication.round.branch_id],
            staff[one.publication.round.branch_id],
            deciders[one.pk],
        )
        for one in objections
    }


def _panel(bench: Bench, staff: frozenset[int], deciders: Deciders) -> Panel:
    return Panel(
        bench=bench,
        staff=staff,
        deciders=frozenset(user for user, _member in deciders),
        members_who_decided=frozenset(m for _user, m in deciders if m is not None),
    )


def panel_of_appeal(appeal: Appeal, day: date) -> Panel:
    return panels_of_appeals([appeal], day)[appeal.pk]


def panels_of_appeals(appeals: Collection[Appeal], day: date) -> Mapping[int, Panel]:
    """Who could decide each of these appeals, by its id. Who decided what it is about: the
    entry concerned or, where there is none, every entry of the months it rests on; who
    answered the objection, made the finding, or issued the opinion. Four queries, however
    many."""
    if not appeals:
        return {}
    staff = staff_above({one.branch_id: one.branch.committee_id for one in appeals}, day)
    wanted = Q(pk__in=[])
    for one in appeals:
        wanted |= _concerned(one)
    rows = list(
        Decision.objects.filter(wanted).values_list(
            "entry", "entry__member", "entry__month", "decided_by", "decided_by__member"
        )
    )
    return {
        one.pk: _panel(
            Bench(one.branch_id, frozenset()),
            staff[one.branch_id],
            _decided_before(one)
            | {
                (user, decider)
                for entry, member, month, user, decider in rows
                if entry == entry_of(one)
                or (entry_of(one) is None and member == one.member_id and month in months_of(one))
            },
        )
        for one in appeals
    }


def entry_of(appeal: Appeal) -> int | None:
    """The entry that an appeal is about, if it is about one."""
    if appeal.finding is not None:
        return appeal.finding.entry_id
    if appeal.objection is not None and appeal.objection.line is not None:
        return appeal.objection.line.entry_id
    return None


def months_of(appeal: Appeal) -> tuple[date, ...]:
    """The months whose entries an appeal can put right: of the objection, of the entry found
    wrong, or all that the follow-up rests on; none for an opinion."""
    if appeal.opinion_id is not None:
        return ()
    if appeal.objection is not None:
        return (appeal.objection.publication.round.month,)
    if appeal.finding is not None:
        return (appeal.finding.entry.month,)
    row = appeal.follow_up
    assert row is not None  # by constraint appeal_against_one
    assert row.first_month is not None  # an explanation has no member to appeal
    assert row.trigger_month is not None
    return tuple(months_between(row.first_month, row.trigger_month))


def _concerned(appeal: Appeal) -> Q:
    entry = entry_of(appeal)
    if entry is not None:
        return Q(entry=entry)
    return Q(entry__member=appeal.member_id, entry__month__in=months_of(appeal))


def _decided_before(appeal: Appeal) -> Deciders:
    before = []
    if appeal.objection is not None:
        before.append(appeal.objection.answered_by)
    if appeal.finding is not None:
        before.append(appeal.finding.found_by)
    if appeal.opinion is not None:
        before.append(appeal.opinion.issued_by)
    return {(user.pk, None) for user in before if user is not None}


def staff_above(committee_of: Mapping[int, int], day: date) -> dict[int, frozenset[int]]:
    """The accounts appointed on that day to the committees above these branches, by branch.
    Two queries."""
    staff = StaffOfCommittees(day)
    return {branch: staff.up_from(committee) for branch, committee in committee_of.items()}


def _deciders(objections: Collection[Objection]) -> dict[int, Deciders]:
    """Who decided what is objected to: the line's entry or, against the whole result, every
    standing entry of the member's month; as accounts and members. One query."""
    wanted = Q(pk__in=[])
    for one in objections:
        if one.line is not None:
            wanted |= Q(entry=one.line.entry_id)
        else:
            round_ = one.publication.round
            wanted |= Q(
                entry__member=one.member_id,
                entry__branch=round_.branch_id,
                entry__month=round_.month,
            )
    rows = (
        Decision.objects.filter(wanted, is_current=True)
        .exclude(outcome=Decision.Outcome.WITHDRAWN)
        .values_list(
            "entry",
            "entry__member",
            "entry__branch",
            "entry__month",
            "decided_by",
            "decided_by__member",
        )
    )
    by_entry: dict[int, Deciders] = defaultdict(set)
    by_month: dict[tuple[int, int, date], Deciders] = defaultdict(set)
    for entry, member, branch, month, user, decider in rows:
        by_entry[entry].add((user, decider))
        by_month[member, branch, month].add((user, decider))
    return {
        one.pk: by_entry[one.line.entry_id]
        if one.line is not None
        else by_month[one.member_id, one.publication.round.branch_id, one.publication.round.month]
        for one in objections
    }
