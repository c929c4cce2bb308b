"""Drawing from closed months, repeating the draw, and who inspects (domain.md §7)."""

from datetime import date
from io import StringIO
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from branches.models import Committee
from lib.steps import Refused
from members.models import Membership, Notice, Position
from points.models import Decision, Entry
from points.services.decisions import withdraw_all
from reviews.drawing import Key, pool_digest
from reviews.models import SpotCheck
from reviews.services import spot_checks as services
from tests.factories import BranchFactory, CommitteeFactory, MemberFactory, StaffAppointmentFactory
from tests.reviews import spot_checking
from tests.reviews.branch_month import OCTOBER, BranchMonth, at
from tests.reviews.spot_checking import (
    DRAWN_AT,
    SEED,
    actor,
    choice,
    close,
    closed_month,
    draw,
    item_of,
    staff_of,
    when,
)

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


def keys(spot_check: SpotCheck) -> list[int]:
    return list(spot_check.items.order_by("number").values_list("entry", flat=True))


def pool(month: BranchMonth, *, moment=DRAWN_AT, **more) -> list[Key]:
    rounds = services.rounds_of(choice(month, **more), at=moment)
    return sorted(services.pool_of(rounds, at=moment))


def key(entry: Entry) -> Key:
    return Key(entry.branch_id, entry.pk)


# -- the pool ------------------------------------------------------------------------------


def test_pool_is_what_was_reviewed_in_closed_months():
    month = BranchMonth()
    month.file("member", month.line())
    month.file("other", month.line())
    month.file("deputy", month.line(), submit=False)
    month.register("organiser")
    month.register("member", by="staff", item=month.item(month.punished))
    undone = month.register("other", item=month.item(day=10))
    month.undo(undone)
    assert pool(month) == []

    month.publish()
    assert pool(month) == []

    close(month)
    declared = [
        Entry.objects.get(member=month.people[name], source="DECLARED")
        for name in ("member", "other")
    ]
    registered = Entry.objects.get(member=month.organiser)
    assert pool(month) == sorted(map(key, (*declared, registered)))


def test_pool_covers_the_span_and_leaves_out_what_is_not_closed():
    month = closed_month()
    november = month.also(NOVEMBER)
    november.file("member", november.line())
    at_new_year = at(12, 31, 12)
    assert len(pool(month, last=NOVEMBER, moment=at_new_year)) == 1

    november.publish()
    november.close()

    assert len(pool(month, last=NOVEMBER, moment=at_new_year)) == 2
    assert len(pool(month, moment=at_new_year)) == 1
    assert len(pool(month, last=NOVEMBER)) == 1


def test_pool_stays_what_it_was_when_the_ledger_goes_on():
    month = closed_month("member", "other")
    spot_check = draw(month)
    before = pool(month)

    entry = Entry.objects.get(member=month.other)
    withdraw_all(entries=[entry], reason="x", by=month.actor("staff"), at=when(20))
    Entry.objects.create(
        member=month.other,
        branch=month.branch,
        month=OCTOBER,
        criterion=month.absence,
        source="REGISTERED",
        claimed_points=-6,
        occurred_on=OCTOBER,
        created_by=month.users["staff"],
        created_at=when(20),
    )

    assert pool(month) == before
    assert services.repeat(spot_check).is_identical
    assert len(pool(month, moment=when(21))) == 1


# -- the draw ------------------------------------------------------------------------------


def test_draw_records_everything_that_repeats_it():
    month = closed_month("member", "other", "organiser")

    spot_check = draw(month, size=2)

    assert (spot_check.seed, spot_check.algorithm) == (SEED, "sha256-order-1")
    assert (spot_check.pool_size, spot_check.pool_digest) == (3, pool_digest(pool(month)))
    assert list(spot_check.rounds.all()) == [month.round]
    assert (spot_check.size, spot_check.share, spot_check.is_each_branch) == (2, None, False)
    # Ten working days after a Monday.
    assert spot_check.inspect_by == date(2026, 11, 23)
    assert len(keys(spot_check)) == 2
    repetition = services.repeat(spot_check)
    assert [k.entry for k in repetition.again] == keys(spot_check)
    assert repetition.is_identical


