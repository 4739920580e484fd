"""A task server on loopback that answers like the public one, and misbehaves when told to (by the
behaviours of ``stub_behaviours``).

Real HTTP by the standard library in threads. Facts are those of tinytask 2 and 3, four kinds of them: the
public server, the same in its older transport (``stub_sse``), a newer version of it (``stub_newer``), and the
older server (``stub_old``). Every POST takes the next behaviour of the script, or behaves well when
the script is empty.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, NamedTuple, Self

from tests.integration import stub_http, stub_sse
from tests.integration.stub_newer import newer_tools
from tests.integration.stub_old import old_tools
from tests.integration.stub_public import public_tools
from tests.integration.stub_store import Row, Store

Message = dict[str, object]
Behaviour = Callable[["Handler", Message], None]
Kind = Literal["public", "sse", "newer", "old"]
TOOLS = {"public": public_tools, "sse": public_tools, "newer": newer_tools, "old": old_tools}


class Seen(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    message: Message
    connection: int
    """Counts connections from 1: the same number means kept alive."""

    @property
    def tool(self) -> str:
        """The tool called, or the method of anything else."""
        params = self.message.get("params")
        name = params.get("name") if isinstance(params, dict) else None
        return str(name or self.message.get("method") or self.method)

    @property
    def arguments(self) -> Row:
        params = self.message.get("params")
        found = params.get("arguments") if isinstance(params, dict) else None
        return found if isinstance(found, dict) else {}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Head and body are written apart; the system would hold the body back for 40 ms."""
    server: Server

    def setup(self) -> None:
        super().setup()
        self.number = self.server.stub.connected(self.connection)

    @property
    def lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        stub = self.server.stub
        message = _message_of(body)
        stub.requests.append(Seen("POST", self.path, self.lower_headers, message, self.number))
        behave = stub.next_behaviour()
        if behave is not None:
            behave(self, message)
        else:
            stub.front.post(self, body)

    def do_GET(self) -> None:
        self._see("GET")
        if self.path == "/health":
            transport = {} if self.server.stub.is_sse else {"transport": "streamable-http"}
            self.reply(200, json.dumps({"status": "healthy", **transport}).encode())
        elif not stub_http.is_mcp(self.path):
            self.reply(404, b'{"error":"Not found"}')
        else:
            self.server.stub.front.get(self)

    def do_DELETE(self) -> None:
        self._see("DELETE")
        self.reply(200, b"")

    def do_PUT(self) -> None:
        self._see("PUT")
        self.reply(405, stub_http.rpc_error("Method not allowed."))

    def _see(self, method: str) -> None:
        self.server.stub.requests.append(Seen(method, self.path, self.lower_headers, {}, self.number))

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """A whole answer. Underscores in header names become hyphens."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


def _message_of(body: bytes) -> Message:
    """For the record; what cannot be read is none."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Server(ThreadingHTTPServer):
    """Joins its threads when closed, so that no test leaves one behind."""

    daemon_threads = False
    stub: StubServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave early are part of the tests."""


class StubServer:
    """``with StubServer() as stub``: listens until the block ends; can be stopped and started again."""

    def __init__(self, kind: Kind = "public", *, certificate: str | None = None) -> None:
        """``certificate`` is a PEM file with a key: the stub then speaks TLS."""
        self.store = Store()
        self.http, self.sse = stub_http.Front(), stub_sse.Front()
        self.become(kind)
        self.lock = threading.RLock()
        """One call at a time, as the public server has one thread."""
        self._certificate = certificate
        self.requests: list[Seen] = []
        self.released = threading.Event()
        """Set at the end; whoever hangs waits for it."""
        self._script: deque[Behaviour] = deque()
        self._always: dict[str, Behaviour] = {}
        self._connections: list[socket.socket] = []
        self._server: Server | None = None
        self._port = 0

    def become(self, kind: Kind) -> None:
        """Another version over the same tasks, as after an upgrade."""
        self.is_sse = kind in {"sse", "old"}
        self.store.more_keys = {}
        self.store.tools = TOOLS[kind](self.store)

    @property
    def front(self) -> stub_http.Front | stub_sse.Front:
        return self.sse if self.is_sse else self.http

    @property
    def url(self) -> str:
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self._port}/mcp"

    @property
    def tools(self) -> list[str]:
        """The tools called, in order."""
        return [seen.tool for seen in self.requests]

    def script(self, *behaviours: Behaviour) -> None:
        """One for each of the next POSTs."""
        self._script.extend(behaviours)

    def always(self, tool: str, behaviour: Behaviour, **arguments: object) -> None:
        """For every call of a tool, or every call with these arguments."""
        self._always[json.dumps([tool, arguments])] = behaviour

    def next_behaviour(self) -> Behaviour | None:
        if self._script:
            return self._script.popleft()
        seen = self.requests[-1]
        for key, behaviour in self._always.items():
            tool, arguments = json.loads(key)
            if seen.tool == tool and arguments.items() <= seen.arguments.items():
                return behaviour
        return None

    def connected(self, connection: socket.socket) -> int:
        self._connections.append(connection)
        return len(self._connections)

    def start(self) -> None:
        self.released.clear()
        self._server = Server(("127.0.0.1", self._port), Handler)
        self._server.stub = self
        if self._certificate is not None:
            self._server.socket = _with_tls(self._server.socket, self._certificate)
        self._port = self._server.server_address[1]
        # A short poll: every test waits for it once.
        threading.Thread(target=self._server.serve_forever, args=(0.01,), name="stub").start()

    def stop(self) -> None:
        """Also ends connections that are kept alive, as the end of a process would."""
        server, self._server = self._server, None
        if server is None:
            return
        self.released.set()
        server.shutdown()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _with_tls(listener: socket.socket, certificate: str) -> socket.socket:
    """The handshake is left to the connection's own thread: a client that refuses it holds nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
