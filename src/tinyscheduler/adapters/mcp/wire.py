"""MCP as bytes and results: requests out, what an answer means in. Opens nothing, reads no clock.

Apart from ``client`` so that every oddity of a wire can be tested without one; how an answer arrives is
in ``answer``. What we speak of MCP, and what not, is in ADR 0021; the facts are those of tinytask 2, 3, 5.

Every parser takes what an unknown server sent: whatever it is, it becomes a value or one of our
errors, never another exception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, NewType

from tinyscheduler.adapters.mcp import faults
from tinyscheduler.adapters.mcp.answer import HINT_LANGUAGE, parsed
from tinyscheduler.errors import ServerRefused, ServerUnavailable

PROTOCOL_VERSION: Final = "2025-06-18"
"""What we ask for in ``initialize``: the newest that both the public server and the SDKs of 2025
know, and nothing newer is needed for ``tools/call``."""

REQUEST_MAX_BYTES: Final = 102_400
"""Above it the public server answers 500 without a word why (tinytask 2.1)."""

ANSWER_MAX_BYTES: Final = 16 * 1024 * 1024
"""Two pages of 500 tasks with long texts; a server that sends more has not understood ``limit``."""

OPENING_ID: Final = 1
"""Of ``initialize``; calls count on from here."""

Argument = str | int | float | bool | list[str] | None
RequestBody = NewType("RequestBody", bytes)


class Session(NamedTuple):
    """What a server with a memory gave us in ``initialize``."""

    version: str
    id: str = ""
    """Empty: it negotiates, but keeps no session."""


def request_headers(session: Session | None) -> dict[str, str]:
    """Headers of every POST. Both types stand in Accept literally: ``*/*`` is refused (tinytask 2).

    Without a negotiation there is no version header; a server then assumes one (MCP, Transports).
    Compression is declined, so that the cap on an answer is a cap on memory.
    """
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
    }
    if session is not None:
        headers["MCP-Protocol-Version"] = session.version
        if session.id:
            headers["Mcp-Session-Id"] = session.id
    return headers


def call_body(call_id: int, tool: str, arguments: Mapping[str, Argument]) -> RequestBody:
    """A ``tools/call``. Raises ServerRefused when it is larger than the server reads."""
    body = _tool_request(call_id, tool, arguments)
    if len(body) > REQUEST_MAX_BYTES:
        raise ServerRefused(
            f"a call of {tool} with {len(body):,} bytes is larger than the {REQUEST_MAX_BYTES:,} "
            "that the task server reads",
            hint="Put long text into a file and name its path in the task.",
        )
    return body


def initialize_body(call_id: int, client_version: str) -> RequestBody:
    """The opening of a session; only sent to servers that ask for one."""
    params = {
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {},
        "clientInfo": {"name": "tinyscheduler", "version": client_version},
    }
    return request_body(call_id, "initialize", params)


def initialized_body() -> RequestBody:
    """The notification that ends the opening."""
    return _encoded({"jsonrpc": "2.0", "method": "notifications/initialized"})


def _tool_request(call_id: int, tool: str, arguments: Mapping[str, Argument]) -> RequestBody:
    return request_body(call_id, "tools/call", {"name": tool, "arguments": dict(arguments)})


def request_body(call_id: int, method: str, params: Mapping[str, object]) -> RequestBody:
    """Any request of JSON-RPC."""
    return _encoded({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params})


def _encoded(message: Mapping[str, object]) -> RequestBody:
    """``replace``: half a surrogate pair from a file name must not stop a settlement."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return RequestBody(text.encode("utf-8", "replace"))


_TAIL_CHARS: Final = 400
"""Kept of the end of a comment: the marker that makes settling idempotent may stand there."""


def with_text_cut(
    tool: str, arguments: Mapping[str, Argument], name: str, *, room_bytes: int = REQUEST_MAX_BYTES
) -> dict[str, Argument]:
    """The arguments, with the middle of the text called ``name`` cut out if the call is too large.

    A note says how much is missing. Only that text is cut: if it is not the reason, ``call_body``
    refuses.
    """
    fitting = dict(arguments)
    text = str(arguments[name])
    kept = len(text)
    while kept > 0 and (size := len(_tool_request(2**53, tool, fitting))) > room_bytes:
        kept = max(0, min(kept - 1, kept * (room_bytes - 300) // size))
        fitting[name] = _without_middle(text, kept)
    return fitting


def _without_middle(text: str, kept: int) -> str:
    tail = min(_TAIL_CHARS, kept // 2)
    head = kept - tail
    note = f"\n[{len(text) - kept:,} characters cut: the task server reads no more]\n"
    return text[:head] + note + (text[-tail:] if tail else "")


def session_of(result: object, session_id: str) -> Session:
    """What ``initialize`` agreed on. A version we have not heard of is taken: ``tools/call`` has not
    changed since the first one, and what cannot be read is refused where it is read."""
    version = result.get("protocolVersion") if isinstance(result, dict) else None
    if not isinstance(version, str) or not _is_header_word(version, 40):
        raise ServerUnavailable("the task server agrees on no protocol version", hint=HINT_LANGUAGE)
    return Session(version, session_id if _is_header_word(session_id, 1024) else "")


class ToolPage(NamedTuple):
    """A part of ``tools/list``."""

    names: tuple[str, ...]
    cursor: str
    """Empty: there is no more."""


def tools_of(result: object) -> ToolPage:
    """Raises ServerUnavailable for what is no list of tools."""
    found = result.get("tools") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(found, list):
        raise ServerUnavailable("the task server does not say which tools it has", hint=HINT_LANGUAGE)
    names = (tool.get("name") for tool in found if isinstance(tool, dict))
    cursor = result.get("nextCursor")
    return ToolPage(
        tuple(name for name in names if isinstance(name, str)), cursor if isinstance(cursor, str) else ""
    )


def _is_header_word(text: str, max_chars: int) -> bool:
    """Visible ASCII, as MCP asks of a session id; anything else could not be sent back."""
    return 0 < len(text) <= max_chars and all("!" <= c <= "~" for c in text)


def value_of(result: object) -> object:
    """What a tool returned: the JSON in its text, or its structured content when there is no text.

    Some tools put a sentence and an empty line before the JSON (tinytask 3). Raises what
    ``faults.tool_fault`` gives for ``isError``, ServerUnavailable for a result without JSON.
    """
    if not isinstance(result, dict):
        raise ServerUnavailable("the task server's result is not an object", hint=HINT_LANGUAGE)
    text = _text_of(result.get("content"))
    if result.get("isError") is True:
        raise faults.tool_fault(text or "")
    if text is None:
        return _structured(result)
    return parsed(_from_json(text))


def _text_of(content: object) -> str | None:
    items: Sequence[object] = content if isinstance(content, list) else ()
    for item in items:
        if isinstance(item, dict) and isinstance(text := item.get("text"), str):
            return text
    return None


def _structured(result: Mapping[str, object]) -> object:
    value = result.get("structuredContent")
    if value is None:
        raise ServerUnavailable("the task server's result is empty", hint=HINT_LANGUAGE)
    return value


def _from_json(text: str) -> str:
    """From the first brace or bracket on, looked for after the empty line where there is one."""
    if text[:1] in {"{", "["}:
        return text
    sentence_end = text.find("\n\n") + 1
    starts = [at for at in (text.find("{", sentence_end), text.find("[", sentence_end)) if at >= 0]
    return text[min(starts) :] if starts else text
