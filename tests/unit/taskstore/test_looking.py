"""Read-only: the truth, and not a trace. What ``--dry-run`` and ``status`` rely on."""

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.taskstore.builders import Hands, StartPython
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.taskstore.rows import NewTask, TaskFilter
from tinyscheduler.taskstore.store import Store


def traces(folder: str) -> dict[str, tuple[int, ...]]:
    """Everything a look could leave behind: files, sizes, times."""
    found: dict[str, tuple[int, ...]] = {}
    for name in [".", *os.listdir(folder)]:
        status = os.stat(os.path.join(folder, name))
        found[name] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


def titles(path: str) -> list[str]:
    store = Store(path, read_only=True)
    try:
        return [task.title for task in store.tasks(TaskFilter())]
    finally:
        store.close()


@pytest.fixture(autouse=True)
def _private_folders_are_removed() -> Iterator[None]:
    places = ("/dev/shm", tempfile.gettempdir())
    before = [set(os.listdir(place)) for place in places]
    yield
    left = [set(os.listdir(place)) - known for place, known in zip(places, before, strict=True)]
    # Other tests look too, at the same time, in processes of their own.
    prefix = f"tinyscheduler-{os.getpid()}-"
    assert [name for names in left for name in names if name.startswith(prefix)] == []


def test_a_store_that_is_not_there_is_empty_and_stays_not_there(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "tasks.db")

    store = Store(path, read_only=True)
    found, identity = store.tasks(TaskFilter()), store.identity
    store.close()

    assert (found, identity) == ((), "new")
    assert os.listdir(tmp_path) == []


def test_an_empty_file_is_an_empty_store_and_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    path.touch()
    before = traces(str(tmp_path))

    assert titles(str(path)) == []
    assert traces(str(tmp_path)) == before


def test_looking_at_a_closed_store_touches_nothing(path: str, store: Store, hands: Hands) -> None:
    hands.task("one")
    store.close()
    before = traces(os.path.dirname(path))

    assert titles(path) == ["one"]
    assert traces(os.path.dirname(path)) == before
    assert "tasks.db-wal" not in before


def test_what_is_only_in_the_log_of_a_living_writer_is_seen(path: str, store: Store, hands: Hands) -> None:
    hands.task("in the log")
    before = traces(os.path.dirname(path))

    assert titles(path) == ["in the log"]
    assert traces(os.path.dirname(path)) == before
    assert before["tasks.db-wal"][1] > 0


def test_what_a_killed_writer_left_in_the_log_is_seen_and_left_there(path: str, start: StartPython) -> None:
    code = """
import os, signal, sys
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
Store(sys.argv[1]).create_task(NewTask("left behind", "me"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    start(code, path).communicate(timeout=50)
    before = traces(os.path.dirname(path))

    assert titles(path) == ["left behind"]
    assert traces(os.path.dirname(path)) == before
    assert before["tasks.db-wal"][1] > 0


def test_a_log_that_was_torn_while_written_counts_up_to_its_last_commit(
    path: str, store: Store, hands: Hands
) -> None:
    hands.task("whole")
    size = os.path.getsize(path + "-wal")
    hands.task("torn")
    copy = Path(path).parent / "copy"
    copy.mkdir()
    (copy / "tasks.db").write_bytes(Path(path).read_bytes())
    (copy / "tasks.db-wal").write_bytes(Path(path + "-wal").read_bytes()[: size + 1000])

    assert titles(str(copy / "tasks.db")) == ["whole"]


def test_the_copy_is_of_one_instant(path: str, store: Store, hands: Hands) -> None:
    hands.task("before")
    looking = Store(path, read_only=True)

    hands.task("after")
    seen = [task.title for task in looking.tasks(TaskFilter())]
    looking.close()

    assert seen == ["before"]
    assert looking.identity == store.identity


def test_writing_into_a_copy_is_refused(path: str, store: Store, hands: Hands) -> None:
    """It would be an answer without a deed."""
    made = hands.task()
    looking = Store(path, read_only=True)

    with pytest.raises(ServerUnavailable):
        looking.update_task(made.id, {"status": "working"})
    with pytest.raises(ServerUnavailable):
        looking.create_task(NewTask("t", "me"))
    looking.close()

    assert hands.again(made) == made


def test_a_copy_can_be_taken_where_nothing_may_be_written(path: str, store: Store, hands: Hands) -> None:
    hands.task("one")
    store.close()
    os.chmod(path, 0o400)
    os.chmod(os.path.dirname(path), 0o500)

    assert titles(path) == ["one"]

    os.chmod(os.path.dirname(path), 0o700)


@pytest.mark.parametrize("name", ["a?b.db", "a#b.db", "a%41b.db", "a b.db", "\u00e4.db"])
@pytest.mark.parametrize("is_open", [True, False])
def test_odd_names_of_files_are_names_of_files(tmp_path: Path, name: str, is_open: bool) -> None:
    path = str(tmp_path / name)
    store = Store(path)
    store.create_task(NewTask("one", "me"))
    if not is_open:
        store.close()

    assert titles(path) == ["one"]

    store.close()


def test_looking_does_not_wait_for_a_writer(path: str, store: Store, hands: Hands) -> None:
    hands.task("one")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE tasks SET title = 'not committed'")

    seen = titles(path)
    other.close()

    assert seen == ["one"]


@pytest.mark.slow
def test_every_copy_taken_while_others_write_is_whole(path: str, start: StartPython) -> None:
    """The writer makes pairs, fills the log over and over, and closes the store now and then; the file
    is big enough that copying takes a while."""
    code = """
import sys, threading
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
stopped = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
number = 0
while not stopped.is_set():
    store = Store(sys.argv[1])
    for _ in range(30):
        number += 1
        store.create_tasks([NewTask(f"{number}", "me") for _ in range(2)])
        store.update_task(1, {"description": str(number % 10) * 100_000})
    store.close()
    print(number, flush=True)
"""
    ballast = Store(path)
    for made in ballast.create_tasks([NewTask("x", "me", description="x" * 100_000) for _ in range(100)]):
        ballast.archive_task(made.id)
    ballast.close()
    writer = start(code, path)
    counts: list[int] = []
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        looking = Store(path, read_only=True)
        found = looking.tasks(TaskFilter())
        looking.close()
        assert [task.title for task in found] == [str(1 + i // 2) for i in range(len(found))]
        counts.append(len(found))
    _, complaint = writer.communicate(timeout=50)

    assert writer.returncode == 0, complaint
    assert all(count % 2 == 0 for count in counts)
    assert counts == sorted(counts), "a later look never sees less"
    assert counts[-1] > counts[0]
