"""The rest of the public server's tools, and those that only this one has (docs/task-server.md)."""

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.tools import TOOLS, Answer
from tinyscheduler.taskstore.listing import PAGE_ROWS_MAX
from tinyscheduler.taskstore.rows import NewTask

PUBLIC = {
    "create_task", "update_task", "get_task", "list_tasks", "get_my_queue", "signup_for_task", "move_task",
    "archive_task", "delete_task", "create_subtask", "get_subtasks", "get_task_with_subtasks",
    "move_subtask", "list_queues", "get_queue_stats", "get_queue_tasks", "add_task_to_queue",
    "move_task_to_queue", "remove_task_from_queue", "clear_queue", "add_comment", "list_comments",
    "get_comment", "update_comment", "delete_comment", "move_comment", "add_link", "list_links",
    "update_link", "delete_link",
}  # fmt: skip
OURS = {"claim_task", "get_unassigned_in_queue", "get_task_changes"}
NEWER = {"get_task_history"}
"""Of the public server, too, from its 2.2 on."""


def test_all_of_the_public_server_are_there_and_three_more() -> None:
    assert len(PUBLIC | NEWER) == 31
    assert set(TOOLS) == PUBLIC | NEWER | OURS


def test_a_deleted_thing_is_told_in_one_line(desk: Desk) -> None:
    desk.create()
    desk.call("add_comment", task_id=1, content="x")
    desk.call("add_link", task_id=1, url="x")

    said = [desk.say("delete_comment", id=1), desk.say("delete_link", id="1"), desk.say("delete_task", id=1)]

    assert [answer.text for answer in said] == [
        '{"success":true,"message":"Comment 1 deleted successfully","id":1}',
        '{"success":true,"message":"Link 1 deleted successfully","id":1}',
        '{"success":true,"message":"Task 1 deleted successfully","id":1}',
    ]
    assert desk.call("list_tasks", include_archived=True)["count"] == 0


def test_a_task_comes_with_what_is_below_it(desk: Desk) -> None:
    desk.create()
    child = desk.create(parent_task_id=1)
    below = desk.create(parent_task_id=child["id"])

    flat = desk.call("get_task_with_subtasks", task_id=1)
    deep = desk.call("get_task_with_subtasks", task_id=1, recursive=True)

    assert flat == {**desk.call("list_tasks")["tasks"][0], "subtasks": [child], "subtask_count": 1}  # type: ignore[index]
    assert (deep["subtasks"], deep["subtask_count"]) == ([child, below], 2)


def test_a_moved_subtask_is_the_answer(desk: Desk) -> None:
    """Without the public server's sentence before it, on which its own CLI fails."""
    desk.create()
    desk.create()

    there = desk.call("move_subtask", subtask_id=2, new_parent_id=1)
    back = desk.call("move_subtask", subtask_id=2)
    refused = desk.say("move_subtask", subtask_id=2, new_parent_id=None)

    assert (there["parent_task_id"], back["parent_task_id"]) == (1, None)
    assert refused.text == "Parent task not found: 0"


def test_a_cleared_queue_says_how_many_it_held(desk: Desk) -> None:
    desk.create(queue_name="qa")

    assert desk.call("clear_queue", queue_name=" qa ") == {"queue_name": "qa", "tasks_cleared": 1}
    assert desk.call("clear_queue", queue_name="qa") == {"queue_name": "qa", "tasks_cleared": 0}


def test_comments_and_links_are_read_changed_and_moved_by_their_own_ids(desk: Desk) -> None:
    desk.create()
    desk.create()
    said = desk.call("add_comment", task_id=1, content="first", created_by="bob")
    linked = desk.call("add_link", task_id=1, url="a", description="b", created_by="bob")

    changed = desk.call("update_comment", id=1, content="second")
    moved = desk.call("move_comment", comment_id=1, to_task_id=2)

    assert changed == {**said, "content": "second", "updated_at": changed["updated_at"]}
    assert desk.call("get_comment", id=1)["content"] == "Comment moved to task 2 comment 2"
    assert (moved["id"], moved["task_id"], moved["content"], moved["created_by"]) == (2, 2, "second", "bob")
    assert desk.call("update_link", id=1, url="c") == {**linked, "url": "c"}
    assert desk.call("update_link", id=1, description="") == {**linked, "url": "c", "description": None}


