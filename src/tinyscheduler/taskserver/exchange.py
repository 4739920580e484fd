"""One exchange of HTTP: reading a request's body with limits, writing a short answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.types import Message, Receive, Send

from tinyscheduler.taskserver.turning_away import TurnedAway, turned_away

BODY_MAX_BYTES: Final = 1024 * 1024
"""Ten times what the public server reads; a longer text belongs into a file and a link."""
BODY_WAIT_S: Final = 10.0
"""For a whole body: a mebibyte over a bad line."""
_CLOSE: Final = (b"connection", b"close")
_TOO_LONG: Final = turned_away(413, f"Request body too large: at most {BODY_MAX_BYTES} bytes", _CLOSE)


class Disconnected(Exception):
    """The client went away in the middle of its request."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes | TurnedAway:
    """All of it, if it is neither too long nor too slow. Raises Disconnected."""
    announced = headers.get(b"content-length", b"0")
    # HTTP's parser let only digits through; the length is bounded before it becomes a number.
    if len(announced) > 9 or int(announced) > BODY_MAX_BYTES:
        return _TOO_LONG
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            return await _gathered(receive)
    except TimeoutError:
        return turned_away(408, "Request body came too slowly", _CLOSE)


async def _gathered(receive: Receive) -> bytes | TurnedAway:
    parts: list[bytes] = []
    length, is_more = 0, True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        part = message.get("body", b"")
        length += len(part)
        if length > BODY_MAX_BYTES:
            return _TOO_LONG
        parts.append(part)
        is_more = message.get("more_body", False)
    return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, for whoever reads it next."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def turn_away(answer: TurnedAway, send: Send) -> None:
    """One line of JSON."""
    headers = ((b"content-type", b"application/json"), *answer.headers)
    await write(send, answer.status, answer.body, headers=headers)


async def write(send: Send, status: int, body: bytes, *, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """A whole answer."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
