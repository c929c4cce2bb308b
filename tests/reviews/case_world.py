"""A disposition case in a small branch, and its steps in one call each."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from lib.months import add_months, month_of, next_month
from members.models import Member, Position, User
from members.rights import Actor, actor_on, system_actor
from points.models import MonthlyResult
from reviews.disposing import later_by
from reviews.models import Disposition, FollowUp
from reviews.services import dispositions as services
from reviews.services.dispositions import CaseDecision, CaseOpinion
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    LeadershipDutyFactory,
    MemberFactory,
    RuleBookFactory,
    StaffAppointmentFactory,
)

AT = timezone.now()
TODAY = timezone.localdate(AT)
THIRD = add_months(month_of(TODAY), -2)
FIRST = add_months(THIRD, -2)
OPENED = AT - timedelta(days=39)
MET = max(TODAY - timedelta(days=31), next_month(THIRD))
FILED, DECIDED = (TODAY - timedelta(days=days) for days in (23, 10))
DEADLINE = later_by(MET, 6)

CORRECTION = CaseOpinion(
    measure="CORRECTION",
    held_on=MET,
    number="支〔2026〕7号",
    ground="DUTIES",
    facts="三个月内两次无故不参加支部党员大会，三次未完成交办任务。",
    statement="本人认识到问题，愿意改正。",
    deadline=DEADLINE,
    conditions="按时参加组织生活，完成交办任务，每月向支部汇报。",
)
# What the branch thinks of a case that came back, at another meeting.
AGAIN = replace(CORRECTION, held_on=TODAY, deadline=later_by(TODAY, 6), facts="补充核实了签到情况")
REMOVAL = replace(CORRECTION, measure="REMOVAL", deadline=None, conditions="")
NOTHING = CaseOpinion(measure="NONE", held_on=MET, number="支〔2026〕7号", facts="问题已经说清")
EXTENSION = replace(
    CORRECTION, measure="EXTENSION", deadline=later_by(MET, 7), conditions="参加集中培训"
)
APPROVED = CaseDecision(True, DECIDED, "机党〔2026〕21号", "同意支部意见")
RETURNED = CaseDecision(False, DECIDED, "", "事实部分过于笼统，请补充")


def role_of(branch, name: str, kind: str = "") -> User:
    post = {"position": (branch, kind)} if kind else {}
    return MemberFactory(branch=branch, name=name, **post).user


@dataclass
class CaseWorld:
    """One branch with its committee, one member whose case is open, and everybody around."""

    category: str = "FULL"
    has_secretary: bool = True
    users: dict[str, User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        committee = CommitteeFactory()
        self.branch = branch = BranchFactory(committee=committee, name="办公室党支部")
        kinds = Position.Kind
        posts = {"deputy": kinds.DEPUTY_SECRETARY, "bench": kinds.DISCIPLINE, "other": ""}
        if self.has_secretary:
            posts["secretary"] = kinds.SECRETARY
        self.users |= {name: role_of(branch, name, kind) for name, kind in posts.items()}
        self.member = MemberFactory(branch=branch, name="张伟", category=self.category)
        self.users |= {
            "member": self.member.user,
            "staff": StaffAppointmentFactory(committee=committee).user,
            "colleague": StaffAppointmentFactory(committee=committee).user,
            "other_staff": StaffAppointmentFactory().user,
            "leader": LeadershipDutyFactory(branch=branch).leader.user,
            "former": role_of(branch, "former"),
        }
        Position.objects.create(
            member=self.users["former"].member,
            branch=branch,
            kind=kinds.SECRETARY,
            ends_on=TODAY - timedelta(days=1),
        )
        self.case = self.open()

    def open(self, member: Member | None = None) -> FollowUp:
        return FollowUp.objects.create(
            kind=FollowUp.Kind.DISPOSITION,
            branch=self.branch,
            member=member or self.member,
            first_month=FIRST,
            trigger_month=THIRD,
            year=THIRD.year,
            due_on=TODAY - timedelta(days=18),
            opened_at=OPENED,
        )

    def actor(self, who: str) -> Actor:
        return system_actor() if who == "system" else actor_on(self.users[who], TODAY)

    def opine(self, opinion=CORRECTION, *, by="secretary", at=AT, **more) -> Disposition:
        return services.give_opinion(
            pk=self.case.pk, opinion=opinion, by=self.actor(by), at=at, **more
        )

    def file(self, *, by="secretary", on=FILED, number="支〔2026〕8号", at=AT, **more):
        return services.file_case(
            pk=self.case.pk, filed_on=on, number=number, by=self.actor(by), at=at, **more
        )

    def decide(self, decision=APPROVED, *, by="staff", at=AT, **more) -> Disposition:
        return services.decide_case(
            pk=self.case.pk, decision=decision, by=self.actor(by), at=at, **more
        )

    def to(self, stage: str, opinion=CORRECTION) -> "CaseWorld":
        """Bring the case to a stage: OPEN, PREPARED, FILED, RETURNED or APPROVED."""
        steps = {
            "OPEN": [],
            "PREPARED": [lambda: self.opine(opinion)],
            "FILED": [lambda: self.opine(opinion), self.file],
            "RETURNED": [lambda: self.opine(opinion), self.file, lambda: self.decide(RETURNED)],
            "APPROVED": [lambda: self.opine(opinion), self.file, self.decide],
        }
        for step in steps[stage]:
            step()
        self.case.refresh_from_db()
        return self

    def zero(self, month: date = THIRD) -> None:
        """Make a month of the streak zero."""
        self.low(month, score=Decimal(0))

    def low(self, month: date, *, score: Decimal = Decimal(65)) -> None:
        """Close a month of the member's below the line."""
        book = self.branch.rule_books.first() or RuleBookFactory(branch=self.branch)
        MonthlyResult.objects.create(
            member=self.member,
            branch=self.branch,
            rule_book=book,
            month=month,
            is_final=True,
            base=Decimal(80),
            plus=Decimal(0),
            minus=Decimal(80) - score,
            score=score,
            pass_line=Decimal(70),
            is_below=True,
            is_zero=not score,
            computed_at=OPENED,
        )

    @property
    def correction(self) -> FollowUp:
        return FollowUp.objects.get(origin=self.case)

    def told(self, who: str) -> list[str]:
        """The stages of which this person was told."""
        keys = self.users[who].notices.order_by("pk").values_list("key", flat=True)
        return [key.split(":", 2)[2] for key in keys if key.startswith("case:")]
