"""The HTTP+SSE transport of 2024: answers come on a stream that is opened first (tinytask 2.4).

``GET`` opens the stream; its first event names the address to which requests are posted, and with it
the session. A POST is answered 202 with nothing in it. The session lives as long as the stream.
Loaded only for servers that may speak it; ``client`` says how that is found out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tinyscheduler import __version__
from tinyscheduler.adapters.mcp import faults, wire
from tinyscheduler.adapters.mcp.answer import Answer, event_named
from tinyscheduler.adapters.mcp.line import (
    ERROR_BODY_MAX_BYTES,
    Line,
    check_encoding,
    check_size,
    status_fault,
)
from tinyscheduler.errors import ServerUnavailable

if TYPE_CHECKING:
    import httpx

FIRST_EVENT_MAX_S: Final = 3.0
"""The server says where to post in the same breath as it opens the stream. One that speaks Streamable
HTTP opens a stream as well and may never say anything on it."""

_HEADERS: Final = {"Accept": "text/event-stream", "Cache-Control": "no-store", "Accept-Encoding": "identity"}


class Sse:
    """A stream, opened at the first request."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._stream: httpx.Response | None = None
        self._parts: Iterator[bytes] = iter(())
        self._left_over = b""
        """Came with what was read last, and begins a new event."""
        self._post_url = ""

    def ask(self, body: wire.RequestBody, call_id: int) -> object:
        """The ``result``. A session that is lost is opened anew, once. Raises NotSpoken when the server
        does not speak like this, and as ``Answer.result``."""
        self.open()
        try:
            return self._asked(body, call_id).result()
        except faults.SessionNeeded:
            self.close()
        self.open()
        return self._asked(body, call_id).result()

    def open(self, *, within_s: float | None = None) -> None:
        """Open the stream unless it is open, and introduce ourselves: a server may insist, and says so in
        words that sound as if the call were at fault (ADR 0022). ``within_s`` limits the wait for
        the head of the answer. Raises NotSpoken; nothing was asked yet."""
        if self._stream is not None:
            return
        try:
            with self._closed_by_faults(), self._line.exchange() as limit_s:
                self._line.deadline.shorten(limit_s if within_s is None else within_s)
                self._open_stream()
            self._asked(wire.initialize_body(wire.OPENING_ID, __version__), wire.OPENING_ID).result()
            with self._closed_by_faults(), self._line.exchange() as limit_s:
                self._post(wire.initialized_body(), limit_s)
        except ServerUnavailable as error:
            error.maybe_applied = False
            raise

    def close(self) -> None:
        """Idempotent. With the stream the session ends."""
        stream, self._stream = self._stream, None
        self._parts, self._left_over = iter(()), b""
        if stream is not None:
            stream.close()

    @contextmanager
    def _closed_by_faults(self) -> Iterator[None]:
        """Nobody knows what is still to come on a stream on which something went wrong."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _open_stream(self) -> None:
        self._stream = self._line.send("GET", self._line.endpoint.url, headers=_HEADERS, read_s=None)
        if not self._stream.is_success:
            raise faults.not_spoken(self._stream.status_code, status_fault(self._stream, has_session=False))
        kind = self._stream.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            raise faults.NotSpoken(f"the task server opens no event stream but {faults.excerpt(kind, 60)}")
        check_encoding(self._stream)
        self._line.deadline.shorten(FIRST_EVENT_MAX_S)
        self._parts = self._stream.iter_raw()
        self._post_url = self._address(self._first_event())

    def _first_event(self) -> str:
        import httpx

        seen = b""
        try:
            for part in self._parts:
                seen += part
                found = event_named("endpoint", seen)
                if found is not None:
                    self._left_over = found.rest
                    return found.data
                if len(seen) > ERROR_BODY_MAX_BYTES:
                    break
        except httpx.TimeoutException as error:
            raise faults.NotSpoken("the task server's stream says nothing of where to post") from error
        raise faults.NotSpoken("the task server's stream does not say where to post")

    def _address(self, said: str) -> str:
        """Where to post. The token would go there as well, so it is the server that we know, or none."""
        from urllib.parse import urljoin, urlsplit

        try:
            address = urljoin(self._line.endpoint.url, said.strip())
            known, found = urlsplit(self._line.endpoint.url), urlsplit(address)
            is_same = (known.scheme, known.hostname, known.port) == (found.scheme, found.hostname, found.port)
        except ValueError:
            is_same = False
        if not is_same:
            raise ServerUnavailable(
                f"the task server wants requests to go to another server: {faults.excerpt(said, 80)}",
                hint="Does a proxy in front of it change its name? Name the server itself.",
            )
        return address

    def _asked(self, body: wire.RequestBody, call_id: int) -> Answer:
        answer = Answer("text/event-stream", call_id)
        with self._closed_by_faults(), self._line.exchange() as limit_s:
            self._post(body, limit_s)
            self._read(answer)
        return answer

    def _post(self, body: wire.RequestBody, limit_s: float) -> None:
        headers = wire.request_headers(None)
        response = self._line.send("POST", self._post_url, headers=headers, body=body, read_s=limit_s)
        try:
            if not response.is_success:
                raise status_fault(response, has_session=True)
            received = 0
            for part in response.iter_raw():
                received += len(part)
                check_size(received)
        finally:
            response.close()

    def _read(self, answer: Answer) -> None:
        """Until it is answered; what else comes is passed over."""
        received, self._left_over, part = 0, b"", self._left_over
        while not answer.feed(part):
            received += len(part)
            check_size(received)
            part = next(self._parts, b"")
            if not part:
                hint = "look at the server's own log; a pass asks again by itself"
                message = "the task server ended the stream before it answered"
                raise faults.Dropped(message, hint=hint, maybe_applied=True)
