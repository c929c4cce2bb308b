"""What the system notices by itself: it proposes, people decide."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Exemption, Position
from members.rights import system_actor
from points.models import Criterion, Declaration, Entry
from points.services import declaration as declarations
from points.services.results import score_members
from reviews.models import Round
from reviews.services import jobs, proposals
from reviews.services import review as reviewing
from reviews.services import round as rounds
from tests.reviews.branch_month import BranchMonth, at

pytestmark = pytest.mark.django_db

Trigger = Criterion.Trigger


class Watched(BranchMonth):
    """Its rule book has the system propose all three."""

    def __init__(self, **more):
        super().__init__(**more)
        system = Criterion.RegisteredBy.SYSTEM
        self.filed_late = self.criterion("-1.00", system, trigger=Trigger.LATE)
        self.not_filed = self.criterion("-2.00", system, trigger=Trigger.MISSING)
        self.review_late = self.criterion(
            "-3.00",
            system,
            trigger=Trigger.REVIEW_LATE,
            applies_to=Criterion.AppliesTo.SECRETARY,
        )

    def file_on(self, name: str, day: int) -> None:
        sheet = self.sheet(name)
        when = at(self.month.month, day)
        declarations.submit(pk=sheet.pk, seen=sheet.revision, by=self.actor(name), at=when)

    def file_all(self, *, but=()) -> "Watched":
        for name in ("secretary", "deputy", "organiser", "member", "other"):
            if name not in but:
                self.file_on(name, 20)
        return self

    def start_on(self, month: int, day: int) -> None:
        rounds.start_review(pk=self.round.pk, by=self.actor("secretary"), at=at(month, day))

    def proposed(self):
        return {
            (entry.member, entry.criterion): (entry.claimed_points, entry.occurred_on)
            for entry in Entry.objects.filter(source=Entry.Source.PROPOSED, month=self.month)
        }


@pytest.fixture
def month() -> Watched:
    return Watched()


def test_starting_the_review_proposes_what_was_late_or_missing(month):
    month.file_all(but=("member", "other")).file_on("member", 26)
    month.start()

    assert month.proposed() == {
        (month.member, month.filed_late): (Decimal("-1.00"), date(2026, 10, 25)),
        (month.other, month.not_filed): (Decimal("-2.00"), date(2026, 10, 25)),
    }
    entry = Entry.objects.get(member=month.member, criterion=month.filed_late)
    assert entry.created_by == system_actor().user
    assert entry.reason
    assert not entry.decisions.exists()


def test_nothing_is_proposed_when_all_is_in_time(month):
    month.file_all().start()

    assert month.proposed() == {}


def test_without_such_items_nothing_is_proposed():
    month = BranchMonth()
    month.start()

    assert not Entry.objects.exists()


def test_a_late_review_is_proposed_to_the_secretary_of_its_day(month):
    month.file_all().start_on(11, 2)

    assert month.proposed() == {
        (month.secretary, month.review_late): (Decimal("-3.00"), date(2026, 10, 31))
    }


def test_a_secretary_who_took_office_later_is_not_blamed(month):
    Position.objects.filter(member=month.secretary).update(ends_on=date(2026, 11, 1))
    Position.objects.create(
        member=month.other,
        branch=month.branch,
        kind=Position.Kind.SECRETARY,
        starts_on=date(2026, 11, 2),
    )
    month.file_all().start_on(11, 5)

    assert {member for member, _criterion in month.proposed()} == {month.secretary}


def test_exempt_members_are_left_alone(month):
    Exemption.objects.create(
        member=month.other,
        first_month=month.month,
        last_month=month.month,
        reason="产假",
        approved_by=month.users["staff"],
        approved_at=at(10, 1),
    )
    month.file_all(but=("other",)).start()

    assert month.proposed() == {}


def test_an_item_for_others_is_not_proposed(month):
    Criterion.objects.filter(pk=month.not_filed.pk).update(
        applies_to=Criterion.AppliesTo.LEADING_CADRE
    )
    month.file_all(but=("other",)).start()

    assert month.proposed() == {}


def test_a_day_outside_the_month_is_moved_into_it(month):
    Round.objects.filter(pk=month.round.pk).update(review_by=date(2026, 11, 3))
    month.file_all().start_on(11, 5)

    assert month.proposed() == {
        (month.secretary, month.review_late): (Decimal("-3.00"), date(2026, 10, 31))
    }


def test_proposing_again_adds_nothing_whatever_was_decided(month):
    month.file_all(but=("other",)).start()
    month.decide(month.entry("other"), "REJECTED", by="deputy", reason="已当面说明")

    assert proposals.propose([Round.objects.get(pk=month.round.pk)], at=at(10, 29)) == 0
    assert len(month.proposed()) == 1


def test_whoever_filed_only_when_asked_back_is_not_late_as_well(month):
    month.file_all(but=("other",)).start()
    Declaration.objects.filter(member=month.other).update(state="IN_REVIEW", is_late=True)

    assert proposals.propose([Round.objects.get(pk=month.round.pk)], at=at(10, 29)) == 0


@pytest.mark.parametrize(
    ("outcome", "reason", "score"),
    [(None, "", "80.00"), ("APPROVED", "", "78.00"), ("REJECTED", "已当面说明", "80.00")],
)
def test_a_proposal_counts_only_when_a_person_confirms_it(month, outcome, reason, score):
    month.file_all(but=("other",)).start()
    if outcome:
        month.decide(month.entry("other"), outcome, by="secretary", reason=reason)

    scores = score_members(rule_book=month.book, members=[month.other.pk], month=month.month)
    assert scores[month.other.pk].score == Decimal(score)


def test_approving_all_in_order_leaves_proposals(month):
    month.file("member", month.line())
    month.file_all(but=("member", "other")).start()

    count = reviewing.approve_all_in_order(
        pk=month.round.pk, by=month.actor("secretary"), at=at(10, 28)
    )

    assert count == 1
    assert [entry.member for entry in rounds.undecided(month.round)] == [month.other]
    assert reviewing.warnings_of(month.round)[month.entry("other").pk] == [reviewing.must_confirm()]


def test_nobody_decides_a_proposal_about_themselves(month):
    month.file_all().start_on(11, 2)
    entry = month.entry("secretary")

    with pytest.raises(PermissionDenied):
        month.decide(entry, by="secretary")
    assert month.decide(entry, by="deputy").outcome == "APPROVED"


def test_concluding_needs_every_proposal_decided_and_shows_new_ones(month):
    month.file_all().start()
    month.meet()

    with pytest.raises(Refused):
        month.conclude(when=at(11, 2))

    assert set(month.proposed()) == {(month.secretary, month.review_late)}
    assert Round.objects.get(pk=month.round.pk).state == "REVIEWING"
    month.decide(month.entry("secretary"), by="deputy")
    month.conclude(when=at(11, 2))
    assert month.result("secretary").score == Decimal("77.00")


def test_who_may_not_conclude_proposes_nothing(month):
    month.file_all().start()

    with pytest.raises(PermissionDenied):
        month.conclude(by="member", when=at(11, 2))

    assert month.proposed() == {}


# -- the daily job -----------------------------------------------------------------------


def run_job(when) -> list[dict[str, int]]:
    """Run what is due of the job at that time; what each chunk counted."""
    return [
        jobs.run(job=chunk.job, key=chunk.key, by=system_actor(), clock=lambda: when).counts
        for chunk in jobs.to_start(at=when, names=["propose"])
    ]


def test_the_job_proposes_on_the_day_after_and_only_once(month):
    month.file_all().start()

    assert run_job(at(10, 31)) == []
    assert run_job(at(11, 1)) == [{"entries": 1}]
    assert run_job(at(11, 1, 12)) == []
    assert run_job(at(11, 2)) == []
    assert set(month.proposed()) == {(month.secretary, month.review_late)}


def test_the_job_leaves_rounds_alone_that_are_not_under_review(month):
    month.file_all()

    assert run_job(at(11, 2)) == []


def test_proposing_costs_the_same_for_one_branch_and_three(django_assert_num_queries):
    for count in (1, 2):
        for _time in range(count):
            Watched().start()
        Entry.objects.filter(source=Entry.Source.PROPOSED).delete()
        found = list(Round.objects.filter(state="REVIEWING"))
        with django_assert_num_queries(10):
            proposals.propose(found, at=at(11, 2))
