"""What is JSON-RPC at all: the rest is refused in the public server's words, before the SDK reads it.

The SDK takes a request whose id is null or 1.5 for a notification: it answers 202 and does nothing, and
whoever reads that believes that it was done. Of what is no JSON-RPC it tells the insides of its library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic_core import from_json, to_json

from tinyscheduler.taskserver.turning_away import TurnedAway, turned_away

_NO_MESSAGE: Final = "Parse error: Invalid JSON-RPC message"
_NO_BATCH: Final = "Invalid Request: a batch holds plain tools/call requests only, and at most 100"
_NOT_BOTH: Final = "Not Acceptable: Client must accept both application/json and text/event-stream"
_NO_JSON_TYPE: Final = "Unsupported Media Type: Content-Type must be application/json"


def look(headers: Mapping[bytes, bytes], body: bytes) -> TurnedAway | None:
    """None: the SDK may read it."""
    if not _accepts_both(headers.get(b"accept", b"")):
        return _error(406, -32000, _NOT_BOTH)
    if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != b"application/json":
        return _error(415, -32000, _NO_JSON_TYPE)
    try:
        message = from_json(body)
    except ValueError:
        # Whatever is wrong with it, there is no id in it to answer to.
        return turned_away(400, "Invalid JSON body")
    if isinstance(message, list) and message and all(map(_is_message, message)):
        # Those that hold nothing but plain calls took the express lane.
        return _error(400, -32600, _NO_BATCH)
    return None if _is_message(message) else _error(400, -32700, _NO_MESSAGE)


def fault(line: bytes) -> bytes | None:
    """Over stdio, what is said about a line that is no message; None: the SDK may read it."""
    try:
        message = from_json(line)
    except ValueError:
        # As above.
        return _error(400, -32700, "Parse error: Invalid JSON").body
    return None if _is_message(message) else _error(400, -32700, _NO_MESSAGE).body


def too_long(limit_bytes: int) -> bytes:
    """What is said about a line over stdio that was not read: nobody knows its id."""
    return _error(413, -32600, f"Invalid Request: a line may have {limit_bytes} bytes at most").body


def _accepts_both(accepted: bytes) -> bool:
    """A wildcard may: the SDK says which."""
    return b"*" in accepted or (b"application/json" in accepted and b"text/event-stream" in accepted)


def _is_message(value: object) -> bool:
    """A request, a notification, or a client's answer."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        return False
    if "id" in value and not _is_id(value["id"]):
        return False
    if "method" not in value:
        return "id" in value and ("result" in value or "error" in value)
    return isinstance(value["method"], str) and isinstance(value.get("params", {}), dict)


def _is_id(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _error(status: int, code: int, message: str) -> TurnedAway:
    error = {"code": code, "message": message}
    return TurnedAway(status, to_json({"jsonrpc": "2.0", "error": error, "id": None}))
