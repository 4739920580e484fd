"""What tools are given: what each argument may be, and how anything else is refused (tinytask.md 3)."""

from pathlib import Path

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.tools import TOOLS, Answer, Refusal

Arguments = dict[str, object]


def test_an_update_writes_what_is_given_and_empties_what_is_empty(desk: Desk) -> None:
    desk.create(assigned_to="bob", queue_name="dev", description="text", tags=["a"])
    desk.create()

    busy = desk.call("update_task", id=1, status="working", title="other", priority="5", blocked_by_task_id=2)
    bare = desk.call(
        "update_task", id="1", assigned_to="", description="", tags=[], queue_name="", blocked_by_task_id=None
    )

    assert (busy["status"], busy["title"], busy["priority"]) == ("working", "other", 5)
    assert (busy["assigned_to"], busy["is_currently_blocked"]) == ("bob", True)
    assert (bare["assigned_to"], bare["previous_assigned_to"], bare["blocked_by_task_id"]) == (
        None,
        "bob",
        None,
    )
    assert (bare["description"], bare["tags"], bare["queue_name"], bare["status"]) == (
        None,
        [],
        None,
        "working",
    )


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("7.0", 7),
        ("0.5", 0.5),
        ("1e2", 100),
        ("-3", -3),
        (True, 1),
        (None, 0),
        ("", 0),
        (2.5, 2.5),
    ],
)
def test_numbers_may_come_as_javascript_would_take_them(desk: Desk, given: object, understood: float) -> None:
    assert desk.create(priority=given)["priority"] == understood


@pytest.mark.parametrize("given", ["abc", "7 7", "1_0", "0x10", "Infinity", "\u0661", "9" * 50, [1], {}])
def test_what_is_no_number_is_refused_as_one(desk: Desk, given: object) -> None:
    assert desk.issues("get_task", id=given) == [
        {
            "code": "invalid_type",
            "expected": "number",
            "received": "nan",
            "path": ["id"],
            "message": "Expected number, received nan",
        }
    ]


@pytest.mark.parametrize("given", [1.5, "1.5", float("inf"), 10**400, -(10**400)])
def test_an_id_is_a_whole_number(desk: Desk, given: object) -> None:
    assert [issue["message"] for issue in desk.issues("get_task", id=given)] == [
        "Expected integer, received float"
    ]


def test_a_number_beyond_all_floats_is_not_said_back(desk: Desk) -> None:
    assert desk.say("create_task", title="a", created_by="me", priority=10**4_000).text == (
        "Priority must be a number between -2^53 and 2^53, not inf"
    )


def test_everything_wrong_with_a_call_is_said_at_once(desk: Desk) -> None:
    found = desk.issues("create_task", created_by=5, tags="a", status="idle", priority="x")

    assert [(issue["path"], issue["message"]) for issue in found] == [
        (["title"], "Required"),
        (["created_by"], "Expected string, received number"),
        (["priority"], "Expected number, received nan"),
        (["tags"], "Expected array, received string"),
        ([], "Unrecognized key(s) in object: 'status'"),
    ]


@pytest.mark.parametrize("name", ["assigned_to", "description", "queue_name", "title"])
def test_null_is_no_text(desk: Desk, name: str) -> None:
    desk.create()

    assert desk.issues("update_task", id=1, **{name: None})[0]["message"] == "Expected string, received null"


def test_a_status_is_one_of_three(desk: Desk) -> None:
    desk.create()

    (issue,) = desk.issues("update_task", id=1, status="done")

    assert issue == {
        "received": "done",
        "code": "invalid_enum_value",
        "options": ["idle", "working", "complete"],
        "path": ["status"],
        "message": "Invalid enum value. Expected 'idle' | 'working' | 'complete', received 'done'",
    }


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_task", {"id": 1}),
        ("list_tasks", {}),
        ("get_my_queue", {"agent_name": "bob"}),
        ("list_queues", {}),
        ("get_queue_stats", {"queue_name": "dev"}),
        ("archive_task", {"id": 1}),
        ("get_subtasks", {"parent_task_id": 1}),
    ],
)
def test_task_and_queue_tools_refuse_names_they_do_not_know(
    desk: Desk, tool: str, arguments: Arguments
) -> None:
    (issue,) = desk.issues(tool, **arguments, zzz=1)

    assert issue == {
        "code": "unrecognized_keys",
        "keys": ["zzz"],
        "path": [],
        "message": "Unrecognized key(s) in object: 'zzz'",
    }