def test_unassigned_tasks_of_a_queue_can_be_claimed(desk: Desk) -> None:
    mine = desk.create(queue_name="dev", priority=5)
    desk.create(queue_name="dev", assigned_to="sue")
    desk.create(queue_name="qa")
    desk.call("archive_task", id=desk.create(queue_name="dev")["id"])

    free = desk.call("get_unassigned_in_queue", queue_name="dev", limit=10)
    claimed = desk.call("claim_task", task_id=mine["id"], agent_name="bob")

    assert free == {"queue_name": "dev", "count": 1, "tasks": [mine]}
    assert (claimed["status"], claimed["assigned_to"], claimed["comments"]) == ("working", "bob", [])
    assert desk.call("get_unassigned_in_queue", queue_name="dev")["count"] == 0


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("update_task", {"id": 1, "title": "new"}),
        ("move_task", {"task_id": 1, "current_agent": "bob", "new_agent": "sue", "comment": ""}),
        ("archive_task", {"id": 1}),
        ("delete_task", {"id": 1}),
        ("move_subtask", {"subtask_id": 1}),
        ("add_task_to_queue", {"task_id": 1, "queue_name": "qa"}),
        ("move_task_to_queue", {"task_id": 1, "new_queue_name": "qa"}),
        ("remove_task_from_queue", {"task_id": 1}),
    ],
)
def test_a_change_can_be_tied_to_what_was_seen(desk: Desk, tool: str, arguments: dict[str, object]) -> None:
    desk.create(assigned_to="bob", queue_name="dev")
    before = desk.call("get_task", id=1)

    late = desk.say(tool, **arguments, expected_assigned_to="sue")
    early = desk.say(tool, **arguments, expected_status="complete")

    assert late.text == "Task 1 is not assigned to sue (currently assigned to: bob)"
    assert early.text == "Task 1 has status 'idle', not 'complete'"
    assert desk.call("get_task", id=1) == before
    assert desk.say(tool, **arguments, expected_status="idle", expected_assigned_to="bob").refusal is None


def test_a_history_names_who_when_and_what(desk: Desk) -> None:
    desk.create(created_by="ann")
    desk.call("update_task", id=1, title="other", changed_by="bob")

    found = desk.call("get_task_changes", task_id=1)

    entries = found["history"]
    assert isinstance(entries, list)
    assert (found["task_id"], found["count"]) == (1, 2)
    assert [(entry["action"], entry["by"]) for entry in entries] == [("created", "ann"), ("updated", "bob")]
    assert entries[1]["changes"] == {"title": ["a task", "other"]}
    assert desk.call("get_task_changes", task_id=1, limit=1)["history"] == entries[1:]


READING = {
    "get_task", "list_tasks", "get_my_queue", "get_subtasks", "get_task_with_subtasks", "list_queues",
    "get_queue_stats", "get_queue_tasks", "list_comments", "get_comment", "list_links",
    "get_unassigned_in_queue", "get_task_changes", "get_task_history",
}  # fmt: skip
NAMES = {"created_by", "agent_name", "current_agent", "changed_by"}


