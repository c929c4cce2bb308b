"""One branch's month, step by step, through the services."""

from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied

from lib.steps import Refused
from members.models import Notice, Position
from members.rights import actor_on, system_actor
from points.models import Criterion, Decision, Declaration, Entry, MonthlyResult
from points.services import declaration as declarations
from points.services.declaration import Line
from points.services.registration import Item
from reviews.models import FollowUp, Objection, Round
from reviews.services import conclusion as concluding
from reviews.services import objections as objecting
from reviews.services import opening
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.conclusion import MeetingRecord
from reviews.services.corrections import Change
from reviews.services.month_end import month_end
from tests.factories import BranchFactory, CriterionFactory, MemberFactory, RuleBookFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")
OCTOBER = date(2026, 10, 1)

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


class World:
    """A branch with a secretary, a deputy and two members, and a rule book."""

    def __init__(self) -> None:
        self.branch = BranchFactory()
        self.book = RuleBookFactory(branch=self.branch)
        self.study = CriterionFactory(rule_book=self.book, points=Decimal("2.00"))
        self.absence = CriterionFactory(
            rule_book=self.book,
            points=Decimal("-6.00"),
            registered_by=Criterion.RegisteredBy.BRANCH,
        )
        self.secretary = MemberFactory(
            branch=self.branch, position=(self.branch, Position.Kind.SECRETARY)
        )
        self.deputy = MemberFactory(
            branch=self.branch, position=(self.branch, Position.Kind.DEPUTY_SECRETARY)
        )
        self.member = MemberFactory(branch=self.branch)
        self.other = MemberFactory(branch=self.branch)
        opening.open_month(month=OCTOBER, by=system_actor(), at=at(10, 1))
        self.round = Round.objects.get()

    def actor(self, member):
        return actor_on(member.user, date(2026, 10, 20))

    def sheet(self, member):
        return Declaration.objects.get(member=member)

    def file(self, member, *lines: Line, submit: bool = True):
        sheet = self.sheet(member)
        by = self.actor(member)
        for line in lines:
            declarations.add_line(
                pk=sheet.pk, line=line, seen=self.sheet(member).revision, by=by, at=at(10, 20)
            )
        if submit:
            declarations.submit(pk=sheet.pk, seen=self.sheet(member).revision, by=by, at=at(10, 20))

    def line(self, times: str = "1.00") -> Line:
        return Line(self.study, Decimal(times), date(2026, 10, 8), "学习")

    def register(self, *members, points_of=None):
        return rounds.register(
            pk=self.round.pk,
            token=uuid4(),
            item=Item(points_of or self.absence, Decimal("1.00"), date(2026, 10, 9), "缺席"),
            members=[member.pk for member in members],
            by=self.actor(self.secretary),
            at=at(10, 20),
        )

    def decide(self, entry, outcome=Decision.Outcome.APPROVED, *, by, points=None, reason=""):
        return reviewing.decide_entry(
            pk=self.round.pk,
            entry_id=entry.pk,
            outcome=outcome,
            points=points,
            reason=reason,
            seen=0,
            by=self.actor(by),
            at=at(10, 28),
        )

    def meet(self):
        concluding.record_meeting(
            pk=self.round.pk,
            meeting=MeetingRecord(
                "COMMITTEE",
                date(2026, 10, 28),
                "会议室",
                self.secretary.pk,
                (self.deputy.pk,),
                "",
            ),
            by=self.actor(self.secretary),
            at=at(10, 28),
        )

    def review(self):
        rounds.start_review(pk=self.round.pk, by=self.actor(self.secretary), at=at(10, 27))

    def conclude(self):
        return concluding.conclude(pk=self.round.pk, by=self.actor(self.secretary), at=at(10, 28))

    def scores(self):
        return {
            result.member_id: result.score
            for result in MonthlyResult.objects.current().filter(month=OCTOBER)
        }


