"""Who answers an objection and who decides an appeal: rules over sets, without a database."""

import pytest

from branches.models import Branch
from members.models import Member, Position, User
from members.rights import Actor
from points.models import Criterion, Entry, ResultLine
from reviews.models import Appeal, Objection
from reviews.rules import Answerers, Bench, Panel, answerers, may_answer, may_decide_appeal

Kind = Position.Kind
SECRETARY, DEPUTY, ORGANISER, PUBLICIST, MEMBER = 1, 2, 3, 4, 9
STAFF, OTHER_STAFF, STAFF_ELSEWHERE = 50, 51, 60
KINDS = {
    SECRETARY: Kind.SECRETARY,
    DEPUTY: Kind.DEPUTY_SECRETARY,
    ORGANISER: Kind.ORGANISATION,
    PUBLICIST: Kind.PUBLICITY,
}
BRANCH = 7


def bench(*members: int) -> Bench:
    return Bench(BRANCH, frozenset((member, KINDS[member]) for member in members))


FULL = bench(PUBLICIST, ORGANISER, DEPUTY, SECRETARY)


@pytest.mark.parametrize(
    ("sitting", "excluded", "committee_matter", "who"),
    [
        (FULL, {MEMBER}, False, Answerers((SECRETARY,), False)),
        (FULL, {MEMBER}, True, Answerers((SECRETARY,), True)),
        (FULL, {MEMBER, DEPUTY}, False, Answerers((SECRETARY,), False)),
        (FULL, {MEMBER, SECRETARY}, False, Answerers((DEPUTY, ORGANISER, PUBLICIST), False)),
        (FULL, {SECRETARY, DEPUTY}, False, Answerers((ORGANISER, PUBLICIST), False)),
        (FULL, {SECRETARY, DEPUTY, ORGANISER, PUBLICIST}, False, Answerers((), True)),
        (bench(SECRETARY), {SECRETARY}, False, Answerers((), True)),
        (bench(SECRETARY), {MEMBER}, False, Answerers((SECRETARY,), False)),
        (bench(DEPUTY, ORGANISER), {MEMBER}, False, Answerers((DEPUTY, ORGANISER), True)),
        (bench(DEPUTY, ORGANISER), {DEPUTY}, False, Answerers((ORGANISER,), True)),
        (bench(), {MEMBER}, False, Answerers((), True)),
    ],
)
def test_the_secretary_answers_unless_excluded_then_the_next(
    sitting, excluded, committee_matter, who
):
    assert answerers(sitting, excluded=excluded, committee_matter=committee_matter) == who


def actor_of(number: int) -> Actor:
    """Members are numbered as accounts are; staff are accounts alone."""
    if number in KINDS or number == MEMBER:
        seats = frozenset({(BRANCH, KINDS[number])} if number in KINDS else ())
        return Actor(user=User(pk=number), member_id=number, branch_id=BRANCH, positions=seats)
    below = frozenset({BRANCH if number != STAFF_ELSEWHERE else BRANCH + 1})
    return Actor(user=User(pk=number), committees=frozenset({1}), branches_below=below)


def panel(sitting: Bench, deciders: set[int], staff: set[int]) -> Panel:
    members = frozenset(one for one in deciders if one in KINDS)
    return Panel(sitting, frozenset(staff), frozenset(deciders), members)


EVERYBODY = [*KINDS, MEMBER, STAFF, OTHER_STAFF, STAFF_ELSEWHERE]


@pytest.mark.parametrize(
    ("sitting", "deciders", "registered_by", "staff", "may"),
    [
        (FULL, {DEPUTY}, "EITHER", {STAFF}, {SECRETARY}),
        (FULL, {SECRETARY}, "EITHER", {STAFF}, {DEPUTY, ORGANISER, PUBLICIST}),
        (FULL, {SECRETARY, DEPUTY}, "EITHER", {STAFF}, {ORGANISER, PUBLICIST}),
        (FULL, set(KINDS), "EITHER", {STAFF, OTHER_STAFF}, {STAFF, OTHER_STAFF}),
        (FULL, {*KINDS, STAFF}, "EITHER", {STAFF, OTHER_STAFF}, {OTHER_STAFF}),
        # Nobody else is appointed: nothing stays unanswered.
        (FULL, {*KINDS, STAFF}, "EITHER", {STAFF}, {STAFF}),
        (FULL, {STAFF}, "COMMITTEE", {STAFF, OTHER_STAFF}, {SECRETARY, OTHER_STAFF}),
        (bench(DEPUTY), {DEPUTY}, "EITHER", {STAFF}, {STAFF}),
        (bench(DEPUTY), set(), "EITHER", {STAFF}, {DEPUTY, STAFF}),
        (bench(), {STAFF}, "EITHER", {STAFF, OTHER_STAFF}, {OTHER_STAFF}),
    ],
)
def test_who_may_answer(sitting, deciders, registered_by, staff, may):
    entry = Entry(criterion=Criterion(registered_by=registered_by))
    member = Member(pk=MEMBER, user=User(pk=MEMBER))
    objection = Objection(member=member, line=ResultLine(entry=entry))
    who = panel(sitting, deciders, staff)

    able = {one for one in EVERYBODY if may_answer(actor_of(one), objection, who)}

    assert able == may


@pytest.mark.parametrize(
    ("appellant", "deciders", "staff", "may"),
    [
        (MEMBER, {SECRETARY}, {STAFF, OTHER_STAFF}, {STAFF, OTHER_STAFF}),
        (MEMBER, {STAFF}, {STAFF, OTHER_STAFF}, {OTHER_STAFF}),
        (MEMBER, {STAFF, OTHER_STAFF}, {STAFF, OTHER_STAFF}, {STAFF, OTHER_STAFF}),
        (MEMBER, {STAFF}, {STAFF}, {STAFF}),
        (STAFF, set(), {STAFF, OTHER_STAFF}, {OTHER_STAFF}),
        (STAFF, set(), {STAFF}, set()),
    ],
)
def test_who_may_decide_an_appeal(appellant, deciders, staff, may):
    member = Member(pk=appellant, user=User(pk=appellant))
    appeal = Appeal(member=member, branch=Branch(pk=BRANCH))
    who = panel(FULL, deciders, staff)

    able = {one for one in EVERYBODY if may_decide_appeal(actor_of(one), appeal, who)}

    assert able == may
