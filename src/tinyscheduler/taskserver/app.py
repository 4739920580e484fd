"""The web application: guard, then ``/health``, the express lane, and the SDK for the rest of ``/mcp``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mcp.server.transport_security import TransportSecuritySettings
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tinyscheduler.errors import TinySchedulerError
from tinyscheduler.taskserver import envelope, exchange, express, halves
from tinyscheduler.taskserver.clerk import Clerk
from tinyscheduler.taskserver.exchange import Disconnected
from tinyscheduler.taskserver.express import Plain
from tinyscheduler.taskserver.guard import Entry, Guard
from tinyscheduler.taskserver.pace import Pace
from tinyscheduler.taskserver.sessions import make_server
from tinyscheduler.taskserver.tools import Answer, Refusal, answer
from tinyscheduler.taskserver.turning_away import TurnedAway, turned_away
from tinyscheduler.taskstore.store import Store

STREAM_MAX_S: Final = 120.0
"""A stream that a client opens and that never says anything, because tasks are not pushed. As public."""
ANSWER_MAX_S: Final = 60.0
"""From the head of a request to the last byte of its answer: the database may be locked for 5 s, the rest
is the client's slowness."""
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of the answers of one batch; the one that reaches it is the last that is carried out."""
_TOO_MUCH: Final = Answer(
    "The answers of this batch are too long: this call was not carried out, ask for it by itself",
    Refusal("task-server-unavailable", is_worth_repeating=True, maybe_applied=False),
)
_TOO_LATE: Final = turned_away(
    503,
    "No answer in time: the change may have been made, look before it is repeated",
    (b"retry-after", b"5"),
)
_CROWDED: Final = turned_away(503, "Too many long answers are not read yet", (b"retry-after", b"5"))
_JSON: Final = ((b"content-type", b"application/json"),)
_EVENTS: Final = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


def make_app(store: Store, entry: Entry, *, on_ready: Callable[[], None]) -> ASGIApp:
    """The application over an open store, which stays the caller's. ``on_ready`` is called once it serves."""
    clerk = Clerk(store)
    sessions = make_server(clerk, on_ready).streamable_http_app(
        stateless_http=True,
        max_request_body_size=exchange.BODY_MAX_BYTES,
        # The guard has looked at Host and Origin, for every path.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return Front(store, clerk, guard=Guard(entry), sessions=sessions)


class Front:
    """Where requests come in."""

    def __init__(
        self,
        store: Store,
        clerk: Clerk,
        *,
        guard: Guard,
        sessions: ASGIApp,
        answer_max_s: float = ANSWER_MAX_S,
    ) -> None:
        self._store = store
        self._clerk = clerk
        self._guard = guard
        self._sessions = sessions
        self._pace = Pace()
        self._answer_max_s = answer_max_s
        self._began_s = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await self._sessions(scope, receive, send)
            return
        is_stream, has_begun = scope["method"] == "GET", False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            async with asyncio.timeout(STREAM_MAX_S if is_stream else self._answer_max_s):
                await self._answer(scope, receive, self._pace.kept_by(noted))
        except TimeoutError:
            # The web server closes a connection whose answer was begun and not finished.
            if not has_begun:
                await exchange.turn_away(_TOO_LATE, send)
        except Disconnected:
            # Nobody is there any more who could be told.
            return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        turned = self._guard.look(headers, _peer(scope)) or _misplaced(scope)
        if turned is not None:
            await exchange.turn_away(turned, send)
        elif scope["path"] == "/health":
            await self._health(send)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send)
        else:
            await self._sessions(_at_mcp(scope), receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        body = await exchange.read_body(headers, receive)
        if isinstance(body, TurnedAway):
            await exchange.turn_away(body, send)
            return
        body = halves.mended(body)
        calls = express.plain_calls(body) if express.is_express(headers) else None
        if calls is not None:
            events = await self._events(calls)
            if self._pace.has_room(len(events)):
                await exchange.write(send, 200, events, headers=_EVENTS)
            else:
                await exchange.turn_away(_CROWDED, send)
            return
        turned = envelope.look(headers, body)
        if turned is not None:
            await exchange.turn_away(turned, send)
            return
        await self._sessions(_at_mcp(scope), exchange.replayed(body, receive), send)

    async def _events(self, calls: Sequence[Plain]) -> bytes:
        """One for each, in order; what would make a batch longer than anybody reads is not done."""
        found: list[bytes] = []
        size = 0
        for call in calls:
            found.append(
                express.event(call, _TOO_MUCH) if size > BATCH_BYTES_MAX else await self._event(call)
            )
            size += len(found[-1])
        return b"".join(found)

    async def _event(self, call: Plain) -> bytes:
        said = await self._clerk.ask(partial(answer, name=call.tool, given=call.arguments))
        return express.event(call, said)

    async def _health(self, send: Send) -> None:
        """The public server's keys, but ``database`` is really looked at: 503 when it cannot be used."""
        is_well = await asyncio.get_running_loop().run_in_executor(None, self._is_well)
        body = to_json(
            {
                "status": "healthy" if is_well else "unhealthy",
                "transport": "streamable-http",
                "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "database": "connected" if is_well else "failed",
                "uptime": round(time.monotonic() - self._began_s, 3),
                "sessionCount": 0,
            }
        )
        await exchange.write(send, 200 if is_well else 503, body, headers=_JSON)

    def _is_well(self) -> bool:
        try:
            self._store.check()
        except TinySchedulerError:
            # The next call of a tool says what it is.
            return False
        return True


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _misplaced(scope: Scope) -> TurnedAway | None:
    path = str(scope["path"])
    if path == "/health" and scope["method"] in ("GET", "HEAD"):
        return None
    return None if path == "/mcp" or path.startswith("/mcp/") else turned_away(404, "Not found")


def _at_mcp(scope: Scope) -> Scope:
    """Paths below it are the same, as on the public server."""
    return {**scope, "path": "/mcp", "raw_path": b"/mcp"}
