"""The tools as clients of the public server know them (tinytask.md 3), without the way to them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinyscheduler.taskserver.tools import TOOLS, Answer, answer
from tinyscheduler.taskstore.store import Store

Arguments = dict[str, object]

TASK_KEYS = [
    "id", "title", "description", "status", "assigned_to", "previous_assigned_to", "created_by", "priority",
    "tags", "parent_task_id", "queue_name", "blocked_by_task_id", "created_at", "updated_at", "archived_at",
    "is_currently_blocked",
]  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Desk:
    """Somebody who calls tools."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def call(self, tool: str, **arguments: object) -> dict[str, object]:
        """What a tool that succeeds answers, without a sentence before it."""
        said = answer(self.store, tool, arguments)
        assert not said.is_error, said.text
        found = json.loads(said.text)
        assert isinstance(found, dict)
        return found

    def say(self, tool: str, **arguments: object) -> Answer:
        return answer(self.store, tool, arguments)

    def issues(self, tool: str, **arguments: object) -> list[dict[str, object]]:
        """What is wrong with the arguments."""
        said = answer(self.store, tool, arguments)
        assert said.is_error
        sentence, _, issues = said.text.partition(": ")
        assert sentence == f"Error calling tool {tool}"
        found = json.loads(issues)
        assert isinstance(found, list)
        return found

    def create(self, **arguments: object) -> dict[str, object]:
        return self.call("create_task", **{"title": "a task", "created_by": "me", **arguments})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(str(tmp_path / "tasks.db"))
    yield Desk(store)
    store.close()


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


def test_signing_up_says_a_sentence_before_the_json(desk: Desk) -> None:
    desk.create(assigned_to="bob")

    sentence, _, found = desk.say("signup_for_task", agent_name="bob").text.partition("\n\n")

    assert sentence == "Task #1 claimed and set to working status"
    assert json.loads(found) == desk.call("get_task", id=1)
    assert desk.call("get_task", id=1)["status"] == "working"


def test_signing_up_for_nothing_is_a_sentence_and_no_error(desk: Desk) -> None:
    said = desk.say("signup_for_task", agent_name="bob")

    assert said == Answer("No idle tasks available in queue for agent: bob")


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


@pytest.mark.parametrize("given", [1.5, "1.5", float("inf")])
def test_an_id_is_a_whole_number(desk: Desk, given: object) -> None:
    assert [issue["message"] for issue in desk.issues("get_task", id=given)] == [
        "Expected integer, received float"
    ]


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
    ("tool", "arguments", "sentence"),
    [
        ("nope", {}, "Unknown tool: nope"),
        ("get_task", {"id": 99999}, "Task not found: 99999"),
        ("update_task", {"id": 99, "status": "idle"}, "Task not found: 99"),
        ("update_task", {"id": 1, "parent_task_id": None}, "Parent task not found: 0"),
        (
            "create_task",
            {"title": "t", "created_by": "me", "blocked_by_task_id": None},
            "Blocking task not found: 0",
        ),
        (
            "move_task",
            {"task_id": 1, "current_agent": "zed", "new_agent": "x", "comment": ""},
            "Task 1 is not assigned to zed (currently assigned to: bob)",
        ),
        (
            "move_task",
            {"task_id": 2, "current_agent": "bob", "new_agent": "x", "comment": ""},
            "Task 2 with status 'complete' cannot be transferred (only 'idle' or 'working' are allowed)",
        ),
        ("add_comment", {"task_id": 1, "content": " "}, "Comment content must not be empty"),
        ("add_comment", {"task_id": 9, "content": "x"}, "Task not found: 9"),
    ],
)
def test_refusals_begin_as_those_of_the_public_server(
    desk: Desk, tool: str, arguments: Arguments, sentence: str
) -> None:
    """Clients have nothing else to tell them apart by."""
    desk.create(assigned_to="bob")
    desk.create(assigned_to="bob")
    desk.call("update_task", id=2, status="complete")
    before = desk.call("list_tasks", include_archived=True)

    assert desk.say(tool, **arguments) == Answer(sentence, is_error=True)
    assert desk.call("list_tasks", include_archived=True) == before


def test_a_database_that_fails_is_a_sentence_too(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "tasks.db").rename(tmp_path / "gone.db")

    said = desk.say("create_task", title="t", created_by="me")

    assert said.is_error
    assert said.text.startswith("Error calling tool create_task: task store ")


def test_a_bug_is_no_traceback_for_the_client(desk: Desk) -> None:
    desk.store.close()

    assert desk.say("list_queues") == Answer(
        "Error calling tool list_queues: internal error of the server", is_error=True
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
