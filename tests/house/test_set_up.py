"""Nothing that is committed ties the project to one machine or one registry."""

import re
import subprocess
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[2]
LOCKS = sorted((BASE_DIR / "requirements").glob("*.txt"))
# Written in two parts, so that this file does not name what it looks for.
REGISTRIES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry." + "npmjs",
    "deb.debian" + ".org",
)
MACHINE_PATHS = ("/work" + "/", "/root" + "/")


def committed_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a checkout")
    paths = (BASE_DIR / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_the_lock_files_are_the_four_that_set_up_uses():
    assert [lock.stem for lock in LOCKS] == ["dev", "e2e", "run", "tools"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_file_has_a_hash_for_every_package_and_no_address(lock):
    text = lock.read_text()
    packages = re.findall(r"^[a-z0-9].*", text, re.M)

    assert "://" not in text
    assert packages
    assert all("==" in package and package.endswith("\\") for package in packages)


@pytest.mark.parametrize(("smaller", "larger"), [("run", "dev"), ("dev", "e2e")])
def test_a_larger_set_up_keeps_the_versions_of_a_smaller_one(smaller, larger):
    def packages(name):
        text = (BASE_DIR / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([a-z0-9][^ ;]*)", text, re.M))

    assert packages(smaller) <= packages(larger)


@pytest.mark.parametrize(
    "named",
    ["django-environ", "django-import-export", "openpyxl", "celery", "redis"],
)
def test_what_the_department_asked_for_is_installed(named):
    assert re.search(rf"^{named}==", (BASE_DIR / "requirements" / "run.txt").read_text(), re.M)


def test_no_committed_file_names_a_registry_or_a_path_of_one_machine():
    found = [
        f"{path.relative_to(BASE_DIR)}: {name}"
        for path in committed_files()
        for name in (*REGISTRIES, *MACHINE_PATHS)
        if name.encode() in path.read_bytes()
    ]

    assert found == []


def test_every_dependency_says_why_it_is_there():
    text = (BASE_DIR / "pyproject.toml").read_text()
    declared = text[text.index("dependencies = [") : text.index("[tool.uv]")]
    lines = [line for line in declared.splitlines() if line.lstrip().startswith('"')]

    assert lines
    assert [line for line in lines if "  # " not in line] == []
