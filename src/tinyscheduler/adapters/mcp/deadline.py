"""Sockets that stop in time: one moment after which every wait of a call ends.

HTTP libraries limit each read, so a server that sends a byte now and then holds them for ever, and
with them the pass and its lock (law 10). Here every single wait gets what is left of the whole.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ssl import SSLContext
    from typing import Protocol

    class Stream(Protocol):
        """What the HTTP library wants of a connection."""

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...  # noqa: D102
        def write(self, buffer: bytes, timeout: float | None = None) -> None: ...  # noqa: D102
        def close(self) -> None: ...  # noqa: D102
        def start_tls(  # noqa: D102
            self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> Stream: ...
        def get_extra_info(self, info: str) -> object: ...  # noqa: D102

    class Backend(Protocol):
        """What opens connections for the HTTP library."""

        def connect_tcp(  # noqa: D102
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[tuple[int, int, int]] | None = None,
        ) -> Stream: ...
        def sleep(self, seconds: float) -> None: ...  # noqa: D102


WAIT_MIN_S = 0.001
"""A time limit of 0 would mean "do not block" to a socket."""


class Deadline:
    """A moment on the monotonic clock that can be set anew for each call."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def start(self, left_s: float) -> None:
        """From now on, so many seconds."""
        self._at = time.monotonic() + left_s

    def shorten(self, left_s: float) -> None:
        """At most so many seconds from now."""
        self._at = min(self._at, time.monotonic() + left_s)

    def limited(self, timeout_s: float | None) -> float:
        """The time limit for one wait; 0 and below: the time is over."""
        left = self._at - time.monotonic()
        return left if timeout_s is None else min(left, timeout_s)


class DeadlineBackend:
    """Opens connections whose waits all end at ``deadline``."""

    def __init__(self, inner: Backend, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[tuple[int, int, int]] | None = None,
    ) -> Stream:
        """Names are looked up by the system, with the system's own limit."""
        limit = max(self._deadline.limited(timeout), WAIT_MIN_S)
        stream = self._inner.connect_tcp(host, port, limit, local_address, socket_options)
        return DeadlineStream(stream, self._deadline)

    def sleep(self, seconds: float) -> None:
        """Not used without retries in the library; here for completeness of the interface."""
        self._inner.sleep(min(seconds, max(self._deadline.limited(None), 0)))


class DeadlineStream:
    """One connection; raises the library's own time-outs."""

    def __init__(self, inner: Stream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most until the deadline, also when bytes keep trickling in."""
        limit = self._deadline.limited(timeout)
        if limit <= 0:
            raise _read_timeout()
        return self._inner.read(max_bytes, max(limit, WAIT_MIN_S))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """One wait of the library is one part of the buffer; requests here are 100 kB at most."""
        self._inner.write(buffer, max(self._deadline.limited(timeout), WAIT_MIN_S))

    def close(self) -> None:
        """As the connection does it."""
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        """The handshake counts too."""
        limit = max(self._deadline.limited(timeout), WAIT_MIN_S)
        return DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, limit), self._deadline)

    def get_extra_info(self, info: str) -> object:
        """As the connection says it."""
        return self._inner.get_extra_info(info)


def _read_timeout() -> Exception:
    import httpx

    return httpx.ReadTimeout("the time for this call is over")
