"""The web application: ``/mcp`` by the official SDK without sessions, and ``/health``."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

import anyio
from anyio.to_thread import run_sync
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import tinyscheduler
from tinyscheduler.errors import TinySchedulerError
from tinyscheduler.taskserver.tools import TOOLS, Answer, answer
from tinyscheduler.taskstore.store import Store

BODY_MAX_BYTES: Final = 1024 * 1024
"""Ten times what the public server reads; a longer text belongs into a file and a link."""


class _Desk(NamedTuple):
    """What requests share."""

    store: Store
    turn: anyio.CapacityLimiter
    """One call at a time, in a thread: a locked database stalls calls, but not ``/health``."""

    async def ask(self, call: Callable[[], Answer]) -> Answer:
        return await run_sync(call, limiter=self.turn)


def make_app(store: Store, *, on_ready: Callable[[], None]) -> Starlette:
    """The application over an open store, which stays the caller's. ``on_ready`` is called once it serves."""
    server: Server[_Desk] = Server(
        "tinyscheduler",
        version=tinyscheduler.__version__,
        lifespan=partial(_open_desk, store, on_ready),
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
        get_tool_input_schema=_schema,
    )
    # A web page in a browser on this machine can post to loopback under a name of its own choice
    # (DNS rebinding): only loopback's own names may be in Host and Origin.
    names = ("127.0.0.1", "localhost", "[::1]")
    security = TransportSecuritySettings(
        allowed_hosts=[f"{name}:*" for name in names], allowed_origins=[f"http://{name}:*" for name in names]
    )
    return server.streamable_http_app(
        stateless_http=True,
        max_request_body_size=BODY_MAX_BYTES,
        transport_security=security,
        custom_starlette_routes=[Route("/health", _Health(store, security).answer, methods=["GET"])],
    )


@asynccontextmanager
async def _opened_desk(store: Store, on_ready: Callable[[], None]) -> AsyncIterator[_Desk]:
    on_ready()
    yield _Desk(store, anyio.CapacityLimiter(1))


def _open_desk(
    store: Store, on_ready: Callable[[], None], _: Server[_Desk]
) -> AbstractAsyncContextManager[_Desk]:
    return _opened_desk(store, on_ready)


async def _list_tools(
    _context: ServerRequestContext[_Desk], _params: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[
            types.Tool(name=tool.name, description=tool.purpose, input_schema=tool.schema())
            for tool in TOOLS.values()
        ]
    )


async def _call_tool(
    context: ServerRequestContext[_Desk], params: types.CallToolRequestParams
) -> types.CallToolResult:
    desk = context.lifespan_context
    said = await desk.ask(partial(answer, desk.store, params.name, params.arguments or {}))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=said.text)],
        structured_content=said.structured,
        is_error=said.refusal is not None,
    )


def _schema(name: str) -> dict[str, object] | None:
    return TOOLS[name].schema() if name in TOOLS else None


class _Health:
    """``GET /health``: the public server's keys, but ``database`` is really looked at."""

    def __init__(self, store: Store, security: TransportSecuritySettings) -> None:
        self._store = store
        self._security = TransportSecurityMiddleware(security)
        self._began_s = time.monotonic()

    async def answer(self, request: Request) -> Response:
        """200, or 503 when the database cannot be used."""
        refusal = await self._security.validate_request(request)
        if refusal is not None:
            return refusal
        is_well = await run_sync(self._is_well)
        return JSONResponse(
            {
                "status": "healthy" if is_well else "unhealthy",
                "transport": "streamable-http",
                "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "database": "connected" if is_well else "failed",
                "uptime": round(time.monotonic() - self._began_s, 3),
                "sessionCount": 0,
            },
            status_code=200 if is_well else 503,
        )

    def _is_well(self) -> bool:
        try:
            self._store.check()
        except TinySchedulerError:
            # The next call of a tool says what it is.
            return False
        return True