@pytest.mark.parametrize(
    ("asked", "expected"),
    [({"size": 1}, 1), ({"size": 9}, 3), ({"share": "34"}, 2), ({"share": "0.01"}, 1)],
)
def test_draw_takes_a_size_or_a_share(asked, expected):
    month = closed_month("member", "other", "organiser")

    assert len(keys(draw(month, **asked))) == expected


def test_each_branch_is_drawn_from_even_beyond_the_size():
    first = closed_month("member", "other")
    second = closed_month("member")
    second.branch.committee = first.committee
    second.branch.save()

    spot_check = draw(first, size=1, each=True)

    branches = spot_check.items.values_list("entry__branch", flat=True)
    assert sorted(branches) == sorted([first.branch.pk, second.branch.pk])
    assert services.repeat(spot_check).is_identical


def test_the_same_form_draws_once_and_another_form_draws_anew():
    month = closed_month("member", "other", "organiser")
    token = uuid4()
    spot_check = draw(month, token=token, size=1)

    assert draw(month, token=token, size=1, seed="11") == spot_check
    another = draw(month, size=1, seed="11")

    assert list(SpotCheck.objects.order_by("pk")) == [spot_check, another]
    assert (spot_check.seed, another.seed) == (SEED, "11")
    assert Notice.objects.filter(key=f"spot_check:{spot_check.pk}").count() == 1


def test_nothing_is_drawn_from_an_empty_pool():
    month = BranchMonth()

    with pytest.raises(Refused):
        draw(month)

    assert not SpotCheck.objects.exists()


@pytest.mark.parametrize("role", ["member", "secretary", "staff elsewhere"])
def test_only_staff_over_the_committee_draw(role):
    month = closed_month()

    with pytest.raises(PermissionDenied):
        draw(month, by=role)


def test_a_superior_committee_draws_for_one_below_and_sees_its_draws():
    month = closed_month()
    above = CommitteeFactory()
    Committee.objects.filter(pk=month.committee.pk).update(parent=above)
    month.users["above"] = staff_of(above)

    spot_check = draw(month, by="above")

    for role, sees in (
        ("above", True),
        ("staff", True),
        ("staff elsewhere", False),
        ("member", False),
    ):
        seen = SpotCheck.objects.visible_to(actor(month.users[role]))
        assert seen.filter(pk=spot_check.pk).exists() is sees, role


# -- repeating -----------------------------------------------------------------------------


def test_a_record_that_was_changed_is_found_out():
    month = closed_month("member", "other", "organiser")
    spot_check = draw(month, size=2)

    spot_check.items.filter(number=1).delete()
    shorter = services.repeat(spot_check)
    Decision.objects.filter(entry__member=month.other).update(decided_at=when(23))
    other_pool = services.repeat(spot_check)

    assert (shorter.is_same_pool, shorter.is_identical) == (True, False)
    assert (other_pool.is_same_pool, other_pool.is_identical) == (False, False)


def test_command_prints_the_list_and_says_whether_it_is_the_same():
    month = closed_month("member", "other")
    spot_check = draw(month, size=1)
    said = StringIO()

    call_command("repeat_draw", spot_check.pk, stdout=said)

    entry = spot_check.items.get().entry
    line = f"1\t2026-10\t{month.branch}\t{entry.member.staff_no}\t{entry.member}\t{entry.criterion.code}\t{entry.pk}"
    assert said.getvalue().splitlines()[:4] == [
        "algorithm sha256-order-1",
        f"seed {SEED}",
        f"digest {spot_check.pool_digest}",
        line,
    ]

    SpotCheck.objects.update(seed="11")
    while services.repeat(SpotCheck.objects.get()).is_identical:
        SpotCheck.objects.update(seed=SpotCheck.objects.get().seed + "1")
    with pytest.raises(CommandError) as refused:
        call_command("repeat_draw", spot_check.pk, stdout=StringIO())
    assert refused.value.returncode == 1
    with pytest.raises(CommandError):
        call_command("repeat_draw", spot_check.pk + 1)


# -- inspectors ----------------------------------------------------------------------------


