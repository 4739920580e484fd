"""MCP over this process's stdin and stdout, for clients that start their servers themselves."""

from __future__ import annotations

import os
import signal
from typing import NoReturn, cast

import anyio
from mcp.server.stdio import stdio_server

from tinyscheduler.taskserver.clerk import Clerk
from tinyscheduler.taskserver.listen import log_to_stderr
from tinyscheduler.taskserver.sessions import make_server
from tinyscheduler.taskserver.wire import Wire
from tinyscheduler.taskstore.store import Store


def serve_stdio(database: str, *, depth_max: int = 0) -> None:
    """Serve until stdin ends or a signal comes. Raises StateError, ServerUnavailable."""
    log_to_stderr()
    store = Store(database, depth_max=depth_max)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        anyio.run(_serve, store)
    finally:
        store.close()


async def _serve(store: Store) -> None:
    server = make_server(Clerk(store), lambda: None)
    # The SDK asks for files and uses of them what a wire has.
    wire = cast("anyio.AsyncFile[str]", Wire.of_this_process())
    async with stdio_server(wire, wire) as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _leave(_number: int, _frame: object) -> NoReturn:
    """At once: a thread waits in a read of stdin that nothing ends. What was answered is on the disk. The
    store is not closed: the clerk may be at work in it, and SQLite does not survive that."""
    os._exit(0)
