"""Exports: who may ask for what, made once, taken up again, kept for a month, logged."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import connection

from lib.steps import Refused
from members.models import Event, Notice, Position, StaffAppointment
from members.rights import actor_on
from reviews.exports import kinds
from reviews.exports.kinds import KINDS, kinds_for, scope_of
from reviews.models import Export
from reviews.services import exports as services
from reviews.tasks import make_export
from tests.factories import BranchFactory, MemberFactory, StaffAppointmentFactory
from tests.reviews.exporting import NOW, ask, made
from tests.reviews.test_jobs import lock_of_another_process

pytestmark = pytest.mark.django_db
State, Kind = Export.State, Export.Kind
OCTOBER = {"first": "2026-10", "last": "2026-10"}
SEATS = {"secretary": "SECRETARY", "deputy": "DEPUTY_SECRETARY"}


class House:
    """Two branches below a committee, one elsewhere; no month at all."""

    def __init__(self) -> None:
        self.branch, self.elsewhere = BranchFactory(name="甲党支部"), BranchFactory()
        self.sister = BranchFactory(name="乙党支部", committee=self.branch.committee)
        self.users = {"member": MemberFactory(branch=self.branch).user}
        for name, kind in SEATS.items():
            seat = (self.branch, kind)
            self.users[name] = MemberFactory(branch=self.branch, position=seat).user
        self.users["staff"] = StaffAppointmentFactory(committee=self.branch.committee).user

    def actor(self, name):
        # Read anew: an account remembers who its member is.
        return actor_on(type(self.users[name]).objects.get(pk=self.users[name].pk), NOW.date())


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Files of this test's own: another one's export may have had the same number."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def house():
    return House()


def clock():
    return NOW


# -- who may ask for what --------------------------------------------------------------------

FOR_BRANCHES = {
    Kind.PUBLICATION,
    Kind.PUBLICATION_NOTICE,
    Kind.LEDGER,
    Kind.FOLLOW_UPS,
    Kind.BURDEN,
    Kind.YEAR,
    Kind.PERFORMANCE,
    Kind.YEAR_NOTICE,
}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("member", set()),
        ("deputy", FOR_BRANCHES),
        ("secretary", FOR_BRANCHES),
        ("staff", set(Kind)),
    ],
)
def test_what_somebody_may_export_follows_from_what_they_are(house, name, wanted):
    actor = house.actor(name)

    assert {one.kind for one in kinds_for(actor)} == wanted
    for kind in set(KINDS) - wanted:
        with pytest.raises(PermissionDenied):
            ask(kind, actor, branches=[house.branch.pk])


@pytest.mark.parametrize("name", ["secretary", "staff"])
def test_nobody_exports_a_branch_that_is_not_theirs(house, name):
    actor = house.actor(name)

    with pytest.raises(PermissionDenied):
        ask("LEDGER", actor, branches=[house.branch.pk, house.elsewhere.pk], **OCTOBER)
    assert not Export.objects.exists()


def test_staff_who_also_sit_in_a_branch_have_the_roll_of_their_own_committee_only(house):
    user = house.users["secretary"]
    StaffAppointment.objects.create(user=user, committee=house.elsewhere.committee)
    actor = house.actor("secretary")

    assert scope_of(KINDS[Kind.ROLL], actor) == {house.elsewhere.pk}
    assert scope_of(KINDS[Kind.LEDGER], actor) == {house.elsewhere.pk, house.branch.pk}


def test_who_asked_when_for_what_of_whom_is_logged(house):
    export = ask("LEDGER", house.actor("staff"), **OCTOBER)

    event = Event.objects.get(verb="request_export")
    assert (event.by, event.at, event.target_id) == (house.users["staff"], NOW, export.pk)
    assert event.details == {
        "kind": "LEDGER",
        "asked": {"first_month": "2026-10", "last_month": "2026-10"},
        "branches": sorted([house.branch.pk, house.sister.pk]),
        "rows": 0,
    }
    assert export.name == f"积分台账 2026-10 {house.branch.committee}.xlsx"


def test_asked_twice_while_it_is_under_way_is_asked_once(house):
    staff, secretary = house.actor("staff"), house.actor("secretary")
    first = ask("LEDGER", staff, **OCTOBER)

    assert ask("LEDGER", staff, **OCTOBER) == first
    others = {
        ask("LEDGER", staff, branches=[house.branch.pk], **OCTOBER),
        ask("LEDGER", staff, first="2026-09", last="2026-10"),
        ask("BURDEN", staff, **OCTOBER),
        ask("LEDGER", secretary, **OCTOBER),
    }
    assert len(others - {first}) == 4
    services.make(export_id=first.pk, clock=clock)
    assert ask("LEDGER", staff, **OCTOBER) != first
    assert Event.objects.filter(verb="request_export").count() == 6


def test_figures_that_are_not_final_are_not_given_out(house):
    for kind in ("PERFORMANCE", "YEAR_NOTICE"):
        with pytest.raises(Refused):
            ask(kind, house.actor("staff"), year=2025)
    with pytest.raises(Refused):
        ask("YEAR", house.actor("secretary"), year=2025)
    assert ask("YEAR", house.actor("staff"), year=2025).total == 0


# -- making it -------------------------------------------------------------------------------


def test_a_small_file_is_made_at_once_and_a_large_one_by_the_worker(house, monkeypatch):
    sent = []
    small = ask("PROGRESS", house.actor("staff"), **OCTOBER)
    services.start(export=small, clock=clock, send=sent.append)
    assert (small.state, sent) == (State.READY, [])

    monkeypatch.setattr(services, "MOST_AT_ONCE", 1)
    large = ask("PROGRESS", house.actor("staff"), **OCTOBER)
    services.start(export=large, clock=clock, send=sent.append)
    assert (large.state, sent) == (State.QUEUED, [large.pk])

    make_export(large.pk)
    large.refresh_from_db()
    assert (large.state, large.done, large.attempts) == (State.READY, 2, 1)
    assert large.size == len(large.file.read())
    notice = Notice.objects.get(user=house.users["staff"])
    assert (notice.key, notice.url) == (f"export:{large.pk}:ready", large.get_absolute_url())
    make_export(large.pk)
    assert Notice.objects.count() == 1


def broken(times, whole):
    """A writer that dies half-way so many times, after it has written something."""
    left = [times]

    def write(target, *, progress, **more):
        target.write(b"half a file")
        if left[0]:
            left[0] -= 1
            raise OSError("the disk is full")
        target.seek(0)
        whole(target, progress=progress, **more)

    return write


def breaking(monkeypatch, times):
    kind = KINDS[Kind.PROGRESS]
    changed = {name: getattr(kind, name) for name in kind.__slots__}
    changed["write"] = broken(times, kind.write)
    monkeypatch.setitem(kinds.KINDS, Kind.PROGRESS, kinds.ExportKind(**changed))


def test_what_dies_half_way_leaves_no_file_and_is_taken_up_again(house, monkeypatch):
    breaking(monkeypatch, 2)
    export = ask("PROGRESS", house.actor("staff"), **OCTOBER)

    make_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.attempts, export.file.name) == (State.QUEUED, 1, "")
    assert "the disk is full" in export.error
    assert not default_storage.exists(f"exports/{export.pk}.xlsx")
    assert services.look_after(at=NOW) == [export.pk]
    make_export(export.pk)
    make_export(export.pk)

    export.refresh_from_db()
    assert (export.state, export.attempts, export.error) == (State.READY, 3, "")
    assert export.file.read(2) == b"PK"
    assert Notice.objects.count() == 1


def test_what_fails_three_times_is_given_up_and_said_so(house, monkeypatch):
    breaking(monkeypatch, 9)
    export = ask("PROGRESS", house.actor("staff"), **OCTOBER)
    for _attempt in range(4):
        make_export(export.pk)

    export.refresh_from_db()
    assert (export.state, export.attempts) == (State.FAILED, 3)
    assert services.look_after(at=NOW) == []
    assert Notice.objects.get().key == f"export:{export.pk}:failed"


def test_a_worker_that_died_is_found_by_the_tick(house):
    export = ask("PROGRESS", house.actor("staff"), **OCTOBER)
    Export.objects.filter(pk=export.pk).update(state=State.RUNNING, attempts=1, started_at=NOW)

    with lock_of_another_process(f"export {export.pk}"):
        assert services.look_after(at=NOW) == []
        assert services.make(export_id=export.pk, clock=clock) is None
    assert services.look_after(at=NOW) == [export.pk]
    services.make(export_id=export.pk, clock=clock)

    export.refresh_from_db()
    assert (export.state, export.attempts) == (State.READY, 2)


def test_asking_again_takes_up_what_a_worker_left_when_it_died(house, monkeypatch):
    monkeypatch.setattr(services, "MOST_AT_ONCE", 1)
    sent = []
    export = ask("PROGRESS", house.actor("staff"), **OCTOBER)
    Export.objects.filter(pk=export.pk).update(state=State.RUNNING, attempts=1, started_at=NOW)

    with lock_of_another_process(f"export {export.pk}"):
        again = ask("PROGRESS", house.actor("staff"), **OCTOBER)
        services.start(export=again, clock=clock, send=sent.append)
    assert (again.pk, again.state, sent) == (export.pk, State.RUNNING, [])
    services.start(export=again, clock=clock, send=sent.append)
    assert (again.state, sent) == (State.QUEUED, [export.pk])


def test_rights_are_asked_again_when_it_is_made(house):
    export = ask("LEDGER", house.actor("secretary"), **OCTOBER)
    Position.objects.filter(branch=house.branch).update(ends_on=date(2027, 1, 9))
    services.make(export_id=export.pk, clock=clock)

    export.refresh_from_db()
    assert (export.state, export.attempts) == (State.FAILED, 1)
    assert not Export.objects.visible_to(house.actor("secretary")).exists()


# -- having it -------------------------------------------------------------------------------


def test_who_is_less_to_a_branch_than_before_no_longer_has_the_file(house):
    """A secretary's file may hold talks, which another member of the branch committee does
    not see."""
    export = made("FOLLOW_UPS", house.actor("secretary"), year=2026)
    assert services.is_still_theirs(export, house.actor("secretary"))

    positions = Position.objects.filter(member__user=house.users["secretary"])
    positions.update(kind="PUBLICITY")
    actor = house.actor("secretary")
    assert Export.objects.visible_to(actor).get() == export
    assert not services.is_still_theirs(export, actor)
    assert not services.is_still_theirs(export, house.actor("member"))
    positions.update(kind="SECRETARY")
    assert services.is_still_theirs(export, house.actor("secretary"))


def test_a_file_is_let_go_after_thirty_days_and_its_row_stays(house):
    export = made("PROGRESS", house.actor("staff"), **OCTOBER)
    path = export.file.name
    assert services.expire(at=NOW + timedelta(days=30)) == 0
    assert default_storage.exists(path)

    assert services.expire(at=NOW + timedelta(days=30, seconds=1)) == 1
    export.refresh_from_db()
    assert (export.state, export.file.name, bool(export.sha256)) == (State.EXPIRED, "", True)
    assert services.expire(at=NOW + timedelta(days=60)) == 0


def test_a_file_that_is_let_go_is_gone_from_the_disk(house, django_capture_on_commit_callbacks):
    export = made("PROGRESS", house.actor("staff"), **OCTOBER)
    with django_capture_on_commit_callbacks(execute=True):
        services.expire(at=NOW + timedelta(days=31))

    assert not default_storage.exists(f"exports/{export.pk}.xlsx")


@pytest.mark.parametrize("branches", [1, 3])
def test_a_ledger_costs_the_same_for_one_branch_and_three(
    house, django_assert_num_queries, branches
):
    for _n in range(branches - 2):
        BranchFactory(committee=house.branch.committee)
    scope = house.actor("staff").branches_below
    export = ask("LEDGER", house.actor("staff"), branches=sorted(scope)[:branches], **OCTOBER)

    # PostgreSQL takes and lets go of the lock by a statement each.
    with django_assert_num_queries(24 if connection.vendor == "postgresql" else 22):
        services.make(export_id=export.pk, clock=clock)
