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


def month_end() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in month_end_statements():
            cursor.execute(sql)


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
            trigger_month, year, due_on, is_basis_changed, opened_at, withdrawn_at)
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
                CASE WHEN s.streak = 1 AND p.member_id <> s.member_id THEN p.member_id END,
                s.first_month, s.month, {YEAR}, {due}, {false}, {now}, NULL
            FROM ({streaks()}) AS s
            LEFT JOIN members_position p ON p.branch_id = s.branch_id
                AND p.kind = 'SECRETARY' AND p.ends_on IS NULL
            WHERE s.streak <= 3
            ON CONFLICT DO NOTHING""",
        f"""{insert}
            SELECT DISTINCT 'REPORT_EXPLANATION', 'OPEN', z.branch_id, CAST(NULL AS bigint),
                p.member_id, {null_date()}, {null_date()}, {YEAR}, {null_date()}, {false}, {now},
                {null_time()}
            FROM ({zero}) AS z
            LEFT JOIN members_position p ON p.branch_id = z.branch_id
                AND p.kind = 'SECRETARY' AND p.ends_on IS NULL
            WHERE 1 = 1
            ON CONFLICT DO NOTHING""",
        f"""{insert}
            SELECT DISTINCT 'LIFE_MEETING_EXPLANATION', 'OPEN', z.branch_id,
                CAST(NULL AS bigint), d.leader_id, {null_date()}, {null_date()}, {YEAR},
                {null_date()}, {false}, {now}, {null_time()}
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
            FROM reviews_followup f JOIN members_member m ON m.id = f.holder_id
            WHERE f.opened_at = {now}
            ON CONFLICT DO NOTHING""",
    ]


def null_date() -> str:
    return "NULL" if connection.vendor == "sqlite" else "NULL::date"


def null_time() -> str:
    return "NULL" if connection.vendor == "sqlite" else "NULL::timestamptz"
