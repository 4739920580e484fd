"""A file of any older version is brought to today's: whole, once, or not at all.

``versions/`` holds one file of each older version, written by the program of that time. Whoever adds a
migration puts the file of the version before it there.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.taskstore.builders import StartPython, eight_at_once
from tinyscheduler.errors import StateError
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import TaskFilter
from tinyscheduler.taskstore.schema import MIGRATIONS
from tinyscheduler.taskstore.store import Store

VERSIONS = Path(__file__).parent / "versions"
OLD = range(1, len(MIGRATIONS))


def query(path: str, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def contents(path: str) -> dict[str, list[tuple[object, ...]]]:
    """What people have written; a column that is added one day is not among it."""
    return {
        "identity": query(path, "SELECT value FROM facts WHERE name = 'identity'"),
        "tasks": query(
            path,
            "SELECT id, title, description, status, assigned_to, previous_assigned_to, created_by, priority,"
            " tags, parent_task_id, queue_name, blocked_by_task_id, created_at, updated_at, archived_at"
            " FROM tasks ORDER BY id",
        ),
        "comments": query(
            path, "SELECT id, task_id, content, created_by, created_at, updated_at FROM comments"
        ),
        "links": query(path, "SELECT id, task_id, url, description, created_by, created_at FROM links"),
        "counters": query(path, "SELECT name, seq FROM sqlite_sequence ORDER BY name"),
    }


@pytest.fixture(params=OLD, ids=lambda version: f"v{version}")
def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "tasks.db"
    shutil.copy(VERSIONS / f"v{request.param}.db", path)
    return str(path)


def test_there_is_a_file_of_every_older_version() -> None:
    assert sorted(path.name for path in VERSIONS.iterdir()) == [f"v{version}.db" for version in OLD]


def test_nothing_is_lost_or_changed_on_the_way(old: str) -> None:
    before = contents(old)

    Store(old).close()

    assert contents(old) == before
    assert len(before["tasks"]) >= 5
    assert query(old, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert query(old, "PRAGMA integrity_check") == [("ok",)]


def test_an_old_file_then_does_what_a_new_one_does(old: str) -> None:
    store = Store(old)
    task = store.tasks(TaskFilter(statuses=("idle",)))[0]

    store.update_task(task.id, {"title": "changed"}, by="me")

    (entry,) = editing.task_history(store, task.id)
    store.close()
    assert (entry.by, entry.changes) == ("me", {"title": (task.title, "changed")})


def test_a_new_file_has_what_a_migrated_one_has(old: str, tmp_path: Path) -> None:
    """Else some day only one of the two is ever tested."""
    schema = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    Store(old).close()
    new = str(tmp_path / "new.db")
    Store(new).close()

    assert query(old, schema) == query(new, schema)


def test_looking_at_an_old_file_leaves_it_old(old: str) -> None:
    before = Path(old).read_bytes()

    store = Store(old, read_only=True)
    found = store.tasks(TaskFilter(archived="included"))
    store.close()

    assert Path(old).read_bytes() == before
    assert os.listdir(os.path.dirname(old)) == ["tasks.db"]
    assert len(found) == len(contents(old)["tasks"])


def test_a_migration_that_cannot_be_finished_changes_nothing(old: str) -> None:
    """Something stands where its last index is to be."""
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE tasks_by_blocker (x)")
        connection.commit()
    before, version = contents(old), query(old, "PRAGMA user_version")

    with pytest.raises(StateError):
        Store(old)

    assert contents(old) == before
    assert query(old, "PRAGMA user_version") == version
    assert query(old, "SELECT name FROM sqlite_master WHERE name = 'history'") == []


def test_eight_processes_that_open_an_old_file_at_once_migrate_it_once(old: str, start: StartPython) -> None:
    code = """
import sys
from tinyscheduler.taskstore.store import Store
sys.stdin.readline()
store = Store(sys.argv[1])
store.update_task(1, {"title": "changed"})
store.close()
"""
    results = eight_at_once(start, code, old)

    assert [complaint for _, complaint in results] == [""] * 8
    assert query(old, "PRAGMA integrity_check") == [("ok",)]


def test_a_process_killed_in_a_migration_leaves_the_old_file(old: str, start: StartPython) -> None:
    """At each of its statements in turn."""
    code = """
import os, signal, sqlite3, sys
from tinyscheduler.taskstore import database
steps = 0
def die(statement):
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
connect = sqlite3.connect
def traced(*arguments, **options):
    connection = connect(*arguments, **options)
    connection.set_trace_callback(die)
    return connection
sqlite3.connect = traced
database.open_shared(sys.argv[1]).close()
"""
    before = contents(old)
    step, code_of_exit = 0, -9
    while code_of_exit == -9:
        step += 1
        process = start(code, old, str(step))
        process.communicate(timeout=50)
        code_of_exit = process.returncode
        assert contents(old) == before
        assert query(old, "PRAGMA integrity_check") == [("ok",)]

    assert code_of_exit == 0
    assert step > len(MIGRATIONS[-1])
    assert query(old, "PRAGMA user_version") == [(len(MIGRATIONS),)]
