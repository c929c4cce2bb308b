"""`make run`: web, worker and beat on one machine, and one Ctrl-C for all of them.

    python -m config.serve

Brings the database up to date, loads the demo department into an empty one, starts the
processes, waits until the page answers, and says where it is. When one process dies the
others are stopped and the end of its log is shown.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import django

BASE_DIR = Path(__file__).resolve().parent.parent
SECONDS_TO_ANSWER = 60
SECONDS_TO_STOP = 10
TAIL_LINES = 25


class CannotServe(Exception):
    """Something that the person at the keyboard has to put right."""


@dataclass(frozen=True)
class Service:
    """One started process and where it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  | {line}" for line in lines[-TAIL_LINES:])


def say(text: str = "") -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def check_port_is_free(host: str, port: int) -> None:
    """Refuse an address that somebody else already serves."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotServe(
                f"端口 {port} 不可用，请换一个：make run PORT={port + 1}\n"
                f"Port {port} on {host} cannot be used ({error.strerror}); choose another."
            ) from error


def prepare_database() -> None:
    """Apply the migrations; fill an empty database with the demo department in demo mode."""
    from django.conf import settings
    from django.core.management import call_command

    from branches.models import Branch

    call_command("migrate", verbosity=0, interactive=False)
    if settings.DEMO and not Branch.objects.exists():
        say("数据库为空，正在载入演示单位 … Loading the demo department into the empty database")
        call_command("load_demo", verbosity=0)


def commands() -> dict[str, list[str]]:
    """Return the command line of each process."""
    web = "-m gunicorn --config python:config.gunicorn config.wsgi"
    worker = (
        "-m celery --app config worker --beat --pool prefork --concurrency 1"
        " --without-gossip --without-mingle --loglevel INFO"
    )
    return {
        "web": [sys.executable, *web.split()],
        "worker": [sys.executable, *worker.split()],
    }


def start(name: str, command: Sequence[str], folder: Path, extra: Mapping[str, str]) -> Service:
    """Start one process in a group of its own, writing to a log of its own."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=BASE_DIR,
            env=os.environ | extra,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Service(name, process, log)


def stop(services: Sequence[Service]) -> None:
    """Ask every process to finish, then end what is left of its group."""
    for service in services:
        if service.process.poll() is None:
            service.process.terminate()
    deadline = time.monotonic() + SECONDS_TO_STOP
    for service in services:
        with contextlib.suppress(subprocess.TimeoutExpired):
            service.process.wait(max(0.1, deadline - time.monotonic()))
        try:
            os.killpg(service.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def first_dead(services: Sequence[Service]) -> Service | None:
    """Return a process that has ended, if one has."""
    return next((one for one in services if one.process.poll() is not None), None)


def answers(url: str) -> bool:
    """Tell whether the page comes. Raises HTTPError where an error page comes instead."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False


def wait_until_it_answers(url: str, services: Sequence[Service]) -> None:
    """Return when the home page is there; raise when a process died or time ran out."""
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        if dead := first_dead(services):
            raise CannotServe(ending(dead))
        try:
            if answers(url):
                return
        except urllib.error.HTTPError as error:
            web = services[0]
            raise CannotServe(f"{url} → {error.code}; {web.log}:\n{web.tail()}") from error
        time.sleep(0.1)
    raise CannotServe(f"{url}: 没有应答。 No answer after {SECONDS_TO_ANSWER} s.")


def ending(service: Service) -> str:
    """Word how a process ended, with the end of its log."""
    return (
        f"{service.name} 已退出，返回码 {service.process.returncode}。"
        f" {service.name} ended; the end of {service.log}:\n{service.tail()}"
    )


def greeting(url: str, folder: Path) -> str:
    """Word what a newcomer needs: the address, the accounts, how to stop."""
    from django.conf import settings

    from reviews.demo.accounts import DEMO_ACCOUNTS

    lines = ["", f"  党员积分制管理  {url}", ""]
    if settings.DEMO:
        lines += [f"  演示账号 Demo accounts · 密码 Password: {settings.DEMO_PASSWORD}", ""]
        lines += [f"    {one.username:<10} {one.role}：{one.note}" for one in DEMO_ACCOUNTS]
        lines += [""]
    lines += [f"  日志 Logs: {folder}", "  按 Ctrl-C 停止。 Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def interrupt(signum: int, frame: FrameType | None) -> None:
    """Stop on Ctrl-C and on a termination alike, so that the children are stopped too."""
    raise KeyboardInterrupt


def serve(host: str, port: int) -> None:
    """Run everything until Ctrl-C, or until one process dies."""
    check_port_is_free(host, port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    prepare_database()

    from django.conf import settings

    folder = Path(settings.DATA_DIR) / "logs"
    folder.mkdir(exist_ok=True)
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    url = f"http://{shown}:{port}/"
    services: list[Service] = []
    try:
        for name, command in commands().items():
            services.append(start(name, command, folder, {"REMAP_SIGTERM": "SIGQUIT"}))
        wait_until_it_answers(url, services)
        say(greeting(url, folder))
        while not (dead := first_dead(services)):
            time.sleep(0.5)
        raise CannotServe(ending(dead))
    finally:
        stop(services)


def main() -> int:
    """Serve; return what the shell should see."""
    # A script that starts us in the background hands SIGINT down as ignored.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        serve(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000")))
    except CannotServe as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("已停止。 Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
