"""The demonstration department shows every state, whatever day it is built on."""

from collections import Counter
from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from lib.months import previous_month
from members.models import Member, Notice, User
from members.rights import actor_on
from points.models import Declaration, Entry, Evidence, RuleBook, RuleBookReading
from points.services.declaration import typed_by
from points.services.results import exempt_members
from reviews.demo import story
from reviews.demo.accounts import DEMO_ACCOUNTS
from reviews.demo.build import build
from reviews.models import (
    AnnualResult,
    Appeal,
    BranchAnnualResult,
    FollowUp,
    Objection,
    Opinion,
    Post,
    Publication,
    Round,
    SpotCheck,
    SpotCheckItem,
    Verification,
    YearEnd,
)
from reviews.services import review as reviewing
from reviews.services import round as rounds
from reviews.services.holders import held_by
from reviews.services.ledger import check_ledger
from reviews.services.spot_checks import repeat
from tests.factories import BranchFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")

pytestmark = pytest.mark.django_db


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def sheet_of(username: str, month: date) -> Declaration:
    return Declaration.objects.get(member__user__username=username, month=month)


# Each date is a build of its own: the second one is left to the run on the server's database.
ON_A_SERVER = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="the other date is built here"
)


@pytest.mark.parametrize(
    ("today", "stage"),
    [
        (date(2026, 11, 22), date(2026, 11, 1)),
        pytest.param(date(2027, 1, 5), date(2026, 12, 1), marks=ON_A_SERVER),
    ],
)
def test_every_state_is_somewhere(settings, today, stage):
    settings.DEMO = True
    now = noon(today)
    present, last = date(today.year, today.month, 1), previous_month(stage)

    built = build(now=now)

    assert (built.branches, built.members) == (12, 180)
    assert len(set(Member.objects.values_list("name", flat=True))) == 180
    assert list(check_ledger()) == []

    states = dict(Round.objects.filter(month=stage).values_list("branch__name", "state"))
    assert Counter(states.values()) == {"OPEN": 9, "REVIEWING": 1, "PUBLISHED": 1, "CLOSED": 1}
    late = Round.objects.filter(month=last).exclude(state="CLOSED")
    assert [(round_.branch.name, round_.state) for round_ in late] == [
        ("就业促进处党支部", "REVIEWING")
    ]
    assert not Round.objects.filter(month__lt=last).exclude(state="CLOSED").exists()

    sheets = Declaration.objects.filter(month__gte=last)
    assert set(sheets.values_list("state", flat=True)) == set(Declaration.State.values)
    assert sheets.filter(is_late=True).exists()
    assert sheets.filter(entered_by__isnull=False).count() == 3
    for round_ in Round.objects.filter(state="REVIEWING"):
        waiting, warned = rounds.undecided(round_), reviewing.warnings_of(round_)
        secretary = story.SEATS[0]
        assert any(entry.member.positions.filter(kind=secretary).exists() for entry in waiting)
        proposed = {entry.pk for entry in waiting if entry.source == Entry.Source.PROPOSED}
        triggers = {entry.criterion.trigger for entry in waiting if entry.pk in proposed}
        assert {"MISSING", "REVIEW_LATE"} <= triggers
        assert len(set(warned) - proposed) == 2
        assert Entry.objects.filter(
            branch=round_.branch, month=round_.month, decisions__outcome="APPROVED"
        ).exists()
    assert Evidence.objects.filter(content_type="application/pdf").exists()

    assert Counter(Objection.objects.values_list("state", flat=True)) == {
        "OPEN": 1,
        "KEPT": 1,
        "CORRECTED": 1,
    }
    running = Publication.objects.filter(round__state="PUBLISHED", round__month=stage).get()
    assert running.starts_on <= today <= running.ends_on
    assert Verification.objects.filter(publication=running, answer="CONFIRMED").exists()

    of_points = Appeal.objects.filter(opinion=None)
    assert Counter(of_points.values_list("state", flat=True)) == {"OPEN": 1, "UPHELD": 1}
    assert set(Opinion.objects.values_list("state", flat=True)) == set(Opinion.State.values)
    assert FollowUp.objects.get(appeals__state="UPHELD").state == "WITHDRAWN"
    assert Post.objects.filter(objection__state="OPEN", attachments__isnull=False).exists()
    assert Counter(FollowUp.objects.values_list("kind", flat=True)) == {
        "TALK": 15,
        "INTERVIEW": 5,
        "DISPOSITION": 4,
        "CORRECTION": 1,
        "REPORT_EXPLANATION": 1,
        "LIFE_MEETING_EXPLANATION": 2,
    }

    making = RuleBook.objects.in_the_making().values_list("branch__name", "state")
    assert set(making) == {
        ("就业促进处党支部", "DRAFT"),
        ("养老保险处党支部", "SUBMITTED"),
        ("规划财务处党支部", "RETURNED"),
    }
    assert RuleBook.objects.get(offered_by__isnull=False).branch.name == "办公室党支部"
    assert RuleBookReading.objects.exists()

    fresh, finished = SpotCheck.objects.all()
    assert set(finished.items.values_list("finding", flat=True)) == set(
        SpotCheckItem.Finding.values
    )
    assert Counter(bool(item.finding) for item in fresh.items.all()).keys() == {True, False}
    assert fresh.items.filter(finding="", inspector__username="staff").exists()
    assert all(repeat(one).is_identical for one in (fresh, finished))

    frozen = YearEnd.objects.get(state=YearEnd.State.FROZEN)
    assert (frozen.year, frozen.state) == (last.year - 1, "FROZEN")
    barred = BranchAnnualResult.objects.get(year=frozen.year, is_eligible=False)
    assert (barred.branch.name, barred.below * 100 >= barred.ranked * 30) == (
        "窗口服务处党支部",
        True,
    )
    probationer = AnnualResult.objects.get(year=frozen.year, is_full_member=False, rank__lte=3)
    assert probationer.is_candidate is False

    usernames = {account.username for account in DEMO_ACCOUNTS}
    assert usernames == set(settings.DEMO_ACCOUNTS)
    for user in User.objects.all():
        assert user.has_usable_password() is (user.username in usernames)
        assert user.username not in usernames or user.check_password(settings.DEMO_PASSWORD)
    member = Member.objects.get(user__username="member")
    draft = sheet_of("member", present)
    assert draft.state == "DRAFT"
    assert typed_by(draft, actor_on(member.user, today))["reason"]
    cases = FollowUp.objects.filter(kind="DISPOSITION").values_list("state", flat=True)
    assert sorted(cases) == ["OPEN", "OPEN", "RECORDED", "RECTIFYING"]
    secretary = actor_on(User.objects.get(username="secretary"), today)
    talk = FollowUp.objects.filter(held_by(secretary), kind="TALK").latest("trigger_month")
    assert (talk.state, talk.holder) == ("OPEN", None)
    assert FollowUp.objects.filter(
        kind="LIFE_MEETING_EXPLANATION", holder__user__username="leader"
    ).exists()
    without_secretary = Round.objects.get(branch__name="稽核风控处党支部", month=stage)
    assert not rounds.bench_of(without_secretary.branch_id, today).has_secretary
    everybody = Member.objects.values_list("pk", flat=True)
    assert exempt_members(members=list(everybody), month=last)
    assert Member.objects.filter(category="PROBATIONARY").exists()

    assert not Declaration.objects.filter(saved_at__gt=now).exists()
    assert not Notice.objects.filter(created_at__gt=now).exists()
    assert not Evidence.objects.filter(uploaded_at__gt=now).exists()
    before = list(FollowUp.objects.order_by("pk").values_list("pk", "state", "opened_at"))
    call_command("month_end", on=today, stdout=StringIO())
    assert list(FollowUp.objects.order_by("pk").values_list("pk", "state", "opened_at")) == before


def test_load_demo_refuses_outside_demo_mode(settings):
    settings.DEMO = False

    with pytest.raises(CommandError):
        call_command("load_demo")

    assert not User.objects.exists()


def test_load_demo_leaves_a_used_database_alone(settings):
    settings.DEMO = True
    BranchFactory()
    said = StringIO()

    call_command("load_demo", stdout=said)

    assert said.getvalue()
    assert not Member.objects.exists()
