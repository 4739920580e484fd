"""That the stub has the traps of the public server's wire at all (tinytask 2): each answer as it was seen, by
a client that knows nothing of ours. What our client makes of them is in the other modules;
docs/mcp-client.md says where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.integration.mcp.bare import request, send
from tests.integration.stub_server import StubServer


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        ({"Accept": "*/*"}, request("tools/list"), 406, "must accept both application/json and text"),
        ({"Accept": "application/json"}, request("tools/list"), 406, "Not Acceptable"),
        ({"Content_Type": "text/plain"}, request("tools/list"), 415, "Unsupported Media Type"),
        ({}, b"{", 400, '{"error":"Invalid JSON body"}'),
        ({}, {"a": 1}, 400, "-32700"),
        ({"MCP_Protocol_Version": "2099-01-01"}, request("ping"), 400, "Unsupported protocol version"),
        ({}, b'"' + b"x" * 102_399 + b'"', 500, '{"error":"Internal server error"}'),
    ],
)
def test_what_is_badly_framed_is_refused_as_it_was_seen(
    stub: StubServer, headers: dict[str, str], body: object, status: int, words: str
) -> None:
    got = send(stub, body, **headers)

    assert (got.status, got.kind) == (status, "application/json")
    assert words in got.text


def test_as_much_as_the_server_reads_is_read(stub: StubServer) -> None:
    text = json.dumps(request("tools/call", {"name": "get_task", "arguments": {"id": 1}}))

    assert send(stub, text.ljust(102_400).encode()).status == 200


def test_an_answer_is_a_stream_with_the_title_as_it_is(stub: StubServer) -> None:
    stub.store.add(title="a\u2028b\u2029c\u0085d")

    got = send(stub, request("tools/call", {"name": "get_task", "arguments": {"id": 1}}))

    assert "a\u2028b\u2029c\u0085d" in got.text
    assert len(got.text.splitlines()) > len(got.text.split("\n")), "who splits like this is lost"


def test_methods_and_paths_besides_a_call(stub: StubServer) -> None:
    batch = send(stub, [request("ping"), {"jsonrpc": "2.0", "method": "notifications/initialized"}])

    assert batch.message["id"] == 2
    assert send(stub, {"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202
    assert send(stub, request("nope")).message["error"] == {"code": -32601, "message": "Method not found"}
    assert "-32603" in send(stub, request("tools/call", {"name": "get_task", "arguments": None})).text
    assert send(stub, b"", method="PUT").status == 405
    assert send(stub, b"", method="DELETE").status == 200
    assert send(stub, request("ping"), path="/mcp/x").status == 200
    assert send(stub, request("ping"), path="/sse").status == 404
    assert '"streamable-http"' in send(stub, b"", method="GET", path="/health").text


def test_the_older_transport_tells_itself_by_its_refusals() -> None:
    with StubServer("sse") as stub:
        bare = send(stub, request("initialize"))
        strange = send(stub, request("initialize"), path="/mcp?sessionId=7")
        health = send(stub, b"", method="GET", path="/health")

    assert (bare.status, bare.text) == (400, '{"error":"Missing session ID"}')
    assert (strange.status, strange.text) == (404, '{"error":"Session not found"}')
    assert "transport" not in health.text
