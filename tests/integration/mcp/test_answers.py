"""The client and a server that behaves: what it sends, and what it makes of the answers."""

from __future__ import annotations

import pytest

from tests.integration.mcp.known import BOB, DEV, ONE, QA, SUE, TOKEN
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import (
    NotAssigned,
    ServerRefused,
    TaskNotFound,
)
from tinyscheduler.model.ids import QueueName, TaskId


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
