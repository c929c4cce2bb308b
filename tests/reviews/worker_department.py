# ruff: noqa: E402 Django has to be set up before its models are imported
"""A process that fills the database of the worker tests: run by them, never collected.

    python -m tests.reviews.worker_department BRANCHES

Each branch has an identity of its own block of a hundred, so that every branch is a chunk
of month-end, and a round whose publication ended long ago.
"""

import os
import sys
from datetime import date, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command
from django.utils import timezone

from members.rights import system_actor
from reviews.models import Publication, Round
from reviews.services.opening import open_month
from tests.factories import BranchFactory, MemberFactory, RuleBookFactory

ENDED_ON = date(2026, 10, 29)


def build(count: int) -> None:
    call_command("migrate", verbosity=0)
    now, by = timezone.now(), system_actor()
    for number in range(count):
        branch = BranchFactory(pk=number * 100 + 1)
        RuleBookFactory(branch=branch)
        MemberFactory(branch=branch)
    today = timezone.localdate(now)
    for month in {date(2026, 10, 1), today.replace(day=1)}:
        open_month(month=month, by=by, at=now)
    october = Round.objects.filter(month=date(2026, 10, 1))
    Publication.objects.bulk_create(
        Publication(
            round=round_,
            starts_on=ENDED_ON - timedelta(days=3),
            ends_on=ENDED_ON,
            published_by=by.user,
            published_at=now,
        )
        for round_ in october
    )
    october.update(state=Round.State.PUBLISHED)


if __name__ == "__main__":
    build(int(sys.argv[1]))
