"""A synthetic department, filled by INSERT … SELECT so that a large one stands in seconds.

Deterministic: the same size gives the same rows on every database. About three months in a
hundred are below the line, some members stay below for three months in a row, and one month
in a thousand is zero.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, models

from branches.models import Branch, Committee
from members.models import LeadershipDuty, Member, Membership, Position, User
from members.rights import system_actor
from points.models import MonthlyResult, RuleBook
from reviews.models import Publication, Round
from reviews.services.month_end import month_end

YEAR = 2025
MEMBERS_PER_BRANCH = 50
BRANCHES_PER_LEADER = 20
FIRST_USER = 1000
CLOSED_BY = date(YEAR, 12, 31)
NOW = datetime(YEAR + 1, 1, 8, 9, tzinfo=ZoneInfo("Asia/Shanghai"))

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
MONTHS = "SELECT {number} AS m, CAST('{first}' AS date) AS month"
MONTHS_SQLITE = "SELECT {number} AS m, '{first}' AS month"

# A number from 0 to 999 for each member and month.
CHANCE = "((i * 7919 + m * 10477 + (i * m) % 613 * 31) % 1000)"
IS_ZERO = f"{CHANCE} = 7"
IS_BELOW = f"({CHANCE} < 25 OR (i % 200 = 3 AND m % 4 <> 0))"
SCORE = f"CASE WHEN {IS_ZERO} THEN 0 WHEN {IS_BELOW} THEN 60 + m % 10 ELSE 80 + {CHANCE} % 20 END"


def build(members: int) -> None:
    """Fill an empty, migrated database up to the last month's publication, not yet closed."""
    branches = max(1, members // MEMBERS_PER_BRANCH)
    by = system_actor()
    committee = Committee.objects.create(name="机关党委", kind=Committee.Kind.PARTY_COMMITTEE)
    fill(
        Branch,
        numbers(branches),
        id="i",
        name="'第' || i || '党支部'",
        committee_id=str(committee.pk),
        roll_order="i",
    )
    fill(
        RuleBook,
        numbers(branches),
        id="i",
        branch_id="i",
        version="1",
        effective_from=literal(date(YEAR, 1, 1)),
        base_points="80",
        pass_line="70",
        ceiling="100",
        approved_by_id=str(by.user.pk),
        approved_at=literal(NOW),
    )
    fill(
        User,
        numbers(members),
        id=f"i + {FIRST_USER}",
        username="'u' || i",
        password="'!'",
    )
    fill(
        Member,
        numbers(members),
        id="i",
        user_id=f"i + {FIRST_USER}",
        staff_no="'M' || i",
        name="'党员' || i",
        roll_order="i",
    )
    branch_of = f"(i - 1) / {MEMBERS_PER_BRANCH} + 1"
    fill(Membership, numbers(members), id="i", member_id="i", branch_id=branch_of)
    first_member = f"(i - 1) * {MEMBERS_PER_BRANCH} + 1"
    fill(
        Position,
        numbers(branches),
        id="i",
        member_id=first_member,
        branch_id="i",
        kind="'SECRETARY'",
    )
    leader = f"((i - 1) / {BRANCHES_PER_LEADER} * {BRANCHES_PER_LEADER}) * {MEMBERS_PER_BRANCH} + 2"
    fill(
        LeadershipDuty,
        numbers(branches),
        id="i",
        leader_id=leader,
        branch_id="i",
        kind="'IN_CHARGE'",
    )
    fill(
        Round,
        with_months(branches),
        branch_id="i",
        month="month",
        rule_book_id="i",
        state="CASE WHEN m = 12 THEN 'PUBLISHED' ELSE 'CLOSED' END",
        declare_by="month",
        review_by="month",
        publication_days="3",
        opened_at=literal(NOW),
        closed_at=f"CASE WHEN m = 12 THEN NULL ELSE {literal(NOW)} END",
    )
    fill(
        Publication,
        f"SELECT id FROM {Round._meta.db_table} WHERE state = 'PUBLISHED'",
        round_id="id",
        starts_on=literal(CLOSED_BY),
        ends_on=literal(CLOSED_BY + timedelta(days=3)),
        published_by_id=str(by.user.pk),
        published_at=literal(NOW),
    )
    fill(
        MonthlyResult,
        with_months(members),
        member_id="i",
        branch_id=branch_of,
        rule_book_id=branch_of,
        month="month",
        is_final=boolean("m < 12"),
        base="80",
        plus=f"CASE WHEN {SCORE} > 80 THEN {SCORE} - 80 ELSE 0 END",
        minus=f"CASE WHEN {SCORE} < 80 THEN 80 - {SCORE} ELSE 0 END",
        score=SCORE,
        pass_line="70",
        is_below=boolean(f"{SCORE} < 70"),
        is_zero=boolean(f"{SCORE} = 0"),
        computed_at=literal(NOW),
    )
    statement("ANALYZE")
    # The eleven months before: their follow-ups stand, as they would.
    month_end(on=date(YEAR, 12, 20), by=by, at=NOW - timedelta(days=19))
    statement("ANALYZE")


def numbers(count: int) -> str:
    return f"{NUMBERS.format(count=count)} SELECT i FROM n"


def with_months(count: int) -> str:
    template = MONTHS_SQLITE if connection.vendor == "sqlite" else MONTHS
    months = " UNION ALL ".join(
        template.format(number=m, first=date(YEAR, m, 1)) for m in range(1, 13)
    )
    return f"{NUMBERS.format(count=count)}, months AS ({months}) SELECT i, m, month FROM n, months"


def boolean(condition: str) -> str:
    return f"CASE WHEN {condition} THEN {literal(True)} ELSE {literal(False)} END"


def literal(value: Any) -> str:
    """A value as SQL, the way the database in use writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return ("1" if value else "0") if connection.vendor == "sqlite" else str(value).upper()
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime):
        adapted = str(connection.ops.adapt_datetimefield_value(value))
        return f"'{adapted}'" if connection.vendor == "sqlite" else f"'{adapted}'::timestamptz"
    if isinstance(value, date):
        return f"'{value}'" if connection.vendor == "sqlite" else f"'{value}'::date"
    return "'" + str(value).replace("'", "''") + "'"


def default_of(field: models.Field) -> str:
    """What a column gets that the department has nothing special for."""
    if field.has_default():
        value = field.get_default()
        if isinstance(field, models.JSONField):
            return "'{}'" if value == {} else "'[]'"
        return literal(NOW if isinstance(value, datetime) else value)
    return "NULL" if field.null else "''"


def fill(model: type[models.Model], source: str, **columns: str) -> None:
    """Insert a row for each row of the source; the columns are expressions over it."""
    given: Mapping[str, str] = columns
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.primary_key and field.attname not in given:
            continue
        names.append(connection.ops.quote_name(field.column))
        values.append(given.get(field.attname) or default_of(field))
    head, _, tail = source.rpartition("SELECT ")
    rows = f"{head}SELECT {', '.join(values)} FROM (SELECT {tail}) AS source"
    table = connection.ops.quote_name(model._meta.db_table)
    statement(f"INSERT INTO {table} ({', '.join(names)}) {rows}")


def statement(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
