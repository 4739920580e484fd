"""One pass's conversation with the task server: calls, time, sizes, sessions, repeats.

Apart from ``tasks`` because it knows calls and not tasks. httpx is loaded at the first call (ADR
0020); what is spoken of MCP, and why a session is opened only when one is wanted, is in ADR 0021.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tinyscheduler import __version__
from tinyscheduler.adapters.mcp import faults, opening, wire
from tinyscheduler.adapters.mcp.deadline import Deadline
from tinyscheduler.adapters.mcp.endpoint import checked_headers, endpoint_of, without_secrets
from tinyscheduler.errors import ServerUnavailable, TaskServerError

if TYPE_CHECKING:
    import httpx

Effect = Literal["read", "repeatable", "once"]
"""``read`` changes nothing; ``repeatable`` is a write that twice is the same as once; ``once`` is
a write that twice is two."""

CONNECT_MAX_S: Final = 5.0
"""A server that is there takes a connection in milliseconds; a firewall that drops it would
otherwise eat the whole budget of a pass."""

REPEATS_MAX: Final = 2
"""A third repeat would help rarely and hold the lock always."""

REPEAT_PAUSE_S: Final = 0.1
"""Tripled for the second repeat; a locked database or a restarting proxy takes about that."""

DRAIN_S: Final = 0.25
"""How long a stream may stay open after our answer came: reading its end keeps the connection."""

CLOSE_MAX_S: Final = 1.0
"""For the goodbye to a session; nobody waits for it."""

ERROR_BODY_MAX_BYTES: Final = 64 * 1024


class Reply(NamedTuple):
    """An HTTP answer that was accepted."""

    answer: wire.Answer
    session_id: str


class McpClient:
    """Calls tools. Not thread-safe; one object per pass, closed at its end."""

    def __init__(
        self,
        endpoint: str,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        budget_s: float,
        ca_file: str | None,
    ) -> None:
        """``timeout_s`` limits a call, ``budget_s`` the sum of all calls of this object.
        Raises ConfigError; opens nothing."""
        self.endpoint = endpoint_of(endpoint)
        self._headers = {"User-Agent": f"tinyscheduler/{__version__}", **checked_headers(headers)}
        self._secrets = dict(headers)
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._budget_s = self._left_s = budget_s
        self._deadline = Deadline()
        self._http: httpx.Client | None = None
        self._session: wire.Session | None = None
        self._calls = 0
        self._refusals = 0

    def call(self, tool: str, arguments: Mapping[str, wire.Argument], effect: Effect) -> object:
        """The value a tool returns. Raises ServerUnavailable, ServerRefused and what
        ``faults.TEXT_RULES`` names; ``maybe_applied`` looks back over all repeats."""
        try:
            return self._call_repeatedly(tool, arguments, effect)
        except TaskServerError as error:
            place = f" [{tool} at {self.endpoint.shown}]"
            error.message = without_secrets(error.message, self._secrets) + place
            error.args = (error.message,)
            raise

    def close(self) -> None:
        """Idempotent. A session is ended politely, so that servers with a memory do not collect one
        a minute."""
        http, self._http = self._http, None
        if http is None:
            return
        if self._session is not None and self._session.id:
            self._end_session(http)
        http.close()

    def _call_repeatedly(self, tool: str, arguments: Mapping[str, wire.Argument], effect: Effect) -> object:
        was_sent = False
        for repeats in range(REPEATS_MAX + 1):
            try:
                return self._call_in_session(tool, arguments)
            except ServerUnavailable as error:
                was_sent = was_sent or (error.maybe_applied and effect != "read")
                error.maybe_applied = was_sent
                if repeats == REPEATS_MAX or not self._may_repeat(error, effect):
                    raise
            self._pause(repeats)
        raise AssertionError("the last repeat returns or raises")

    def _may_repeat(self, error: ServerUnavailable, effect: Effect) -> bool:
        """Time-outs are not repeated: a server that stalls gets no better by more calls. A server that
        is not there is asked again twice in all, not twice for each call of the pass."""
        if isinstance(error, faults.NotSent):
            self._refusals += 1
            return self._refusals <= REPEATS_MAX
        return isinstance(error, faults.NotDone) or (isinstance(error, faults.Dropped) and effect != "once")

    def _pause(self, repeats: int) -> None:
        """With jitter: those who collided once should not collide again. Never longer than the budget."""
        from random import uniform

        pause_s = REPEAT_PAUSE_S * 3**repeats * uniform(0.5, 1.5)  # noqa: S311 no secret hangs on it
        pause_s = min(pause_s, max(self._left_s, 0))
        self._left_s -= pause_s
        time.sleep(pause_s)

    def _call_in_session(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        """Without a session until the server wants one; a lost one is opened anew, once."""
        try:
            return self._call_once(tool, arguments)
        except faults.SessionNeeded:
            self._open_session()
        return self._call_once(tool, arguments)

    def _call_once(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        call_id = self._next_id()
        reply = self._post(wire.call_body(call_id, tool, arguments), call_id)
        try:
            return wire.value_of(reply.answer.result())
        except (faults.NotDone, faults.SessionNeeded):
            raise
        except ServerUnavailable as error:
            # Something was done and described in a way that we cannot read.
            error.maybe_applied = True
            raise

    def _open_session(self) -> None:
        """``initialize`` and ``notifications/initialized`` (MCP, Lifecycle)."""
        self._session = None
        call_id = self._next_id()
        reply = self._post(wire.initialize_body(call_id, __version__), call_id)
        self._session = wire.session_of(reply.answer.result(), reply.session_id)
        self._post(wire.initialized_body(), 0)

    def _next_id(self) -> int:
        self._calls += 1
        return self._calls

    def _post(self, body: wire.RequestBody, call_id: int) -> Reply:
        """One HTTP exchange within what is left of the time."""
        http = self._opened()
        limit_s = min(self._timeout_s, self._left_s)
        if limit_s <= 0:
            raise ServerUnavailable(
                f"the {self._budget_s:g} s for all calls of a pass to the task server are used up",
                hint="The server is slow or there are too many calls; the next pass goes on.",
            )
        started = time.monotonic()
        self._deadline.start(limit_s)
        try:
            return self._exchange(http, body, call_id=call_id, limit_s=limit_s)
        finally:
            self._left_s -= time.monotonic() - started

    def _opened(self) -> httpx.Client:
        if self._http is None:
            way = opening.Way(self.endpoint, self._headers, self._ca_file)
            self._http = opening.http_client(way, self._deadline)
        return self._http

    def _exchange(self, http: httpx.Client, body: wire.RequestBody, *, call_id: int, limit_s: float) -> Reply:
        import httpx

        headers = wire.request_headers(self._session)
        timeout = httpx.Timeout(limit_s, connect=min(limit_s, CONNECT_MAX_S))
        try:
            with http.stream(
                "POST", self.endpoint.url, content=body, headers=headers, timeout=timeout
            ) as response:
                self._refusals = 0
                return self._read(response, call_id)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise self._translated(error, limit_s) from error

    def _read(self, response: httpx.Response, call_id: int) -> Reply:
        """The whole answer. Raises as soon as it is known to be of no use."""
        import httpx

        if not response.is_success:
            raise self._status_fault(response)
        answer = wire.Answer(response.headers.get("content-type", ""), call_id)
        _check_encoding(response)
        received, is_answered = 0, False
        try:
            for part in response.iter_raw():
                received += len(part)
                _check_size(received)
                is_answered = answer.feed(part)
                if is_answered:
                    self._deadline.shorten(DRAIN_S)
        except httpx.TransportError:
            if not is_answered:
                raise
        return Reply(answer, response.headers.get("mcp-session-id", ""))

    def _status_fault(self, response: httpx.Response) -> ServerUnavailable:
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) >= ERROR_BODY_MAX_BYTES:
                break
        fault = faults.status_fault(
            response.status_code,
            location=response.headers.get("location", "").partition("?")[0],
            body=bytes(body),
            has_session=self._session is not None,
        )
        # Below 500 a server says that it did not even try.
        fault.maybe_applied = response.status_code >= 500
        return fault

    def _translated(self, error: Exception, limit_s: float) -> ServerUnavailable:
        """What the transport's failure means for the call: was it sent, and may it be repeated?"""
        import httpx

        said = faults.excerpt(str(error), 160)
        match error:
            case httpx.ConnectTimeout():
                return ServerUnavailable("the task server takes no connection in time")
            case httpx.ConnectError() if "SSL" in said or "certificate" in said.lower():
                return faults.trust_fault(said)
            case httpx.ConnectError() | httpx.ProxyError() | UnicodeError():
                hint = "Is it running, and is TINYSCHEDULER_MCP_ENDPOINT right?"
                return faults.NotSent(f"the task server cannot be reached: {said}", hint=hint)
            case httpx.LocalProtocolError() | httpx.UnsupportedProtocol() | httpx.InvalidURL():
                # Without its text, which may quote a header.
                return ServerUnavailable("the request to the task server cannot be written")
            case httpx.TimeoutException():
                return faults.time_fault(limit_s)
        message = f"the connection to the task server broke: {said or type(error).__name__}"
        hint = "look at the server's own log; the next pass asks again"
        return faults.Dropped(message, hint=hint, maybe_applied=True)

    def _end_session(self, http: httpx.Client) -> None:
        import httpx

        self._deadline.start(CLOSE_MAX_S)
        headers = wire.request_headers(self._session)
        try:
            with http.stream("DELETE", self.endpoint.url, headers=headers, timeout=CLOSE_MAX_S):
                pass
        except (httpx.HTTPError, OSError):
            # Its end is a courtesy: servers forget idle sessions by themselves.
            return


def _check_encoding(response: httpx.Response) -> None:
    """We asked for none, so that the cap counts what memory holds (a bomb is small when packed)."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise ServerUnavailable(
            f"the task server answers compressed ({faults.excerpt(encoding, 40)}), unasked",
            hint="Switch compression off for this path in the proxy.",
            maybe_applied=True,
        )


def _check_size(received: int) -> None:
    if received > wire.ANSWER_MAX_BYTES:
        raise faults.AnswerTooLarge(
            f"the task server's answer is above {wire.ANSWER_MAX_BYTES // 2**20} MiB",
            hint="Are there tasks with very long texts?",
            maybe_applied=True,
        )
