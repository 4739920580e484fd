"""Stdin and stdout as the SDK reads and writes them, with what it leaves out.

It ends the conversation with its stdin, and whoever still waits is told that the connection is closed: a pipe
ends with its last request, and what that asked for is done all the same. And it says nothing at all
about a line that is no JSON-RPC.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Final, Self

import anyio
from pydantic_core import from_json

from tinyscheduler.taskserver import envelope, halves
from tinyscheduler.taskserver.exchange import BODY_MAX_BYTES

LAST_ANSWERS_S: Final = 30.0
"""After the end of stdin: the database may be locked for 5 s, and calls wait in a line. A request that its
client has taken back has no answer."""


class Wire:
    """One client. Both sides of the SDK's transport are this object."""

    def __init__(self, reading: anyio.AsyncFile[bytes], writing: anyio.AsyncFile[bytes]) -> None:
        self._reading = reading
        self._writing = writing
        self._is_writing = anyio.Lock()
        self._unanswered = 0
        self._answered = anyio.Event()

    @classmethod
    def of_this_process(cls) -> Self:
        """Its stdin and stdout. What is printed from now on goes to stderr, and not between the answers."""
        wire = os.dup(1)
        os.dup2(2, 1)
        return cls(anyio.wrap_file(os.fdopen(os.dup(0), "rb")), anyio.wrap_file(os.fdopen(wire, "wb")))

    async def __aiter__(self) -> AsyncIterator[str]:
        """Messages, one a line; ends when stdin has ended and everybody is answered."""
        while raw := await self._line(BODY_MAX_BYTES + 1):
            if len(raw) > BODY_MAX_BYTES:
                await self._pass_over(raw)
                continue
            line = halves.mended(raw)
            if not line.strip():
                continue
            fault = envelope.fault(line)
            if fault is not None:
                await self._put(fault)
                continue
            self._unanswered += _is_request(line)
            yield line.decode("utf-8", "replace")
        with anyio.move_on_after(LAST_ANSWERS_S):
            while self._unanswered > 0:
                self._answered = anyio.Event()
                await self._answered.wait()

    async def _line(self, bytes_max: int) -> bytes:
        """Or as much of it; anyio's own ``readline`` has no bound."""
        return await anyio.to_thread.run_sync(self._reading.wrapped.readline, bytes_max)

    async def _pass_over(self, raw: bytes) -> None:
        """The rest of a line that is too long, piece by piece; said once, at its end."""
        while raw and not raw.endswith(b"\n"):
            raw = await self._line(BODY_MAX_BYTES)
        await self._put(envelope.too_long(BODY_MAX_BYTES))

    async def write(self, text: str) -> None:
        """One message, with its line end."""
        await self._put(text.encode().removesuffix(b"\n"))
        self._unanswered -= "method" not in from_json(text)
        self._answered.set()

    async def flush(self) -> None:
        """Each line is written through."""

    async def _put(self, line: bytes) -> None:
        async with self._is_writing:
            await self._writing.write(line + b"\n")
            await self._writing.flush()


def _is_request(line: bytes) -> bool:
    message = from_json(line)
    return "id" in message and "method" in message
