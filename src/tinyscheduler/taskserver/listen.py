"""Listening: a loopback address, a web server around the application, and a clean end."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

from tinyscheduler.errors import UsageError, WorldError
from tinyscheduler.taskserver.guard import LOOPBACK, Entry
from tinyscheduler.taskstore.store import Store

GRACE_S: Final = 2
"""For calls that are under way when the end is asked for; they take milliseconds. Clients may hold a
stream open for ever."""
KEEP_ALIVE_S: Final = 65
"""As the public server: a client that asks once a minute keeps its connection."""
CONNECTIONS_MAX: Final = 400
"""At once; more are answered 503. A process may have 1,024 files open on most machines."""
UNREAD_MAX_MS: Final = 30_000
RATE_ELSEWHERE_PER_S: Final = 200.0
"""Requests of one other machine; loopback has the tenfold."""
BACKLOG: Final = 128
"""Connections that wait to be accepted; a fleet of agents that starts at once is below it."""


class Place(NamedTuple):
    """Where to listen, and for whom."""

    host: str = "127.0.0.1"
    """An IP address, or localhost."""
    port: int = 3000
    """0 takes a free one."""
    token: str | None = None
    """What every request has to show; without one only loopback is served."""
    names: tuple[str, ...] = ()
    """Under which names clients may ask for this server, besides its addresses."""


def serve(database: str, place: Place, *, on_ready: Callable[[str], None], depth_max: int = 0) -> None:
    """Serve until SIGTERM or SIGINT. ``on_ready`` gets the URL; ``depth_max``: see ``Store``.

    Raises UsageError for an address that is not on loopback where there is no token, WorldError when it
    cannot be had, StateError for a database that cannot be used.
    """
    listener = listen(place)
    with listener:
        store = Store(database, depth_max=depth_max)
        try:
            _run(store, listener, place, on_ready=on_ready)
        finally:
            store.close()


def listen(place: Place) -> socket.socket:
    """A bound socket that queues connections already. Raises UsageError, WorldError."""
    address = _address(place)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio turns Nagle's waiting off only where the protocol is named; without it each answer on a
    # kept connection takes 40 ms longer, the time of a delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A restart must not wait for the old connections' TIME_WAIT; two listeners stay impossible.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A client that reads nothing of its answer, or is gone without a word, is given up by the kernel.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MAX_MS)
        listener.bind((address, place.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _not_to_be_had(place.host, place.port, error) from error
    return listener


def _address(place: Place) -> str:
    address = "127.0.0.1" if place.host == "localhost" else place.host.strip("[]")
    is_loopback = _is_loopback(address)
    if place.token is None and not is_loopback:
        raise UsageError(
            f"serve --host {place.host}: only loopback addresses are served without --token-file,"
            " for whoever reaches the port may do everything",
            hint="use 127.0.0.1 and an ssh tunnel for other machines, or name a file with a token",
        )
    if is_loopback is None:
        raise UsageError(f"serve --host {place.host}: this is no IP address", hint="0.0.0.0 is all of them")
    return address


def _is_loopback(address: str) -> bool | None:
    """None: it is no address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return None


def entry_of(place: Place) -> Entry:
    """Whom a server there lets in, and how often. Raises UsageError."""
    names = frozenset(name.lower().strip("[]") for name in (*LOOPBACK, place.host, *place.names))
    if _is_loopback(_address(place)):
        return Entry(names, token=place.token)
    return Entry(names, is_any_address=True, token=place.token, rate_per_s=RATE_ELSEWHERE_PER_S)


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


def _run(store: Store, listener: socket.socket, place: Place, *, on_ready: Callable[[str], None]) -> None:
    import uvicorn

    from tinyscheduler.taskserver.app import make_app
    from tinyscheduler.taskserver.patience import PatientProtocol

    log_to_stderr()
    app = make_app(store, entry_of(place), on_ready=lambda: on_ready(url(listener)))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=PatientProtocol,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    # uvicorn raises the signal again once it has ended well; an end that was asked for is exit 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    server.run(sockets=[listener])


_UNTOLD: Final = (
    "ASGI callable returned without completing response.",
    "Invalid HTTP request received.",
    "Unsupported upgrade request.",
    "No supported WebSocket library detected.",
)
"""What uvicorn says of each stream that a client still held open when the end was asked for, and of requests
that whoever reaches the port can send without end; they are answered, and mean nothing to an operator."""


class _OneLine(logging.Formatter):
    """No tracebacks: an exception's text may quote a task, and its frames are of no use to an operator."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        said = record.getMessage().replace("\n", " ")
        return f"{record.levelname.lower()} {record.name}: {said}" + (f" ({kind})" if kind else "")


def is_told(record: logging.LogRecord) -> bool:
    """Whether it is a matter of the server's, and not of a client's."""
    return not record.getMessage().startswith(_UNTOLD)


def log_to_stderr() -> None:
    """Warnings and worse, one line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    handler.addFilter(is_told)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.WARNING)
