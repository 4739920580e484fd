"""The tools as clients of the public server know them (tinytask.md 3), without the way to them."""

import re

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.tools import Answer

Arguments = dict[str, object]

TASK_KEYS = [
    "id", "title", "description", "status", "assigned_to", "previous_assigned_to", "created_by", "priority",
    "tags", "parent_task_id", "queue_name", "blocked_by_task_id", "created_at", "updated_at", "archived_at",
    "is_currently_blocked",
]  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_a_task_has_sixteen_keys_in_their_order(desk: Desk) -> None:
    task = desk.create(assigned_to="bob", queue_name="dev", priority=9, tags=["a"])

    assert list(task) == TASK_KEYS
    assert (task["id"], task["status"], task["priority"], task["tags"]) == (1, "idle", 9, ["a"])
    assert TIME.fullmatch(str(task["created_at"]))


def test_answers_are_indented_and_keep_characters_as_they_are(desk: Desk) -> None:
    text = desk.say("create_task", title="sep\u2028arated \U0001f9ea", created_by="me").text

    assert text.startswith('{\n  "id": 1,\n  "title": "sep\u2028arated \U0001f9ea",\n')


def test_get_task_adds_comments_and_links(desk: Desk) -> None:
    desk.create()
    said = desk.call("add_comment", task_id=1, content="hi, please test", created_by="bob")
    linked = desk.call("add_link", task_id=1, url="/src/x.py", description="artifact", created_by="bob")

    found = desk.call("get_task", id=1)

    assert list(found) == [*TASK_KEYS, "comments", "links"]
    assert (found["comments"], found["links"]) == ([said], [linked])
    assert list(said) == ["id", "task_id", "content", "created_by", "created_at", "updated_at"]
    assert list(linked) == ["id", "task_id", "url", "description", "created_by", "created_at"]
    assert desk.call("list_comments", task_id=1) == {"task_id": 1, "count": 1, "comments": [said]}
    assert desk.call("list_links", task_id=1) == {"task_id": 1, "count": 1, "links": [linked]}


def test_lists_count_their_page(desk: Desk) -> None:
    made = [desk.create(queue_name="dev", assigned_to="bob", priority=-number) for number in range(3)]

    assert desk.call("list_tasks") == {"count": 3, "tasks": made}
    assert desk.call("list_tasks", limit=2, offset=1) == {"count": 2, "tasks": made[1:]}
    assert desk.call("get_my_queue", agent_name="bob") == {"agent": "bob", "count": 3, "tasks": made}
    assert desk.call("list_queues") == {"count": 1, "queues": ["dev"]}


def test_queue_tasks_repeat_their_filters(desk: Desk) -> None:
    made = desk.create(queue_name="dev")
    desk.call("update_task", id=desk.create(queue_name="dev")["id"], status="complete")

    found = desk.call("get_queue_tasks", queue_name="dev", status=["idle", "working"])

    assert found == {
        "queue_name": "dev",
        "count": 1,
        "filters": {"status": ["idle", "working"], "include_archived": False},
        "tasks": [made],
    }
    assert desk.call("get_queue_tasks", queue_name="dev", status="complete")["count"] == 1
    roots = desk.call("get_queue_tasks", queue_name="dev", exclude_subtasks=True)
    assert roots["filters"] == {"exclude_subtasks": True, "include_archived": False}


def test_queue_stats_count_by_status(desk: Desk) -> None:
    desk.create(queue_name="dev", assigned_to="sue")
    desk.create(queue_name="dev")

    assert desk.call("get_queue_stats", queue_name="dev") == {
        "queue_name": "dev",
        "total_tasks": 2,
        "by_status": {"idle": 2, "working": 0, "complete": 0},
        "assigned": 1,
        "unassigned": 1,
        "agents": ["sue"],
    }


def test_signing_up_is_answered_with_the_task(desk: Desk) -> None:
    """And without the sentence before it that older public servers say: their own CLI fails on it."""
    desk.create(assigned_to="bob")

    found = desk.call("signup_for_task", agent_name="bob")

    assert found == desk.call("get_task", id=1)
    assert found["status"] == "working"


def test_signing_up_for_nothing_is_null_and_no_error(desk: Desk) -> None:
    said = desk.say("signup_for_task", agent_name="bob")

    assert said == Answer("null")


def test_a_move_answers_with_task_and_comment(desk: Desk) -> None:
    desk.create(assigned_to="bob")

    found = desk.call("move_task", task_id=1, current_agent="bob", new_agent="qa1", comment="please test")

    assert list(found) == ["task", "comment"]
    assert found["task"] == {**desk.call("list_tasks")["tasks"][0]}  # type: ignore[index]
    assert found["comment"]["content"] == "please test"  # type: ignore[index]
    assert found["comment"]["created_by"] == "bob"  # type: ignore[index]


def test_queue_tools_put_a_task_in_and_out(desk: Desk) -> None:
    desk.create()

    assert desk.call("add_task_to_queue", task_id=1, queue_name=" dev ")["queue_name"] == "dev"
    assert desk.call("move_task_to_queue", task_id=1, new_queue_name="qa")["queue_name"] == "qa"
    assert desk.call("remove_task_from_queue", task_id=1)["queue_name"] is None


def test_subtasks_are_made_and_listed(desk: Desk) -> None:
    desk.create(queue_name="dev")

    child = desk.call("create_subtask", parent_task_id="1", title="child", created_by="me")
    found = desk.call("get_subtasks", parent_task_id=1, recursive=True)

    assert (child["parent_task_id"], child["queue_name"]) == (1, "dev")
    assert found == {"parent_task_id": 1, "recursive": True, "count": 1, "subtasks": [child]}


def test_archiving_takes_a_task_out_of_lists(desk: Desk) -> None:
    desk.create()

    archived = desk.call("archive_task", id=1)

    assert archived["archived_at"] is not None
    assert desk.call("list_tasks") == {"count": 0, "tasks": []}
    assert desk.call("list_tasks", include_archived=True) == {"count": 1, "tasks": [archived]}
