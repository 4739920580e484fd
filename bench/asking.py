"""One client of a task server, as lean as can be: ``python -m bench.asking ENDPOINT DEED FIRST COUNT``.

A library would be measured along with the server. This one sends requests that are written already, over one
connection that stays, and reads no more of an answer than where it ends.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO
from urllib.parse import urlsplit

Params = dict[str, object]
WARM = 5
"""Calls that nobody counts, with tasks behind those of the others."""

DEEDS: Mapping[str, Callable[[int], Params]] = {
    "get": lambda number: {"name": "get_task", "arguments": {"id": number}},
    "list": lambda _: {"name": "list_tasks", "arguments": {"limit": 50}},
    "claim": lambda number: {"name": "claim_task", "arguments": {"task_id": number, "agent_name": "me"}},
    # What the SDK alone would do with it (ADR 0026).
    "get, by the SDK": lambda number: {"name": "get_task", "arguments": {"id": number}, "_meta": {}},
}


def main(endpoint: str, deed: str, first: int, count: int) -> None:
    """On one connection: a few calls of which nothing is told, ``ready``, and at a line on stdin ``count``
    calls. What they took goes to stdout: CPU seconds of this process, then the seconds of each.

    The requests are written before that. Fails on anything but an answer.
    """
    parts = urlsplit(endpoint)
    requests = [_request(parts.netloc, DEEDS[deed](number)) for number in range(first, first + count + WARM)]
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        for request in requests[count:]:
            _ask(connection, stream, request)
        print("ready", flush=True)
        sys.stdin.readline()
        began_cpu = time.process_time()
        took = [_ask(connection, stream, request) for request in requests[:count]]
        print(time.process_time() - began_cpu, *took)


def _request(host: str, params: Params) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    return _head(host, len(body)) + body


def _ask(connection: socket.socket, stream: BinaryIO, request: bytes) -> float:
    began = time.perf_counter()
    connection.sendall(request)
    answer = _body(stream)
    took_s = time.perf_counter() - began
    assert b'"isError":false' in answer, answer[:500]
    return took_s


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
