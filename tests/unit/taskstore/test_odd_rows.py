"""Somebody had the file open with sqlite3: one odd row does not stop the others (law 12)."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contract.task_server.serving import environment
from tests.unit.taskstore.builders import Hands
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.errors import ServerRefused, ServerUnavailable
from tinyscheduler.model.desk import TaskQuery
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.task import TagChange
from tinyscheduler.taskserver.tools import TOOLS, answer
from tinyscheduler.taskstore import editing, upkeep
from tinyscheduler.taskstore.rows import NewLink, TaskFilter
from tinyscheduler.taskstore.store import Store

DEV = QueueName("dev")
HARMLESS = [
    ("created_at", "'2026-11-21 10:00:00'"), ("created_at", "'2026-11-21'"),
    ("created_at", "'2026-11-21T10:00:00+02:00'"), ("updated_at", "'2026-11-21 10:00:00'"),
    ("updated_at", "'x'"), ("updated_at", "'xZ'"), ("updated_at", "7"), ("tags", "''"), ("tags", "' '"),
    ("tags", "'[1, null]'"), ("priority", "'high'"), ("priority", "9e999"),
    ("priority", "-9e999"),
    ("priority", "x'00'"), ("title", "x'fffe'"), ("title", "12"), ("title", "CAST(x'ff41' AS TEXT)"),
    ("description", "x'00ff'"), ("description", "1.5"), ("created_by", "x'ff'"),
    ("assigned_to", "x'ff'"), ("previous_assigned_to", "x'ff'"), ("parent_task_id", "'x'"),
    ("parent_task_id", "99"), ("blocked_by_task_id", "1.5"), ("blocked_by_task_id", "'x'"),
    ("blocked_by_task_id", "99"), ("queue_name", "CAST(x'646576ff' AS TEXT)"),
]  # fmt: skip
UNUSABLE = [("created_at", "'x'"), ("created_at", "x'ff'"), ("created_at", "'9999-99-99T00:00:00Z'")]
NO_LIST = [("tags", "'x'"), ("tags", "'{}'"), ("tags", "x'00ff'"), ("tags", "'[1,'"), ("tags", "7"),
           ("tags", "'\"needs-approval\"'"), ("tags", "replace(hex(zeroblob(50000)), '0', '[')")]  # fmt: skip


def spoil(path: str, column: str, value: str) -> None:
    """Of task 1."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE tasks SET {column} = {value} WHERE id = 1")
        connection.commit()


@pytest.fixture
def two(path: str, store: Store, hands: Hands) -> str:
    for number in (1, 2):
        hands.task(f"task {number}", queue="dev")
        store.add_comment(number, "said", "me")
        store.add_link(number, NewLink("x"))
    return path


@pytest.mark.parametrize(("column", "value"), HARMLESS)
def test_what_is_odd_and_harmless_is_read_as_nothing(two: str, column: str, value: str) -> None:
    spoil(two, column, value)
    server = EmbeddedTaskServer(two)

    seen = server.backlog([DEV], [AgentName("bob")], 10)
    detail = server.get(TaskId("1"))
    changed = server.update(TaskId("2"), status="working")
    server.close()

    assert seen.gaps == ()
    assert TaskId("2") in {task.id for task in seen.tasks}
    assert isinstance(detail.task.title, str)
    assert detail.task.created_at.tzinfo is not None
    assert changed.status == "working"


@pytest.mark.parametrize(("column", "value"), UNUSABLE + NO_LIST)
def test_what_cannot_be_used_is_left_out_and_told(two: str, column: str, value: str) -> None:
    spoil(two, column, value)
    server = EmbeddedTaskServer(two)

    seen = server.backlog([DEV], [], 10)
    found = server.find(TaskQuery())
    with pytest.raises(ServerUnavailable, match=f"task 1: {column}") as refused:
        server.get(TaskId("1"))
    server.close()

    assert [task.id for task in seen.tasks] == [task.id for task in found.tasks] == [TaskId("2")]
    assert [(gap.queue, "task 1" in gap.why) for gap in seen.gaps] == [(DEV, True)]
    assert ["task 1" in gap for gap in found.gaps] == [True]
    assert refused.value.hint


def test_what_nobody_can_read_and_nobody_asks_for_is_no_gap(two: str) -> None:
    spoil(two, "created_at", "'x'")
    server = EmbeddedTaskServer(two)

    others = server.find(TaskQuery(tags=("theirs",)))
    full = server.find(TaskQuery(limit=1))
    server.close()

    assert others.gaps == ()
    assert full.is_cut, "a row that cannot be read is a row"


