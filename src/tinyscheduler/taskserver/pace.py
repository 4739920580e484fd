"""Long answers go out as fast as they are read, and only so many of them wait at once.

The web server takes an answer whole and keeps what its client has not read: four hundred slow readers of a
list of 8 MB would be some gigabytes. Short answers are nobody's matter here.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Message, Send

from tinyscheduler.taskserver.exchange import Disconnected

LONG_BYTES: Final = 1_000_000
"""The longest of one task that people have seen; a pass asks for lists of 0.4 MB."""
WAITING_BYTES_MAX: Final = 64_000_000
"""Of long answers, over all clients: some eight of the longest."""
CHUNK_BYTES: Final = 262_144


class Pace:
    """Of one server."""

    def __init__(self) -> None:
        self._waiting_bytes = 0

    def has_room(self, size: int) -> bool:
        """Whether an answer of this size may go out now. There always is for one alone."""
        is_short = size <= LONG_BYTES or not self._waiting_bytes
        return is_short or self._waiting_bytes + size <= WAITING_BYTES_MAX

    def kept_by(self, send: Send) -> Send:
        """As ``send``, but a long body is sent in parts, each when the one before has been taken. Raises
        Disconnected where there is no room."""

        async def paced(message: Message) -> None:
            body: bytes = message.get("body", b"")
            if len(body) <= LONG_BYTES:
                await send(message)
                return
            if not self.has_room(len(body)):
                raise Disconnected
            self._waiting_bytes += len(body)
            try:
                for at in range(0, len(body), CHUNK_BYTES):
                    await send({**message, "body": body[at : at + CHUNK_BYTES], "more_body": True})
                # Returns when the last part has been taken, too.
                await send({**message, "body": b"", "more_body": message.get("more_body", False)})
            finally:
                self._waiting_bytes -= len(body)

        return paced
