"""Streamable HTTP: each request is a POST, its answer is the answer (MCP, Transports; ADR 0021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tinyscheduler import __version__
from tinyscheduler.adapters.mcp import faults, wire
from tinyscheduler.adapters.mcp.answer import Answer
from tinyscheduler.adapters.mcp.line import Line, check_encoding, check_size, status_fault
from tinyscheduler.errors import ServerUnavailable

if TYPE_CHECKING:
    import httpx

DRAIN_S: Final = 0.25
"""How long a stream may stay open after our answer came: reading its end keeps the connection."""

CLOSE_MAX_S: Final = 1.0
"""For the goodbye to a session; nobody waits for it."""


class Streamable:
    """Without a session until the server wants one."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._session: wire.Session | None = None
        self._session_id = ""

    def ask(self, body: wire.RequestBody, call_id: int) -> object:
        """The ``result``. A session that is wanted, or lost, is opened anew, once. Raises
        SessionNeeded when that does not help, NotSpoken, and as ``Answer.result``."""
        try:
            return self._post(body, call_id).result()
        except faults.SessionNeeded:
            self._open_session()
        return self._post(body, call_id).result()

    def close(self) -> None:
        """A session is ended politely, so that servers with a memory do not collect one a minute."""
        if self._session is None or not self._session.id or not self._line.is_open:
            return
        headers = wire.request_headers(self._session)
        try:
            with self._line.exchange() as limit_s:
                self._line.deadline.shorten(CLOSE_MAX_S)
                url = self._line.endpoint.url
                self._line.send("DELETE", url, headers=headers, read_s=min(limit_s, CLOSE_MAX_S)).close()
        except ServerUnavailable:
            # Its end is a courtesy: servers forget idle sessions by themselves.
            return
        finally:
            self._session = None

    def _open_session(self) -> None:
        """``initialize`` and ``notifications/initialized`` (MCP, Lifecycle)."""
        self._session = None
        try:
            answer = self._post(wire.initialize_body(wire.OPENING_ID, __version__), wire.OPENING_ID)
            self._session = wire.session_of(answer.result(), self._session_id)
            self._post(wire.initialized_body(), 0)
        except ServerUnavailable as error:
            # The call itself was refused before.
            error.maybe_applied = False
            raise

    def _post(self, body: wire.RequestBody, call_id: int) -> Answer:
        headers = wire.request_headers(self._session)
        with self._line.exchange() as limit_s:
            url = self._line.endpoint.url
            response = self._line.send("POST", url, headers=headers, body=body, read_s=limit_s)
            try:
                return self._read(response, call_id)
            finally:
                response.close()

    def _read(self, response: httpx.Response, call_id: int) -> Answer:
        """The whole answer. Raises as soon as it is known to be of no use."""
        import httpx

        if not response.is_success:
            raise status_fault(response, has_session=self._session is not None)
        answer = Answer(response.headers.get("content-type", ""), call_id)
        check_encoding(response)
        received, is_answered = 0, False
        try:
            for part in response.iter_raw():
                received += len(part)
                check_size(received)
                is_answered = answer.feed(part)
                if is_answered:
                    self._line.deadline.shorten(DRAIN_S)
        except httpx.TransportError:
            if not is_answered:
                raise
        self._session_id = response.headers.get("mcp-session-id", "")
        return answer
