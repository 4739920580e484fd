"""Servers that open a session, lose it, or speak the old mode."""

from __future__ import annotations

from functools import partial

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.mcp.known import BOB, DEV, ONE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import (
    ServerUnavailable,
)


def test_a_session_is_opened_when_the_server_wants_one_and_ended_at_close(
    stub: StubServer, client: McpTaskServer
) -> None:
    live: set[str] = set()
    stub.script(*[partial(stubs.with_sessions, live=live)] * 10)
    stub.store.add()

    client.get(ONE)
    client.get(ONE)
    client.close()

    assert stub.tools == [
        "get_task", "initialize", "notifications/initialized", "get_task", "get_task", "DELETE",
    ]  # fmt: skip
    (session,) = live
    in_session = stub.requests[2:]
    assert {seen.headers.get("mcp-session-id") for seen in in_session} == {session}
    assert {seen.headers.get("mcp-protocol-version") for seen in in_session} == {"2025-06-18"}


def test_a_lost_session_is_opened_anew_once(stub: StubServer, client: McpTaskServer) -> None:
    """A restarted server knows no session; the call was not carried out."""
    live: set[str] = set()
    stub.script(*[partial(stubs.with_sessions, live=live)] * 20)
    stub.store.add()
    client.get(ONE)
    live.clear()

    moved = client.update(ONE, status="working")

    assert moved.status == "working"
    assert stub.tools[-4:] == ["update_task", "initialize", "notifications/initialized", "update_task"]


def test_a_server_that_forgets_every_session_is_given_up(stub: StubServer, client: McpTaskServer) -> None:
    stub.script(*[partial(stubs.with_sessions, live=_Forgetful())] * 20)

    with pytest.raises(ServerUnavailable, match="404") as caught:
        client.get(ONE)

    assert not caught.value.maybe_applied
    assert stub.tools.count("initialize") == 1


def test_a_server_that_wants_a_session_and_gives_none_is_explained(
    stub: StubServer, client: McpTaskServer
) -> None:
    """Neither by ``initialize`` nor by opening a stream."""
    stub.sse.is_mute = True
    stub.script(*[stubs.fail(400, b'{"error":"Missing session ID"}')] * 5)

    with pytest.raises(ServerUnavailable, match="Missing session ID") as caught:
        client.backlog((DEV,), (BOB,), 10)

    assert "SSE" in caught.value.hint


class _Forgetful(set[str]):
    """Knows no session a moment after it was opened."""

    def __contains__(self, session: object) -> bool:
        return False
