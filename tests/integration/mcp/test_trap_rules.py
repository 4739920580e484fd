"""That the stub has the traps of the public server's tools at all (tinytask 3 and 5); see ``test_traps``."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.integration.mcp.bare import call, task
from tests.integration.stub_server import StubServer
from tests.integration.stub_store import Refusal
from tests.integration.stub_tools import call as call_tool


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("nope", {}, "Unknown tool: nope"),
        ("get_unassigned_in_queue", {"queue_name": "dev"}, "Unknown tool: get_unassigned_in_queue"),
        ("get_task", {"id": 99}, "Task not found: 99"),
        ("update_task", {"id": 99, "title": "x"}, "Error updating task: Task not found: 99"),
        ("get_task", {"id": "x"}, "Expected number, received nan"),
        ("get_task", {"id": 1, "zzz": 1}, "Unrecognized key(s) in object: 'zzz'"),
        ("update_task", {"id": 1, "status": "done"}, "invalid_enum_value"),
        ("create_task", {"title": "x", "created_by": "a", "status": "idle"}, "unrecognized_keys"),
        ("create_task", {"title": "x", "created_by": "a", "blocked_by_task_id": None}, "not found: 0"),
        ("update_task", {"id": 1, "parent_task_id": None}, "Parent task not found: 0"),
        ("update_task", {"id": 1, "description": None}, "Expected string, received null"),
        ("update_task", {"id": 1, "assigned_to": None}, "Expected string, received null"),
        ("update_task", {"id": 1, "blocked_by_task_id": 1}, "task: Task cannot be blocked by itself"),
        ("list_tasks", {"limit": 1.5}, "datatype mismatch"),
        ("move_task", {"task_id": 1, "current_agent": "zed", "new_agent": "sue", "comment": ""},
         "Task 1 is not assigned to zed (currently assigned to: bob)"),
        ("move_task", {"task_id": 1, "current_agent": "", "new_agent": "sue", "comment": ""},
         "is not assigned to"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_sentence(
    stub: StubServer, tool: str, arguments: dict[str, object], words: str
) -> None:
    stub.store.add(assigned_to="bob")

    text, is_error = call(stub, tool, **arguments)

    assert is_error
    assert words in text


def test_comment_tools_ignore_what_they_do_not_know(stub: StubServer) -> None:
    stub.store.add()

    assert task(stub, "add_comment", task_id=1, content=" hi ", zzz=1)["content"] == "hi"


def test_numbers_are_what_javascript_makes_of_them(stub: StubServer) -> None:
    stub.store.add()

    assert task(stub, "get_task", id="1")["id"] == task(stub, "get_task", id=True)["id"] == 1
    assert task(stub, "update_task", id=1, priority="1.5")["priority"] == 1.5


def test_no_limit_is_no_limit(stub: StubServer) -> None:
    for _ in range(3):
        stub.store.add()

    assert [task(stub, "list_tasks", limit=n)["count"] for n in (0, -1, None, 2)] == [3, 3, 3, 2]


def test_ties_come_in_no_order_where_several_statuses_are_asked_for(stub: StubServer) -> None:
    for _ in range(3):
        stub.store.add()

    rows = task(stub, "list_tasks", status=["idle", "working"])["tasks"]

    assert isinstance(rows, list)
    assert [row["id"] for row in rows] != [1, 2, 3]


def test_names_are_taken_as_they_are(stub: StubServer) -> None:
    """``null`` as a text is what the manual makes people write."""
    stub.store.add(assigned_to="bob")

    assert task(stub, "update_task", id=1, assigned_to=" bob ")["assigned_to"] == " bob "
    assert task(stub, "update_task", id=1, assigned_to="null")["assigned_to"] == "null"
    assert task(stub, "update_task", id=1, assigned_to="")["assigned_to"] is None
    assert task(stub, "update_task", id=1, queue_name="")["queue_name"] == ""
    moved = {"task_id": 1, "current_agent": "x", "new_agent": "", "comment": ""}
    task(stub, "update_task", id=1, assigned_to="x")
    text, _ = call(stub, "move_task", **moved)
    assert json.loads(text)["task"]["assigned_to"] == ""


def test_signing_up_gives_blocked_tasks_of_any_queue_and_a_sentence_first(stub: StubServer) -> None:
    stub.store.add(queue_name="triage")
    stub.store.add(assigned_to="bob", queue_name="elsewhere", blocked_by_task_id=1)

    text, _ = call(stub, "signup_for_task", agent_name="bob")
    nothing, is_error = call(stub, "signup_for_task", agent_name="bob")

    assert text.startswith("Task #2 claimed and set to working status\n\n{")
    assert (nothing, is_error) == ("No idle tasks available in queue for agent: bob", False)


def test_a_parent_follows_its_children_and_an_idle_child_makes_it_idle(stub: StubServer) -> None:
    stub.store.add(status="working", assigned_to="bob")

    child = task(stub, "create_subtask", parent_task_id=1, title="part", created_by="bob")
    seen = [task(stub, "get_task", id=1)["status"]]
    for status in ("working", "complete"):
        task(stub, "update_task", id=child["id"], status=status)
        seen.append(task(stub, "get_task", id=1)["status"])

    assert seen == ["idle", "working", "complete"]


def test_three_that_wait_for_each_other_are_accepted_and_two_are_not(stub: StubServer) -> None:
    for _ in range(3):
        stub.store.add()
    task(stub, "update_task", id=1, blocked_by_task_id=2)

    assert call(stub, "update_task", id=2, blocked_by_task_id=1)[1]
    task(stub, "update_task", id=2, blocked_by_task_id=3)
    assert task(stub, "update_task", id=3, blocked_by_task_id=1)["is_currently_blocked"] is True


def test_an_archived_blocker_blocks_and_a_deleted_one_does_not(stub: StubServer) -> None:
    for _ in range(3):
        stub.store.add()
    task(stub, "update_task", id=2, blocked_by_task_id=1)
    task(stub, "update_task", id=3, blocked_by_task_id=1)

    task(stub, "archive_task", id=1)
    while_archived = task(stub, "get_task", id=2)["is_currently_blocked"]
    task(stub, "delete_task", id=1)

    assert while_archived is True
    assert task(stub, "get_task", id=2)["blocked_by_task_id"] is None
    assert task(stub, "get_task", id=2)["is_currently_blocked"] is False


def test_ids_are_never_used_again(stub: StubServer) -> None:
    stub.store.add()
    task(stub, "delete_task", id=1)

    assert task(stub, "create_task", title="x", created_by="a")["id"] == 2


def test_times_have_whole_seconds_and_stay_where_nothing_of_the_task_was_written(stub: StubServer) -> None:
    stub.store.add()
    stub.store.now = lambda: "2026-11-21T10:00:00Z"

    task(stub, "add_comment", task_id=1, content="hi")
    task(stub, "add_link", task_id=1, url="/x")
    task(stub, "archive_task", id=1)
    task(stub, "update_task", id=1)
    before = task(stub, "get_task", id=1)["updated_at"]
    task(stub, "update_task", id=1, title="Task 1")

    assert before == "2026-11-20T13:04:20Z"
    assert task(stub, "get_task", id=1)["updated_at"] == "2026-11-21T10:00:00Z"


def test_four_levels_are_the_deepest(stub: StubServer) -> None:
    stub.store.add()
    for parent in (1, 2, 3):
        task(stub, "create_subtask", parent_task_id=parent, title="x", created_by="a")

    text, is_error = call(stub, "create_subtask", parent_task_id=4, title="x", created_by="a")

    assert is_error
    assert "Maximum nesting depth (3 levels) exceeded" in text


def test_the_older_server_takes_what_it_does_not_know_and_numbers_only_as_numbers() -> None:
    """By its tools alone: it speaks the older transport only."""
    stub = StubServer("old")
    stub.store.add(queue_name="dev")
    stub.store.add(queue_name="qa")

    found = json.loads(call_tool(stub.store.tools, "list_tasks", {"queue_name": "dev"}))

    assert len(stub.store.tools) == 17
    assert found["count"] == 2
    assert found["tasks"][0]["created_at"] == "2026-11-20 13:04:20"
    assert "queue_name" not in found["tasks"][0]
    with pytest.raises(Refusal, match="Expected number"):
        call_tool(stub.store.tools, "get_task", {"id": "1"})


def test_the_newer_server_has_thirty_tools() -> None:
    assert len(StubServer().store.tools) == 30
