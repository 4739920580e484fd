"""What newer versions of the public server have brought, as far as it is here (docs/task-server.md)."""

import json

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.tools import Refusal


def test_a_history_is_also_told_as_the_public_server_does(desk: Desk) -> None:
    """A bare list of fields with texts: what its CLI prints as a table."""
    desk.create(created_by="ann")
    desk.call("update_task", id=1, title="other", priority=3, tags=["x"], updated_by="bob")
    desk.call("archive_task", id=1)

    told = json.loads(desk.say("get_task_history", task_id=1).text)

    assert [list(entry) for entry in told] == [
        ["id", "task_id", "field_name", "old_value", "new_value", "changed_by", "changed_at"]
    ] * 5
    archived_at = desk.call("get_task", id=1)["archived_at"]
    assert [tuple(entry.values())[2:6] for entry in told] == [
        ("created", None, "idle", "ann"),
        ("title", "a task", "other", "bob"),
        ("priority", "0", "3", "bob"),
        ("tags", "[]", '["x"]', "bob"),
        ("archived_at", None, archived_at, None),
    ]


def test_a_task_that_was_never_there_has_no_history(desk: Desk) -> None:
    desk.create()
    desk.call("delete_task", id=1)

    gone, never = (desk.say("get_task_history", task_id=number) for number in (1, 2))

    assert [entry["field_name"] for entry in json.loads(gone.text)] == ["created", "title"]
    assert (never.text, never.refusal) == ("Task not found: 2", Refusal("task-not-found"))


@pytest.mark.parametrize(("tool", "arguments"), [("list_tasks", {}), ("get_my_queue", {"agent_name": "bob"})])
def test_descriptions_are_left_out_for_those_who_want_none(
    desk: Desk, tool: str, arguments: dict[str, object]
) -> None:
    desk.create(assigned_to="bob", description="long")
    found = {
        wanted: desk.call(tool, **arguments, **({} if wanted is None else {"include_description": wanted}))
        for wanted in (None, True, False)
    }

    shorter, longer = found[False]["tasks"], found[True]["tasks"]
    assert isinstance(shorter, list)
    assert found[None] == found[True]
    assert longer == [{**row, "description": "long"} for row in shorter]
    assert ["description" in row for row in shorter] == [False]


def test_tags_are_added_and_taken_away_and_not_said_in_two_ways_at_once(desk: Desk) -> None:
    desk.create(tags=["a", "b"])

    changed = desk.call("update_task", id=1, add_tags=["c", "a"], remove_tags=["b"])
    refused = desk.say("update_task", id=1, tags=["x"], add_tags=["y"])

    assert changed["tags"] == ["a", "c"]
    assert "tags are all of them" in refused.text
    assert desk.call("get_task", id=1)["tags"] == ["a", "c"]
