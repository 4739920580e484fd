"""The stub, and a client that has the operator's token and little patience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.mcp.known import TOKEN
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.manners import Memory
from tinyscheduler.adapters.mcp.tasks import McpTaskServer


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


@pytest.fixture
def client(stub: StubServer) -> Iterator[McpTaskServer]:
    server = McpTaskServer(stub.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout_s=0.5)
    yield server
    server.close()


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """What is remembered of servers from one pass to the next."""
    return Memory(str(tmp_path / "cache" / "task_servers.json"))


@pytest.fixture
def desk(stub: StubServer, memory: Memory) -> Iterator[McpTaskDesk]:
    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=15, memory=memory)) as server:
        yield server
