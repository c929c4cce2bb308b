"""A version of the policy that is still to come: from next January members have longer to
appeal, and the committee hears sooner of what is late."""

from datetime import date

from branches.models import Committee
from points.services.policy import FIGURES, PolicyBook, set_policy
from reviews.demo import story
from reviews.demo.roll import Department


def play_policy(department: Department) -> None:
    """Set by the committee's staff this morning."""
    calendar = department.calendar
    committee = Committee.objects.get(name=story.COMMITTEE)
    january = date(calendar.today.year + 1, 1, 1)
    now = PolicyBook().of(committee.pk, calendar.today.replace(day=1))
    figures = {name: getattr(now, name) for name in FIGURES}
    set_policy(
        committee=committee,
        effective_from=january,
        figures=figures | {"appeal_days": 7, "escalate_after_days": 2},
        by=department.staff(calendar.today),
        at=calendar.moment(calendar.today, hour=9),
    )
