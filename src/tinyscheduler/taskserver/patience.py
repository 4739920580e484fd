"""Connections of clients that are slow to ask: the web server waits for ever for the head of a request.

A body that comes slowly is ``exchange``'s matter, an answer that is read slowly that of ``app`` and of the
kernel (``listen``).
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WAIT_S: Final = 10.0
"""From a connection, or from the first byte of a further request on it, to the end of the request's head."""


class PatientProtocol(H11Protocol):
    """uvicorn's own, with a limit to its patience."""

    _head_limit: asyncio.TimerHandle | None = None

    # uvicorn names the transport it needs where asyncio's protocol takes any.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that asks nothing is closed."""
        super().connection_made(transport)
        self._begin_waiting()

    def data_received(self, data: bytes) -> None:
        """Begins with the first byte of a head, ends with its last one."""
        self._begin_waiting()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for."""
        self._end_waiting()
        super().connection_lost(exc)

    def _begin_waiting(self) -> None:
        if self._head_limit is None:
            self._head_limit = self.loop.call_later(HEAD_WAIT_S, self._give_up)

    def _end_waiting(self) -> None:
        if self._head_limit is not None:
            self._head_limit.cancel()
            self._head_limit = None

    def _give_up(self) -> None:
        self._head_limit = None
        self.transport.close()
