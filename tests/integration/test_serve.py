"""``tinyscheduler serve`` as a process: its line, its answers over HTTP, its end."""

import asyncio
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.task_server.serving import START_TIMEOUT_S, Serving, serving
from tinyscheduler.taskserver.exchange import BODY_MAX_BYTES
from tinyscheduler.taskserver.tools import TOOLS

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("serve")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=server.endpoint.removesuffix("/mcp"), headers=HEADERS, trust_env=False
    ) as opened:
        yield opened


def call(client: httpx.Client, tool: str, **arguments: object) -> dict[str, object]:
    """One POST and nothing before it, as the leanest clients do."""
    params = {"name": tool, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = client.post("/mcp", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    found = only_event(answer.text)["result"]
    assert isinstance(found, dict)
    return found


def only_event(stream: str) -> dict[str, object]:
    """Split on line feeds only: other separators may stand in a title."""
    lines = [
        line.removesuffix("\r").removeprefix("data:")
        for line in stream.split("\n")
        if line.startswith("data:")
    ]
    assert len(lines) == 1
    found = json.loads(lines[0])
    assert isinstance(found, dict)
    return found


def text_of(result: dict[str, object]) -> str:
    content = result["content"]
    assert isinstance(content, list)
    assert [item["type"] for item in content] == ["text"]
    return str(content[0]["text"])


def test_a_call_needs_no_session_and_no_handshake(client: httpx.Client) -> None:
    made = json.loads(text_of(call(client, "create_task", title="first", created_by="me")))

    result = call(client, "get_task", id=str(made["id"]))

    assert json.loads(text_of(result))["title"] == "first"
    assert not result.get("isError")


def test_a_line_separator_in_a_title_arrives_as_it_is(client: httpx.Client) -> None:
    title = "a\u2028b\u2029c\u0085d\U0001f9ea"

    made = call(client, "create_task", title=title, created_by="me")

    assert json.loads(text_of(made))["title"] == title


def test_a_refusal_of_a_tool_is_http_200_and_is_error(client: httpx.Client) -> None:
    result = call(client, "nope")

    assert (result["isError"], text_of(result)) == (True, "Unknown tool: nope")


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(client: httpx.Client) -> None:
    """A busy machine makes some calls slow; Nagle's algorithm makes every one take 40 ms."""
    spent_s = []
    for _ in range(20):
        began = time.perf_counter()
        call(client, "list_queues")
        spent_s.append(time.perf_counter() - began)

    assert min(spent_s) < 0.03


def test_the_official_client_works_unchanged(server: Serving) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def talk() -> tuple[set[str], str, str]:
        async with (
            streamable_http_client(server.endpoint) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            hello = await session.initialize()
            tools = await session.list_tools()
            made = await session.call_tool("create_task", {"title": "by the SDK", "created_by": "me"})
            return {tool.name for tool in tools.tools}, hello.server_info.name, made.content[0].text  # type: ignore[union-attr]

    tools, name, made = asyncio.run(talk())

    assert tools == set(TOOLS)
    assert name == "tinyscheduler"
    assert json.loads(made)["title"] == "by the SDK"


def test_health_names_what_the_public_server_names(client: httpx.Client) -> None:
    found = client.get("/health")

    assert found.status_code == 200
    body = found.json()
    assert list(body) == ["status", "transport", "timestamp", "database", "uptime", "sessionCount"]
    assert (body["status"], body["transport"], body["database"]) == (
        "healthy",
        "streamable-http",
        "connected",
    )
    assert body["uptime"] > 0


@pytest.mark.parametrize("path", ["/mcp", "/health"])
@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Host", "evil.example", 421),
        ("Host", "127.0.0.1.evil.example:80", 421),
        ("Origin", "http://evil.example", 403),
    ],
)
def test_a_page_of_another_site_is_refused(
    client: httpx.Client, path: str, header: str, value: str, status: int
) -> None:
    """A browser on this machine would otherwise lend its place to any page it shows."""
    method = "POST" if path == "/mcp" else "GET"

    found = client.request(method, path, headers={header: value}, content=b"{}")

    assert found.status_code == status


def test_a_body_of_one_mebibyte_is_read_and_a_longer_one_is_not(client: httpx.Client) -> None:
    params = {"name": "create_task", "arguments": {"title": "t", "created_by": "me", "description": ""}}
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    room = BODY_MAX_BYTES - len(frame)

    def post(length: int) -> int:
        body = frame.replace('"description": ""', '"description": "' + "x" * length + '"')
        return client.post("/mcp", content=body.encode()).status_code

    assert (post(room), post(room + 1)) == (200, 413)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Accept": "application/json"}, b"{}", 406),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({}, b"not json", 400),
        ({}, b"{}", 400),
        ({"MCP-Protocol-Version": "2099-01-01"}, b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', 400),
    ],
)
def test_what_is_not_mcp_is_refused(
    client: httpx.Client, headers: dict[str, str], body: bytes, status: int
) -> None:
    assert client.post("/mcp", headers=headers, content=body).status_code == status


