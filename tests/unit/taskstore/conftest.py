"""A store in a folder of its own, with a clock that a test can turn."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.taskstore.builders import Hands, StartPython, Watch, start_python
from tinyscheduler.taskstore.store import Store


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "tasks.db")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(path: str, watch: Watch) -> Iterator[Store]:
    opened = Store(path, now=watch)
    yield opened
    opened.close()


@pytest.fixture
def start() -> Iterator[StartPython]:
    """``start_python`` whose processes do not outlive the test, whatever happens in it."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        started.append(start_python(code, *arguments))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=10)


@pytest.fixture
def hands(store: Store) -> Hands:
    return Hands(store)
