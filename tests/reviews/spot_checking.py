"""A closed month ready for a spot check: a branch, its members' entries, and inspectors."""

from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from members.models import User
from members.rights import Actor, actor_on
from reviews.models import Round, SpotCheck, SpotCheckItem
from reviews.services import spot_checks as services
from reviews.services.spot_checks import Choice, Found
from tests.factories import StaffAppointmentFactory
from tests.reviews.branch_month import OCTOBER, BranchMonth, at

# A Monday before ten working days without a holiday.
DAY = date(2026, 11, 9)
DRAWN_AT = at(11, 9, 12)
FOUND_AT = at(11, 9, 15)
SEED = "00ff" * 8


def closed_month(*names: str, **more) -> BranchMonth:
    """A closed October in which each of these members declared something that was approved."""
    month = BranchMonth(**more)
    for name in names or ("member",):
        month.file(name, month.line())
    month.publish()
    close(month)
    return month


def close(month: BranchMonth) -> None:
    """Close October, as month-end did in the first days of November."""
    month.close()
    Round.objects.filter(month=OCTOBER).update(closed_at=at(11, 5))


def choice(month: BranchMonth, *, size: int | None = 5, share=None, each=False, last=None):
    return Choice(
        committee=month.committee,
        first_month=OCTOBER,
        last_month=last or OCTOBER,
        size=None if share else size,
        share=share and Decimal(share),
        is_each_branch=each,
    )


def draw(month: BranchMonth, *, by="staff", token=None, seed=SEED, when=DRAWN_AT, **more):
    return services.draw(
        choice=choice(month, **more),
        token=token or uuid4(),
        seed=seed,
        by=actor(month.users[by]),
        at=when,
    )


def actor(user: User, day: date = DAY) -> Actor:
    return actor_on(user, day)


def item_of(spot_check: SpotCheck, name: str, month: BranchMonth) -> SpotCheckItem:
    return spot_check.items.get(entry__member=month.people[name])


def find(item: SpotCheckItem, finding: str, *, by: User, right=None, note="", seen=None, when=None):
    found = Found(finding, right and Decimal(right), note)
    return services.record_finding(
        pk=item.pk, found=found, by=actor(by), at=when or FOUND_AT, seen=seen
    )


def staff_of(committee, **more) -> User:
    return StaffAppointmentFactory(committee=committee, **more).user


def when(hour: int) -> datetime:
    return at(11, 9, hour)
