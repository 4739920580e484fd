"""Run every test of this folder against every implementation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.task_server.implementations import IMPLEMENTATIONS, House
from tests.contract.task_server.serving import Serving, serving


@pytest.fixture(scope="session")
def start_serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Serving]]:
    """Start ``serve`` the first time it is asked for; it ends with the session."""
    with ExitStack() as stack:
        started: list[Serving] = []

        def start() -> Serving:
            if not started:
                started.append(stack.enter_context(serving(tmp_path_factory.mktemp("serving"))))
            return started[0]

        yield start


@pytest.fixture(params=list(IMPLEMENTATIONS))
def house(
    request: pytest.FixtureRequest, tmp_path: Path, start_serving: Callable[[], Serving]
) -> Iterator[House]:
    """A server that knows no task yet."""
    with IMPLEMENTATIONS[request.param](str(tmp_path), start_serving) as found:
        yield found
