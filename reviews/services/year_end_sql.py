"""The figures of a year in one statement for a chunk of branches.

The rules are those of ``reviews.ranking``; this is their form for databases that rank by
themselves. Measured by ``make bench`` with 100,000 members: 1.3 times the bare SQL on SQLite,
1.2 times on PostgreSQL; row by row through Python it was 15 times (20,000 members). Sums are
taken in whole hundredths, because SQLite adds decimals as floating-point numbers and totals
are compared exactly. A test holds both forms against each other.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from django.db import connection

from members.models import Member
from points.models import MonthlyResult, Policy
from reviews.models import AnnualResult, YearEnd

VENDORS = ("sqlite", "postgresql")

IS_COUNTED = """is_current = %(yes)s AND is_final = %(yes)s AND is_assessed = %(yes)s
        AND month BETWEEN %(first)s AND %(last)s"""
FIGURES = """COUNT(*) AS months,
        SUM(CAST(ROUND(score * 100) AS integer)) AS total,
        SUM(CAST(ROUND(pass_line * 100) AS integer)) AS pass_total,
        SUM(CASE WHEN is_zero = %(yes)s THEN 1 ELSE 0 END) AS zeros"""
# Who has all twelve months in these branches has none elsewhere, so only the others are
# looked for there; of them, the branch of the last month is asked for.
INSERT = """
INSERT INTO {annual} (year_end_id, year, member_id, branch_id, total, pass_total,
    assessed_months, zero_months, rank, is_below, is_full_member, is_candidate)
WITH here AS (
    SELECT member_id, MIN(branch_id) AS low, MAX(branch_id) AS high, {figures}
    FROM {results}
    WHERE {is_counted} AND branch_id IN ({branches})
    GROUP BY member_id
), years AS (
    SELECT member_id, low AS branch_id, months, total, pass_total, zeros
    FROM here
    WHERE months = 12 AND low = high
    UNION ALL
    SELECT member_id, (
        SELECT latest.branch_id FROM {results} latest
        WHERE latest.member_id = results.member_id AND {is_counted}
        ORDER BY latest.month DESC LIMIT 1
    ) AS branch_id, {figures}
    FROM {results} results
    WHERE {is_counted} AND member_id IN (
        SELECT member_id FROM here WHERE months < 12 OR low < high
    )
    GROUP BY member_id
), ranked AS (
    SELECT years.*, members.category,
        RANK() OVER (PARTITION BY years.branch_id ORDER BY years.total DESC) AS place
    FROM years
    JOIN {members} members ON members.id = years.member_id
    WHERE years.branch_id IN ({branches}) AND years.member_id NOT IN (
        SELECT member_id FROM {annual} WHERE year = %(year)s AND year_end_id <> %(year_end)s
    )
)
SELECT %(year_end)s, %(year)s, member_id, branch_id, total / 100.0, pass_total / 100.0,
    months, zeros, place, total < pass_total, category = %(full)s,
    place <= %(top)s AND total >= pass_total AND zeros = 0 AND category = %(full)s
FROM ranked
"""

# One line of the digest for each member: the database writes it, because a model for each of
# 100,000 rows took as long as computing the year.
LINES = """
SELECT member_id || '|' || branch_id || '|' || CAST(ROUND(total * 100) AS integer) || '|' ||
    CAST(ROUND(pass_total * 100) AS integer) || '|' || assessed_months || '|' || zero_months ||
    '|' || rank || '|' || CASE WHEN is_below = %(yes)s THEN 1 ELSE 0 END ||
    '|' || CASE WHEN is_full_member = %(yes)s THEN 1 ELSE 0 END ||
    '|' || CASE WHEN is_candidate = %(yes)s THEN 1 ELSE 0 END
FROM {annual}
WHERE year_end_id = %(year_end)s
ORDER BY member_id
"""


def is_possible() -> bool:
    """Whether the configured database takes the statement."""
    return connection.vendor in VENDORS


def rank_in_database(*, year_end: YearEnd, branches: Sequence[int], policy: Policy) -> int:
    """Write the annual results of everybody whose last assessed month of the year was in
    one of these branches; return how many. Source: domain.md §8."""
    sql = INSERT.format(
        annual=AnnualResult._meta.db_table,
        results=MonthlyResult._meta.db_table,
        members=Member._meta.db_table,
        figures=FIGURES,
        is_counted=IS_COUNTED,
        branches=", ".join(str(int(branch)) for branch in branches),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "yes": True,
                "year": year_end.year,
                "year_end": year_end.pk,
                "first": date(year_end.year, 1, 1),
                "last": date(year_end.year, 12, 1),
                "full": Member.Category.FULL.value,
                "top": policy.candidate_ranks,
            },
        )
        return cursor.rowcount


def member_lines(year_end: YearEnd) -> Iterator[str]:
    """What the digest of a year says of each member, by id."""
    sql = LINES.format(annual=AnnualResult._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"yes": True, "year_end": year_end.pk})
        while rows := cursor.fetchmany(5_000):
            yield from (line for (line,) in rows)
