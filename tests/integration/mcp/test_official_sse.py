"""Our client and the official SDK's server, over the older transport."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.mcp.known import ONE
from tests.waiting import wait_until
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.model.ids import TaskId

PROGRAM = Path(__file__).with_name("official_sse.py")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(port)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _listens(port), "the server listens", limit_s=40)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_is_found_introduced_to_and_understood(endpoint: str) -> None:
    with closing(McpTaskServer(endpoint, timeout_s=20, budget_s=40)) as client:
        first, second = client.get(ONE), client.get(ONE)

    assert first == second
    assert (first.task.title, first.task.queue) == ("a\u2028b", "dev")


def test_what_it_refuses_is_told(endpoint: str) -> None:
    with closing(McpTaskServer(endpoint, timeout_s=20, budget_s=40)) as client:
        with pytest.raises((TaskNotFound, ServerRefused), match="not found: 7"):
            client.get(TaskId("7"))
        with pytest.raises(ServerRefused):
            client.comment(ONE, "hello", "bob")
