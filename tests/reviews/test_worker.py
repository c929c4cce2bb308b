"""A real worker process, killed in the middle of a month-end and started again."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

BASE_DIR = Path(__file__).resolve().parents[2]
SECONDS = 60
BRANCHES = 12

pytestmark = pytest.mark.worker


class Site:
    """A database, a data folder and a broker of this test's own."""

    def __init__(self, folder: Path, *, database_url: str, broker_url: str, connect) -> None:
        self.connect = connect
        self.log = folder / "worker.log"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": "",
            "DEBUG": "on",
            "DEMO": "off",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": broker_url,
            "LOG_LEVEL": "INFO",
        }

    def build(self, branches: int) -> None:
        command = [sys.executable, "-m", "tests.reviews.worker_department", str(branches)]
        done = subprocess.run(
            command, cwd=BASE_DIR, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> subprocess.Popen:
        arguments = (
            "-m celery --app config worker --beat --pool prefork --concurrency 1"
            " --without-gossip --without-mingle --loglevel INFO"
        )
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments.split()],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, query: str) -> list[tuple]:
        with closing(self.connect()) as database:
            return list(database.execute(query).fetchall())

    def closed(self) -> int:
        return self.ask("SELECT count(*) FROM reviews_round WHERE state = 'CLOSED'")[0][0]

    def wait(self, worker: subprocess.Popen, condition) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert worker.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.01)


def kill(worker: subprocess.Popen) -> None:
    """Pull the plug: no process of the worker gets to finish anything."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.fixture
def embedded_site(tmp_path):
    path = tmp_path / "points.sqlite3"
    return Site(
        tmp_path,
        database_url=f"sqlite:///{path}",
        broker_url="",
        connect=lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20),
    )


@pytest.fixture
def server_site(tmp_path):
    """PostgreSQL and Redis, where the machine offers them."""
    if not settings.TEST_REDIS_URL or connection.vendor != "postgresql":
        pytest.skip("no PostgreSQL in DATABASE_URL or no TEST_REDIS_URL")
    import redis

    with closing(redis.Redis.from_url(settings.TEST_REDIS_URL)) as broker:
        broker.flushdb()
    server = settings.DATABASES["default"]
    account = {
        "host": server["HOST"],
        "port": server["PORT"],
        "user": server["USER"],
        "password": server["PASSWORD"],
    }
    account = {name: value for name, value in account.items() if value}
    name = f"points_worker_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(dbname="postgres", autocommit=True, **account) as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        password = f":{account['password']}" if "password" in account else ""
        port = account.get("port", 5432)
        yield Site(
            tmp_path,
            database_url=(
                f"postgres://{account['user']}{password}@{account['host']}:{port}/{name}"
            ),
            broker_url=settings.TEST_REDIS_URL,
            connect=lambda: psycopg.connect(dbname=name, **account),
        )
        admin.execute(drop)


def check_that_a_killed_worker_is_made_up_for(site: Site) -> None:
    """Kill after the first chunk; a new worker completes, and nothing was done twice."""
    site.build(BRANCHES)
    worker = site.start()
    try:
        site.wait(worker, lambda: site.closed() >= 1)
        kill(worker)
        closed_before = site.closed()

        worker = site.start()
        site.wait(worker, lambda: site.closed() == BRANCHES)
        site.wait(worker, lambda: not running(site))
    finally:
        kill(worker)

    assert 1 <= closed_before < BRANCHES
    counted = site.ask("SELECT verb, count(*) FROM members_event GROUP BY verb")
    assert dict(counted)["close"] == BRANCHES
    done = site.ask("SELECT key FROM reviews_jobrun WHERE job = 'month_end' AND state = 'DONE'")
    assert len(done) == len(set(done))
    assert len(done) >= BRANCHES - 1
    unchecked = "SELECT count(*) FROM reviews_round WHERE state = 'CLOSED'"
    assert site.ask(f"{unchecked} AND thresholds_checked_at IS NULL") == [(0,)]


def running(site: Site) -> list[tuple]:
    return site.ask("SELECT job, key FROM reviews_jobrun WHERE state = 'RUNNING'")


def test_an_embedded_worker_killed_after_the_first_chunk_completes(embedded_site):
    check_that_a_killed_worker_is_made_up_for(embedded_site)


def test_a_worker_on_redis_killed_after_the_first_chunk_completes(server_site):
    check_that_a_killed_worker_is_made_up_for(server_site)


def test_a_chunk_that_dies_in_the_middle_is_taken_up_again(server_site):
    """The second chunk hangs on a lock when the plug is pulled: its run is left standing as
    running, and the new worker sees at once that nobody is at it."""
    server_site.build(3)
    with closing(server_site.connect()) as blocker:
        blocker.execute("SELECT id FROM branches_branch WHERE id = 101 FOR UPDATE")
        worker = server_site.start()
        try:
            server_site.wait(
                worker,
                lambda: any(key.endswith(" 100-199") for _, key in running(server_site)),
            )
        finally:
            kill(worker)
            blocker.rollback()
    assert server_site.closed() == 1

    worker = server_site.start()
    try:
        server_site.wait(worker, lambda: server_site.closed() == 3)
        server_site.wait(worker, lambda: not running(server_site))
    finally:
        kill(worker)

    rows = server_site.ask(
        "SELECT state, attempts, error FROM reviews_jobrun"
        " WHERE job = 'month_end' AND key LIKE '% 100-199'"
    )
    assert rows == [("DONE", 2, "")]
