"""Final monthly results written as rows, and what follows from them brought about."""

from collections.abc import Collection
from datetime import date, datetime

from points.models import MonthlyResult
from points.services.policy import PolicyBook
from reviews.services.follow_ups import Reconciled, reconcile_branches


def row_of(member, branch, month: date, *, book, score=80, is_assessed=True, at) -> MonthlyResult:
    """A month's first final result, not written yet: 80 points unless said otherwise, the line
    at 70, no score where it is not assessed."""
    return MonthlyResult(
        member=member,
        branch=branch,
        rule_book=book,
        month=month,
        is_final=True,
        is_assessed=is_assessed,
        base=80,
        plus=0,
        minus=0,
        score=score if is_assessed else None,
        pass_line=70,
        is_below=is_assessed and score < 70,
        is_zero=is_assessed and score == 0,
        computed_at=at,
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


def bring_about(branches: Collection, *, at: datetime) -> Reconciled:
    """Bring the stored follow-ups of these branches to what the results demand."""
    return reconcile_branches(
        branches={branch.pk for branch in branches}, policies=PolicyBook(), at=at
    )