@pytest.fixture
def world() -> World:
    return World()


def test_open_month_twice_changes_nothing(world):
    opened = opening.open_month(month=OCTOBER, by=system_actor(), at=at(10, 3))

    assert (opened.rounds, opened.declarations) == (0, 0)
    assert Declaration.objects.count() == 4


def test_month_runs_from_declaration_to_talk(world):
    world.file(world.member, world.line())
    world.register(world.other)
    world.register(world.other)
    world.review()
    entry = Entry.objects.get(source=Entry.Source.DECLARED)
    world.decide(entry, "ADJUSTED", by=world.secretary, points=Decimal("1.00"), reason="只参加半天")
    world.meet()
    publication = world.conclude()

    assert publication.ends_on == date(2026, 11, 2)
    assert world.scores() == {
        world.secretary.pk: Decimal("80.00"),
        world.deputy.pk: Decimal("80.00"),
        world.member.pk: Decimal("81.00"),
        world.other.pk: Decimal("68.00"),
    }

    objection = objecting.object_to(
        pk=publication.pk,
        line=MonthlyResult.objects.get(member=world.member).lines.get(),
        text="参加了全天",
        by=world.actor(world.member),
        at=at(10, 29),
    )
    assert month_end(on=date(2026, 11, 3), by=system_actor(), at=at(11, 3)).rounds_closed == 0

    objecting.answer(
        objection_id=objection.pk,
        text="核对签到表属实",
        correction=Change(entry.pk, "APPROVED", None),
        by=world.actor(world.deputy),
        at=at(10, 30),
    )
    assert world.scores()[world.member.pk] == Decimal("82.00")
    assert Objection.objects.get().state == Objection.State.CORRECTED

    done = month_end(on=date(2026, 11, 3), by=system_actor(), at=at(11, 3))
    assert (done.rounds_closed, done.created) == (1, 1)
    talk = FollowUp.objects.get()
    assert (talk.kind, talk.member, talk.holder) == ("TALK", world.other, world.secretary)
    assert MonthlyResult.objects.get(member=world.other).streak == 1
    assert Notice.objects.filter(user=world.other.user, key=f"follow_up:{talk.pk}").exists()

    again = month_end(on=date(2026, 11, 4), by=system_actor(), at=at(11, 4))
    assert (again.rounds_closed, again.created, again.updated) == (0, 0, 0)


def test_secretary_cannot_decide_own_entry(world):
    world.file(world.secretary, world.line())
    world.review()

    with pytest.raises(PermissionDenied):
        world.decide(Entry.objects.get(), by=world.secretary)
    world.decide(Entry.objects.get(), by=world.deputy)

    assert Decision.objects.get().decided_by == world.deputy.user


def test_second_reviewer_is_told(world):
    world.file(world.member, world.line())
    world.review()
    entry = Entry.objects.get()
    world.decide(entry, by=world.deputy)

    with pytest.raises(Refused, match=world.deputy.name):
        world.decide(entry, "REJECTED", by=world.secretary, reason="不符")

    assert Decision.objects.count() == 1


def test_conclude_names_everything_that_is_missing(world):
    world.file(world.member, world.line())
    world.review()

    with pytest.raises(Refused) as refused:
        world.conclude()

    assert world.member.name in str(refused.value)
    assert MonthlyResult.objects.count() == 0


def test_take_back_after_review_started_is_refused(world):
    world.file(world.member, world.line())
    world.review()
    sheet = world.sheet(world.member)

    with pytest.raises(Refused):
        declarations.take_back(
            pk=sheet.pk, seen=sheet.revision, by=world.actor(world.member), at=at(10, 28)
        )


def test_own_registration_waits_for_somebody_else(world):
    world.register(world.secretary, world.member, points_of=world.study)
    world.review()
    own = Entry.objects.get(member=world.secretary)

    assert [entry.pk for entry in rounds.undecided(world.round)] == [own.pk]
