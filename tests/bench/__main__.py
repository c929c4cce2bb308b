"""`make bench`: month-end and year-end beside the same work in bare SQL, in one run.

    python -m tests.bench [--members 100000]

Works on a database of its own beside the configured one (DATABASE_URL), made and dropped
here: a file for SQLite, a database for PostgreSQL. Each measurement is a process of its own,
so that its peak memory is its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parents[2]


def measured(work: Callable[[], object]) -> dict[str, object]:
    """Seconds, statements and peak memory (MB above the start) of one piece of work."""
    from django.db import connection

    statements = 0

    def count(execute, sql, params, many, context):
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with connection.execute_wrapper(count):
        work()
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "statements": statements, "megabytes": (after - before) / 1024}


def step(name: str, members: int) -> dict[str, object]:
    """Do one step in this process; DATABASE_URL already names its database."""
    import django

    django.setup()
    from django.core.management import call_command

    from branches.models import Committee
    from members.rights import system_actor
    from reviews.services.month_end import month_end
    from reviews.services.year_end import close_year
    from tests.bench import bare, department

    if name == "build":
        call_command("migrate", verbosity=0)
        return measured(lambda: department.build(members))
    by, committee = system_actor(), Committee.objects.get()
    works: dict[str, Callable[[], object]] = {
        "month-end": lambda: month_end(on=bare.ON, by=by, at=department.NOW, every_closed=False),
        "month-end in SQL": lambda: bare.run(bare.month_end_statements()),
        "year-end": lambda: close_year(
            committee=committee, year=department.YEAR, provisional=False, by=by, at=department.NOW
        ),
        "year-end in SQL": lambda: bare.run(bare.year_end_statements()),
    }
    return measured(works[name]) | {"outcome": outcome()}


def outcome() -> dict[str, object]:
    """What the work left behind, to see that both did the same."""
    from django.db.models import Count, Sum

    from members.models import Notice
    from points.models import MonthlyResult
    from reviews.models import AnnualResult, BranchAnnualResult, FollowUp, FollowUpMonth, Round

    year = AnnualResult.objects.aggregate(
        members=Count("pk"), total=Sum("total"), ranks=Sum("rank")
    )
    kinds = FollowUp.objects.order_by("kind").values_list("kind").annotate(Count("pk"))
    return {
        "closed": Round.objects.closed().count(),
        "final": MonthlyResult.objects.final().count(),
        "streaks": MonthlyResult.objects.aggregate(total=Sum("streak"))["total"],
        "zero months": FollowUpMonth.objects.count(),
        "notices": Notice.objects.count(),
        **dict(kinds),
        "year": {name: str(value) for name, value in year.items()},
        "candidates": AnnualResult.objects.filter(is_candidate=True).count(),
        "branches": BranchAnnualResult.objects.filter(is_eligible=True).count(),
    }


def in_process(name: str, url: str, members: int, data: str) -> dict[str, object]:
    """Run one step in a fresh process on one database."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": "",
        "DEBUG": "off",
        "DEMO": "off",
        "SECRET_KEY": "0123456789 only for a database that lives for one benchmark",
        "ALLOWED_HOSTS": "localhost",
        "DATA_DIR": data,
        "DATABASE_URL": url,
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "tests.bench", "--step", name, "--members", str(members)]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


class SqliteFiles:
    """Bench databases as files in a folder that goes afterwards."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3"

    def create(self, name: str) -> None:
        """A file needs no making."""

    def copy(self, source: str, target: str) -> None:
        import sqlite3

        path = self.folder / f"{source}.sqlite3"
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copyfile(path, self.folder / f"{target}.sqlite3")

    def drop(self, name: str) -> None:
        """The folder goes as a whole."""


class PostgresDatabases:
    """Bench databases on the server of DATABASE_URL, beside the configured one."""

    def __init__(self, url: str) -> None:
        self.server = urlsplit(url)

    def url(self, name: str) -> str:
        return self.server._replace(path=f"/{self.name(name)}").geturl()

    def name(self, name: str) -> str:
        return f"points_bench_{name}_{os.getpid()}"

    def run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.server.geturl(), autocommit=True) as connection:
            connection.execute(sql)

    def create(self, name: str) -> None:
        self.run(f"CREATE DATABASE {self.name(name)}")

    def copy(self, source: str, target: str) -> None:
        self.run(f"CREATE DATABASE {self.name(target)} TEMPLATE {self.name(source)}")

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {self.name(name)} WITH (FORCE)")


def bench(members: int) -> int:
    """Build, measure both, compare; return what the shell should see."""
    configured = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="points-bench-") as folder:
        is_server = configured and not configured.startswith("sqlite")
        databases = PostgresDatabases(configured) if is_server else SqliteFiles(folder)
        say(f"{members:,} members, {max(1, members // 50):,} branches, twelve months, ")
        say(f"on {'PostgreSQL' if is_server else 'SQLite'}\n")
        try:
            databases.create("product")
            built = in_process("build", databases.url("product"), members, folder)
            say(f"built in {built['seconds']:.1f} s\n\n")
            databases.copy("product", "bare")
            return compare(databases, members, folder)
        finally:
            for name in ("product", "bare"):
                databases.drop(name)


def compare(databases: SqliteFiles | PostgresDatabases, members: int, folder: str) -> int:
    say(f"{'':<20}{'seconds':>9}{'ratio':>8}{'statements':>12}{'memory MB':>11}\n")
    different = 0
    for name in ("month-end", "year-end"):
        bare = in_process(f"{name} in SQL", databases.url("bare"), members, folder)
        ours = in_process(name, databases.url("product"), members, folder)
        say(line(f"{name} in SQL", bare, bare))
        say(line(name, ours, bare))
        if ours["outcome"] != bare["outcome"]:
            different += 1
            say(f"  they did not do the same: {ours['outcome']} / {bare['outcome']}\n")
    return 1 if different else 0


def line(name: str, one: dict, other: dict) -> str:
    ratio = one["seconds"] / other["seconds"]
    return (
        f"{name:<20}{one['seconds']:>9.2f}{ratio:>8.2f}{one['statements']:>12,}"
        f"{one['megabytes']:>11.0f}\n"
    )


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        say(json.dumps(step(options.step, options.members)) + "\n")
        return 0
    return bench(options.members)


if __name__ == "__main__":
    sys.exit(main())
