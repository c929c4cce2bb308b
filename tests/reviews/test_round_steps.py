"""Who may take which step of a round, in which state: the table, and the services behind it."""

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from lib.steps import Refused
from points.models import Entry
from reviews.services import conclusion as concluding
from reviews.services import publication as publications
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.workflow import ROUND_STEPS, Seat
from tests.reviews.branch_month import DAY, BranchMonth, at, who_may

pytestmark = pytest.mark.django_db

STATES = ["OPEN", "REVIEWING", "CONCLUDED", "PUBLISHED", "CLOSED"]
EVERYBODY = [
    "member",
    "other",
    "deputy",
    "organiser",
    "secretary",
    "staff",
    "secretary elsewhere",
    "staff elsewhere",
    "system",
]
WORK = ["register", "decide", "return_sheet", "record_meeting"]
NOBODY: dict[str, list[str]] = {name: [] for name in EVERYBODY}
OPEN_STEPS = {
    "OPEN": NOBODY
    | {
        "deputy": ["register"],
        "organiser": ["register"],
        "secretary": ["register", "start_review"],
        "staff": ["register"],
        "system": ["register", "start_review"],
    },
    "REVIEWING": NOBODY
    | {
        "deputy": WORK,
        "organiser": WORK,
        "secretary": [*WORK, "conclude"],
        "staff": ["register", "decide", "return_sheet"],
        "system": [*WORK, "conclude"],
    },
    "CONCLUDED": NOBODY | {name: ["publish", "reopen"] for name in ("secretary", "system")},
    "PUBLISHED": NOBODY
    | {"secretary": ["extend", "reopen"], "system": ["extend", "reopen", "close"]},
    "CLOSED": NOBODY,
}


def open_steps(month, name):
    seat = Seat(month.actor(name), rounds.bench_of(month.branch.pk, DAY))
    return [step.name for step in ROUND_STEPS.open_to(seat, month.round)]


@pytest.mark.parametrize("state", STATES)
def test_open_steps_follow_seat_and_state(state):
    month = BranchMonth().to(state)

    assert {name: open_steps(month, name) for name in EVERYBODY} == OPEN_STEPS[state]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("OPEN", ["register", "start_review"]),
        ("REVIEWING", [*WORK, "conclude"]),
        ("CONCLUDED", ["publish", "reopen"]),
        ("PUBLISHED", ["extend", "reopen"]),
    ],
)
@pytest.mark.parametrize("bench", [(), ("deputy", "organiser")])
def test_staff_run_the_round_of_a_branch_without_secretary(state, expected, bench):
    month = BranchMonth(bench=bench)
    if state == "REVIEWING":
        month.start("staff")
    elif state != "OPEN":
        if state == "CONCLUDED":
            month.quarterly()
        month.publish(runner="staff")
    month.round.refresh_from_db()

    assert open_steps(month, "staff") == expected
    assert open_steps(month, "staff elsewhere") == []


def taken(month, step, name):
    """Try a step through its service, and take it back: ok, denied or refused."""
    by, when, pk = month.actor(name), at(10, 28), month.round.pk
    entry = Entry.objects.filter(member=month.member).first()
    calls = {
        "register": lambda: month.register("other", by=name),
        "start_review": lambda: rounds.start_review(pk=pk, by=by, at=when),
        "decide": lambda: month.decide(entry, "REJECTED", by=name, reason="不符", seen=seen(entry)),
        "return_sheet": lambda: reviewing.return_sheet(
            pk=pk, declaration_id=month.sheet("member").pk, reason="请补充", by=by, at=when
        ),
        "record_meeting": lambda: month.meet(name),
        "conclude": lambda: month.conclude(name),
        "publish": lambda: concluding.publish_waiting(pk=pk, by=by, at=at(12, 1)),
        "extend": lambda: extended(month, by),
        "reopen": lambda: month.reopen(name),
    }
    try:
        with transaction.atomic():
            calls[step]()
            transaction.set_rollback(True)
    except PermissionDenied:
        return "denied"
    except Refused:
        return "refused"
    return "ok"