def test_unknown_paths_are_not_found(client: httpx.Client) -> None:
    assert client.get("/api/v1/tasks").status_code == 404


def test_a_scheduler_and_the_server_share_the_database(server: Serving, client: httpx.Client) -> None:
    from tinyscheduler.adapters.embedded import EmbeddedTaskServer
    from tinyscheduler.model.ids import TaskId

    made = json.loads(text_of(call(client, "create_task", title="shared", created_by="me")))
    scheduler = EmbeddedTaskServer(server.database)
    scheduler.update(TaskId(str(made["id"])), status="working")
    scheduler.close()

    assert json.loads(text_of(call(client, "get_task", id=made["id"])))["status"] == "working"


def test_health_answers_while_the_database_is_locked(server: Serving, client: httpx.Client) -> None:
    other = sqlite3.connect(server.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert client.get("/health", timeout=3).json()["status"] == "healthy"
    finally:
        other.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_well_also_under_an_open_stream(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as running, httpx.Client(trust_env=False) as client:
        call_url = running.endpoint
        with client.stream("GET", call_url, headers={"Accept": "text/event-stream"}) as stream:
            assert stream.status_code == 200
            running.process.send_signal(number)
            said, complained = running.process.communicate(timeout=START_TIMEOUT_S)

    assert (running.process.returncode, said, complained) == (0, "", "")
    assert not os.path.exists(running.database + "-wal"), "the log has been put away"


def test_killed_and_started_again_it_has_every_task(tmp_path: Path) -> None:
    with serving(tmp_path) as first, httpx.Client(headers=HEADERS, trust_env=False) as client:
        client.base_url = httpx.URL(first.endpoint.removesuffix("/mcp"))
        made = json.loads(text_of(call(client, "create_task", title="kept", created_by="me")))
        first.process.kill()
        first.process.wait(timeout=10)

    with serving(tmp_path) as second, httpx.Client(headers=HEADERS, trust_env=False) as client:
        client.base_url = httpx.URL(second.endpoint.removesuffix("/mcp"))
        assert json.loads(text_of(call(client, "get_task", id=made["id"])))["title"] == "kept"


def test_a_database_that_disappears_is_seen_in_health_and_said_to_clients(tmp_path: Path) -> None:
    with serving(tmp_path) as running, httpx.Client(headers=HEADERS, trust_env=False) as client:
        client.base_url = httpx.URL(running.endpoint.removesuffix("/mcp"))
        os.rename(running.database, running.database + ".away")

        health = client.get("/health")
        result = call(client, "create_task", title="secret plan", created_by="me")
        running.process.terminate()
        _, complained = running.process.communicate(timeout=START_TIMEOUT_S)

    assert (health.status_code, health.json()["database"]) == (503, "failed")
    assert result["isError"] is True
    assert "secret plan" not in complained
    assert "Traceback" not in complained
