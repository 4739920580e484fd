"""Resources: what stands at each address, and what at none."""

import json

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.resources import answer, mime_type


def read(desk: Desk, uri: str) -> object:
    said = answer(desk.store, uri)
    assert said.refusal is None, said.text
    return json.loads(said.text)


def test_what_stands_at_each_address_is_what_the_tools_say(desk: Desk) -> None:
    desk.create(assigned_to="bob smith", queue_name="dev/ops", priority=9)
    desk.call("add_comment", task_id=1, content="hi")
    desk.call("add_link", task_id=1, url="x")
    desk.call("archive_task", id=desk.create()["id"])

    assert read(desk, "task://1") == desk.call("get_task", id=1)
    assert read(desk, "task://1/comments") == desk.call("list_comments", task_id=1)
    assert read(desk, "task://1/links") == desk.call("list_links", task_id=1)
    assert read(desk, "queue://bob%20smith") == desk.call("get_my_queue", agent_name="bob smith")
    assert read(desk, "queue://stats/dev%2Fops") == desk.call("get_queue_stats", queue_name="dev/ops")
    assert read(desk, "queue://list") == desk.call("list_queues")
    assert read(desk, "tasks://active") == desk.call("list_tasks")
    assert [task["id"] for task in read(desk, "tasks://archived")["tasks"]] == [2]  # type: ignore[index]
    assert read(desk, "queue://bob%20smith/summary") == {
        "agent": "bob smith",
        "total": 1,
        "by_status": {"idle": 1, "working": 0},
        "by_priority": {"high": 1, "medium": 0, "low": 0},
    }


def test_trees_and_queues_are_text(desk: Desk) -> None:
    desk.create(title="root", queue_name="dev", description="why")
    desk.create(title="child", parent_task_id=1, assigned_to="bob")
    desk.create(title="grandchild", parent_task_id=2)

    tree = answer(desk.store, "task://hierarchy/1").text
    queue = answer(desk.store, "queue://tasks/dev").text

    assert tree.splitlines() == [
        "Task #1: root", "Status: idle", "Priority: 0", "Queue: dev", "Description: why", "",
        "Subtask Count: 2", "", "Subtasks:", "  \u2514\u2500 #2: child [idle] (bob)",
        "    \u2514\u2500 #3: grandchild [idle]",
    ]  # fmt: skip
    assert queue.splitlines()[:2] == ["Queue: dev", "Tasks: 3"]
    assert (mime_type("task://hierarchy/1"), mime_type("queue://tasks/dev")) == ("text/plain", "text/plain")
    assert mime_type("task://1") == "application/json"


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("task://99", "task-not-found"),
        ("task://hierarchy/99", "task-not-found"),
        ("task://x", "task-server-refused"),
        ("task://" + "9" * 40, "task-server-refused"),
        ("task://1/nope", "task-server-refused"),
        ("tasks://nope", "task-server-refused"),
        ("file:///etc/passwd", "task-server-refused"),
        ("queue://stats/%20", "task-server-refused"),
        ("", "task-server-refused"),
        ("task://\ud800", "task-server-refused"),
    ],
)
def test_what_is_nowhere_is_refused(desk: Desk, uri: str, code: str) -> None:
    said = answer(desk.store, uri)

    assert said.refusal is not None
    assert said.refusal.code == code
    said.text.encode()
