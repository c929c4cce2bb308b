"""The settings refuse what is unsafe, and what they read is what is explained."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.safety import unsafe_settings

BASE_DIR = Path(__file__).resolve().parents[2]
STRONG_KEY = "k3J9x0QmZr7TtVbL1sWcY5uHgN8eFdPa2oRi6MwXqCzSvBnEjKyGpUhDlTfA"
SERVER = {"SECRET_KEY": STRONG_KEY, "ALLOWED_HOSTS": "points.example.cn"}


def manage(data_dir, *arguments, **variables):
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "DATA_DIR": str(data_dir),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_safe_server_passes_the_deployment_check(tmp_path):
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "DEBUG", **SERVER)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "SECRET_KEY"),
        (SERVER | {"SECRET_KEY": "short"}, "SECRET_KEY"),
        (SERVER | {"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        (SERVER | {"SECURE_COOKIES": "off"}, "SECURE_COOKIES"),
        (SERVER | {"HSTS_SECONDS": "0"}, "HSTS_SECONDS"),
        (SERVER | {"DEMO": "on"}, "DEMO"),
    ],
)
def test_an_unsafe_server_does_not_start_and_names_the_variable(tmp_path, variables, named):
    done = manage(tmp_path, "check", **variables)

    assert done.returncode != 0
    assert f"  - {named}:" in done.stderr


SAFE = {
    "debug": False,
    "demo": False,
    "secret_key": STRONG_KEY,
    "allowed_hosts": ["points.example.cn"],
    "secure_cookies": True,
    "hsts_seconds": 31_536_000,
    "allow_plain_http": False,
}


@pytest.mark.parametrize(
    ("change", "variables"),
    [
        ({}, []),
        ({"demo": True}, ["DEMO"]),
        ({"secret_key": ""}, ["SECRET_KEY"]),
        ({"secret_key": "a" * 80}, ["SECRET_KEY"]),
        ({"secret_key": "insecure-" + STRONG_KEY}, ["SECRET_KEY"]),
        ({"allowed_hosts": []}, ["ALLOWED_HOSTS"]),
        ({"allowed_hosts": ["points.example.cn", "*"]}, ["ALLOWED_HOSTS"]),
        ({"secure_cookies": False, "hsts_seconds": 0}, ["SECURE_COOKIES", "HSTS_SECONDS"]),
        ({"secure_cookies": False, "hsts_seconds": 0, "allow_plain_http": True}, []),
        ({"debug": True, "demo": True, "secret_key": "", "allowed_hosts": ["*"]}, []),
    ],
)
def test_unsafe_settings_are_listed_by_variable(change, variables):
    problems = unsafe_settings(**SAFE | change)

    assert [problem.split(":")[0] for problem in problems] == variables


def test_every_variable_is_explained_and_every_explained_one_is_read():
    explained = set(
        re.findall(r"^#? ?([A-Z][A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.M)
    )
    read = set()
    for name in ("settings.py", "gunicorn.py", "serve.py"):
        source = (BASE_DIR / "config" / name).read_text()
        read |= set(re.findall(r"(?:env\.\w+|environ\.get)\(\s*\"([A-Z_]+)\"", source))
    composed = set(re.findall(r"\$\{([A-Z_]+)", (BASE_DIR / "docker-compose.yml").read_text()))

    assert explained == read | composed


def test_containers_have_no_default_password():
    compose = (BASE_DIR / "docker-compose.yml").read_text()

    for variable in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "ALLOWED_HOSTS"):
        uses = re.findall(rf"\$\{{{variable}([^}}]*)\}}", compose)
        assert uses
        assert all(use.startswith(":?") for use in uses)
