"""A newer public server: lists without descriptions unless they are asked for, and a history of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.mcp.known import BOB, DEV, ONE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.manners import Manner, Manners, Memory
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskQuery
from tinyscheduler.model.ids import TaskId
from tinyscheduler.planner.hints import hints_of

ASKS_FIRST = "---\napproval: true\n---\n"


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer("newer") as server:
        yield server


@pytest.fixture
def client(stub: StubServer, memory: Memory) -> Iterator[McpTaskServer]:
    with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as server:
        yield server


def test_what_a_description_asks_for_is_seen(stub: StubServer, client: McpTaskServer) -> None:
    """Lists of this server show none: a task that waits for an approval looked as if it did not."""
    stub.store.add(queue_name="dev", description=ASKS_FIRST)

    (task,) = client.backlog((DEV,), (BOB,), 100).tasks

    assert task.description == ASKS_FIRST
    assert hints_of(task).needs_approval


def test_it_is_found_out_once(stub: StubServer, client: McpTaskServer, memory: Memory) -> None:
    stub.store.add(queue_name="dev", description="text")
    client.backlog((DEV,), (BOB,), 100)
    client.close()
    first = list(stub.tools)
    stub.requests.clear()

    with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as later:
        (task,) = later.backlog((DEV,), (BOB,), 100).tasks

    assert (first, stub.tools, task.description) == (["list_tasks"] * 2, ["list_tasks"], "text")


def test_an_empty_list_says_nothing_of_it(stub: StubServer, client: McpTaskServer, memory: Memory) -> None:
    client.backlog((DEV,), (BOB,), 100)

    assert stub.tools == ["list_tasks"]
    assert not Path(memory.path).exists()


@pytest.mark.parametrize("kind", ["public", "old"])
def test_the_memory_of_it_ends_with_the_version(
    stub: StubServer, client: McpTaskServer, memory: Memory, kind: str
) -> None:
    """An older one refuses the argument, or ignores it."""
    stub.store.add(assigned_to="bob", description="text")
    client.backlog((DEV,), (BOB,), 100)
    client.close()
    if kind == "public":
        stub.become("public")
    else:
        del stub.store.tools["get_task_history"]
        stub.store.tools["list_tasks"] = stub.store.tools["list_tasks"]._replace(is_strict=False)

    with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as later:
        (task,) = later.backlog((DEV,), (BOB,), 100).tasks

    (entry,) = json.loads(Path(memory.path).read_text())["servers"].values()
    assert task.description == "text"
    assert entry["leaves_out_descriptions"] == (kind == "old")


def test_more_than_its_hundred_are_read(stub: StubServer, client: McpTaskServer, desk: McpTaskDesk) -> None:
    """It ends a list there for which no limit is given."""
    for _ in range(120):
        stub.store.add(queue_name="dev", description="text")

    backlog, found = client.backlog((DEV,), (BOB,), 1000), desk.find(TaskQuery(limit=1000))

    assert {len(backlog.tasks), len(found.tasks)} == {120}
    assert {task.description for task in (*backlog.tasks, *found.tasks)} == {"text"}


def test_nothing_is_sent_that_only_our_own_server_takes(stub: StubServer, desk: McpTaskDesk) -> None:
    """Its history has the name that ours was known by; it refuses every argument that it does not know."""
    draft = TaskDraft("a", "alice", queue="dev", tags=("x",), once_by=("x",))
    made = desk.add(draft)
    desk.change(made.id, TaskEdit(title="b", by="bob"))
    desk.change(made.id, TaskEdit(queue="", by="bob"))
    desk.change(made.id, TaskEdit(parent=TaskId(""), by="bob"))
    desk.archive(made.id, by="bob")

    events = desk.history(made.id)
    assert events is not None
    assert [(event.action, event.by, dict(event.changes)) for event in events] == [
        ("created", "alice", {}),
        ("updated", "bob", {"title": ("a", "b")}),
        ("archived", None, {}),
    ]


def test_a_server_that_is_no_longer_our_own_is_noticed_by_its_refusal(
    stub: StubServer, memory: Memory
) -> None:
    """At the same address; else every change would be refused for a day."""
    ours = Manners(McpTaskServer(stub.url).source, memory)
    ours.learn(Manner(tools=frozenset({*stub.store.tools, "claim_task"})))
    stub.store.add()
    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=15, memory=memory)) as desk:
        with pytest.raises(ServerRefused, match="changed_by"):
            desk.archive(ONE, by="bob")

        assert desk.archive(ONE, by="bob").archived_at is not None


def test_a_task_that_is_not_there_has_no_history(desk: McpTaskDesk) -> None:
    with pytest.raises(TaskNotFound):
        desk.history(ONE)