def test_whoever_changes_something_can_say_his_name() -> None:
    """Else the history of a task is one of deeds and not of who has done them."""
    nameless = [
        name
        for name, tool in TOOLS.items()
        if name not in READING and not NAMES & {argument.name for argument in tool.arguments}
    ]

    assert nameless == []


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        ("archive_task", {"id": 1}, "archived"),
        ("delete_task", {"id": 1}, "deleted"),
        ("move_subtask", {"subtask_id": 1, "new_parent_id": 2}, "updated"),
        ("add_task_to_queue", {"task_id": 1, "queue_name": "qa"}, "updated"),
        ("move_task_to_queue", {"task_id": 1, "new_queue_name": "qa"}, "updated"),
        ("remove_task_from_queue", {"task_id": 1}, "updated"),
        ("clear_queue", {"queue_name": "dev"}, "updated"),
        ("update_comment", {"id": 1, "content": "other"}, "comment_changed"),
        ("move_comment", {"comment_id": 1, "to_task_id": 2}, "comment_moved"),
        ("delete_comment", {"id": 1}, "comment_deleted"),
        ("update_link", {"id": 1, "url": "other"}, "link_changed"),
        ("delete_link", {"id": 1}, "link_deleted"),
    ],
)
def test_every_change_is_written_with_the_name_that_was_given(
    desk: Desk, tool: str, arguments: dict[str, object], action: str
) -> None:
    desk.create(queue_name="dev")
    desk.create()
    desk.call("add_comment", task_id=1, content="x", created_by="ann")
    desk.call("add_link", task_id=1, url="x", created_by="ann")

    assert desk.say(tool, **arguments, changed_by=" sue ").refusal is None

    entries = desk.call("get_task_changes", task_id=1)["history"]
    assert isinstance(entries, list)
    assert [(entry["action"], entry["by"]) for entry in entries[1:]] == [(action, "sue")]


def test_a_list_that_was_cut_says_so_and_no_other(desk: Desk) -> None:
    desk.store.create_tasks([NewTask("t", "me", queue_name="dev") for _ in range(PAGE_ROWS_MAX + 1)])

    for tool, arguments in (("list_tasks", {}), ("get_queue_tasks", {"queue_name": "dev"})):
        whole = desk.call(tool, **arguments)
        rest = desk.call(tool, **arguments, offset=PAGE_ROWS_MAX)
        assert (whole["count"], whole["is_cut"]) == (PAGE_ROWS_MAX, True)
        assert rest["count"] == 1
        assert "is_cut" not in rest


def test_a_family_that_was_cut_says_so_and_no_other(desk: Desk) -> None:
    """The rest of the children is a list with an offset."""
    desk.create()
    children = [NewTask("t", "me", parent_task_id=1) for _ in range(PAGE_ROWS_MAX)]
    desk.store.create_tasks(children)

    assert "is_cut" not in desk.call("get_subtasks", parent_task_id=1)
    desk.create(parent_task_id=1)
    below = desk.call("get_subtasks", parent_task_id=1, recursive=True)
    family = desk.call("get_task_with_subtasks", task_id=1)

    assert (below["count"], below["is_cut"]) == (PAGE_ROWS_MAX, True)
    assert (family["subtask_count"], family["is_cut"]) == (PAGE_ROWS_MAX, True)
    assert desk.call("list_tasks", parent_task_id=1, offset=PAGE_ROWS_MAX)["count"] == 1


@pytest.mark.parametrize("agent", ["", " ", "null"])
def test_nobody_has_nothing_to_do(desk: Desk, agent: str) -> None:
    """And is not given what nobody has yet."""
    desk.create()

    assert desk.call("get_my_queue", agent_name=agent)["count"] == 0
    assert desk.say("signup_for_task", agent_name=agent) == Answer("null")


def test_half_a_character_is_mended_wherever_it_stands(desk: Desk) -> None:
    """JSON may carry it, UTF-8 may not: it must not turn an answer into an error of the server."""
    half = "a\ud800b"

    assert desk.create(title=half)["title"] == "a?b"
    assert desk.call("get_my_queue", agent_name=half)["agent"] == "a?b"
    assert "Unknown tool: a?b" in desk.say(half).text
    desk.say("get_task", id=1, **{half: 1}).text.encode()