@pytest.mark.parametrize(("column", "value"), NO_LIST)
def test_tags_that_are_no_list_stay_until_others_are_said_and_are_named_by_the_check(
    two: str, store: Store, column: str, value: str
) -> None:
    """A change of something else would have made an empty list of them."""
    spoil(two, column, value)

    store.update_task(1, {"title": "another title"})
    with pytest.raises(ServerRefused, match="say all of them"):
        store.update_task(1, {"tag_change": TagChange(added=("web",))})
    before = upkeep.check(two)
    store.update_task(1, {"tags": ("web",)})

    assert "task 1 has tags that are no list" in before
    assert store.task(1).tags == ("web",)
    assert not upkeep.check(two)


@pytest.mark.parametrize(
    "changes",
    ["''", "'['", "'[]'", "'{\"title\": 7}'", "x'00ff'", "7", "replace(hex(zeroblob(50000)), '0', '[')"],
)
def test_an_entry_of_a_history_that_nobody_can_read_hides_no_other(
    two: str, store: Store, changes: str
) -> None:
    store.update_task(1, {"title": "another title"})
    with closing(sqlite3.connect(two)) as connection:
        connection.execute(f"UPDATE history SET changes = {changes} WHERE id = 1")
        connection.commit()

    entries = editing.task_history(store, 1, 10)

    assert [entry.action for entry in entries] == ["created", "updated"]
    assert [entry.changes for entry in entries] == [{}, {"title": ("task 1", "another title")}]
    assert "entry 1 of the history of task 1 cannot be read" in upkeep.check(two)


@pytest.mark.parametrize("parent", [1, 99])
def test_a_task_below_itself_or_below_nothing_can_be_changed_and_deleted(
    two: str, store: Store, parent: int
) -> None:
    spoil(two, "parent_task_id", str(parent))

    store.update_task(1, {"status": "working"})
    editing.delete_task(store, 1)

    assert [task.id for task in store.tasks(TaskFilter())] == [2]


def test_a_time_without_a_zone_is_utc(two: str, store: Store) -> None:
    spoil(two, "created_at", "'2026-11-21 10:00:00'")

    assert store.task(1).created_at == "2026-11-21T10:00:00Z"
    server = EmbeddedTaskServer(two)
    assert server.get(TaskId("1")).task.created_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    server.close()


def test_an_odd_remark_is_read_too(two: str) -> None:
    with closing(sqlite3.connect(two)) as connection:
        connection.execute("UPDATE comments SET content = x'ff41', created_at = 'x', created_by = 7")
        connection.execute("UPDATE links SET url = x'ff41', created_at = 3")
        connection.commit()
    server = EmbeddedTaskServer(two)

    detail = server.get(TaskId("1"))
    server.close()

    assert [comment.text for comment in detail.comments] == ["\ufffdA"]
    assert [link.url for link in detail.links] == ["\ufffdA"]


@pytest.mark.parametrize(("column", "value"), HARMLESS + UNUSABLE + NO_LIST)
def test_clients_are_answered_about_it(two: str, store: Store, column: str, value: str) -> None:
    spoil(two, column, value)

    for tool in ("get_task", "list_tasks", "get_queue_tasks", "get_unassigned_in_queue"):
        names = {argument.name for argument in TOOLS[tool].arguments if argument.is_required}
        given = {name: 1 if name == "id" else "dev" for name in names}
        said = answer(store, tool, given)
        assert said.refusal is None, said.text
    assert len(store.tasks(TaskFilter())) == 2


@pytest.mark.parametrize(("column", "value"), [("created_at", "'x'"), ("title", "x'fffe'"), ("tags", "'x'")])
def test_commands_go_on_beside_it(tmp_path: Path, column: str, value: str) -> None:
    env = environment(tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tinyscheduler", *arguments],
            env=env, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip

    for title in ("one", "two"):
        run("task", "add", title, "--queue", "dev")
    spoil(os.path.join(tmp_path, "state", "tasks.db"), column, value)

    for command in (("run", "--dry-run"), ("status",), ("backlog",), ("task", "list"), ("run", "--once")):
        found = run(*command)
        assert "Traceback" not in found.stderr, (command, found.stderr)
        assert found.returncode in (0, 3), (command, found.stderr)
    assert "two" in run("task", "list", "--all").stdout
