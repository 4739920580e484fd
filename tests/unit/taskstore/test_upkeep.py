"""Whether a file is whole, and a copy of it while others write."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.taskstore.builders import Hands, StartPython
from tests.unit.taskstore.test_opening import SPOILERS
from tinyscheduler.errors import Refused, StateError
from tinyscheduler.taskstore import upkeep
from tinyscheduler.taskstore.rows import NewTask, TaskFilter
from tinyscheduler.taskstore.store import Store


def write(path: str, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.fixture
def busy(path: str, store: Store, hands: Hands) -> str:
    first = hands.task(queue="dev")
    hands.task(parent=first)
    hands.task(blocked_by=first)
    store.add_comment(first.id, "said", "me")
    return path


def test_a_whole_file_is_whole_and_is_not_touched(busy: str) -> None:
    folder = Path(busy).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert upkeep.check(busy) == ()

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE tasks SET parent_task_id = 99 WHERE id = 2", "row 2 of tasks names a row of tasks"),
        ("DELETE FROM tasks WHERE id = 1", "row 1 of comments names a row of tasks"),
        ("UPDATE tasks SET created_at = 'x' WHERE id = 2", "task 2 has values"),
        ("UPDATE tasks SET title = x'ff' WHERE id = 2", "task 2 has values"),
        ("UPDATE tasks SET blocked_by_task_id = 3 WHERE id = 1", "task 3 waits for itself"),
        ("UPDATE tasks SET parent_task_id = 2 WHERE id = 2", "task 2 waits for itself, or is below itself"),
    ],
)
def test_what_another_program_has_spoiled_is_named(busy: str, statement: str, fault: str) -> None:
    write(busy, statement)

    assert any(found.startswith(fault) for found in upkeep.check(busy)), upkeep.check(busy)


def test_a_damaged_page_is_found(busy: str, store: Store) -> None:
    store.create_tasks([NewTask("x" * 500, "me") for _ in range(200)])
    store.close()
    with open(busy, "r+b") as file:
        file.seek(-4096 * 3, os.SEEK_END)
        file.write(os.urandom(4096 * 2))

    try:
        found: object = upkeep.check(busy)
    except StateError as error:
        found = error.message

    assert "damaged" in str(found)


@pytest.mark.parametrize("spoiled", list(SPOILERS))
def test_no_backup_is_made_of_what_is_not_whole(tmp_path: Path, spoiled: str) -> None:
    path, target = tmp_path / "tasks.db", tmp_path / "copy.db"
    SPOILERS[spoiled](path)

    with pytest.raises(StateError):
        upkeep.backup(str(path), str(target))

    assert not target.exists()
    assert [name for name in os.listdir(tmp_path) if "copy" in name] == []


@pytest.mark.parametrize("call", [upkeep.check, lambda path: upkeep.backup(path, path + ".copy")])
def test_a_file_that_is_not_there_is_not_made(path: str, call: object) -> None:
    assert callable(call)
    with pytest.raises(StateError, match="is not there"):
        call(path)

    assert not os.path.exists(path)


def test_a_backup_is_one_whole_file_for_its_owner_only(busy: str, store: Store, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.db")
    whole = store.tasks(TaskFilter())

    size = upkeep.backup(busy, target)

    assert os.listdir(tmp_path) == sorted(["copy.db", "state"])
    assert (os.stat(target).st_size, stat.S_IMODE(os.stat(target).st_mode)) == (size, 0o600)
    assert upkeep.check(target) == ()
    copy = Store(target)
    assert (copy.tasks(TaskFilter()), copy.identity) == (whole, store.identity)
    copy.close()


def test_a_file_that_is_there_is_never_replaced(busy: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    with pytest.raises(Refused, match="is there already"):
        upkeep.backup(busy, str(target))

    assert target.read_text() == "precious"


def test_a_backup_under_writers_has_all_that_was_acknowledged_before_it(
    busy: str, tmp_path: Path, start: StartPython
) -> None:
    code = """
import sys
from contextlib import suppress
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
store = Store(sys.argv[1])
while True:
    # Four at once on a slow disk: now and then one of them waits in vain for the others.
    with suppress(ServerUnavailable):
        print(store.create_task(NewTask("x" * 3000, "me")).id, flush=True)
"""
    writers = [start(code, busy) for _ in range(4)]
    acknowledged = set()
    for writer in writers:
        assert writer.stdout is not None
        acknowledged |= {int(writer.stdout.readline()) for _ in range(5)}

    upkeep.backup(busy, str(tmp_path / "copy.db"))

    copy = Store(str(tmp_path / "copy.db"))
    found = {task.id for task in copy.tasks(TaskFilter())}
    copy.close()
    assert acknowledged <= found
    assert upkeep.check(str(tmp_path / "copy.db")) == ()


def test_a_backup_that_finds_no_room_leaves_nothing(busy: str, tmp_path: Path) -> None:
    with pytest.raises(StateError):
        upkeep.backup(busy, str(tmp_path / "nowhere" / "copy.db"))
