"""One answer of an MCP server as bytes that arrive: which message in it is ours, and is it whole.

Apart from ``wire``, which knows requests and what results mean. Opens nothing, reads no clock.
Whatever an unknown server sends becomes a value or one of our errors, never another exception; and what
was answered in a way that nobody can read may have been done (law 4).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tinyscheduler.adapters.mcp import faults
from tinyscheduler.errors import ServerUnavailable

HINT_LANGUAGE: Final = "Check TINYSCHEDULER_MCP_ENDPOINT: MCP answers with JSON or an event stream."

Message = Mapping[str, object]


class Answer:
    """One HTTP answer as it arrives; each event is parsed once, however the bytes are cut."""

    def __init__(self, content_type: str, call_id: int) -> None:
        self._kind = content_type.partition(";")[0].strip().lower()
        self._call_id = call_id
        self._bytes = bytearray()
        self._message: Message | None = None
        self._nameless: Message | None = None
        self._broken: ServerUnavailable | None = None

    def feed(self, data: bytes) -> bool:
        """Take in what came. True: our reply is there, although the stream may still be open."""
        self._bytes += data
        if self._kind == "text/event-stream" and self._bytes.endswith((b"\n\n", b"\n\r\n")):
            self._take_events()
        return self._message is not None

    def result(self) -> object:
        """The ``result`` of our call, after all that came. Raises ServerUnavailable and what
        ``faults.rpc_fault`` gives."""
        self._finish()
        message = self._message or self._nameless
        if message is None:
            raise self._broken or ServerUnavailable(
                "the task server's answer holds no reply to our call",
                hint=HINT_LANGUAGE,
                maybe_applied=True,
            )
        error = message.get("error")
        if error is None:
            return message.get("result")
        code, text = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
        raise faults.rpc_fault(code, text if isinstance(text, str) else "")

    def _finish(self) -> None:
        if self._kind == "text/event-stream":
            self._take_events()
        elif self._kind == "application/json":
            self._take(self._bytes.decode("utf-8", "replace"))
        else:
            raise ServerUnavailable(
                f"the task server answers {faults.excerpt(self._kind, 60) or 'no content type'} instead "
                f"of MCP: {faults.body_excerpt(bytes(self._bytes[:4096])) or 'nothing'}",
                hint=HINT_LANGUAGE,
                maybe_applied=True,
            )
        self._bytes.clear()

    def _take_events(self) -> None:
        for text in event_data(bytes(self._bytes)):
            self._take(text)
        self._bytes.clear()

    def _take(self, text: str) -> None:
        """A broken event hides no whole one; it is told only when nothing better comes."""
        try:
            found = parsed(text)
        except ServerUnavailable as error:
            self._broken = self._broken or error
            return
        for message in found if isinstance(found, list) else (found,):
            self._choose(message)

    def _choose(self, message: object) -> None:
        """Notifications, requests and answers to others are passed over; an error without an id counts
        when nothing better comes (JSON-RPC 5: the id could not be read)."""
        if not isinstance(message, dict) or not ("result" in message or "error" in message):
            return
        found = message.get("id")
        if found == self._call_id or found == str(self._call_id):
            self._message = self._message or message
        elif found is None and "error" in message:
            self._nameless = message


def event_data(body: bytes) -> Iterator[str]:
    """The data of each event of a stream (WHATWG, Server-sent events).

    Lines end in LF or CRLF and in nothing else that Unicode calls a line end: the server sends
    U+2028, U+2029 and U+0085 raw inside of titles. An event cut off by the end of the stream is
    given all the same; its JSON then tells whether it is whole.
    """
    data: list[str] = []
    for raw in body.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        line = raw.removesuffix(b"\r")
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


class Event(NamedTuple):
    """One event of a stream, and what came behind it."""

    data: str
    rest: bytes


def event_named(name: str, body: bytes) -> Event | None:
    """The first whole event of this name; None: not yet."""
    kind, data, at = "", [], 0
    while (end := body.find(b"\n", at)) >= 0:
        line, at = body[at:end].removesuffix(b"\r").decode("utf-8", "replace"), end + 1
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line:
            if kind == name and data:
                return Event("\n".join(data), body[at:])
            kind, data = "", []
    return None


def parsed(text: str) -> object:
    """JSON as data. Raises ServerUnavailable for anything else, too deep or too long numbers included."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else "cut off or no JSON"
        raise ServerUnavailable(
            f"the task server's answer is {why}: {faults.excerpt(text, 80) or 'nothing'}",
            hint=HINT_LANGUAGE,
            maybe_applied=True,
        ) from error
    return value
