"""Build the demonstration department: the roll, the months since January of last year, and
every state somewhere."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone, translation

from branches.models import Branch
from lib.months import last_day, next_month
from members.models import Member, Notice, User
from reviews.demo import scenes, story
from reviews.demo.appeals import play_appeals
from reviews.demo.awards import play_awards
from reviews.demo.dispositions import play_dispositions
from reviews.demo.explanations import play_explanations
from reviews.demo.exports import play_exports
from reviews.demo.month import BranchMonth
from reviews.demo.past import import_past
from reviews.demo.policy import play_policy
from reviews.demo.publication import review_and_publish
from reviews.demo.registration import propose_overdue
from reviews.demo.roll import Department, build_roll
from reviews.demo.roll_life import play_roll_life
from reviews.demo.rule_books import play_rule_books
from reviews.demo.sittings import play_sittings
from reviews.demo.spot_checks import play_spot_checks
from reviews.demo.year_end import play_year_end
from reviews.models import FollowUp, Round
from reviews.services import jobs, opening
from reviews.services.month_end import month_end

# Notices that are older count as read.
NOTICE_DAYS = 20


@dataclass(frozen=True, slots=True)
class Built:
    """What was built, in rows."""

    branches: int
    members: int
    rounds: int
    follow_ups: int


def is_empty() -> bool:
    """Whether the database holds no department and no people."""
    return not (Branch.objects.exists() or Member.objects.exists() or User.objects.exists())


@transaction.atomic
def build(*, now: datetime) -> Built:
    """Build everything as it stands at that moment. All or nothing."""
    now = timezone.localtime(now)
    calendar = story.Calendar(now=now, today=now.date())
    with translation.override("zh-hans"):
        department = build_roll(calendar)
        come_over(department)
        for month in calendar.months:
            play_month(department, month)
        settle(department, calendar.today)
        run(
            department,
            "propose",
            calendar.today,
            calendar.moment(calendar.today, hour=1),
            lambda: propose_overdue(department),
        )
        play_appeals(department)
        play_rule_books(department)
        play_roll_life(department)
        play_policy(department)
        play_spot_checks(department)
        play_sittings(department)
        play_explanations(department)
        play_dispositions(department)
        play_awards(department)
        play_exports(department)
        play_year_end(department)
    read_old_notices(calendar)
    return Built(
        branches=Branch.objects.count(),
        members=Member.objects.count(),
        rounds=Round.objects.count(),
        follow_ups=FollowUp.objects.count(),
    )


def come_over(department: Department) -> None:
    """Bring the years before the first round over from Excel, and close the one that is whole."""
    calendar = department.calendar
    first, year = calendar.months[0], calendar.frozen_year
    whole = [month for month in calendar.past_months if month.year == year]
    rest = [month for month in calendar.past_months if month.year > year]
    if first.year > year:
        import_past(department, whole, on=date(year + 1, 1, 15))
        settle(department, date(year + 1, 1, 16))
        close_frozen_year(department)
    import_past(department, whole if first.year == year else rest, on=first)


def play_month(department: Department, month: date) -> None:
    """Open the month, let every branch come as far as the story says, and run month-end."""
    calendar = department.calendar
    at = calendar.moment(month, hour=1)
    run(
        department,
        "open_month",
        month,
        at,
        lambda: _opened(opening.open_month(month=month, by=department.system, at=at)),
    )
    plans = {department.branches[plan.key].pk: plan for plan in story.PLANS}
    for round_ in Round.objects.filter(month=month).order_by("branch__roll_order"):
        branch_month = BranchMonth(department, plans[round_.branch_id], round_)
        if month > calendar.stage:
            scenes.play_beginning(branch_month)
        elif month == calendar.stage:
            scenes.play_stage(branch_month)
        elif month == calendar.latest_closed and branch_month.plan.lags_behind:
            scenes.play_lagging(branch_month)
        else:
            play_closed(branch_month)
    settle(department, month + timedelta(days=18))
    settle(department, next_month(month) + timedelta(days=11))
    if month == date(calendar.frozen_year, 12, 1):
        close_frozen_year(department)


def play_closed(month: BranchMonth) -> None:
    """A month like any other: registered, declared, reviewed, published."""
    last = story.EARLY_DECLARE_BY if month.plan.early else 25
    month.register_all()
    usual = 0.7 if month.is_dense else 0.3
    month.declare_all(2, last, share=0.95 if month.plan.is_strict else usual)
    number = 12 if month.plan.early else last_day(month.month).day - 3
    publication = review_and_publish(month, number)
    if publication is not None and month.is_recent:
        month.confirm_some(publication, number + 1, share=0.3)


def settle(department: Department, day: date) -> None:
    """Run month-end in the morning of that day, if it has come."""
    calendar = department.calendar
    if day <= calendar.today:
        at, by = calendar.moment(day, hour=2), department.system
        run(
            department,
            "month_end",
            day,
            at,
            lambda: asdict(month_end(on=day, by=by, at=at, every_closed=False)),
        )


def run(
    department: Department,
    job: str,
    on: date,
    at: datetime,
    work: Callable[[], Mapping[str, int]],
) -> None:
    """Run a job as beat would have, so that it stands among those that ran."""
    row = jobs.run_by_hand(
        job=job, what_for=f"{on:%Y-%m-%d}", by=department.system, clock=lambda: at, work=work
    )
    if row.error:
        raise RuntimeError(row.error)


def _opened(opened: opening.Opened) -> dict[str, int]:
    return {"rounds": opened.rounds, "declarations": opened.declarations}


def close_frozen_year(department: Department) -> None:
    """Close last year; whoever was on probation then becomes a full member afterwards."""
    year = department.calendar.frozen_year
    scenes.freeze_year(department, year)
    since = date(year + 1, 2, 10)
    if since <= department.calendar.today:
        member = department.member(*story.PROBATIONARY_FIRST)
        member.category, member.full_since = Member.Category.FULL, since
        member.save(update_fields=["category", "full_since"])


def read_old_notices(calendar: story.Calendar) -> None:
    """Nobody is greeted by a year of unread notices."""
    limit = calendar.now - timedelta(days=NOTICE_DAYS)
    Notice.objects.filter(created_at__lt=limit).update(read_at=limit)
