"""The older server: 17 tools, no queues, subtasks or blockers, and silence about what it does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.mcp.known import BOB, DEV, ONE, QA, SUE
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.manners import Memory
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskQuery
from tinyscheduler.model.ids import TaskId

TALK = ["GET", "initialize", "notifications/initialized"]


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer("old") as server:
        yield server


@pytest.fixture
def client(stub: StubServer, memory: Memory) -> Iterator[McpTaskServer]:
    with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as server:
        yield server


def test_tasks_of_our_agents_are_found_and_its_queues_are_not_missed(
    stub: StubServer, client: McpTaskServer
) -> None:
    """A gap would make each pass end with exit code 3 for ever."""
    stub.store.add(assigned_to="bob")
    stub.store.add(assigned_to="a-person")
    stub.store.add()

    found = client.backlog((DEV, QA), (BOB,), 100)

    assert [task.id for task in found.tasks] == ["1"]
    assert (found.gaps, found.has_queues) == ((), False)
    assert found.tasks[0].created_at.isoformat() == "2026-11-20T13:04:20+00:00"


def test_what_it_cannot_do_is_asked_once_and_remembered(
    stub: StubServer, client: McpTaskServer, memory: Memory
) -> None:
    stub.store.add(assigned_to="bob")
    client.backlog((DEV,), (BOB,), 100)
    client.close()
    stub.requests.clear()

    with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as later:
        found = later.backlog((DEV,), (BOB,), 100)

    assert [task.id for task in found.tasks] == ["1"]
    assert not found.has_queues
    assert stub.tools == [*TALK, "list_tasks"]


def test_a_claim_asks_for_subtasks_all_the_same_and_the_memory_stays(
    stub: StubServer, client: McpTaskServer, memory: Memory
) -> None:
    """Nothing that is remembered may let a parent with open subtasks be started."""
    stub.store.add(assigned_to="bob")
    client.backlog((DEV,), (BOB,), 100)

    assert not client.has_open_children(ONE)
    assert stub.tools[-1] == "get_subtasks"
    (entry,) = json.loads(Path(memory.path).read_text())["servers"].values()
    assert len(entry["tools"]) == 17


def test_more_tasks_than_a_page_are_read_by_agent(stub: StubServer, client: McpTaskServer) -> None:
    for number in range(620):
        stub.store.add(assigned_to="bob" if number % 2 else "sue")

    found = client.backlog((DEV,), (BOB, SUE), 1000)

    assert (len(found.tasks), found.gaps, found.has_queues) == (620, (), False)
    assert "get_queue_tasks" not in stub.tools


def test_an_upgrade_is_noticed_by_the_first_list(
    stub: StubServer, client: McpTaskServer, memory: Memory
) -> None:
    """Its tasks have queues from then on; nothing that is remembered hides them."""
    stub.store.add(assigned_to="bob")
    client.backlog((DEV,), (BOB,), 100)
    client.close()
    stub.become("public")
    stub.store.add(queue_name="dev")

    with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as later:
        found = later.backlog((DEV,), (BOB,), 100)

    assert [task.id for task in found.tasks] == ["1", "2"]
    assert found.has_queues


def test_a_task_is_claimed_handed_over_and_spoken_of(stub: StubServer, client: McpTaskServer) -> None:
    """A sentence stands before the JSON of a move."""
    stub.store.add(assigned_to="bob")

    moved = client.move(ONE, current=BOB, new=BOB, comment="mine")
    working = client.update(ONE, status="working")
    client.comment(ONE, "started", "bob")

    assert (moved.status, working.status) == ("idle", "working")
    assert [said.text for said in client.get(ONE).comments] == ["mine", "started"]
    assert not client.has_open_children(ONE)


def test_a_queue_that_it_ignores_is_no_success(stub: StubServer, client: McpTaskServer) -> None:
    """A settlement would believe that the task went on to the next queue."""
    stub.store.add(assigned_to="bob")

    with pytest.raises(ServerRefused, match="no queue instead of qa"):
        client.update(ONE, queue=QA)


@pytest.mark.parametrize(
    ("draft", "word"),
    [
        (TaskDraft("a", "alice", queue="dev"), "queues"),
        (TaskDraft("a", "alice", parent=ONE), "subtasks"),
        (TaskDraft("a", "alice", blocked_by=ONE), "wait"),
    ],
)
def test_what_it_would_ignore_is_refused_before_anything_is_made(
    stub: StubServer, desk: McpTaskDesk, draft: TaskDraft, word: str
) -> None:
    stub.store.add()

    with pytest.raises(ServerRefused, match=word) as caught:
        desk.add(draft)

    assert list(stub.store.tasks) == [1]
    assert caught.value.hint


@pytest.mark.parametrize(
    "edit", [TaskEdit(queue="dev"), TaskEdit(parent=ONE), TaskEdit(blocked_by=ONE), TaskEdit(queue="")]
)
def test_a_change_that_it_would_ignore_is_refused(
    stub: StubServer, desk: McpTaskDesk, edit: TaskEdit
) -> None:
    stub.store.add()

    with pytest.raises(ServerRefused):
        desk.change(ONE, edit)


def test_the_rest_of_a_desk_works(stub: StubServer, desk: McpTaskDesk) -> None:
    made = desk.add(TaskDraft("a", "alice", assigned_to="bob", tags=("x",)))
    desk.change(made.id, TaskEdit(title="b"))
    archived = desk.archive(made.id)

    assert [task.title for task in desk.find(TaskQuery(includes_archived=True)).tasks] == ["b"]
    assert desk.find(TaskQuery(queue="dev")).tasks == ()
    assert desk.find(TaskQuery(statuses=("idle", "working"))).tasks == ()
    assert archived.archived_at is not None
    assert desk.history(made.id) is None
    assert desk.remark_counts() is None


def test_several_statuses_are_asked_for_once_and_then_sorted_out_here(
    stub: StubServer, desk: McpTaskDesk
) -> None:
    for status in ("idle", "working", "complete"):
        stub.store.add(status=status)
    query = TaskQuery(statuses=("idle", "working"))

    found = [desk.find(query), desk.find(query)]

    assert [[task.id for task in listed.tasks] for listed in found] == [["1", "2"], ["1", "2"]]
    assert stub.tools.count("list_tasks") == 4, "one as a stranger, one refused, two answered"


def test_who_is_refused_because_of_a_memory_is_refused_by_a_fresh_look(
    stub: StubServer, desk: McpTaskDesk, memory: Memory
) -> None:
    with pytest.raises(ServerRefused):
        desk.add(TaskDraft("a", "alice", queue="dev"))
    desk.close()
    stub.become("public")

    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=15, memory=memory)) as later:
        made = later.add(TaskDraft("a", "alice", queue="dev"))

    assert made.queue == "dev"


def test_a_tool_that_is_gone_removes_the_list_from_the_memory(stub: StubServer, memory: Memory) -> None:
    """The server was exchanged for an older one."""
    stub.become("public")
    stub.store.add(queue_name="dev")
    with closing(McpTaskDesk(stub.url, headers={}, timeout_s=10, memory=memory)) as desk:
        desk.add(TaskDraft("a", "alice", queue="dev"))
        del stub.store.tools["move_subtask"]
        with pytest.raises(ServerRefused, match="cannot do that"):
            desk.change(TaskId("1"), TaskEdit(parent=TaskId("")))

    (entry,) = json.loads(Path(memory.path).read_text())["servers"].values()
    assert entry["tools"] is None


def test_entries_that_are_old_or_of_the_future_are_misses(
    stub: StubServer, client: McpTaskServer, memory: Memory
) -> None:
    stub.store.add(assigned_to="bob")
    client.backlog((DEV,), (BOB,), 100)
    client.close()

    for seen_at in (0, 1e18, float("nan"), "x", None):
        whole = json.loads(Path(memory.path).read_text())
        for entry in whole["servers"].values():
            entry["seen_at"] = seen_at
        Path(memory.path).write_text(json.dumps(whole))
        stub.requests.clear()
        with closing(McpTaskServer(stub.url, timeout_s=15, memory=memory)) as later:
            later.get(ONE)
        assert stub.tools[0] == "get_task", "it was posted to first, as to a stranger"
