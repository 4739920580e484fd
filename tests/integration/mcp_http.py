"""MCP by hand over HTTP: one POST and nothing before it, as the leanest clients do."""

import json

import httpx

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def client_of(endpoint: str, **headers: str) -> httpx.Client:
    base = endpoint.removesuffix("/mcp")
    return httpx.Client(base_url=base, headers={**HEADERS, **headers}, trust_env=False, timeout=30)


def request(tool: str, arguments: dict[str, object], **params: object) -> dict[str, object]:
    return {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments, **params},
    }


def events(stream: str) -> list[dict[str, object]]:
    """Split on line feeds only: other separators may stand in a title."""
    lines = [line.removesuffix("\r") for line in stream.split("\n") if line.startswith("data:")]
    return [json.loads(line.removeprefix("data:")) for line in lines]


def call(client: httpx.Client, tool: str, **arguments: object) -> dict[str, object]:
    """The result of one call."""
    answer = client.post("/mcp", json=request(tool, arguments))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    (event,) = events(answer.text)
    found = event["result"]
    assert isinstance(found, dict)
    return found


def said(result: dict[str, object]) -> str:
    content = result["content"]
    assert isinstance(content, list)
    assert [item["type"] for item in content] == ["text"]
    return str(content[0]["text"])


def told(client: httpx.Client, tool: str, **arguments: object) -> dict[str, object]:
    """The JSON of one call that succeeds."""
    result = call(client, tool, **arguments)
    assert not result.get("isError"), said(result)
    text = said(result)
    found = json.loads(text[text.index("{") :])
    assert isinstance(found, dict)
    return found
