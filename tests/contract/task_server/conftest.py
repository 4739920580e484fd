"""Run every test of this folder against every implementation."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.task_server.implementations import IMPLEMENTATIONS, House
from tests.contract.task_server.serving import Start
from tests.contract.task_server.stdio import a_start


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """One server process of each kind for all tests that want it."""
    with a_start(tmp_path_factory.mktemp("serving")) as found:
        yield found


@pytest.fixture(params=list(IMPLEMENTATIONS))
def house(request: pytest.FixtureRequest, tmp_path: Path, start: Start) -> Iterator[House]:
    """A server that knows no task yet."""
    with IMPLEMENTATIONS[request.param](str(tmp_path), start) as found:
        yield found
