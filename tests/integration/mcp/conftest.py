"""The stub, and a client that has the operator's token and little patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.mcp.known import TOKEN
from tests.integration.stub_server import StubServer
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
