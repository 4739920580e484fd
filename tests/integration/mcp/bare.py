"""A client that knows nothing of ours: it posts what it is told to and shows what came."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.integration.stub_server import StubServer

BOTH = "application/json, text/event-stream"


class Got(NamedTuple):
    """One answer."""

    status: int
    kind: str
    text: str

    @property
    def message(self) -> dict[str, object]:
        """Of a stream with one event."""
        (line,) = [line for line in self.text.split("\n") if line.startswith("data: ")]
        found = json.loads(line[6:])
        assert isinstance(found, dict)
        return found


def send(stub: StubServer, body: object, *, method: str = "POST", path: str = "/mcp", **headers: str) -> Got:
    connection = HTTPConnection(urlsplit(stub.url).netloc, timeout=10)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Accept": BOTH, "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        return Got(answer.status, answer.headers.get("content-type", ""), answer.read().decode())
    finally:
        connection.close()


def request(method: str, params: object = None) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 2, "method": method, "params": params or {}}


def call(stub: StubServer, tool: str, **arguments: object) -> tuple[str, bool]:
    """The text, and whether the key ``isError`` is there."""
    got = send(stub, request("tools/call", {"name": tool, "arguments": arguments}))
    assert (got.status, got.kind) == (200, "text/event-stream")
    result = got.message["result"]
    assert isinstance(result, dict)
    return str(result["content"][0]["text"]), "isError" in result


def task(stub: StubServer, tool: str, **arguments: object) -> dict[str, object]:
    text, is_error = call(stub, tool, **arguments)
    assert not is_error, text
    found = json.loads(text[text.index("{") :])
    assert isinstance(found, dict)
    return found
