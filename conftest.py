"""What every test may count on."""

import fcntl
import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib import catalogue


def pytest_configure(config: pytest.Config) -> None:
    """Compile the catalogue when it is newer than what was compiled, whoever calls pytest."""
    compiled = catalogue.PO_FILE.with_suffix(".mo")
    is_worker = hasattr(config, "workerinput")
    if not is_worker and (
        not compiled.exists() or compiled.stat().st_mtime < catalogue.PO_FILE.stat().st_mtime
    ):
        catalogue.compile_catalogue()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts real processes comes first, so that one of the suite's processes gets all of
    it and none waits for another (see ``_one_worker_at_a_time``)."""
    items.sort(key=lambda item: item.get_closest_marker("worker") is None)


def pytest_collection_finish() -> None:
    """Thousands of collected tests live until the end: not looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _forget_the_language() -> None:
    """A test that switched the language does not leave it to the next one."""
    from django.utils import translation

    translation.activate("zh-hans")


@pytest.fixture(autouse=True)
def _one_worker_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that start real processes share a broker and the processor: one after the other,
    in whichever of the suite's processes they are."""
    if request.node.get_closest_marker("worker") is None:
        yield
        return
    with (Path(tempfile.gettempdir()) / "points-worker-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
