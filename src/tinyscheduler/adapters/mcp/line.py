"""The line to the task server: HTTP exchanges within a time limit, and what their failures mean.

Apart from the transports (``streamable``, ``sse``), which say what is exchanged, and from ``client``,
which knows calls. The only place that has an HTTP client; a pass has one line.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tinyscheduler.adapters.mcp import faults, opening, wire
from tinyscheduler.adapters.mcp.deadline import Deadline
from tinyscheduler.errors import ServerUnavailable

if TYPE_CHECKING:
    import httpx

    from tinyscheduler.adapters.mcp.endpoint import Endpoint

CONNECT_MAX_S: Final = 5.0
"""A server that is there takes a connection in milliseconds; a firewall that drops it would
otherwise eat the whole budget of a pass."""

ERROR_BODY_MAX_BYTES: Final = 64 * 1024


class Line:
    """Opens nothing before the first exchange. Not thread-safe."""

    def __init__(self, way: opening.Way, *, timeout_s: float, budget_s: float) -> None:
        """``timeout_s`` limits an exchange, ``budget_s`` the sum of all."""
        self.deadline = Deadline()
        self.left_s = budget_s
        self.refusals = 0
        """Tries in a row that nobody has taken."""
        self._way = way
        self._timeout_s = timeout_s
        self._budget_s = budget_s
        self._http: httpx.Client | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it leads."""
        return self._way.endpoint

    @property
    def is_open(self) -> bool:
        """Something may have been sent."""
        return self._http is not None

    def close(self) -> None:
        """Idempotent."""
        http, self._http = self._http, None
        if http is not None:
            http.close()

    @contextmanager
    def exchange(self) -> Iterator[float]:
        """The seconds that one exchange may take, counted from the budget. Raises ServerUnavailable for
        all that the HTTP library can raise inside, and when nothing is left; ConfigError."""
        if self._http is None:
            self._http = opening.http_client(self._way, self.deadline)
        limit_s = min(self._timeout_s, self.left_s)
        if limit_s <= 0:
            raise ServerUnavailable(
                f"the {self._budget_s:g} s for all calls of a pass to the task server are used up",
                hint="The server is slow or there are too many calls; the next pass goes on.",
            )
        started = time.monotonic()
        self.deadline.start(limit_s)
        try:
            with _translated(limit_s):
                yield limit_s
        finally:
            self.left_s -= time.monotonic() - started

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", read_s: float | None
    ) -> httpx.Response:
        """Inside of an exchange: the head of the answer, which the caller closes. ``read_s`` None: as
        the deadline says, which may be set anew while the answer comes."""
        import httpx

        assert self._http is not None, "an exchange has begun"
        connect_s = CONNECT_MAX_S if read_s is None else min(read_s, CONNECT_MAX_S)
        timeout = httpx.Timeout(read_s, connect=connect_s)
        request = self._http.build_request(method, url, content=body, headers=headers, timeout=timeout)
        response = self._http.send(request, stream=True)
        self.refusals = 0
        return response


def status_fault(response: httpx.Response, *, has_session: bool) -> ServerUnavailable:
    """What an answer that is no success says. Reads a little of its body."""
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) >= ERROR_BODY_MAX_BYTES:
            break
    fault = faults.status_fault(
        response.status_code,
        location=response.headers.get("location", "").partition("?")[0],
        body=bytes(body),
        has_session=has_session,
    )
    # Below 500 a server says that it did not even try.
    fault.maybe_applied = response.status_code >= 500
    return fault


def check_encoding(response: httpx.Response) -> None:
    """We asked for none, so that the cap counts what memory holds (a bomb is small when packed)."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise ServerUnavailable(
            f"the task server answers compressed ({faults.excerpt(encoding, 40)}), unasked",
            hint="Switch compression off for this path in the proxy.",
            maybe_applied=True,
        )


def check_size(received: int) -> None:
    """Raises AnswerTooLarge above the cap on one answer."""
    if received > wire.ANSWER_MAX_BYTES:
        raise faults.AnswerTooLarge(
            f"the task server's answer is above {wire.ANSWER_MAX_BYTES // 2**20} MiB",
            hint="Are there tasks with very long texts?",
            maybe_applied=True,
        )


@contextmanager
def _translated(limit_s: float) -> Iterator[None]:
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise _fault(error, limit_s) from error


def _fault(error: Exception, limit_s: float) -> ServerUnavailable:
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
    hint = "look at the server's own log; a pass asks again by itself"
    return faults.Dropped(message, hint=hint, maybe_applied=True)
