"""Ways for the stub server to misbehave; each takes the place of one good answer."""

from __future__ import annotations

import json
import socket

from tests.integration.stub_http import answer_to, behave_well, event, rpc_error
from tests.integration.stub_server import Behaviour, Handler, Message


def fail(status: int, body: bytes = b'{"error":"oh"}', kind: str = "application/json") -> Behaviour:
    """Answer with this status, having done nothing."""
    return lambda handler, _request: handler.reply(status, body, kind)


def done_but_fail(status: int) -> Behaviour:
    """Carry the call out and then answer as a proxy that lost the answer."""

    def behave(handler: Handler, request: Message) -> None:
        answer_to(handler, request)
        handler.reply(status, b"<html>Bad Gateway</html>", "text/html")

    return behave


def redirect(location: str) -> Behaviour:
    """Send the client elsewhere."""
    return lambda handler, _request: handler.reply(307, b"", Location=location)


def hang(handler: Handler, _request: Message) -> None:
    """Answer nothing until the end."""
    handler.server.stub.released.wait(30)
    handler.close_connection = True


def done_but_hang(handler: Handler, request: Message) -> None:
    """Carry the call out and answer too late."""
    answer_to(handler, request)
    hang(handler, request)


def drop(handler: Handler, _request: Message) -> None:
    """Close the connection without a word, having done nothing."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def done_but_drop(handler: Handler, request: Message) -> None:
    """Carry the call out and close the connection without a word."""
    answer_to(handler, request)
    drop(handler, request)


def cut(handler: Handler, request: Message) -> None:
    """End the connection in the middle of the answer."""
    body = event(answer_to(handler, request))
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    drop(handler, request)


def cut_but_framed(handler: Handler, request: Message) -> None:
    """Half an answer whose length is nevertheless right: the JSON is what is cut."""
    body = event(answer_to(handler, request))
    handler.reply(200, body[: len(body) // 2], "text/event-stream")


def say(body: bytes, kind: str = "text/event-stream", **headers: str) -> Behaviour:
    """Exactly these bytes."""
    return lambda handler, _request: handler.reply(200, body, kind, **headers)


def huge(megabytes: int) -> Behaviour:
    """An answer without end as far as the client is concerned; stops when the client leaves."""

    def behave(handler: Handler, _request: Message) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", str(megabytes * 2**20))
        handler.end_headers()
        handler.close_connection = True
        for _ in range(megabytes):
            handler.wfile.write(b" " * 2**20)

    return behave


def drip(handler: Handler, _request: Message) -> None:
    """One byte of a header now and then: every single wait is short, the whole has no end."""
    stub = handler.server.stub
    handler.close_connection = True
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
        if stub.released.wait(0.05):
            return
        handler.wfile.write(bytes((byte,)))


def keep_open(handler: Handler, request: Message) -> None:
    """The whole answer at once on a stream that then stays open."""
    body = event(answer_to(handler, request))
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    handler.wfile.write(body)
    hang(handler, request)


def with_sessions(handler: Handler, request: Message, *, live: set[str]) -> None:
    """As the official SDKs with a memory: 400 without a session, 404 with one they do not know."""
    session = handler.headers.get("mcp-session-id")
    if request.get("method") == "initialize":
        live.add(new := f"session-{len(handler.server.stub.requests)}")
        result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {}}
        body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()
        handler.reply(200, body, Mcp_Session_Id=new)
    elif session is None:
        handler.reply(400, rpc_error("Bad Request: Missing session ID"))
    elif session not in live:
        handler.reply(404, rpc_error("Session not found"))
    else:
        behave_well(handler, request)


def locked(handler: Handler, request: Message) -> None:
    """Rolled back, so that nothing happened."""
    text = "Error updating task: Execute failed: database is locked"
    result = {"content": [{"type": "text", "text": text}], "isError": True}
    handler.reply(200, event({"id": request["id"], "result": result}), "text/event-stream")
