"""Computing, confirming and freezing a year: actor × state × step, digests, what is told, and
the computation in the background."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection, transaction  # noqa: F401 (skipif reads it)

from lib.steps import Refused
from members.models import Event, Notice, Position
from members.rights import actor_on, system_actor
from points.models import MonthlyResult
from reviews.digests import digest_of, line_of
from reviews.models import AnnualResult, BranchAnnualResult, JobRun, Round, YearEnd
from reviews.selectors.annual import annual_of, branch_year
from reviews.selectors.eligible import eligible_list
from reviews.services import jobs, year_runs
from reviews.services.one_at_a_time import one_at_a_time
from reviews.services.year_check import broken_digests, is_outdated
from reviews.services.year_confirmation import confirm_branch_year
from reviews.services.year_end import (
    NothingToCompute,
    RoundsOpen,
    begin_computing,
    close_year,
    compute_part,
    compute_year,
    finish_computing,
    freeze_year,
)
from reviews.services.year_end_sql import is_possible, member_lines
from reviews.services.year_figures import member_lines_row_by_row
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
)
from tests.reviews.final_results import even_year, final

pytestmark = pytest.mark.django_db
YEAR = 2025
DAY = date(2026, 1, 10)
BEFORE = datetime(2026, 1, 5, 1, tzinfo=UTC)
AT = datetime(2026, 1, 10, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
State = YearEnd.State


class Department:
    """A committee with two branches of a whole closed year: 90, 80, 80, 65 and 60 a month."""

    def __init__(self) -> None:
        self.committee = CommitteeFactory()
        self.one = BranchFactory(committee=self.committee, name="甲支部")
        self.two = BranchFactory(committee=self.committee, name="乙支部")
        self.members = [
            *even_year(self.one, YEAR, [90, 80, 80, 65], at=BEFORE),
            *even_year(self.two, YEAR, [60], at=BEFORE),
        ]
        kinds = Position.Kind
        self.secretary = self.officer(self.one, kinds.SECRETARY)
        self.deputy = self.officer(self.one, kinds.DEPUTY_SECRETARY)
        self.staff = StaffAppointmentFactory(committee=self.committee).user
        self.staff_elsewhere = StaffAppointmentFactory().user

    def officer(self, branch, kind):
        person = MemberFactory(branch=branch)
        Position.objects.create(member=person, branch=branch, kind=kind)
        return person.user

    def actor(self, user):
        return actor_on(user, DAY)

    def revise(self, member, month: int, score, *, at):
        """What an upheld appeal leaves: a new revision of the month."""
        old = MonthlyResult.objects.current().get(member=member, month=date(YEAR, month, 1))
        final(member, old.branch, old.month, book=old.rule_book, score=score, at=at)

    def compute(self, *, user=None, at=AT):
        by = self.actor(user or self.staff)
        return compute_year(committee=self.committee, year=YEAR, by=by, at=at)

    def freeze(self, *, user=None, seen=None, at=LATER):
        return freeze_year(
            committee=self.committee,
            year=YEAR,
            seen=self.digest if seen is None else seen,
            by=self.actor(user or self.staff),
            at=at,
        )

    def confirm(self, *, user=None, seen=None, branch=None, at=LATER):
        return confirm_branch_year(
            branch=branch or self.one,
            year=YEAR,
            seen=self.digest if seen is None else seen,
            by=self.actor(user or self.secretary),
            at=at,
        )

    def open_a_month(self):
        Round.objects.filter(branch=self.two, month=date(YEAR, 12, 1)).update(
            state=Round.State.REVIEWING, closed_at=None
        )

    def confirmed_at(self, branch):
        return BranchAnnualResult.objects.get(branch=branch).confirmed_at

    @property
    def digest(self):
        return YearEnd.objects.get().digest


@pytest.fixture(scope="module")
def closed_year(kept_rows) -> Department:
    return Department()


@pytest.fixture
def department(closed_year) -> Department:
    return deepcopy(closed_year)


# -- who may take which step, and in which state ----------------------------------------------


@pytest.mark.parametrize("who", ["secretary", "deputy", "staff_elsewhere"])
@pytest.mark.parametrize("step", ["compute", "freeze"])
def test_nobody_but_the_committee_s_staff_computes_or_freezes(department, who, step):
    department.compute()
    with pytest.raises(PermissionDenied):
        getattr(department, step)(user=getattr(department, who))
    assert YearEnd.objects.get().state == State.COMPUTED


@pytest.mark.parametrize("who", ["deputy", "staff", "staff_elsewhere"])
def test_the_secretary_confirms_and_staff_only_where_there_is_none(department, who):
    department.compute()
    user = getattr(department, who)
    with pytest.raises(PermissionDenied):
        department.confirm(user=user)
    if who == "staff":
        department.confirm(user=user, branch=department.two)
        assert BranchAnnualResult.objects.get(branch=department.two).confirmed_by == user


@pytest.mark.parametrize(
    ("state", "compute", "confirm", "freeze"),
    [
        (State.PROVISIONAL, True, False, False),
        (State.COMPUTED, True, True, True),
        (State.FROZEN, False, False, True),  # frozen twice is once
    ],
)
def test_steps_follow_the_state(department, state, compute, confirm, freeze):
    department.compute()
    if state == State.FROZEN:
        assert not department.freeze().was_frozen
    YearEnd.objects.filter(state=State.COMPUTED).update(state=state)
    wanted = {"confirm": confirm, "freeze": freeze, "compute": compute}
    for step, is_open in wanted.items():
        with transaction.atomic():
            if is_open:
                getattr(department, step)()
            else:
                with pytest.raises(Refused), transaction.atomic():
                    getattr(department, step)()
            transaction.set_rollback(True)


# -- computing --------------------------------------------------------------------------------


def test_a_year_with_a_month_open_is_provisional_and_nobody_is_told(department):
    department.open_a_month()
    closing = department.compute()
    assert (closing.year_end.state, closing.year_end.digest) == (State.PROVISIONAL, "")
    assert len(closing.open_rounds) == 1
    assert not Notice.objects.exists()


def test_a_computed_year_tells_secretaries_each_time_and_members_once(department):
    department.compute()
    department.compute(at=LATER)
    told = Notice.objects.values_list("user", "key")
    members = [user for user, key in told if key.startswith("year_end")]
    assert sorted(members) == sorted(member.user_id for member in department.members)
    assert [u for u, key in told if key.startswith("confirm_year")] == [department.secretary.pk] * 2
    assert Event.objects.filter(verb="compute_year").count() == 2


def test_a_computation_that_somebody_else_overtook_stops(department):
    work = begin_computing(
        committee=department.committee, year=YEAR, by=department.actor(department.staff), at=AT
    )
    department.compute(at=LATER)
    for step in (lambda: compute_part(work, work.parts[0]), lambda: finish_computing(work)):
        with pytest.raises(Refused), transaction.atomic():
            step()
    assert YearEnd.objects.get().state == State.COMPUTED
    assert AnnualResult.objects.count() == 5


# -- confirming -------------------------------------------------------------------------------


def test_confirming_twice_is_once(department):
    department.compute()
    department.confirm()
    department.confirm(at=LATER + timedelta(days=1))
    assert department.confirmed_at(department.one) == LATER
    assert Event.objects.filter(verb="confirm_year").count() == 1


def test_computing_anew_asks_again_where_a_figure_changed_and_nowhere_else(department):
    second = department.officer(department.two, Position.Kind.SECRETARY)
    department.compute()
    department.confirm()
    department.confirm(user=second, branch=department.two)
    department.revise(department.members[0], 3, 70, at=LATER)
    closing = department.compute(at=LATER + timedelta(days=1))
    asked = Notice.objects.filter(key__startswith="confirm_year")

    assert department.confirmed_at(department.one) is None
    assert department.confirmed_at(department.two) == LATER
    assert (closing.branches, closing.confirmed) == (2, 1)
    assert asked.filter(user=department.secretary).count() == 2
    assert asked.filter(user=second).count() == 1


def test_a_confirmation_outlives_figures_that_were_others_for_a_time(department):
    """Also a month that was opened in between, or a run that died half-way."""
    department.compute()
    department.confirm()
    before = MonthlyResult.objects.current().get(
        member=department.members[0], month=date(YEAR, 3, 1)
    )
    department.revise(department.members[0], 3, 70, at=LATER)
    department.compute(at=LATER)
    assert department.confirmed_at(department.one) is None
    department.revise(department.members[0], 3, before.score, at=LATER)
    begin_computing(
        committee=department.committee, year=YEAR, by=department.actor(department.staff), at=LATER
    )
    department.open_a_month()
    department.compute(at=LATER)
    assert department.confirmed_at(department.one) is None
    Round.objects.filter(state=Round.State.REVIEWING).update(
        state=Round.State.CLOSED, closed_at=LATER
    )
    department.compute(at=LATER)
    assert department.confirmed_at(department.one) == LATER


def test_what_was_confirmed_anew_is_what_holds(department):
    department.compute()
    department.confirm()
    department.revise(department.members[0], 3, 70, at=LATER)
    department.compute(at=LATER)
    second = LATER + timedelta(days=1)
    department.confirm(at=second)
    department.compute(at=second)
    assert department.confirmed_at(department.one) == second


# -- nothing to compute -----------------------------------------------------------------------


@pytest.mark.parametrize("step", ["compute", "in the background", "close", "close provisionally"])
@pytest.mark.parametrize(("year", "refusal"), [(2027, Refused), (1950, NothingToCompute)])
def test_a_year_without_figures_or_to_come_is_not_computed(department, step, year, refusal):
    """All at a time in January 2026."""
    how = {
        "committee": department.committee,
        "year": year,
        "by": department.actor(department.staff),
        "at": AT,
    }
    steps = {
        "compute": lambda: compute_year(**how),
        "in the background": lambda: year_runs.ask_to_compute(**how),
        "close": lambda: close_year(provisional=False, **how),
        "close provisionally": lambda: close_year(provisional=True, **how),
    }
    with pytest.raises(refusal) as refused:
        steps[step]()
    assert refused.type is refusal
    assert not YearEnd.objects.exists()
    assert not JobRun.objects.exists()


def test_the_command_says_that_there_is_nothing_and_closes_the_others(department, capsys):
    CommitteeFactory(name="空党委")
    with pytest.raises(CommandError, match="空党委"):
        call_command("close_year", "2025", committee="空党委")
    call_command("close_year", "2025")
    assert "空党委" in capsys.readouterr().err
    assert YearEnd.objects.get().state == State.FROZEN
    with pytest.raises(CommandError):
        call_command("close_year", "2099")


def test_figures_computed_anew_since_they_were_shown_are_not_confirmed(department):
    department.compute()
    seen = department.digest
    department.revise(department.members[0], 3, 70, at=LATER)
    department.compute(at=LATER)
    with pytest.raises(Refused):
        department.confirm(seen=seen)


# -- freezing ---------------------------------------------------------------------------------


def test_freezing_keeps_confirmations_and_what_was_shown(department):
    department.compute()
    department.confirm()
    seen = department.digest
    closing = department.freeze()
    year_end = YearEnd.objects.get()
    assert (year_end.state, year_end.digest, year_end.frozen_by) == (
        State.FROZEN,
        seen,
        department.staff,
    )
    assert (closing.branches, closing.members) == (2, 5)
    confirmed = BranchAnnualResult.objects.exclude(confirmed_at=None)
    assert [(one.branch, one.confirmed_by) for one in confirmed] == [
        (department.one, department.secretary)
    ]


def test_an_appeal_upheld_between_computing_and_freezing_stops_it(department):
    department.compute()
    department.confirm()
    department.revise(department.members[1], 3, 95, at=AT + timedelta(hours=1))
    branches = [department.one.pk, department.two.pk]
    assert is_outdated(YearEnd.objects.get(), branches)

    with pytest.raises(Refused):
        department.freeze()

    assert YearEnd.objects.get().state == State.COMPUTED
    assert AnnualResult.objects.get(member=department.members[1]).total == Decimal("960.00")
    assert BranchAnnualResult.objects.get(branch=department.one).confirmed_at is not None
    department.compute(at=LATER)
    assert not is_outdated(YearEnd.objects.get(), branches)
    department.freeze()
    assert AnnualResult.objects.get(member=department.members[1]).total == Decimal("975.00")


def test_a_month_opened_since_stops_freezing(department):
    department.compute()
    department.open_a_month()
    with pytest.raises(RoundsOpen):
        department.freeze()
    assert YearEnd.objects.get().state == State.COMPUTED


def test_the_committee_above_takes_over_what_one_below_has_not_frozen(department):
    above = CommitteeFactory()
    department.committee.parent = above
    department.committee.save()
    department.compute()
    seen = department.digest
    by = system_actor()
    compute_year(committee=above, year=YEAR, by=by, at=LATER)
    assert set(AnnualResult.objects.values_list("year_end__committee", flat=True)) == {above.pk}
    freeze_year(
        committee=above,
        year=YEAR,
        seen=YearEnd.objects.get(committee=above).digest,
        by=by,
        at=LATER,
    )
    with pytest.raises(Refused):
        department.freeze(seen=seen)


# -- digests ----------------------------------------------------------------------------------


def test_a_digest_is_of_every_line_and_part():
    assert (
        len(
            {
                digest_of(2025, ["1|2"], []),
                digest_of(2025, [], ["1|2"]),
                digest_of(2024, ["1|2"], []),
            }
        )
        == 3
    )
    many = [line_of((n, True)) for n in range(2_500)]
    assert digest_of(2025, many) == digest_of(2025, iter(many))
    assert digest_of(2025, many) != digest_of(2025, [*many[:-1], "2499|False"])


@pytest.mark.skipif(not is_possible(), reason="another database")
def test_both_forms_of_a_line_agree(department):
    MonthlyResult.objects.filter(member=department.members[0]).update(score=Decimal("80.07"))
    department.compute()
    year_end = YearEnd.objects.get()
    assert list(member_lines(year_end)) == list(member_lines_row_by_row(year_end))


@pytest.mark.parametrize(
    "change",
    [
        lambda: AnnualResult.objects.filter(rank=1).update(total=Decimal("1080.01")),
        lambda: AnnualResult.objects.filter(rank=4).update(is_candidate=True),
        lambda: AnnualResult.objects.filter(rank=4).update(rank=3),
        lambda: BranchAnnualResult.objects.filter(is_eligible=False).update(is_eligible=True),
        lambda: AnnualResult.objects.filter(rank=4).delete(),
    ],
)
def test_check_ledger_finds_a_frozen_figure_that_was_changed(department, change, capsys):
    department.compute()
    department.freeze()
    assert list(broken_digests()) == []
    change()
    [(year_end, now)] = broken_digests()
    assert now != year_end.digest
    with pytest.raises(CommandError):
        call_command("check_ledger")
    assert now in capsys.readouterr().err


def test_a_year_frozen_before_there_were_digests_has_none_to_check(department):
    close_year(
        committee=department.committee, year=YEAR, provisional=False, by=system_actor(), at=AT
    )
    assert len(department.digest) == 64
    YearEnd.objects.update(digest="")
    AnnualResult.objects.update(rank=7)
    assert list(broken_digests()) == []


# -- in the background ------------------------------------------------------------------------


def ask(department, at=AT):
    return year_runs.ask_to_compute(
        committee=department.committee, year=YEAR, by=department.actor(department.staff), at=at
    )


def run(department, row, at=AT):
    by = department.actor(department.staff)
    return year_runs.run(run_id=row.pk, by=by, clock=lambda: at)


def test_the_worker_computes_part_by_part_and_counts(department, monkeypatch):
    monkeypatch.setattr(year_runs, "PART", 1)
    counted = []
    monkeypatch.setattr(
        year_runs,
        "_count",
        lambda row, done, of, members: counted.append((done, of, YearEnd.objects.get().state)),
    )
    row = ask(department)
    assert ask(department) == row
    run(department, row, LATER)
    assert counted == [(n, 2, State.PROVISIONAL) for n in range(3)]
    row.refresh_from_db()
    assert (row.state, row.counts) == (JobRun.State.DONE, {"branches": 2, "of": 2, "ranked": 5})
    assert YearEnd.objects.get().state == State.COMPUTED
    assert run(department, row) is None


def test_a_run_that_died_leaves_a_provisional_year_and_is_begun_again(department, monkeypatch):
    monkeypatch.setattr(year_runs, "PART", 1)
    row = ask(department)
    with monkeypatch.context() as broken:

        def fail(*_arguments):
            raise RuntimeError("power cut")

        broken.setattr(year_runs, "finish_computing", fail)
        run(department, row, LATER)
    row.refresh_from_db()
    year_end = YearEnd.objects.get()
    assert (row.state, year_end.state) == (JobRun.State.FAILED, State.PROVISIONAL)
    assert row.counts["branches"] == 2
    assert year_runs.is_interrupted(year_end, row)
    assert annual_of(department.members[0].pk, YEAR) is None
    again = ask(department, LATER)
    assert again != row
    run(department, again, LATER)
    assert YearEnd.objects.get().state == State.COMPUTED


def test_a_run_nobody_took_up_is_given_up(department):
    row = ask(department)
    jobs.bury_dead(at=LATER)
    row.refresh_from_db()
    assert row.state == JobRun.State.FAILED


@pytest.mark.skipif(
    "connection.vendor == 'postgresql'", reason="a session may take its own lock twice"
)
def test_a_run_at_work_is_left_alone(department):
    row = ask(department)
    with one_at_a_time(jobs.lock_name(year_runs.JOB, row.key)):
        jobs.bury_dead(at=LATER)
        row.refresh_from_db()
        assert row.state == JobRun.State.RUNNING
        assert run(department, row) is None


def test_a_year_is_large_from_a_number_of_members_on(department, monkeypatch):
    assert not year_runs.is_large(department.committee, YEAR)
    monkeypatch.setattr(year_runs, "AT_ONCE", 4)
    assert year_runs.is_large(department.committee, YEAR)


# -- what is shown ----------------------------------------------------------------------------


def test_members_see_nothing_while_it_is_provisional(department):
    department.open_a_month()
    department.compute()
    assert annual_of(department.members[0].pk, YEAR) is None


def test_a_member_sees_the_whole_arithmetic(department, django_assert_num_queries):
    department.compute()
    best, second, _third, fourth, _alone = (member.pk for member in department.members)
    with django_assert_num_queries(4):
        line = annual_of(best, YEAR)
    assert (line.ranked, line.is_frozen, line.why_not, line.tie) == (4, False, (), "")
    assert line.sum_in_words == " + ".join(["90"] * 12) + " = 1080"
    assert (line.average_in_words, line.margin) == ("1080 ÷ 12 = 90", Decimal("240.00"))
    assert len(annual_of(second, YEAR).shared_with) == 1
    assert "4" in annual_of(second, YEAR).tie
    assert len(annual_of(fourth, YEAR).why_not) == 2


def test_later_revisions_stand_beside_frozen_figures(department):
    department.compute()
    department.freeze()
    department.revise(department.members[0], 3, 70, at=LATER + timedelta(days=1))
    line = annual_of(department.members[0].pk, YEAR)
    assert (line.result.total, line.total_now, line.change) == (1080, 1060, -20)
    [month] = line.revised
    assert (month.month.month, month.then, month.now) == (3, 90, 70)
    page = branch_year(department.one, YEAR)
    assert page.has_revisions
    assert [len(one.revised) for one in page.lines] == [1, 0, 0, 0]


@pytest.mark.parametrize("count", [1, 3])
def test_a_branch_s_year_takes_the_same_queries_for_1_and_3(count, django_assert_num_queries):
    committee = CommitteeFactory()
    branch = BranchFactory(committee=committee)
    even_year(branch, YEAR, [80] * count, at=BEFORE)
    compute_year(committee=committee, year=YEAR, by=system_actor(), at=AT)
    with django_assert_num_queries(4):
        assert len(branch_year(branch, YEAR).lines) == count


def test_the_list_of_the_eligible(department):
    branches = [department.one.pk, department.two.pk]
    assert eligible_list(YEAR, branches).branches == ()
    department.compute()
    found = eligible_list(YEAR, branches)
    assert (found.is_frozen, found.members, found.year_after) == (False, 3, 2026)
    one, two = found.branches
    assert list(one.candidates) == department.members[:3]
    assert [member.user for member in one.secretaries] == [department.secretary]
    assert (one.is_eligible, two.is_eligible, two.candidates) == (True, False, ())
    assert found.out == (two,)
    assert two.arithmetic == "1 ÷ 1 = 100% ≥ 30%"
    department.freeze()
    assert eligible_list(YEAR, [department.one.pk]).is_frozen


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_1_and_3_branches(count, django_assert_num_queries):
    committee = CommitteeFactory()
    branches = [BranchFactory(committee=committee) for _ in range(count)]
    for branch in branches:
        even_year(branch, YEAR, [80], at=BEFORE)
    compute_year(committee=committee, year=YEAR, by=system_actor(), at=AT)
    with django_assert_num_queries(6):
        assert eligible_list(YEAR, [branch.pk for branch in branches]).members == count
