"""The client over real HTTP: what it sends, what it survives, and what it says when it cannot.

The server is the stub beside this file; time limits are short and real.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.integration import stub_behaviours as stubs
from tests.integration.stub_server import StubServer, event
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import (
    NotAssigned,
    ServerRefused,
    ServerUnavailable,
    TaskNotFound,
)
from tinyscheduler.model.ids import AgentName, QueueName, TaskId

DEV, QA = QueueName("dev"), QueueName("qa")
BOB, SUE = AgentName("bob"), AgentName("sue")
ONE = TaskId("1")
TOKEN = "hunter2-0123456789"


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


@pytest.fixture
def client(stub: StubServer) -> Iterator[McpTaskServer]:
    server = McpTaskServer(stub.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout_s=0.5)
    yield server
    server.close()


# --- a server that behaves ---------------------------------------------------------------------


def test_every_operation_works_without_a_session(stub: StubServer, client: McpTaskServer) -> None:
    """The public server is stateless: nothing comes before the first call."""
    stub.store.add(queue_name="dev")

    backlog = client.backlog((DEV,), (BOB,), 100)
    claimed = client.update(ONE, assigned_to="bob", status="working")
    said = client.comment(ONE, "started", "bob")
    moved = client.move(ONE, current=BOB, new=SUE, comment="please test")
    shown = client.get(ONE)

    assert [task.id for task in backlog.tasks] == ["1"]
    assert (claimed.assigned_to, claimed.previous_assigned_to, claimed.status) == ("bob", None, "working")
    assert (moved.assigned_to, moved.status) == ("sue", "idle")
    assert shown.comments[0] == said
    assert [comment.text for comment in shown.comments] == ["started", "please test"]
    assert not client.has_open_children(ONE)
    assert stub.tools == [
        "list_tasks", "update_task", "add_comment", "move_task", "get_task", "get_subtasks",
    ]  # fmt: skip


def test_one_connection_serves_all_calls(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add()

    for _ in range(3):
        client.get(ONE)

    assert {seen.connection for seen in stub.requests} == {1}


def test_the_extra_headers_are_sent_with_every_call(stub: StubServer, client: McpTaskServer) -> None:
    client.backlog((DEV,), (), 10)

    headers = stub.requests[0].headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["accept"] == "application/json, text/event-stream"
    assert headers["user-agent"].startswith("tinyscheduler/")
    assert "mcp-protocol-version" not in headers


def test_only_the_fields_given_are_written(stub: StubServer, client: McpTaskServer) -> None:
    """Null is refused or becomes 0 there; two writers of different fields do not disturb each other."""
    stub.store.add(assigned_to="bob")

    client.update(ONE, assigned_to="")

    assert stub.requests[0].arguments == {"id": 1, "assigned_to": ""}
    assert stub.store.tasks[1]["assigned_to"] is None


def test_a_title_with_unicode_line_ends_arrives_whole(stub: StubServer, client: McpTaskServer) -> None:
    title = "a\u2028b\u2029c\u0085d"
    stub.store.add(title=title)

    assert client.backlog((DEV,), (), 10).tasks[0].title == client.get(ONE).task.title == title


def test_ten_thousand_tasks_arrive_each_once_in_pages(stub: StubServer) -> None:
    for number in range(10_000):
        stub.store.add(priority=number % 7, description="d" * 200)
    with_time = McpTaskServer(stub.url)

    found = with_time.backlog((DEV, QA), (BOB,), 10_000)
    with_time.close()

    assert len({task.id for task in found.tasks}) == len(found.tasks) == 10_000
    assert [task.priority for task in found.tasks] == sorted((t.priority for t in found.tasks), reverse=True)
    assert not found.is_cut


def test_refusals_come_as_what_they_mean(stub: StubServer, client: McpTaskServer) -> None:
    stub.store.add(assigned_to="sue")
    stub.store.add(assigned_to="bob", status="complete")

    with pytest.raises(TaskNotFound, match="99"):
        client.get(TaskId("99"))
    with pytest.raises(NotAssigned, match="currently assigned to: sue"):
        client.move(ONE, current=BOB, new=SUE, comment="")
    with pytest.raises(NotAssigned, match="complete"):
        client.move(TaskId("2"), current=BOB, new=SUE, comment="")


def test_an_older_server_without_subtasks_has_no_open_children(
    stub: StubServer, client: McpTaskServer
) -> None:
    del stub.store.tools["get_subtasks"]

    assert not client.has_open_children(ONE)


def test_a_comment_above_the_servers_limit_is_cut_and_not_lost(
    stub: StubServer, client: McpTaskServer
) -> None:
    """The server answers 500 to bodies above 102,400 bytes."""
    stub.store.add()

    said = client.comment(ONE, "ä\n" * 100_000 + "[lease 0123]", "bob")

    assert said.text == stub.store.comments[0]["content"]
    assert "characters cut" in said.text
    assert said.text.endswith("[lease 0123]")


def test_a_call_that_cannot_be_made_small_is_refused_before_it_is_sent(
    stub: StubServer, client: McpTaskServer
) -> None:
    with pytest.raises(ServerRefused, match="102,400"):
        client.update(ONE, queue=QueueName("q" * 200_000))
    assert stub.requests == []


# --- sessions ----------------------------------------------------------------------------------


def test_a_session_is_opened_when_the_server_wants_one_and_ended_at_close(
    stub: StubServer, client: McpTaskServer
) -> None:
    live: set[str] = set()
    stub.script(*[partial(stubs.with_sessions, live=live)] * 10)
    stub.store.add()

    client.get(ONE)
    client.get(ONE)
    client.close()

    assert stub.tools == [
        "get_task", "initialize", "notifications/initialized", "get_task", "get_task", "DELETE",
    ]  # fmt: skip
    (session,) = live
    in_session = stub.requests[2:]
    assert {seen.headers.get("mcp-session-id") for seen in in_session} == {session}
    assert {seen.headers.get("mcp-protocol-version") for seen in in_session} == {"2025-06-18"}


def test_a_lost_session_is_opened_anew_once(stub: StubServer, client: McpTaskServer) -> None:
    """A restarted server knows no session; the call was not carried out."""
    live: set[str] = set()
    stub.script(*[partial(stubs.with_sessions, live=live)] * 20)
    stub.store.add()
    client.get(ONE)
    live.clear()

    moved = client.update(ONE, status="working")

    assert moved.status == "working"
    assert stub.tools[-4:] == ["update_task", "initialize", "notifications/initialized", "update_task"]


def test_a_server_that_forgets_every_session_is_given_up(stub: StubServer, client: McpTaskServer) -> None:
    stub.script(*[partial(stubs.with_sessions, live=_Forgetful())] * 20)

    with pytest.raises(ServerUnavailable, match="404") as caught:
        client.get(ONE)

    assert not caught.value.maybe_applied
    assert stub.tools.count("initialize") == 1


def test_the_old_sse_mode_is_explained(stub: StubServer, client: McpTaskServer) -> None:
    stub.script(*[stubs.fail(400, b'{"error":"Missing session ID"}')] * 5)

    with pytest.raises(ServerUnavailable, match="Missing session ID") as caught:
        client.backlog((DEV,), (BOB,), 10)

    assert "SSE" in caught.value.hint


class _Forgetful(set[str]):
    """Knows no session a moment after it was opened."""

    def __contains__(self, session: object) -> bool:
        return False


# --- answers that are none ---------------------------------------------------------------------

HTML = b"<!doctype html><title>Log in</title>"

USELESS = {
    "html": stubs.say(HTML, "text/html"),
    "wrong content type": stubs.say(b"{}", "text/plain"),
    "empty": stubs.say(b""),
    "another language": stubs.say(b"\x00\x01\x02"),
    "packed": stubs.say(b"x", Content_Encoding="gzip"),
    "cut inside JSON": stubs.cut_but_framed,
    "a list instead of an object": stubs.say(
        event({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "[]"}]}})
    ),
    "nested too deeply": stubs.say(b"data: " + b"[" * 100_000 + b"\n\n"),
    "500": stubs.fail(500, b'{"error":"Internal server error"}'),
    "202": stubs.fail(202, b""),
    "50 MB": stubs.huge(50),
}


@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_answer_to_a_write_leaves_open_whether_it_happened(
    stub: StubServer, client: McpTaskServer, kind: str
) -> None:
    """It reached somebody; law 4: neither done nor undone."""
    stub.store.add(assigned_to="bob")
    stub.script(USELESS[kind])

    with pytest.raises(ServerUnavailable) as caught:
        client.move(ONE, current=BOB, new=SUE, comment="")

    assert caught.value.maybe_applied
    assert len(stub.requests) == 1


@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_answer_to_a_question_changed_nothing(
    stub: StubServer, client: McpTaskServer, kind: str
) -> None:
    stub.script(USELESS[kind])

    with pytest.raises(ServerUnavailable) as caught:
        client.get(ONE)

    assert not caught.value.maybe_applied


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 413, 415])
def test_a_refused_request_was_not_carried_out(stub: StubServer, client: McpTaskServer, status: int) -> None:
    stub.script(stubs.fail(status))

    with pytest.raises(ServerUnavailable, match=str(status)) as caught:
        client.move(ONE, current=BOB, new=SUE, comment="")

    assert not caught.value.maybe_applied
    assert caught.value.hint


def test_an_answer_above_the_cap_is_not_read_to_its_end(stub: StubServer, client: McpTaskServer) -> None:
    stub.script(stubs.huge(50))

    with pytest.raises(ServerUnavailable, match="16 MiB"):
        client.get(ONE)


def test_a_redirect_is_named_and_not_followed(stub: StubServer, client: McpTaskServer) -> None:
    with StubServer() as elsewhere:
        stub.script(stubs.redirect(f"{elsewhere.url}?token=abc"))

        with pytest.raises(ServerUnavailable, match="redirect") as caught:
            client.get(ONE)

        assert elsewhere.url in caught.value.message
        assert "abc" not in caught.value.message
        assert elsewhere.requests == []


def test_one_queue_that_fails_is_a_gap(stub: StubServer, client: McpTaskServer) -> None:
    for _ in range(501):
        stub.store.add()
    stub.always("get_queue_tasks", stubs.fail(500), queue_name="qa")

    found = client.backlog((DEV, QA), (BOB,), 10_000)

    assert len(found.tasks) == 501
    assert [(gap.queue, gap.agent) for gap in found.gaps] == [(QA, None)]
    assert "500" in found.gaps[0].why


def test_one_unreadable_task_is_a_gap_and_the_others_are_there(
    stub: StubServer, client: McpTaskServer
) -> None:
    stub.store.add()
    stub.store.raw_rows.append({"id": 7, "queue_name": "dev", "status": "idle"})

    found = client.backlog((DEV,), (), 10)

    assert [task.id for task in found.tasks] == ["1"]
    assert found.gaps[0].queue == DEV


def test_a_stream_that_stays_open_after_the_answer_holds_nobody(stub: StubServer) -> None:
    patient = McpTaskServer(stub.url, timeout_s=15)
    stub.script(stubs.keep_open)
    stub.store.add()
    started = time.monotonic()

    shown = patient.get(ONE)
    patient.close()

    assert shown.task.id == "1"
    assert time.monotonic() - started < 5


def test_no_error_shows_what_was_sent_as_a_header(stub: StubServer, client: McpTaskServer) -> None:
    """Also when the server quotes it."""
    stub.script(stubs.fail(401, json.dumps({"error": f"bad token {TOKEN}"}).encode()))

    with pytest.raises(ServerUnavailable, match="401") as caught:
        client.get(ONE)

    assert TOKEN not in f"{caught.value} {caught.value.message} {caught.value.hint}"
    assert "bad token ***" in caught.value.message
