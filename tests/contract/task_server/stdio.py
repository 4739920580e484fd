"""``serve --stdio`` behind an address: each POST is a line for its stdin, its line of answer is the response.

So that the suites, which speak through our client, are tried on it as well. Nothing of what is said is
changed on the way.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.contract.task_server.serving import (
    START_TIMEOUT_S,
    Serving,
    Start,
    Way,
    command,
    environment,
    serving,
)

_OPENING = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bridge", "version": "1"},
}


class Pipe:
    """A server process that was introduced to; one exchange at a time."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            command("--stdio"),
            env=environment(folder),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._lock = threading.Lock()
        self.exchange({"jsonrpc": "2.0", "id": "bridge", "method": "initialize", "params": _OPENING})
        self.exchange({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def exchange(self, message: dict[str, object]) -> str:
        """The answer; empty for a message that gets none."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._lock:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
            if "id" not in message:
                return ""
            for line in self.process.stdout:
                if json.loads(line).get("id") == message["id"]:
                    return str(line)
        raise AssertionError(f"the server left without an answer to {message}")

    def close(self) -> None:
        """As a client leaves: it closes its end, and the server ends by itself."""
        self.process.communicate(timeout=START_TIMEOUT_S)


@contextmanager
def served_by_stdio(folder: Path) -> Iterator[Serving]:
    """A process, and an address on the loopback interface that leads to it."""
    pipe = Pipe(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = pipe.exchange(said).encode()
            self.send_response(200 if answer else 202)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            self.send_error(405)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as bridge:
        bridge.daemon_threads = True
        thread = threading.Thread(target=bridge.serve_forever, args=(0.05,))
        thread.start()
        try:
            port = bridge.server_address[1]
            yield Serving(pipe.process, f"http://127.0.0.1:{port}/mcp", str(folder / "state" / "tasks.db"))
        finally:
            bridge.shutdown()
            thread.join()
            pipe.close()


@contextmanager
def a_start(folder: Path) -> Iterator[Start]:
    """What it has started ends with it."""
    begin: Mapping[Way, Callable[[Path], AbstractContextManager[Serving]]] = {
        "http": serving,
        "stdio": served_by_stdio,
    }
    started: dict[Way, Serving] = {}
    with ExitStack() as stack:

        def start(way: Way) -> Serving:
            if way not in started:
                place = folder / way
                place.mkdir()
                started[way] = stack.enter_context(begin[way](place))
            return started[way]

        yield start
