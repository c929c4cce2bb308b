"""`make run`: everything starts, answers, and stops together."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from config import serve

BASE_DIR = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.worker


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A running `make run` with a database and a port of its own."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.port = free_port()
        self.output = folder / "output"
        environment = os.environ | {
            "ENV_FILE": "",
            "DEBUG": "on",
            "DEMO": "off",
            "DATA_DIR": str(data),
            "DATABASE_URL": "",
            "CELERY_BROKER_URL": "",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PORT": str(self.port),
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.serve"],
                cwd=BASE_DIR,
                env=environment,
                stdout=output,
                stderr=output,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 90
        while f"http://127.0.0.1:{self.port}/" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def children(self) -> dict[str, int]:
        """The process ids of web and worker, by name."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        names = {"gunicorn": "web", "celery": "worker"}
        found = re.findall(r"^\s*(\d+) .* -m (gunicorn|celery) ", listed, re.M)
        return {names[name]: int(pid) for pid, name in found}

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as page:
                return page.status == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """What the first start sets up, the second finds, as on a person's machine."""
    return tmp_path_factory.mktemp("served") / "data"


@pytest.fixture
def served(tmp_path, data):
    one = Served(tmp_path, data)
    yield one
    if one.process.poll() is None:
        one.process.terminate()
        one.process.wait(30)


def test_everything_starts_answers_and_stops_together(served):
    served.wait_until_ready()

    assert served.answers()
    assert set(served.children()) == {"web", "worker"}
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(30) == 0
    assert served.children() == {}
    assert not served.answers()


def test_one_process_that_dies_stops_the_others_and_shows_its_log(served):
    served.wait_until_ready()

    os.killpg(served.children()["worker"], signal.SIGKILL)

    assert served.process.wait(30) == 1
    assert "worker ended" in served.said()
    assert "worker.log" in served.said()
    assert not served.answers()


def test_a_port_that_is_taken_is_named():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(serve.CannotServe, match=f"PORT={port + 1}"):
            serve.check_port_is_free("127.0.0.1", port)
