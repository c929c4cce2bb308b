"""A branch with everybody in it who may act on its month, brought to any state."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import transaction

from members.models import Position
from members.rights import Actor, actor_on, system_actor
from points.models import Criterion, Declaration, Entry, MonthlyResult
from points.services import declaration as declarations
from points.services.declaration import Line
from points.services.registration import Item
from reviews.models import Round
from reviews.services import conclusion as concluding
from reviews.services import objections as objecting
from reviews.services import opening
from reviews.services import publication as publications
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.conclusion import MeetingRecord
from reviews.services.month_end import month_end
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    CriterionFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
OCTOBER = date(2026, 10, 1)
DAY = date(2026, 10, 20)
Kind = Position.Kind
KINDS = {
    "secretary": Kind.SECRETARY,
    "deputy": Kind.DEPUTY_SECRETARY,
    "organiser": Kind.ORGANISATION,
}


def at(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


def who_may(step: Callable[[str], object], names: Iterable[str]) -> set[str]:
    """Those of ``names`` who are not denied a step; each tries it, and it is taken back."""
    found = set()
    for name in names:
        with suppress(PermissionDenied), transaction.atomic():
            step(name)
            found.add(name)
            transaction.set_rollback(True)
    return found


class BranchMonth:
    """``bench`` names who sits on the branch committee: any of secretary, deputy, organiser."""

    def __init__(
        self, *, bench=("secretary", "deputy", "organiser"), month=OCTOBER, **book
    ) -> None:
        self.month = month
        self.committee = CommitteeFactory()
        self.branch = BranchFactory(committee=self.committee)
        self.book = RuleBookFactory(branch=self.branch, **book)
        criterion = Criterion.RegisteredBy
        self.study = CriterionFactory(rule_book=self.book, points=Decimal("2.00"))
        self.absence = self.criterion("-6.00", criterion.BRANCH)
        self.punished = self.criterion("-10.00", criterion.COMMITTEE)
        self.late = self.criterion("-1.00", criterion.SYSTEM)
        self.bench = bench
        self.people = {}
        for name in (*KINDS, "member", "other"):
            seat = (self.branch, KINDS[name]) if name in bench else None
            self.people[name] = MemberFactory(branch=self.branch, position=seat)
        elsewhere = BranchFactory()
        self.people["secretary elsewhere"] = MemberFactory(
            branch=elsewhere, position=(elsewhere, Kind.SECRETARY)
        )
        self.users = {name: member.user for name, member in self.people.items()}
        self.users["staff"] = StaffAppointmentFactory(committee=self.committee).user
        self.users["staff elsewhere"] = StaffAppointmentFactory(committee=elsewhere.committee).user
        opening.open_month(month=month, by=system_actor(), at=at(month.month, 1))
        self.round = Round.objects.get(branch=self.branch, month=month)

    def criterion(self, points: str, registered_by: str, **more) -> Criterion:
        return CriterionFactory(
            rule_book=self.book, points=Decimal(points), registered_by=registered_by, **more
        )

    def __getattr__(self, name: str):
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def also(self, month: date) -> "BranchMonth":
        """The same branch and people in another month."""
        opening.open_month(month=month, by=system_actor(), at=at(month.month, 1))
        other = copy(self)
        other.month, other.round = month, Round.objects.get(branch=self.branch, month=month)
        return other

    def actor(self, name: str) -> Actor:
        return system_actor() if name == "system" else actor_on(self.users[name], DAY)

    def sheet(self, name: str) -> Declaration:
        return Declaration.objects.get(member=self.people[name], month=self.month)

    def day(self, day: int) -> date:
        return self.month.replace(day=day)

    def line(self, *, day: int = 8, times: str = "1.00", criterion=None) -> Line:
        return Line(criterion or self.study, Decimal(times), self.day(day), "学习")

    def file(self, name: str, *lines: Line, submit: bool = True) -> Declaration:
        by, when = self.actor(name), at(self.month.month, 20)
        for line in lines:
            sheet = self.sheet(name)
            declarations.add_line(pk=sheet.pk, line=line, seen=sheet.revision, by=by, at=when)
        if submit:
            sheet = self.sheet(name)
            declarations.submit(pk=sheet.pk, seen=sheet.revision, by=by, at=when)
        return self.sheet(name)

    def item(self, criterion=None, *, day: int = 9) -> Item:
        """What is registered; a committee's item rests on a document."""
        criterion = criterion or self.absence
        document = {"document_no": "机纪〔2026〕3号", "document_on": self.day(1)}
        is_committees = criterion.registered_by == Criterion.RegisteredBy.COMMITTEE
        more = document if is_committees else {}
        return Item(criterion, Decimal("1.00"), self.day(day), "缺席", **more)

    def register(self, *names: str, by="secretary", item=None, token: UUID | None = None):
        return rounds.register(
            pk=self.round.pk,
            token=token or uuid4(),
            item=item or self.item(),
            members=[self.people[name].pk for name in names],
            by=self.actor(by),
            at=at(self.month.month, 20),
        )

    def undo(self, registration, *, by="secretary", entry_id=None, reason="登记有误"):
        return rounds.undo_registration(
            pk=self.round.pk,
            registration=registration,
            reason=reason,
            entry_id=entry_id,
            by=self.actor(by),
            at=at(self.month.month, 21),
        )

    def start(self, by="secretary") -> Round:
        return rounds.start_review(pk=self.round.pk, by=self.actor(by), at=at(self.month.month, 27))

    def entry(self, name: str) -> Entry:
        return Entry.objects.standing().get(member=self.people[name], month=self.month)

    def decide(self, entry, outcome="APPROVED", *, by, points=None, reason="", seen=0):
        return reviewing.decide_entry(
            pk=self.round.pk,
            entry_id=entry.pk,
            outcome=outcome,
            points=points,
            reason=reason,
            seen=seen,
            by=self.actor(by),
            at=at(self.month.month, 28),
        )

    def meet(self, by="secretary"):
        """The branch committee meets, all of it; without one, all members do."""
        people = [self.people[name].pk for name in self.bench]
        kind = "COMMITTEE" if people else "ASSEMBLY"
        people = people or [self.people[n].pk for n in (*KINDS, "member", "other")]
        record = MeetingRecord(kind, self.day(28), "会议室", people[0], tuple(people), "")
        return concluding.record_meeting(
            pk=self.round.pk, meeting=record, by=self.actor(by), at=at(self.month.month, 28)
        )

    def conclude(self, by="secretary", when: datetime | None = None):
        return concluding.conclude(
            pk=self.round.pk, by=self.actor(by), at=when or at(self.month.month, 28)
        )

    def publish(self, *, runner="secretary", when: datetime | None = None):
        """From open to published; everything undecided is approved."""
        self.start(runner)
        for entry in rounds.undecided(self.round):
            self.decide(entry, by="system")
        self.meet(runner)
        return self.conclude(runner, when)

    def publish_cut(self, *, by="deputy", name="member", points="1.00", runner="secretary"):
        """Publish a month in which a declared entry of two points was given less."""
        self.file(name, self.line())
        self.start(runner)
        cut = self.entry(name)
        self.decide(cut, "ADJUSTED", by=by, points=Decimal(points), reason="按半天计")
        for entry in rounds.undecided(self.round):
            self.decide(entry, by="system")
        self.meet(runner)
        self.conclude(runner)
        return self

    def quarterly(self) -> "BranchMonth":
        """Let the month be published with its quarter."""
        Round.objects.filter(pk=self.round.pk).update(publication_period="QUARTERLY")
        self.round.refresh_from_db()
        return self

    def reopen(self, by="secretary", *, reason="漏记一项", when: datetime | None = None) -> Round:
        return publications.reopen(
            pk=self.round.pk,
            reason=reason,
            by=self.actor(by),
            at=when or at(self.month.month, 29),
        )

    def extend(self, until: date, *, by="secretary", when: datetime | None = None):
        return publications.extend(
            pk=self.round.publication.pk,
            until=until,
            reason="部分党员出差在外",
            by=self.actor(by),
            at=when or at(self.month.month, 29),
        )

    def close(self) -> None:
        month_end(on=date(2027, 1, 1), by=system_actor(), at=at(12, 31))

    def to(self, state: str) -> "BranchMonth":
        """Bring the round to a state in which there is something to act on."""
        self.file("member", self.line())
        if state == "CONCLUDED":
            self.quarterly()
        if state in ("CONCLUDED", "PUBLISHED", "CLOSED"):
            self.publish()
        elif state == "REVIEWING":
            self.start()
        if state == "CLOSED":
            self.close()
        self.round.refresh_from_db()
        assert self.round.state == state
        return self

    def result(self, name: str) -> MonthlyResult:
        return MonthlyResult.objects.current().get(member=self.people[name], month=self.month)

    def object(self, name="member", text="请核对", line=None):
        return objecting.object_to(
            pk=self.round.publication.pk,
            line=line,
            text=text,
            by=self.actor(name),
            at=at(self.month.month, 29),
        )

    def answer(self, objection, *, by="secretary", correction=None, text="核对属实"):
        return objecting.answer(
            objection_id=objection.pk,
            text=text,
            correction=correction,
            by=self.actor(by),
            at=at(self.month.month, 30),
        )
