"""How the stub answers over the transport of 2024: a POST is taken, the answer comes on the stream that
the client holds open (tinytask 2.4).
"""

from __future__ import annotations

import json
import queue
import uuid
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.integration.stub_http import answer_to, event, is_connected

if TYPE_CHECKING:
    from tests.integration.stub_server import Handler

END = object()
"""Put into a stream: it is cut."""


class Front:
    """Streams by their session, each as long as its GET."""

    def __init__(self) -> None:
        self.streams: dict[str, queue.SimpleQueue[object]] = {}
        self.address = "/mcp?sessionId={session}"
        """What clients are told."""
        self.status = 200
        """Of an answer to GET; another one opens nothing."""
        self.is_mute = False
        """Streams are opened, and nothing is said on them."""

    def cut_streams(self) -> None:
        """As a restart does, or a proxy with a time limit."""
        for stream in list(self.streams.values()):
            stream.put(END)

    def say(self, data: bytes) -> None:
        """To everybody."""
        for stream in list(self.streams.values()):
            stream.put(data)

    def get(self, handler: Handler) -> None:
        """Opens a stream and keeps it."""
        if self.status != 200:
            handler.reply(self.status, b'{"error":"not now"}')
            return
        session = str(uuid.uuid4())
        stream: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.streams[session] = stream
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        try:
            if not self.is_mute:
                address = self.address.format(session=session)
                handler.wfile.write(f"event: endpoint\ndata: {address}\n\n".encode())
            _pump(handler, stream)
        finally:
            self.streams.pop(session, None)

    def post(self, handler: Handler, body: bytes) -> None:
        """202 at once; carried out all the same."""
        parts = urlsplit(handler.path)
        if not parts.path.startswith("/mcp"):
            handler.reply(404, b'{"error":"Not found"}')
            return
        session = parse_qs(parts.query).get("sessionId", [""])[0]
        if not session:
            handler.reply(400, b'{"error":"Missing session ID"}')
        elif session not in self.streams:
            handler.reply(404, b'{"error":"Session not found"}')
        else:
            self._take(handler, body, self.streams[session])

    def _take(self, handler: Handler, body: bytes, stream: queue.SimpleQueue[object]) -> None:
        try:
            message = json.loads(body)
        except ValueError as error:
            handler.reply(400, f"Invalid message: {error}".encode(), "text/plain")
            return
        handler.reply(202, b"Accepted", "text/plain")
        if "id" in message:
            stream.put(event(answer_to(handler, message)))


def _pump(handler: Handler, stream: queue.SimpleQueue[object]) -> None:
    """Until the client leaves, the stream is cut or the test ends."""
    stub = handler.server.stub
    while not stub.released.is_set():
        try:
            item = stream.get(timeout=0.02)
        except queue.Empty:
            if is_connected(handler):
                continue
            return
        if not isinstance(item, bytes):
            return
        handler.wfile.write(item)
