"""One branch's year with its figures stored, for what follows from them."""

from datetime import UTC, datetime
from decimal import Decimal

from members.models import Member, Position
from members.rights import Actor, actor_on, system_actor
from reviews.models import AnnualResult, BranchAnnualResult, YearEnd
from tests.factories import (
    BranchFactory,
    CommitteeFactory,
    MemberFactory,
    StaffAppointmentFactory,
)

YEAR = 2025
AT = datetime(2026, 1, 14, 2, tzinfo=UTC)
DAY = AT.date()


class BranchYear:
    """Computed figures: ``first``, ``second`` and the secretary are candidates, ``last`` is
    none, ``new`` is on probation."""

    def __init__(self, *, state="COMPUTED", has_secretary=True, committee=None) -> None:
        self.committee = committee or CommitteeFactory()
        self.branch = BranchFactory(committee=self.committee)
        kinds = {"secretary": Position.Kind.SECRETARY, "deputy": Position.Kind.DEPUTY_SECRETARY}
        self.people: dict[str, Member] = {}
        for name in ("first", "second", "secretary", "deputy", "last", "new"):
            seated = name in kinds and (name != "secretary" or has_secretary)
            self.people[name] = MemberFactory(
                branch=self.branch, position=(self.branch, kinds[name]) if seated else None
            )
        self.users = {name: member.user for name, member in self.people.items()}
        self.users["staff"] = StaffAppointmentFactory(committee=self.committee).user
        self.users["second staff"] = StaffAppointmentFactory(committee=self.committee).user
        elsewhere = BranchFactory()
        self.users["secretary elsewhere"] = MemberFactory(
            branch=elsewhere, position=(elsewhere, Position.Kind.SECRETARY)
        ).user
        self.users["staff elsewhere"] = StaffAppointmentFactory(committee=elsewhere.committee).user
        self.year_end = YearEnd.objects.create(
            committee=self.committee,
            year=YEAR,
            state=state,
            computed_by=self.users["staff"],
            computed_at=AT,
            frozen_by=self.users["staff"] if state == "FROZEN" else None,
            frozen_at=AT if state == "FROZEN" else None,
        )
        self.store(candidates=("first", "second", "secretary"))

    def store(self, *, candidates) -> None:
        """Store the figures, in place of those there were."""
        self.year_end.results.all().delete()
        self.year_end.branch_results.all().delete()
        for rank, (name, member) in enumerate(self.people.items(), start=1):
            AnnualResult.objects.create(
                year_end=self.year_end,
                year=YEAR,
                member=member,
                branch=self.branch,
                total=Decimal(1100 - rank),
                pass_total=Decimal(840),
                assessed_months=12,
                zero_months=0,
                rank=rank,
                is_below=False,
                is_full_member=name != "new",
                is_candidate=name in candidates,
            )
        BranchAnnualResult.objects.create(
            year_end=self.year_end,
            year=YEAR,
            branch=self.branch,
            ranked=len(self.people),
            below=0,
            is_eligible=True,
        )

    def actor(self, name: str) -> Actor:
        return system_actor() if name == "system" else actor_on(self.users[name], DAY)

    def pk(self, name: str) -> int:
        return self.people[name].pk
