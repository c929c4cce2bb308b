"""The same month-end and year-end by hand: whole-table SQL, as fast as the database allows.

It skips what makes the product's run safe (locks, chunks, taking back what is no longer
justified), so it is a floor to measure against, not a replacement.
"""

from datetime import date

from django.db import connection, transaction

from lib.workdays import add_workdays
from tests.bench.department import NOW, YEAR, literal

LAST = date(YEAR, 12, 1)
ON = NOW.date()


def month_number(column: str) -> str:
    if connection.vendor == "sqlite":
        return f"(CAST(substr({column}, 1, 4) AS int) * 12 + CAST(substr({column}, 6, 2) AS int))"
    return f"(EXTRACT(YEAR FROM {column})::int * 12 + EXTRACT(MONTH FROM {column})::int)"


def streaks() -> str:
    """Every final month below the line with its streak and the first month of it."""
    number = month_number("month")
    true = literal(True)
    return f"""
        SELECT id, member_id, branch_id, month, streak AS stored,
               min(month) OVER island AS first_month,
               row_number() OVER (PARTITION BY member_id, place ORDER BY month) AS streak
        FROM (
            SELECT id, member_id, branch_id, month, streak,
                   {number} - row_number() OVER (PARTITION BY member_id ORDER BY month) AS place
            FROM points_monthlyresult
            WHERE is_current = {true} AND is_final = {true} AND is_below = {true}
        ) AS below
        WINDOW island AS (PARTITION BY member_id, place)
    """


