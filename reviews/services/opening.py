"""Opening the months: a round for each branch, a declaration for each member (domain.md §5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from branches.models import Branch
from lib.months import last_day, month_of
from members.models import Membership
from members.notices import record
from members.rights import Actor
from points.models import Declaration, RuleBook
from points.services.policy import PolicyBook
from reviews.models import Round


def current_month(at: datetime) -> date:
    return month_of(timezone.localdate(at))


def day_of_month(month: date, day: int) -> date:
    """That day of the month, or its last day where the month is shorter."""
    return min(month + timedelta(days=day - 1), last_day(month))


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a month did: rounds and sheets that are new, and the branches that
    have no rule book in force."""

    rounds: int
    declarations: int
    without_rule_book: tuple[Branch, ...]


def open_month(
    *, month: date, by: Actor, at: datetime, branches: Sequence[Branch] | None = None
) -> Opened:
    """Open a round for each active branch that has a rule book in force, and a declaration
    for each member on its roster. What exists already is left alone, so that running it
    twice, late or after a crash is harmless. Source: domain.md §5.1.
    """
    if branches is None:
        branches = list(Branch.objects.active().select_related("committee"))
    rounds = declarations = 0
    without: list[Branch] = []
    for start in range(0, len(branches), OPEN_CHUNK):
        opened = _open_chunk(
            month=month, branches=branches[start : start + OPEN_CHUNK], by=by, at=at
        )
        rounds += opened.rounds
        declarations += opened.declarations
        without += opened.without_rule_book
    return Opened(rounds, declarations, tuple(without))


OPEN_CHUNK = 200


@transaction.atomic
def _open_chunk(*, month: date, branches: Sequence[Branch], by: Actor, at: datetime) -> Opened:
    books = {
        book.branch_id: book
        for book in RuleBook.objects.in_force(month).filter(branch__in=branches)
    }
    known = set(
        Round.objects.filter(month=month, branch__in=branches).values_list("branch", flat=True)
    )
    policies = PolicyBook()
    new: dict[int, Round] = {}
    for branch in branches:
        if branch.pk not in books or branch.pk in known:
            continue
        policy = policies.of(branch.committee_id, month)
        new[branch.pk] = Round(
            branch=branch,
            month=month,
            rule_book=books[branch.pk],
            declare_by=day_of_month(month, policy.declare_by_day),
            review_by=day_of_month(month, policy.review_by_day),
            publication_days=policy.publication_days,
            publication_period=policy.publication_period,
            opened_at=at,
        )
    Round.objects.bulk_create(new.values(), ignore_conflicts=True)
    roster = Membership.objects.on(month).filter(branch__in=new).values_list("member", "branch")
    sheets = [
        Declaration(
            member_id=member,
            branch_id=branch,
            rule_book=books[branch],
            month=month,
            declare_by=new[branch].declare_by,
        )
        for member, branch in roster
    ]
    Declaration.objects.bulk_create(sheets, ignore_conflicts=True)
    if new:
        record(by=by.user, at=at, verb="open_month", month=f"{month:%Y-%m}", rounds=len(new))
    without = tuple(branch for branch in branches if branch.pk not in books)
    return Opened(len(new), len(sheets), without)
