"""Resources: what stands at each address, and what at none."""

import json

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.resources import answer, mime_type
from tinyscheduler.taskstore.listing import PAGE_ROWS_MAX
from tinyscheduler.taskstore.rows import NewTask


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


def test_a_very_wide_tree_is_shown_as_far_as_a_list_goes_and_keeps_nobody_waiting(desk: Desk) -> None:
    """Each task was looked for among all of them: twelve thousand took as long as a coffee."""
    desk.create(title="root", queue_name="dev")
    for number in range(1, 4):
        desk.create(title=f"branch {number}", parent_task_id=1, assigned_to="bob", priority=1)
        below = [NewTask("leaf", "me", parent_task_id=number + 1, queue_name="dev") for _ in range(2_000)]
        desk.store.create_tasks(below)

    tree = answer(desk.store, "task://hierarchy/1").text.splitlines()

    assert "Subtask Count: 5000 or more" in tree
    assert len([line for line in tree if "\u2514" in line]) == PAGE_ROWS_MAX
    assert answer(desk.store, "queue://tasks/dev").text.splitlines()[1] == "Tasks: 5000 or more"


def test_a_circle_of_parents_that_another_program_has_made_is_shown_once(desk: Desk) -> None:
    desk.create(title="one")
    desk.create(title="two", parent_task_id=1)
    desk.store.write(lambda c, _: c.execute("UPDATE tasks SET parent_task_id = 2 WHERE id = 1"))

    tree = answer(desk.store, "task://hierarchy/1").text

    assert tree.count("\u2514") == 2


def test_a_queue_may_be_called_summary(desk: Desk) -> None:
    desk.create(queue_name="summary")

    assert read(desk, "queue://stats/summary") == desk.call("get_queue_stats", queue_name="summary")
    assert answer(desk.store, "queue://tasks/summary").text.splitlines()[1] == "Tasks: 1"


def test_figures_of_more_than_a_list_say_so(desk: Desk) -> None:
    desk.store.create_tasks([NewTask("t", "me", assigned_to="bob") for _ in range(PAGE_ROWS_MAX + 1)])

    figures = read(desk, "queue://bob/summary")

    assert isinstance(figures, dict)
    assert (figures["total"], figures["is_cut"]) == (PAGE_ROWS_MAX, True)


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
