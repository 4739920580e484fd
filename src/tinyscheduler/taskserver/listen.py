"""Listening: a loopback address, a web server around the application, and a clean end."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

from tinyscheduler.errors import UsageError, WorldError
from tinyscheduler.taskstore.store import Store

GRACE_S: Final = 2
"""For calls that are under way when the end is asked for; they take milliseconds. Clients may hold a
stream open for ever."""
BACKLOG: Final = 128
"""Connections that wait to be accepted; a fleet of agents that starts at once is below it."""


def serve(
    database: str, *, host: str, port: int, on_ready: Callable[[str], None], depth_max: int = 0
) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 takes a free one; ``on_ready`` gets the URL; ``depth_max``: see
    ``Store``.

    Raises UsageError for an address that is not on loopback, WorldError when it cannot be had,
    StateError for a database that cannot be used.
    """
    listener = listen(host, port)
    with listener:
        store = Store(database, depth_max=depth_max)
        try:
            _run(store, listener, on_ready)
        finally:
            store.close()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket that queues connections already. Raises UsageError, WorldError."""
    address = _loopback(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio turns Nagle's waiting off only where the protocol is named; without it each answer on a
    # kept connection takes 40 ms longer, the time of a delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A restart must not wait for the old connections' TIME_WAIT; two listeners stay impossible.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _not_to_be_had(host, port, error) from error
    return listener


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(
            f"serve --host {host}: only loopback addresses are served,"
            " for whoever reaches the port may do everything",
            hint="use 127.0.0.1, and a proxy or an ssh tunnel for other machines",
        )
    return address


def _not_to_be_had(host: str, port: int, error: OSError) -> WorldError:
    if error.errno == errno.EADDRINUSE:
        return WorldError(
            f"port {port} on {host} is in use",
            hint="another server runs there already, or choose another one with --port",
        )
    return WorldError(
        f"cannot listen on {host} port {port}: {error.strerror or error}", hint="choose another --port"
    )


def url(listener: socket.socket) -> str:
    """Where clients find the server."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/mcp" if ":" in host else f"http://{host}:{port}/mcp"


def _run(store: Store, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    import uvicorn

    from tinyscheduler.taskserver.app import make_app

    _log_to_stderr()
    app = make_app(store, on_ready=lambda: on_ready(url(listener)))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    # uvicorn raises the signal again once it has ended well; an end that was asked for is exit 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    server.run(sockets=[listener])


_CUT_STREAM: Final = "ASGI callable returned without completing response."
"""What uvicorn says of each stream that a client still held open when the end was asked for."""


class _OneLine(logging.Formatter):
    """No tracebacks: an exception's text may quote a task, and its frames are of no use to an operator."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        said = record.getMessage().replace("\n", " ")
        return f"{record.levelname.lower()} {record.name}: {said}" + (f" ({kind})" if kind else "")


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    handler.addFilter(lambda record: record.msg != _CUT_STREAM)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.WARNING)
