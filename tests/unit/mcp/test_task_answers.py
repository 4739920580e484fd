"""Answers out of the server's JSON: lists, details, children, and their order."""

import json

import pytest

from tests.unit.mcp.task_rows import a_row
from tinyscheduler.adapters.mcp import task_json
from tinyscheduler.errors import ServerUnavailable


def test_one_unreadable_task_does_not_hide_the_others() -> None:
    rows = task_json.rows_of(
        {"count": 4, "tasks": [a_row(id=1), a_row(id=2, created_at="?"), "text", a_row(id=3)]}
    )

    assert [task.id for task in rows.tasks] == ["1", "3"]
    assert [(bad.queue, bad.assigned_to) for bad in rows.bad] == [("dev", "bob"), (None, None)]
    assert "task 2" in rows.bad[0].why
    assert rows.received == 4


def test_a_bare_list_is_a_list_of_tasks_too() -> None:
    assert [task.id for task in task_json.rows_of([a_row()]).tasks] == ["2"]


@pytest.mark.parametrize("value", [None, {}, {"tasks": None}, {"tasks": {}}, "text", 5])
def test_what_holds_no_list_is_unavailable(value: object) -> None:
    """Not an empty queue: unknown."""
    with pytest.raises(ServerUnavailable):
        task_json.rows_of(value)


def test_a_server_without_queues_is_known_by_its_rows() -> None:
    old = a_row()
    del old["queue_name"]

    assert not task_json.rows_of([old]).has_queues
    assert task_json.rows_of([a_row(queue_name=None)]).has_queues
    assert task_json.rows_of([]).has_queues


@pytest.mark.parametrize("value", [None, [], [a_row()], "text", {"task": [a_row()]}])
def test_a_list_instead_of_a_task_is_unavailable(value: object) -> None:
    with pytest.raises(ServerUnavailable):
        task_json.task_of(value)


def test_a_moved_task_is_found_inside_its_answer() -> None:
    assert task_json.task_of({"task": a_row(), "comment": {}}).id == "2"


def test_comments_are_given_oldest_first_and_broken_ones_left_out() -> None:
    def said(number: object, second: int) -> dict[str, object]:
        at = f"2026-11-20T13:04:{second}Z"
        return {"id": number, "content": f"no {number}", "created_by": None, "created_at": at}

    comments = [said(10, 21), said(9, 21), said(11, 20), said(None, 20), "text"]
    detail = task_json.detail_of(a_row(comments=comments))

    assert [c.id for c in detail.comments] == ["11", "9", "10"]
    assert detail.comments[0].text == "no 11"


@pytest.mark.parametrize("comments", [None, "text", {}])
def test_a_task_without_comments_has_none(comments: object) -> None:
    assert task_json.detail_of(a_row(comments=comments)).comments == ()


@pytest.mark.parametrize(
    ("subtasks", "expected"),
    [
        ([], False),
        ([a_row(status="complete")], False),
        ([a_row(archived_at="2026-11-20T13:04:20Z")], False),
        ([a_row(status="complete"), a_row(status="working")], True),
    ],
)
def test_a_child_is_open_while_neither_complete_nor_archived(subtasks: object, expected: bool) -> None:
    assert task_json.has_open_child({"subtasks": subtasks}) is expected


@pytest.mark.parametrize(
    "value", [None, {}, {"subtasks": [{}]}, {"subtasks": ["x"]}, {"subtasks": [{"status": []}]}]
)
def test_children_that_cannot_be_read_are_unknown_and_not_absent(value: object) -> None:
    with pytest.raises(ServerUnavailable):
        task_json.has_open_child(value)


def test_the_order_is_the_servers_with_its_ties_broken_by_number() -> None:
    rows = [
        a_row(id=10),
        a_row(id=9),
        a_row(id="x"),
        a_row(id=1, priority=1),
        a_row(id=8, created_at="2027-01-01"),
    ]

    tasks = sorted(task_json.rows_of(rows).tasks, key=task_json.sort_key)

    assert [task.id for task in tasks] == ["9", "10", "x", "8", "1"]


def test_ten_thousand_tasks_are_read_and_put_in_order() -> None:
    text = json.dumps({"tasks": [a_row(id=n, description="d" * 200) for n in range(1, 10_001)]})

    tasks = sorted(task_json.rows_of(json.loads(text)).tasks, key=task_json.sort_key)

    assert len(tasks) == 10_000
