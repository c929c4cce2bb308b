"""One branch's month in the demonstration, step by step through the services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from uuid import UUID

from lib.months import add_months, last_day
from members.models import Member
from members.rights import Actor
from points.files import Accepted
from points.models import Criterion, Decision, Declaration, Entry
from points.rules import applies_to
from points.services import declaration as declarations
from points.services.declaration import Line
from points.services.registration import Item
from reviews.demo import files, registration, story
from reviews.demo.roll import Department
from reviews.models import Meeting, Publication, Round
from reviews.services import conclusion as concluding
from reviews.services import publication as publications
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.conclusion import MeetingRecord

# What members declare, the frequent items more often; and which of it needs evidence.
PLAIN_ITEMS = ("XX-04", "XX-05", "XX-05", "XX-06", "ZY-03", "ZY-03", "QY-03", "YE-07C")
PROVEN_ITEMS = ("ZY-02", "ZY-02", "ZY-02", "YW-07", "YE-05C")
MISDEEDS = ("XX-02", "ZZ-03", "ZZ-03", "JL-01", "XX-01", "YW-01")
# Months before the one on stage from which on evidence is kept and members answer; and those
# from which on most members file. Before, nobody looks that closely.
RECENT, DENSE = 1, 3


@dataclass
class BranchMonth:
    """A round of the story, with the dice that decide its small events."""

    department: Department
    plan: story.Plan
    round: Round

    @cached_property
    def dice(self) -> Random:
        return Random(f"{self.plan.key} {self.round.month:%Y-%m}")  # noqa: S311

    @cached_property
    def roster(self) -> list[Member]:
        return self.department.roster(self.plan, self.round.month)

    @cached_property
    def criteria(self) -> dict[str, Criterion]:
        return self.department.criteria[self.round.rule_book_id]

    @cached_property
    def sheets(self) -> dict[int, Declaration]:
        rows = Declaration.objects.filter(branch=self.round.branch_id, month=self.month)
        return {sheet.member_id: sheet for sheet in rows}

    @cached_property
    def deeds(self) -> dict[int, tuple[tuple[str, int], ...]]:
        """What the story holds against members this month, by member."""
        calendar = self.department.calendar
        return {
            self.department.member(deed.branch, deed.seat).pk: deed.items
            for deed in story.DEEDS
            if deed.branch == self.plan.key and calendar.month_of(deed) == self.month
        }

    @cached_property
    def is_recent(self) -> bool:
        return self.month >= add_months(self.department.calendar.stage, -RECENT)

    @cached_property
    def is_dense(self) -> bool:
        return self.month >= add_months(self.department.calendar.stage, -DENSE)

    @property
    def month(self) -> date:
        return self.round.month

    def day(self, number: int) -> date:
        """That day of the month, not after today: for what happened in the month."""
        return min(self.on(number), last_day(self.month))

    def on(self, number: int) -> date:
        """So many days from the month's first, not after today: a review may run over."""
        return min(self.month + timedelta(days=number - 1), self.department.calendar.today)

    @property
    def today(self) -> int:
        """Today, as a number of ``on``."""
        return (self.department.calendar.today - self.month).days + 1

    def at(self, number: int, hour: int = 10, minute: int = 0) -> datetime:
        return self.department.calendar.moment(self.on(number), hour, minute)

    def actor(self, member: Member, number: int) -> Actor:
        return self.department.actor(member, self.on(number))

    def secretary(self, number: int) -> Actor:
        """Who runs the round on that day: the secretary, or staff in place of a missing one."""
        day = self.on(number)
        if self.department.has_secretary(self.plan, day):
            return self.department.actor(self.department.bench(self.plan, day)[0], day)
        return self.department.staff(day)

    def second(self, number: int) -> Actor:
        """Another member of the branch committee: decides what concerns the first."""
        return self.actor(self.department.member(self.plan.key, 1), number)

    def third(self, number: int) -> Actor:
        return self.actor(self.department.member(self.plan.key, 2), number)

    def is_plain(self, member: Member) -> bool:
        """Whether this member brings home nothing that counts this month."""
        seat = self.roster.index(member)
        return member.pk in self.deeds or (self.plan.key, seat) in story.PLAIN

    def is_star(self, member: Member) -> bool:
        return member is self.department.member(*story.PROBATIONARY_FIRST)

    # -- registering ---------------------------------------------------------------------

    def register_all(self, until: int = 31) -> None:
        """What the branch notes down in the month: committee work, study, a few misdeeds."""
        self.register("YW-06", self.department.bench(self.plan, self.on(6)), 6, until)
        able = [member for member in self.roster if not self.is_plain(member)]
        self.register("XX-05", self.dice.sample(able, 3), 8, until)
        if self.dice.random() < 0.6:
            self.register("XX-06", [self.dice.choice(able)], 15, until)
        if self.dice.random() < 0.5:
            self.register("ZZ-06", [self.dice.choice(able)], 16, until)
        for code in self.dice.sample(MISDEEDS, 2):
            if self.dice.random() < 0.55:
                ordinary = self.dice.choice(able[self.plan.seats :])
                self.register(code, [ordinary], self.dice.randrange(4, 20), until)
        for member, items in self.deeds.items():
            for code, times in items:
                self.register(code, [Member(pk=member)], 12, until, times=times)
        registration.hold_activities(self, until)

    def register(
        self, code: str, members: Sequence[Member], number: int, until: int, times: int = 1
    ) -> None:
        criterion = self.criteria.get(code)
        if criterion is None or number > until:
            return
        is_committee_matter = criterion.registered_by == Criterion.RegisteredBy.COMMITTEE
        day = self.day(number)
        rounds.register(
            pk=self.round.pk,
            token=UUID(int=self.dice.getrandbits(128)),
            item=Item(
                criterion,
                Decimal(times),
                day,
                self.reason(code),
                document_no=f"厅机纪〔{day.year}〕{day.month}号" if is_committee_matter else "",
                document_on=day if is_committee_matter else None,
            ),
            members=[member.pk for member in members],
            by=self.department.staff(day) if is_committee_matter else self.secretary(number),
            at=self.at(number, 16),
        )

    def reason(self, code: str) -> str:
        return self.dice.choice(story.REASONS.get(code, ("",)))

    # -- declaring -----------------------------------------------------------------------

    def line(self, code: str, number: int) -> Line:
        return Line(self.criteria[code], Decimal(1), self.day(number), self.reason(code))

    def declare(
        self,
        member: Member,
        codes: Sequence[str],
        number: int,
        *,
        submit: bool = True,
        by: Actor | None = None,
        shared: Accepted | None = None,
    ) -> Declaration:
        """Fill in a sheet on that day of the month, with evidence where the item needs it."""
        sheet = self.sheets[member.pk]
        by = by or self.actor(member, number)
        at = self.at(number, self.dice.randrange(9, 21), self.dice.randrange(60))
        seen = sheet.revision
        for code in codes:
            line = self.line(code, self.dice.randrange(1, max(number, 2)))
            declarations.add_line(
                pk=sheet.pk, line=line, seen=seen, by=by, at=at, files=self.proof(line, shared)
            )
            seen += 1
        if submit:
            declarations.submit(pk=sheet.pk, seen=seen, by=by, at=at)
        sheet.refresh_from_db()
        return sheet

    def proof(self, line: Line, shared: Accepted | None) -> list[Accepted]:
        if not line.criterion.needs_evidence:
            return []
        if shared is not None:
            return [shared]
        number = self.dice.randrange(100_000)
        draw = files.letter if line.criterion.code.startswith("YE") else files.sign_in_sheet
        return [draw(name="佐证材料", on=line.occurred_on, number=number)]

    def codes_for(self, member: Member) -> list[str]:
        """What a member declares this month: nothing, one item or two; no item twice."""
        if self.is_plain(member):
            return []
        menu = [*PLAIN_ITEMS, *(PROVEN_ITEMS if self.is_recent else ())]
        if member.is_leading_cadre:
            menu.append("LD-05")
        if self.is_star(member):
            return ["XX-04", "XX-05", "ZY-03", "QY-03", "YE-07C"]
        picked = dict.fromkeys(
            self.dice.choices(menu, k=self.department.items_of(member, self.dice))
        )
        return [
            code
            for code in picked
            if code in self.criteria
            and applies_to(self.criteria[code], member=member, is_secretary=False)
        ]

    def declare_all(self, first: int, last: int, share: float) -> None:
        """So many of the branch file, each on some day from the first to the last."""
        for member in self.roster:
            is_account = member.user is not None and member.user.username in story.ACCOUNTS
            if self.dice.random() < share or self.is_star(member) or is_account:
                self.declare(member, self.codes_for(member), self.dice.randrange(first, last))

    # -- reviewing -----------------------------------------------------------------------

    def review(self, number: int) -> Publication | None:
        """Start the review on that day, decide everything, meet, conclude and publish."""
        self.start_review(number)
        self.adjust_one(number)
        return self.conclude(number)

    def conclude(self, number: int) -> Publication | None:
        """Approve what is still undecided, each by somebody who may; meet and publish."""
        registration.decide_proposals(self, number)
        for by in (self.second(number), self.secretary(number), self.third(number)):
            if not rounds.undecided(self.round):
                break
            reviewing.approve_all_in_order(pk=self.round.pk, by=by, at=self.at(number, 15))
        for entry in rounds.undecided(self.round):
            # What is left is there twice: the branch had registered it.
            someone = self.second(number)
            by = self.third(number) if entry.member_id == someone.member_id else someone
            reason = "同一事项支部已登记，就高不重复"
            self.decide(entry, Decision.Outcome.REJECTED, number, by=by, reason=reason)
        self.meet(number)
        return concluding.conclude(
            pk=self.round.pk, by=self.secretary(number), at=self.at(number, 17)
        )

    def start_review(self, number: int) -> None:
        rounds.start_review(pk=self.round.pk, by=self.secretary(number), at=self.at(number, 9))

    def decide(
        self,
        entry: Entry,
        outcome: str,
        number: int,
        *,
        by: Actor,
        points: Decimal | None = None,
        reason: str = "",
    ) -> None:
        reviewing.decide_entry(
            pk=self.round.pk,
            entry_id=entry.pk,
            outcome=outcome,
            points=points,
            reason=reason,
            seen=0,
            by=by,
            at=self.at(number, 14),
        )

    def adjust_one(self, number: int) -> None:
        """Now and then an item is not taken as it was declared."""
        by = self.second(number)
        waiting = [
            entry
            for entry in rounds.undecided(self.round)
            if entry.member_id != by.member_id and entry.source == Entry.Source.DECLARED
        ]
        if not waiting or self.dice.random() > 0.35:
            return
        entry = self.dice.choice(waiting)
        if entry.claimed_points > 1:
            half = entry.claimed_points / 2
            reason = "部分时段未参加，按一半认定"
            self.decide(entry, Decision.Outcome.ADJUSTED, number, by=by, points=half, reason=reason)
        else:
            reason = "与支部登记的同一事项重复，就高不重复"
            self.decide(entry, Decision.Outcome.REJECTED, number, by=by, reason=reason)

    def meet(self, number: int) -> None:
        bench = self.department.bench(self.plan, self.on(number))
        concluding.record_meeting(
            pk=self.round.pk,
            meeting=MeetingRecord(
                kind=Meeting.Kind.COMMITTEE,
                held_on=self.on(number),
                place="支部会议室",
                chair_id=bench[0].pk,
                attendees=tuple(member.pk for member in bench),
                minutes="逐项审议本月申报和登记事项，本人回避；审议结果见评审表。",
            ),
            by=self.secretary(number) if bench[0] is self.roster[0] else self.second(number),
            at=self.at(number, 16),
        )

    # -- verifying -----------------------------------------------------------------------

    def confirm_some(self, publication: Publication, number: int, share: float) -> None:
        for member in self.roster:
            if self.dice.random() < share:
                by = self.actor(member, number)
                publications.confirm(pk=publication.pk, by=by, at=self.at(number, 19))

    def declared(self) -> list[Entry]:
        """The declared entries of the round, for the scenes that need one."""
        return list(
            Entry.objects.filter(
                branch=self.round.branch_id, month=self.month, source=Entry.Source.DECLARED
            )
            .select_related("criterion", "member")
            .order_by("pk")
        )