def test_comment_and_link_tools_ignore_names_they_do_not_know(desk: Desk) -> None:
    desk.create()

    assert desk.call("add_comment", task_id=1, content="hi", zzz=1)["content"] == "hi"
    assert desk.call("add_link", task_id=1, url="x", zzz=1)["url"] == "x"
    assert desk.call("list_comments", task_id=1, zzz=1)["count"] == 1


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence", "code"),
    [
        ("nope", {}, "Unknown tool: nope", "unknown-tool"),
        ("get_task", {"id": 99999}, "Task not found: 99999", "task-not-found"),
        ("update_task", {"id": 99, "status": "idle"}, "Task not found: 99", "task-not-found"),
        ("update_task", {"id": 1, "parent_task_id": None}, "Parent task not found: 0", "task-server-refused"),
        (
            "create_task",
            {"title": "t", "created_by": "me", "blocked_by_task_id": None},
            "Blocking task not found: 0",
            "task-server-refused",
        ),
        (
            "move_task",
            {"task_id": 1, "current_agent": "zed", "new_agent": "x", "comment": ""},
            "Task 1 is not assigned to zed (currently assigned to: bob)",
            "not-assigned",
        ),
        (
            "move_task",
            {"task_id": 2, "current_agent": "bob", "new_agent": "x", "comment": ""},
            "Task 2 with status 'complete' cannot be transferred (only 'idle' or 'working' are allowed)",
            "not-assigned",
        ),
        (
            "add_comment",
            {"task_id": 1, "content": " "},
            "Comment content must not be empty",
            "task-server-refused",
        ),
        ("add_comment", {"task_id": 9, "content": "x"}, "Task not found: 9", "task-not-found"),
        ("get_comment", {"id": 9}, "Comment not found: 9", "remark-not-found"),
        ("delete_link", {"id": "9"}, "Link not found: 9", "remark-not-found"),
        (
            "update_task",
            {"id": 1, "title": "new", "expected_status": "working"},
            "Task 1 has status 'idle', not 'working'",
            "not-as-expected",
        ),
        (
            "claim_task",
            {"task_id": 1, "agent_name": "sue"},
            "Task 1 cannot be claimed by sue: it is assigned to bob",
            "not-as-expected",
        ),
    ],
)
def test_refusals_begin_as_those_of_the_public_server(
    desk: Desk, tool: str, arguments: Arguments, sentence: str, code: str
) -> None:
    """Clients have nothing else to tell them apart by."""
    desk.create(assigned_to="bob")
    desk.create(assigned_to="bob")
    desk.call("update_task", id=2, status="complete")
    before = desk.call("list_tasks", include_archived=True)

    assert desk.say(tool, **arguments) == Answer(sentence, Refusal(code))
    assert desk.call("list_tasks", include_archived=True) == before


def test_a_database_that_fails_is_a_sentence_too(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "tasks.db").rename(tmp_path / "gone.db")

    said = desk.say("create_task", title="t", created_by="me")

    assert said.refusal == Refusal("task-server-unavailable", is_worth_repeating=True)
    assert said.text.startswith("Error calling tool create_task: task store ")


def test_a_bug_is_no_traceback_for_the_client(desk: Desk) -> None:
    desk.store.close()

    assert desk.say("list_queues") == Answer(
        "Error calling tool list_queues: internal error of the server", Refusal("internal")
    )


def test_every_tool_tells_clients_its_arguments() -> None:
    for tool in TOOLS.values():
        schema = tool.schema()
        properties = schema["properties"]
        assert isinstance(properties, dict)
        assert list(properties) == [argument.name for argument in tool.arguments]
        assert schema["required"] == [a.name for a in tool.arguments if a.is_required]
        assert schema["additionalProperties"] is not tool.is_strict
        assert tool.purpose


def test_a_refusal_has_its_code_beside_the_sentence(desk: Desk) -> None:
    """Programs need not read sentences; who does, reads the same one."""
    said = desk.say("get_task", id=7)

    assert said.structured == {
        "error": {
            "code": "task-not-found",
            "message": said.text,
            "retry": False,
            "maybe_applied": False,
        }
    }
    assert desk.say("list_queues").structured is None
