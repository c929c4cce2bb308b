"""Closed rounds and final monthly results written as rows, and what follows from them brought
about."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal

from lib.months import months_of_year
from members.models import Member
from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.models import Round
from reviews.services.follow_ups import Reconciled, reconcile_branches
from tests.factories import MemberFactory, RuleBookFactory


def row_of(
    member,
    branch,
    month: date,
    *,
    book,
    score=80,
    is_assessed=True,
    is_final=True,
    pass_line=70,
    at,
    **more,
) -> MonthlyResult:
    """A month's first final result, not written yet: 80 points unless said otherwise, the line
    at 70, no score where it is not assessed."""
    return MonthlyResult(
        member=member,
        branch=branch,
        rule_book=book,
        month=month,
        is_final=is_final,
        is_assessed=is_assessed,
        base=80,
        plus=0,
        minus=0,
        score=score if is_assessed else None,
        pass_line=pass_line,
        is_below=is_assessed and score < pass_line,
        is_zero=is_assessed and score == 0,
        computed_at=at,
        **more,
    )


def final(member, branch, month: date, **more) -> MonthlyResult:
    """Write a month's final result, as a new revision where there is one already."""
    row = row_of(member, branch, month, **more)
    before = MonthlyResult.objects.filter(member=member, month=month, is_current=True).first()
    if before is not None:
        MonthlyResult.objects.filter(pk=before.pk).update(is_current=False)
        row.revision = before.revision + 1
    row.save()
    return row


def closed_round(branch, month: date, *, book, at, **more) -> Round:
    """A month's round, closed at once and looked through for thresholds, not written yet."""
    dates = {"declare_by": month, "review_by": month, "opened_at": at}
    closed = {"state": Round.State.CLOSED, "closed_at": at, "thresholds_checked_at": at}
    facts = {"branch": branch, "month": month, "rule_book": book, "publication_days": 3}
    return Round(**(facts | dates | closed | more))


def even_year(
    branch,
    year: int,
    scores: Sequence[int | Decimal],
    *,
    at,
    pass_line=70,
    state=Round.State.CLOSED,
) -> list[Member]:
    """Write a year of a branch whose new members have the same score in every month: closed, or
    else every round in this state and no result final."""
    book = branch.rule_books.first() or RuleBookFactory(branch=branch)
    members = [MemberFactory(branch=branch, name=f"{branch.name}{n}") for n in range(len(scores))]
    is_closed, months = state == Round.State.CLOSED, months_of_year(year)
    more = {} if is_closed else {"state": state, "closed_at": None}
    Round.objects.bulk_create(
        closed_round(branch, month, book=book, at=at, **more) for month in months
    )
    MonthlyResult.objects.bulk_create(
        row_of(
            member,
            branch,
            month,
            book=book,
            score=score,
            is_final=is_closed,
            pass_line=pass_line,
            at=at,
        )
        for month in months
        for member, score in zip(members, scores, strict=True)
    )
    return members


def bring_about(branches: Collection, *, at: datetime) -> Reconciled:
    """Bring the stored follow-ups of these branches to what the results demand."""
    return reconcile_branches(
        branches={branch.pk for branch in branches}, policies=PolicyBook(), at=at
    )
