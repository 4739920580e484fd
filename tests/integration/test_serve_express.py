"""The express lane says, byte for byte, what the official SDK says; whatever is more goes the SDK's way."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.task_server.serving import Serving, serving
from tests.integration.mcp_http import call, client_of, events, request, said, told
from tinyscheduler.taskserver import express


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("express")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Serving) -> Iterator[httpx.Client]:
    with client_of(server.endpoint) as opened:
        call(
            opened,
            "create_task",
            title='a\u2028b\u2029c\u0085d\U0001f9ea\x01"\\/',
            created_by="me",
            priority=0.5,
        )
        yield opened


CALLS: list[tuple[str, dict[str, object]]] = [
    ("get_task", {"id": 1}),
    ("list_tasks", {}),
    ("list_tasks", {"status": ["idle"], "limit": "5"}),
    ("get_my_queue", {"agent_name": "\u2028"}),
    ("signup_for_task", {"agent_name": "nobody"}),
    ("get_task", {"id": 99}),
    ("get_task", {"id": "x", "zzz": {"deep": [1, None, 1.5, True]}}),
    ("update_task", {"id": 1, "expected_status": "working"}),
    ("nope", {}),
    ("no\u2028pe", {}),
    ("get_task_history", {"task_id": 1}),
    ("get_task_changes", {"task_id": 1}),
]


@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=[tool for tool, _ in CALLS])
@pytest.mark.parametrize("number", [7, -1, "x\u2028", ""])
def test_both_ways_say_the_same(
    client: httpx.Client, tool: str, arguments: dict[str, object], number: int | str
) -> None:
    plain = {**request(tool, arguments), "id": number}
    # An empty _meta says nothing, and is something that the express lane does not read.
    roundabout = {**request(tool, arguments, _meta={}), "id": number}
    assert express.plain_calls(json.dumps(plain).encode()) is not None
    assert express.plain_calls(json.dumps(roundabout).encode()) is None

    fast, slow = client.post("/mcp", json=plain), client.post("/mcp", json=roundabout)

    assert fast.content == slow.content
    assert (fast.status_code, fast.headers["content-type"]) == (
        slow.status_code,
        slow.headers["content-type"],
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"[1]", b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"list_queues"}}',
        b'{"jsonrpc":"2.0","id":true,"method":"tools/call","params":{"name":"list_queues"}}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"list_queues"}}',
        b'{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"list_queues"}}',
        b'{"jsonrpc":"2.0","id":99999999999999999999,"method":"tools/call","params":{"name":"list_queues"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":[]}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"list_queues"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":"\\ud800"}}}',
        b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_the_sdks(client: httpx.Client, body: bytes) -> None:
    assert express.plain_calls(body) is None

    answer = client.post("/mcp", content=body)

    assert answer.status_code < 500
    assert not any(word in answer.text for word in ("Traceback", "pydantic", "validation error"))


NO_MESSAGE = {
    "jsonrpc": "2.0",
    "error": {"code": -32700, "message": "Parse error: Invalid JSON-RPC message"},
    "id": None,
}


@pytest.mark.parametrize("number", [None, 1.5, True, [], {}])
def test_a_request_whose_id_is_none_is_refused_and_not_passed_over(
    client: httpx.Client, number: object
) -> None:
    """202 would say that it was done."""
    body = {**request("create_task", {"title": "never", "created_by": "me"}), "id": number}

    answer = client.post("/mcp", json=body)

    assert (answer.status_code, answer.json()) == (400, NO_MESSAGE)
    assert "never" not in said(call(client, "list_tasks"))


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, {"error": "Invalid JSON body"}),
        (b"", 400, {"error": "Invalid JSON body"}),
        (b"[]", 400, NO_MESSAGE),
        (b"7", 400, NO_MESSAGE),
        (b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', 400, NO_MESSAGE),
        (b'{"jsonrpc":"2.0","id":1}', 400, NO_MESSAGE),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', 400, NO_MESSAGE),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[1]}', 400, NO_MESSAGE),
    ],
)
def test_what_is_no_json_rpc_is_refused_in_the_words_of_the_public_server(
    client: httpx.Client, body: bytes, status: int, words: object
) -> None:
    answer = client.post("/mcp", content=body)

    assert (answer.status_code, answer.json()) == (status, words)


def test_a_notification_is_taken_and_another_content_type_is_not(client: httpx.Client) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}

    taken = client.post("/mcp", json=note)
    refused = client.post("/mcp", content=json.dumps(note), headers={"content-type": "text/plain"})

    assert (taken.status_code, taken.content) == (202, b"")
    assert (refused.status_code, refused.json()["error"]["code"]) == (415, -32000)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"accept": "application/json,text/event-stream"}, True),
        ({"content-type": "application/json; charset=utf-8"}, True),
        ({"mcp-protocol-version": "2025-06-18"}, True),
        ({"mcp-protocol-version": "2099-01-01"}, False),
        ({"accept": "application/json"}, False),
        ({"accept": "*/*"}, False),
        ({"accept": "application/json;q=0, text/event-stream"}, False),
        ({"content-type": "text/plain"}, False),
    ],
)
def test_only_what_the_sdk_would_read_as_plain_takes_the_lane(
    headers: dict[str, str], expected: bool
) -> None:
    usual = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    found = {name.encode(): value.encode() for name, value in {**usual, **headers}.items()}

    assert express.is_express(found) is expected


def test_a_batch_is_answered_call_by_call(client: httpx.Client) -> None:
    """The public server does so, and its clients may rely on it."""
    calls = [{**request("get_task", {"id": number}), "id": f"n{number}"} for number in (1, 99, 1)]

    answer = client.post("/mcp", json=calls)

    found = events(answer.text)
    assert [event["id"] for event in found] == ["n1", "n99", "n1"]
    assert [event["result"]["isError"] for event in found] == [False, True, False]  # type: ignore[index]


def test_a_batch_that_is_too_long_or_holds_something_else_is_refused(client: httpx.Client) -> None:
    many = [request("list_queues", {})] * (express.BATCH_MAX + 1)
    mixed = [request("list_queues", {}), {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]

    assert [client.post("/mcp", json=body).status_code for body in (many, mixed)] == [400, 400]


def test_paths_below_are_the_same_and_others_are_not_there(client: httpx.Client) -> None:
    body = request("list_queues", {})

    assert [client.post(path, json=body).status_code for path in ("/mcp/", "/mcp/x", "/mcpx", "/")] == [
        200,
        200,
        404,
        404,
    ]


def test_many_at_once_each_get_their_own(server: Serving) -> None:
    """Sixteen clients, calls of both ways mixed."""
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> list[bool]:
        found = []
        with client_of(server.endpoint) as mine:
            for turn in range(10):
                made = told(mine, "create_task", title=f"{number}-{turn}", created_by="me")
                roundabout = request("get_task", {"id": made["id"]}, _meta={})
                (event,) = events(mine.post("/mcp", json=roundabout).text)
                text = event["result"]["content"][0]["text"]  # type: ignore[index]
                found.append(json.loads(text)["title"] == f"{number}-{turn}")
        return found

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(work, range(16)))

    assert results == [[True] * 10] * 16


@pytest.mark.parametrize("more", [b"", b',"_meta":{}'])
def test_half_a_surrogate_pair_loses_no_report(client: httpx.Client, more: bytes) -> None:
    """As a program in JavaScript sends a text that it has cut in the middle of an emoji."""
    body = (
        rb'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_task","arguments":'
        rb'{"title":"cut \ud83d, \uDE00, whole \ud83d\ude00, said \\ud83d","created_by":"me"}' + more + b"}}"
    )

    (event,) = events(client.post("/mcp", content=body).text)

    result = event["result"]
    assert isinstance(result, dict)
    assert json.loads(said(result))["title"] == "cut ?, ?, whole \U0001f600, said \\ud83d"