def run(statements: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def year_end_statements() -> list[str]:
    true, false, now = literal(True), literal(False), literal(NOW)
    final = f"is_current = {true} AND is_final = {true} AND is_assessed = {true}"
    in_year = f"month >= {literal(date(YEAR, 1, 1))} AND month <= {literal(LAST)}"
    year_end = f"(SELECT id FROM reviews_yearend WHERE year = {YEAR})"

    def flag(condition: str) -> str:
        return f"CASE WHEN {condition} THEN {true} ELSE {false} END"

    return [
        f"""INSERT INTO reviews_yearend (committee_id, year, state, computed_by_id, computed_at,
                frozen_by_id, frozen_at, digest)
            SELECT c.id, {YEAR}, 'FROZEN', u.id, {now}, u.id, {now}, ''
            FROM branches_committee c, members_user u WHERE u.username = 'system'""",
        f"""INSERT INTO reviews_annualresult (year_end_id, year, member_id, branch_id, total,
                pass_total, assessed_months, zero_months, rank, is_below, is_full_member,
                is_candidate)
            SELECT {year_end}, {YEAR}, member_id, branch_id, total, pass_total, months, zeros,
                rank, {flag("total < pass_total")}, {flag("category = 'FULL'")},
                {flag("rank <= 3 AND total >= pass_total AND zeros = 0 AND category = 'FULL'")}
            FROM (
                SELECT y.*, last.branch_id, m.category,
                    rank() OVER (PARTITION BY last.branch_id ORDER BY y.total DESC) AS rank
                FROM (
                    SELECT member_id, max(month) AS last_month, sum(score) AS total,
                        sum(pass_line) AS pass_total, count(*) AS months,
                        sum(CASE WHEN is_zero = {true} THEN 1 ELSE 0 END) AS zeros
                    FROM points_monthlyresult WHERE {final} AND {in_year} GROUP BY member_id
                ) AS y
                JOIN points_monthlyresult last ON last.member_id = y.member_id
                    AND last.month = y.last_month AND last.is_current = {true}
                JOIN members_member m ON m.id = y.member_id
            ) AS ranked""",
        f"""INSERT INTO reviews_branchannualresult (year_end_id, year, branch_id, ranked, below,
                is_eligible)
            SELECT year_end_id, {YEAR}, branch_id, ranked, below,
                {flag("below * 100 < 30 * ranked")}
            FROM (
                SELECT year_end_id, branch_id, count(*) AS ranked,
                    sum(CASE WHEN is_below = {true} THEN 1 ELSE 0 END) AS below
                FROM reviews_annualresult WHERE year = {YEAR} GROUP BY year_end_id, branch_id
            ) AS counted""",
    ]


def month_end_statements() -> list[str]:
    true, false, now, last = literal(True), literal(False), literal(NOW), literal(LAST)
    due = literal(add_workdays(ON, 10)[0])
    ended = f"""
        SELECT r.branch_id FROM reviews_round r
        JOIN reviews_publication p ON p.round_id = r.id
        WHERE r.month = {last} AND r.state = 'PUBLISHED' AND p.ends_on < {literal(ON)}
          AND NOT EXISTS (SELECT 1 FROM reviews_objection o
                          WHERE o.publication_id = p.id AND o.state = 'OPEN')
    """
    insert = """
        INSERT INTO reviews_followup (kind, state, branch_id, member_id, holder_id, first_month,
            trigger_month, year, due_on, is_basis_changed, opened_at, withdrawn_at,
            withdrawal_reason, closing_note)
    """
    zero = f"""
        SELECT branch_id, member_id, month FROM points_monthlyresult
        WHERE is_current = {true} AND is_final = {true} AND is_zero = {true}
    """
    notice = """
        INSERT INTO members_notice (user_id, key, subject, url, created_at, read_at, delivery,
            attempts, attempted_at, error)
    """
    sent = f"{now}, NULL, 'NONE', 0, NULL, ''"
    return [
        f"""UPDATE points_monthlyresult SET is_final = {true}
            WHERE is_current = {true} AND month = {last} AND branch_id IN ({ended})""",
        f"""UPDATE reviews_round
            SET state = 'CLOSED', closed_at = {now}, thresholds_checked_at = {now}
            WHERE month = {last} AND state = 'PUBLISHED' AND branch_id IN ({ended})""",
        f"""UPDATE points_monthlyresult SET streak = s.streak
            FROM ({streaks()}) AS s
            WHERE s.id = points_monthlyresult.id AND s.stored <> s.streak""",
        f"""{insert}
            SELECT CASE s.streak WHEN 1 THEN 'TALK' WHEN 2 THEN 'INTERVIEW'
                   ELSE 'DISPOSITION' END,
                'OPEN', s.branch_id, s.member_id,
                CAST(NULL AS bigint), s.first_month, s.month, {YEAR}, {due}, {false}, {now}, NULL,
                '', ''
            FROM ({streaks()}) AS s
            WHERE s.streak <= 3
            ON CONFLICT DO NOTHING""",
        f"""{insert}
            SELECT DISTINCT 'REPORT_EXPLANATION', 'OPEN', z.branch_id, CAST(NULL AS bigint),
                p.member_id, {null_date()}, {null_date()}, {YEAR}, {null_date()}, {false}, {now},
                {null_time()}, '', ''
            FROM ({zero}) AS z
            LEFT JOIN members_position p ON p.branch_id = z.branch_id
                AND p.kind = 'SECRETARY' AND p.ends_on IS NULL
            WHERE 1 = 1
            ON CONFLICT DO NOTHING""",
        f"""{insert}
            SELECT DISTINCT 'LIFE_MEETING_EXPLANATION', 'OPEN', z.branch_id,
                CAST(NULL AS bigint), d.leader_id, {null_date()}, {null_date()}, {YEAR},
                {null_date()}, {false}, {now}, {null_time()}, '', ''
            FROM ({zero}) AS z
            JOIN members_leadershipduty d ON d.branch_id = z.branch_id AND d.ends_on IS NULL
            WHERE 1 = 1
            ON CONFLICT DO NOTHING""",
        f"""INSERT INTO reviews_followupmonth (follow_up_id, member_id, month)
            SELECT f.id, z.member_id, z.month
            FROM ({zero}) AS z
            JOIN reviews_followup f ON f.branch_id = z.branch_id
                AND f.kind IN ('REPORT_EXPLANATION', 'LIFE_MEETING_EXPLANATION')
            WHERE 1 = 1
            ON CONFLICT DO NOTHING""",
        f"""{notice}
            SELECT m.user_id, 'follow_up:' || f.id, f.kind || ' {LAST}', '/follow-ups/' || f.id,
                {sent}
            FROM reviews_followup f JOIN members_member m ON m.id = f.member_id
            WHERE f.opened_at = {now}
            ON CONFLICT DO NOTHING""",
        f"""{notice}
            SELECT m.user_id, 'follow_up:' || f.id, f.kind || ' {LAST}', '/follow-ups/' || f.id,
                {sent}
            FROM reviews_followup f
            LEFT JOIN members_position p ON p.branch_id = f.branch_id AND p.kind = 'SECRETARY'
                AND p.ends_on IS NULL AND f.kind = 'TALK' AND p.member_id <> f.member_id
            JOIN members_member m ON m.id = COALESCE(f.holder_id, p.member_id)
            WHERE f.opened_at = {now}
            ON CONFLICT DO NOTHING""",
    ]


def null_date() -> str:
    return "NULL" if connection.vendor == "sqlite" else "NULL::date"


def null_time() -> str:
    return "NULL" if connection.vendor == "sqlite" else "NULL::timestamptz"