def extended(month, by):
    """Extend what is published; without a publication the table is asked directly."""
    if month.round.publication is None:
        return ROUND_STEPS.check(
            "extend", Seat(by, rounds.bench_of(month.branch.pk, DAY)), month.round
        )
    return publications.extend(
        pk=month.round.publication.pk, until=at(11, 5).date(), reason="出差", by=by, at=at(10, 29)
    )


def seen(entry):
    current = entry.decisions.filter(is_current=True).first()
    return current.number if current else 0


# What the service says beyond the table: staff register only the committee's own items where
# there is a secretary, and decide only where nobody else can.
STAFF_ONLY_IN_PLACE = {"register": "refused", "decide": "denied", "return_sheet": "denied"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "step",
    [
        "register",
        "start_review",
        "decide",
        "return_sheet",
        "record_meeting",
        "conclude",
        "publish",
        "extend",
        "reopen",
    ],
)
def test_services_obey_the_table(state, step):
    month = BranchMonth().to(state)
    ever = {name for steps in OPEN_STEPS.values() for name, s in steps.items() if step in s}
    expected = {}
    for name in EVERYBODY:
        if name not in ever:
            expected[name] = "denied"
        elif step not in OPEN_STEPS[state][name] or step in ("conclude", "publish"):
            # Concluding: entries and meeting are missing. Publishing: the quarter is not over.
            expected[name] = "refused"
        elif name == "staff":
            expected[name] = STAFF_ONLY_IN_PLACE[step]
        else:
            expected[name] = "ok"

    assert {name: taken(month, step, name) for name in EVERYBODY} == expected


@pytest.mark.parametrize(
    ("bench", "whose", "deciders"),
    [
        (("secretary", "deputy", "organiser"), "member", {"secretary", "deputy", "organiser"}),
        (("secretary", "deputy", "organiser"), "secretary", {"deputy", "organiser"}),
        (("secretary", "deputy", "organiser"), "deputy", {"secretary", "organiser"}),
        (("secretary",), "secretary", {"staff"}),
        (("secretary",), "member", {"secretary"}),
        (("deputy",), "deputy", {"staff"}),
        (("deputy",), "member", {"deputy"}),
        ((), "member", {"staff"}),
    ],
)
def test_nobody_decides_their_own_entry(bench, whose, deciders):
    month = BranchMonth(bench=bench)
    month.file(whose, month.line())
    month.start("system")
    entry = month.entry(whose)

    assert who_may(lambda name: month.decide(entry, by=name), month.users) == deciders


def test_what_the_committee_registered_the_branch_cannot_change():
    month = BranchMonth()
    registration = month.register("member", by="staff", item=month.item(month.punished))
    month.start()
    entry = month.entry("member")

    with pytest.raises(PermissionDenied):
        month.decide(entry, "REJECTED", by="secretary", reason="不符", seen=1)
    with pytest.raises(PermissionDenied):
        month.undo(registration, by="secretary")
    month.decide(entry, "REJECTED", by="staff", reason="已撤销处理", seen=1)

    assert entry.decisions.get(is_current=True).decided_by == month.users["staff"]


@pytest.mark.parametrize(
    ("by", "criterion", "is_allowed"),
    [
        ("secretary", "absence", True),
        ("deputy", "study", True),
        ("secretary", "punished", False),
        ("secretary", "late", False),
        ("staff", "punished", True),
        ("staff", "absence", False),
        ("staff", "late", False),
    ],
)
def test_items_are_registered_by_those_whose_they_are(by, criterion, is_allowed):
    month = BranchMonth()
    item = month.item(getattr(month, criterion))
    if is_allowed:
        month.register("member", by=by, item=item)
    else:
        with pytest.raises(Refused):
            month.register("member", by=by, item=item)

    assert Entry.objects.count() == is_allowed


def test_staff_register_the_branch_items_where_there_is_no_secretary():
    month = BranchMonth(bench=("deputy",))
    month.register("member", by="staff")

    assert month.entry("member").decisions.get().outcome == "APPROVED"


def test_token_registers_once():
    month, token = BranchMonth(), uuid4()
    first = month.register("member", "other", token=token)
    second = month.register("member", "other", token=token)

    assert first == second
    assert Entry.objects.count() == 2
