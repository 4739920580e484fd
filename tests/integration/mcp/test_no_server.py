"""A server that is not there, or not there yet, and proxies on the way to it."""

from __future__ import annotations

import socket
import time

import pytest

from tests.integration.mcp.known import BOB, DEV, ONE, QA, SUE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ConfigError, ServerUnavailable


def test_a_refused_connection_is_named_with_its_address_and_is_surely_not_applied() -> None:
    port = _unused_port()
    client = McpTaskServer(f"http://127.0.0.1:{port}")

    with pytest.raises(ServerUnavailable, match=rf"refused.*127\.0\.0\.1:{port}/mcp") as caught:
        client.move(ONE, current=BOB, new=SUE, comment="")
    client.close()

    assert not caught.value.maybe_applied
    assert "MCP_ENDPOINT" in caught.value.hint


def test_a_server_that_is_down_costs_a_pass_less_than_two_seconds() -> None:
    """Two repeats for the pass, not two for each of its calls."""
    client = McpTaskServer(f"http://127.0.0.1:{_unused_port()}")
    started = time.monotonic()
    with pytest.raises(ServerUnavailable):
        client.get(ONE)
    assert time.monotonic() - started > 0.19, "a server that restarts was given no second chance"

    for _ in range(50):
        with pytest.raises(ServerUnavailable):
            client.get(ONE)
    with pytest.raises(ServerUnavailable):
        client.backlog((DEV, QA), (BOB, SUE), 10)
    client.close()

    assert time.monotonic() - started < 2


def test_a_server_that_restarts_between_two_calls_is_not_noticed(
    stub: StubServer, client: McpTaskServer
) -> None:
    """The connection kept alive is dead, and the next call must not be taken for lost with it."""
    stub.store.add(assigned_to="bob")
    client.get(ONE)
    stub.stop()
    stub.start()

    moved = client.move(ONE, current=BOB, new=SUE, comment="over")

    assert moved.assigned_to == "sue"
    assert len(stub.store.comments) == 1


def test_a_server_that_was_down_is_asked_again_by_the_same_client(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.store.add()
    stub.stop()
    with pytest.raises(ServerUnavailable, match="refused"):
        client.get(ONE)
    stub.start()

    assert client.get(ONE).task.id == "1"


def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    stub: StubServer, client: McpTaskServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crontabs often carry one, and it could not reach our loopback."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{_unused_port()}")
    stub.store.add()

    assert client.get(ONE).task.id == "1"


def test_a_proxy_in_the_environment_is_used_for_other_machines(
    stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stub is the proxy: it gets the whole address as its path."""
    monkeypatch.setenv("http_proxy", stub.url.removesuffix("/mcp"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    stub.store.add()
    client = McpTaskServer("http://tasks.invalid:3000", timeout_s=5)

    assert client.get(ONE).task.id == "1"
    client.close()
    assert stub.requests[0].path == "http://tasks.invalid:3000/mcp"


def test_a_proxy_that_is_no_address_is_a_fault_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://u:hunter2@h")
    client = McpTaskServer("http://tasks.invalid:3000")

    with pytest.raises(ConfigError) as caught:
        client.get(ONE)

    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


def _unused_port() -> int:
    """Of a socket that was bound and is closed: nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
