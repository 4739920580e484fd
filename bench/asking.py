"""One client of a task server, as lean as can be: ``python -m bench.asking ENDPOINT DEED FIRST COUNT``."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Mapping
from typing import BinaryIO
from urllib.parse import urlsplit

Params = dict[str, object]

DEEDS: Mapping[str, Callable[[int], Params]] = {
    "get": lambda number: {"name": "get_task", "arguments": {"id": number}},
    "list": lambda _: {"name": "list_tasks", "arguments": {"limit": 50}},
    "claim": lambda number: {"name": "claim_task", "arguments": {"task_id": number, "agent_name": "me"}},
    # What the SDK alone would do with it (ADR 0026).
    "get, by the SDK": lambda number: {"name": "get_task", "arguments": {"id": number}, "_meta": {}},
}


def main(endpoint: str, deed: str, first: int, count: int) -> None:
    """Ask ``count`` times on one connection. Fails on anything but an answer."""
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        for number in range(first, first + count):
            params = DEEDS[deed](number)
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
            connection.sendall(_head(parts.netloc, len(body)) + body)
            answer = _body(stream)
            assert b'"isError":false' in answer, answer[:500]


def _head(host: str, length: int) -> bytes:
    return (
        f"POST /mcp HTTP/1.1\r\nHost: {host}\r\nAccept: application/json, text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _body(stream: BinaryIO) -> bytes:
    readline, read = stream.readline, stream.read
    assert b" 200 " in readline()
    length: int | None = None
    while (line := readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if length is not None:
        return read(length)
    parts = []
    while size := int(readline(), 16):
        parts.append(read(size + 2))
    readline()
    return b"".join(parts)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
