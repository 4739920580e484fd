"""How the stub answers over Streamable HTTP: stateless, every answer a stream of its own (tinytask 2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from tests.integration.stub_store import Refusal
from tests.integration.stub_tools import call

if TYPE_CHECKING:
    from tests.integration.stub_server import Handler, Message

BODY_MAX_BYTES = 102_400
VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07")
STREAM = "text/event-stream"


class Front:
    """Answers what nothing of the script takes."""

    def get(self, handler: Handler) -> None:
        """A stream on which nothing is ever said; the server cuts it after 120 s."""
        handler.send_response(200)
        handler.send_header("Content-Type", STREAM)
        handler.end_headers()
        handler.close_connection = True
        wait_while_connected(handler)

    def post(self, handler: Handler, body: bytes) -> None:
        """In the order in which the server looks."""
        headers = handler.lower_headers
        accept, version = headers.get("accept", ""), headers.get("mcp-protocol-version", VERSIONS[0])
        if not is_mcp(handler.path):
            handler.reply(404, b'{"error":"Not found"}')
        elif len(body) > BODY_MAX_BYTES:
            handler.reply(500, b'{"error":"Internal server error"}')
        elif (found := _parsed(body)) is None:
            handler.reply(400, b'{"error":"Invalid JSON body"}')
        elif "application/json" not in accept or STREAM not in accept:
            message = "Not Acceptable: Client must accept both application/json and text/event-stream"
            handler.reply(406, rpc_error(message))
        elif headers.get("content-type", "").partition(";")[0] != "application/json":
            handler.reply(415, rpc_error("Unsupported Media Type: Content-Type must be application/json"))
        elif not _are_requests(found[0]):
            handler.reply(400, rpc_error("Parse error: Invalid JSON-RPC message", -32700))
        elif version not in VERSIONS:
            known = ", ".join(VERSIONS)
            message = f"Bad Request: Unsupported protocol version: {version} (supported versions: {known})"
            handler.reply(400, rpc_error(message))
        else:
            self._answer(handler, found[0])

    def _answer(self, handler: Handler, found: object) -> None:
        """A batch is answered by an event for each, in one stream."""
        messages = cast("list[Message]", found if isinstance(found, list) else [found])
        events = [event(answer_to(handler, message)) for message in messages if "id" in message]
        if events:
            handler.reply(200, b"".join(events), STREAM)
        else:
            handler.reply(202, b"")


def behave_well(handler: Handler, request: Message) -> None:
    """As if nobody had told it otherwise."""
    handler.server.stub.front.post(handler, json.dumps(request).encode())


def rpc_error(message: str, code: int = -32000) -> bytes:
    """A JSON-RPC error without an id, as the transport sends it."""
    return json.dumps({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": None}).encode()


def event(message: object, *, end: str = "\n") -> bytes:
    """One event of a stream. Titles with U+2028, U+2029 and U+0085 are sent as they are."""
    data = json.dumps(message, ensure_ascii=False)
    return f"event: message{end}data: {data}{end}{end}".encode("utf-8", "surrogatepass")


def answer_to(handler: Handler, request: Message) -> Message:
    """What the server says to a request; carries it out."""
    stub = handler.server.stub
    head: Message = {"jsonrpc": "2.0", "id": request["id"]}
    params = request.get("params", {})
    match request["method"]:
        case "initialize":
            return {**head, "result": _introduction(params)}
        case "ping":
            return {**head, "result": {}}
        case "tools/list":
            return {**head, "result": {"tools": [_described(name) for name in stub.store.tools]}}
        case "tools/call":
            return {**_called(handler, params), **head}
    return {**head, "error": {"code": -32601, "message": "Method not found"}}


def wait_while_connected(handler: Handler) -> None:
    """Until the client leaves or the test ends."""
    stub = handler.server.stub
    while not stub.released.wait(0.02) and is_connected(handler):
        continue


def is_connected(handler: Handler) -> bool:
    """A connection that can be read, and has nothing to say, is closed."""
    import select
    import socket

    try:
        ready, _, _ = select.select([handler.connection], [], [], 0)
        return not ready or handler.connection.recv(1, socket.MSG_PEEK) != b""
    except (OSError, ValueError):
        return False


def _called(handler: Handler, params: object) -> Message:
    name = params.get("name") if isinstance(params, dict) else None
    arguments = params.get("arguments", {}) if isinstance(params, dict) else None
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return {"error": {"code": -32603, "message": "Invalid params"}}
    stub = handler.server.stub
    try:
        with stub.lock:
            text, extra = call(stub.store.tools, name, arguments), {}
    except Refusal as refusal:
        text, extra = str(refusal), {"isError": True}
    return {"result": {"content": [{"type": "text", "text": text}], **extra}}


def _introduction(params: object) -> Message:
    wanted = params.get("protocolVersion") if isinstance(params, dict) else None
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}, "resources": {}},
        "serverInfo": {"name": "tinytask-mcp", "version": "1.0.0"},
    }


def _described(name: str) -> Message:
    return {"name": name, "description": f"{name} of the stub", "inputSchema": {"type": "object"}}


def _parsed(body: bytes) -> tuple[object] | None:
    """In a tuple, since null is JSON as well."""
    try:
        return (json.loads(body),)
    except ValueError:
        return None


def _are_requests(found: object) -> bool:
    messages = found if isinstance(found, list) else [found]
    return bool(messages) and all(isinstance(message, dict) and _is_request(message) for message in messages)


def _is_request(message: Message) -> bool:
    return message.get("jsonrpc") == "2.0" and isinstance(message.get("method"), str)


def is_mcp(path: str) -> bool:
    """Any path below it answers too. A proxy is given whole addresses."""
    return urlsplit(path).path.startswith("/mcp")
