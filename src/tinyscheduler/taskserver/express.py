"""The express lane: plain calls of tools, answered as the SDK answers them but without a session for each.

The SDK makes a transport, a session, five tasks and three streams for every request: 2 ms of a core. Nearly
all that agents send is the same plain ``tools/call``, and its answer depends on nothing but its body. So
exactly that is read and written here; whatever has anything more goes the SDK's way. A test
compares the bytes of both (ADR 0026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from mcp import types
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic_core import from_json, to_json

from tinyscheduler.taskserver.tools import Answer

BATCH_MAX: Final = 100
"""Calls in one JSON-RPC batch."""
_ID_MAX: Final = 2**53
"""Beyond it clients written in JavaScript would not know their own number."""


class Plain(NamedTuple):
    """One call."""

    id: int | str
    tool: str
    arguments: Mapping[str, object]


def is_express(headers: Mapping[bytes, bytes]) -> bool:
    """A POST with these headers is one that the SDK would read as a plain request."""
    accepted = headers.get(b"accept", b"")
    version = headers.get(b"mcp-protocol-version", b"2025-03-26").decode("latin-1")
    return (
        headers.get(b"content-type", b"").split(b";")[0].strip() == b"application/json"
        and b"application/json" in accepted
        and b"text/event-stream" in accepted
        and b"q=" not in accepted
        and version in HANDSHAKE_PROTOCOL_VERSIONS
    )


def plain_calls(body: bytes) -> list[Plain] | None:
    """The calls of a body, or of a batch of calls; None: it is for the SDK to say what it is."""
    try:
        message = from_json(body)
    except ValueError:
        # The SDK's words for it are as good as ours.
        return None
    if not isinstance(message, list):
        call = _plain(message)
        return None if call is None else [call]
    calls = [_plain(item) for item in message[: BATCH_MAX + 1]]
    found = [call for call in calls if call is not None]
    return found if 0 < len(found) == len(calls) <= BATCH_MAX else None


def _plain(message: object) -> Plain | None:
    if not isinstance(message, dict) or message.keys() != {"jsonrpc", "id", "method", "params"}:
        return None
    params, number = message["params"], message["id"]
    is_call = message["jsonrpc"] == "2.0" and message["method"] == "tools/call"
    if not is_call or not isinstance(params, dict) or not params.keys() <= {"name", "arguments"}:
        return None
    name, arguments = params.get("name"), params.get("arguments", {})
    is_number = type(number) is int and abs(number) < _ID_MAX
    if not (is_number or isinstance(number, str)) or not isinstance(name, str):
        return None
    return Plain(number, name, arguments) if isinstance(arguments, dict) else None


def result_of(answer: Answer) -> types.CallToolResult:
    """What the SDK sends for an answer."""
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=answer.text)],
        structured_content=answer.structured,
        is_error=answer.refusal is not None,
    )


def event(call: Plain, answer: Answer) -> bytes:
    """The same, written without a model: key by key what the SDK writes."""
    result: dict[str, object] = {
        "content": [{"text": answer.text, "type": "text"}],
        "isError": answer.refusal is not None,
    }
    if answer.structured is not None:
        result["structuredContent"] = answer.structured
    return (
        b"event: message\r\ndata: "
        + to_json({"jsonrpc": "2.0", "id": call.id, "result": result})
        + b"\r\n\r\n"
    )
