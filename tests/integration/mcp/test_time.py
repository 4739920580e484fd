"""What is slow: every call has a limit, whatever the server does."""

from __future__ import annotations

import time

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import ONE
from tests.integration.stub_server import Behaviour, StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerUnavailable


def test_a_write_that_is_answered_too_late_is_open_and_turns_out_done(
    stub: StubServer, client: McpTaskServer
) -> None:
    """``working`` was written although the call timed out."""
    stub.store.add()
    stub.script(stubs.done_but_hang)

    with pytest.raises(ServerUnavailable, match=r"did not answer within 0\.5 s") as caught:
        client.update(ONE, status="working")

    assert caught.value.maybe_applied
    assert "MCP_TIMEOUT_SEC" in caught.value.hint
    assert client.get(ONE).task.status == "working"
    assert stub.tools == ["update_task", "get_task"]


@pytest.mark.parametrize("behaviour", [stubs.hang, stubs.drip])
def test_a_call_ends_in_time_also_when_bytes_keep_trickling_in(
    stub: StubServer, client: McpTaskServer, behaviour: Behaviour
) -> None:
    """Libraries limit each read; only the sum holds the lock."""
    stub.script(behaviour)
    started = time.monotonic()

    with pytest.raises(ServerUnavailable, match="did not answer"):
        client.get(ONE)

    assert 0.4 < time.monotonic() - started < 2
    assert len(stub.requests) == 1


def test_the_budget_is_for_all_calls_together(stub: StubServer) -> None:
    client = McpTaskServer(stub.url, timeout_s=10, budget_s=0.4)
    stub.always("get_task", stubs.hang)
    started = time.monotonic()

    for _ in range(5):
        with pytest.raises(ServerUnavailable):
            client.get(ONE)
    with pytest.raises(ServerUnavailable, match=r"0\.4 s for all calls") as caught:
        client.update(ONE, status="idle")
    client.close()

    assert time.monotonic() - started < 2
    assert not caught.value.maybe_applied
    assert len(stub.requests) == 1