def test_inspectors_take_turns_and_are_told_once_each():
    month = closed_month("member", "other", "organiser", "deputy")
    first, second = month.users["staff"], staff_of(month.committee)

    spot_check = draw(month, size=4)

    given = list(spot_check.items.order_by("number").values_list("inspector", flat=True))
    assert given == [first.pk, second.pk, first.pk, second.pk]
    notices = Notice.objects.filter(key=f"spot_check:{spot_check.pk}")
    assert sorted(notices.values_list("user", "url")) == [
        (first.pk, spot_check.get_absolute_url()),
        (second.pk, spot_check.get_absolute_url()),
    ]


def appoint(month: BranchMonth, how: str):
    """Somebody of the staff who is near to the branch in this way."""
    if how == "member of the branch":
        return month.people["other"].user
    member = MemberFactory(branch=BranchFactory())
    if how == "on the branch committee":
        Position.objects.create(member=member, branch=month.branch, kind=Position.Kind.PUBLICITY)
    if how == "not active":
        member.user.is_active = False
        member.user.save()
    if how == "decided it":
        Decision.objects.filter(entry__member=month.member).update(decided_by=member.user)
    return member.user


@pytest.mark.parametrize(
    ("how", "may"),
    [
        ("from elsewhere", True),
        ("member of the branch", False),
        ("on the branch committee", False),
        ("decided it", False),
        ("not active", False),
        ("no longer in office", False),
    ],
)
def test_who_may_inspect(how, may):
    month = closed_month()
    month.users["staff"].appointments.update(ends_on=date(2026, 11, 1))
    month.users["above"] = staff_of(above(month))
    user = appoint(month, how)
    ends = date(2026, 11, 8) if how == "no longer in office" else None
    StaffAppointmentFactory(user=user, committee=month.committee, ends_on=ends)

    item = draw(month, by="above").items.get()

    assert item.inspector == (user if may else month.users["above"])
    if not may:
        with pytest.raises(Refused):
            services.assign(pk=item.pk, inspector=user, by=actor(month.users["above"]), at=when(14))


def above(month: BranchMonth) -> Committee:
    found = CommitteeFactory()
    Committee.objects.filter(pk=month.committee.pk).update(parent=found)
    month.committee.refresh_from_db()
    return found


def test_nobody_left_leaves_the_entry_without_an_inspector():
    month = closed_month()
    Membership.objects.filter(member=month.other).update(branch=month.branch)
    month.users["staff"].appointments.update(committee=above(month))
    Decision.objects.update(decided_by=month.users["staff"])

    item = draw(month).items.get()

    assert item.inspector is None
    assert not Notice.objects.filter(key__startswith="spot_check:").exists()


def test_an_inspector_is_changed_until_something_was_found():
    month = closed_month()
    second = staff_of(month.committee)
    item = draw(month).items.get()
    by = actor(month.users["staff"])

    services.assign(pk=item.pk, inspector=second, by=by, at=when(13))
    services.assign(pk=item.pk, inspector=second, by=by, at=when(14))

    item.refresh_from_db()
    assert item.inspector == second
    assert Notice.objects.filter(user=second, key__startswith="inspect:").count() == 1
    with pytest.raises(PermissionDenied):
        services.assign(
            pk=item.pk, inspector=second, by=actor(month.users["secretary"]), at=when(14)
        )
    elsewhere = month.users["staff elsewhere"]
    with pytest.raises(Refused):
        services.assign(pk=item.pk, inspector=elsewhere, by=by, at=when(14))
    spot_checking.find(item, "IN_ORDER", by=second)
    with pytest.raises(Refused):
        services.assign(pk=item.pk, inspector=month.users["staff"], by=by, at=when(16))


def test_items_are_seen_by_staff_and_what_was_found_by_its_member():
    month = closed_month("member", "other")
    spot_check = draw(month)
    item = item_of(spot_check, "member", month)
    roles = ("member", "other", "secretary", "staff", "staff elsewhere")

    def seen_by() -> list[str]:
        visible = type(item).objects.filter(pk=item.pk)
        return [r for r in roles if visible.visible_to(actor(month.users[r])).exists()]

    assert seen_by() == ["staff"]
    spot_checking.find(item, "IN_ORDER", by=item.inspector)
    assert seen_by() == ["member", "staff"]
