"""A TCP proxy on loopback that spoils one exchange between a client and its server.

An exchange is a request with its answer. They are counted over all connections; the n-th one is spoilt in one
of ``WAYS``, the others go through untouched.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

Way = Literal["refused", "unanswered", "cut", "reset", "delayed", "repeated"]
WAYS: tuple[Way, ...] = get_args(Way)
"""refused: the server never sees the request. unanswered: it has carried it out, and nobody hears of it.
cut: half of the answer comes. reset: the same with RST. delayed: by ``DELAY_S``. repeated: the server sees
the request twice, as when something on the way tries again."""
DELAY_S = 0.5
CHUNK = 65_536
PATIENCE_S = 30


class Proxy:
    """Listens as soon as it is made."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._count = 0
        self._spoilt: tuple[int, Way] | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def spoil(self, number: int, way: Way) -> None:
        """The exchange of this number from now on; 1 is the next."""
        with self._lock:
            self._count, self._spoilt = 0, (number, way)

    def exchanges(self) -> int:
        """How many there were since ``spoil`` or ``be_well``."""
        return self._count

    def be_well(self) -> None:
        with self._lock:
            self._count, self._spoilt = 0, None

    def close(self) -> None:
        # Wakes the accept; close alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as server:
            server.settimeout(PATIENCE_S)
            while request := _message(client):
                if not self._exchange(client, server, request):
                    return

    def _exchange(self, client: socket.socket, server: socket.socket, request: bytes) -> bool:
        """False: the connection is over."""
        way = self._way()
        if way == "refused":
            return False
        if way == "repeated":
            with socket.create_connection(self._target) as other:
                other.settimeout(PATIENCE_S)
                other.sendall(request)
                _message(other)
        server.sendall(request)
        answer = _message(server)
        if way == "delayed":
            time.sleep(DELAY_S)
        if way in ("unanswered", "cut", "reset"):
            if way != "unanswered":
                client.sendall(answer[: len(answer) // 2])
            if way == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return False
        client.sendall(answer)
        return bool(answer)

    def _way(self) -> Way | None:
        with self._lock:
            self._count += 1
            number, way = self._spoilt or (0, "refused")
            return way if self._count == number else None


def _message(peer: socket.socket) -> bytes:
    """One HTTP message with its body; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = peer.recv(CHUNK)
        if not chunk:
            return data
        data += chunk
    head, _, _ = data.partition(b"\r\n\r\n")
    while not _is_whole(data, head.lower()):
        chunk = peer.recv(CHUNK)
        if not chunk:
            break
        data += chunk
    return data


def _is_whole(data: bytes, head: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return data.endswith(b"0\r\n\r\n")
    length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    return len(data) >= len(head) + 4 + int(length.partition(b":")[2])


@contextmanager
def a_proxy(target: tuple[str, int]) -> Iterator[Proxy]:
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
