"""Opening the file: made once, never harmed, always one clear error."""

import os
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from tests.unit.taskstore.builders import Hands, StartPython, eight_at_once, run_python
from tinyscheduler.errors import ServerUnavailable, StateError
from tinyscheduler.taskstore import database
from tinyscheduler.taskstore.rows import NewTask, TaskFilter
from tinyscheduler.taskstore.schema import APPLICATION_ID, MIGRATIONS
from tinyscheduler.taskstore.store import Store


def mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_new_store_is_for_its_owner_only(path: str) -> None:
    old = os.umask(0)
    try:
        store = Store(path)
        store.create_task(NewTask("t", "me"))
        modes = {
            name: mode(os.path.join(os.path.dirname(path), name))
            for name in os.listdir(os.path.dirname(path))
        }
        store.close()
    finally:
        os.umask(old)

    assert set(modes) == {"tasks.db", "tasks.db-wal", "tasks.db-shm", "tasks.db.lock"}
    assert set(modes.values()) == {0o600}
    assert mode(os.path.dirname(path)) == 0o700


def test_what_was_stored_is_there_in_the_next_process(path: str, store: Store, hands: Hands) -> None:
    made = hands.task("remember me", queue="dev")
    store.close()

    reopened = Store(path)
    found, identity = reopened.task(made.id), reopened.identity
    reopened.close()

    assert found == made
    assert identity == store.identity


def test_another_file_is_another_store(tmp_path: Path, store: Store) -> None:
    """Task 1 of a database that was made anew is not the old task 1."""
    other = Store(str(tmp_path / "other.db"))
    other.close()

    assert other.identity != store.identity


def test_closing_twice_does_nothing(store: Store) -> None:
    store.close()
    store.close()


def test_eight_processes_that_open_a_new_store_at_once_open_the_same(path: str, start: StartPython) -> None:
    code = """
import sys
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
sys.stdin.readline()
store = Store(sys.argv[1])
store.create_task(NewTask("t", "me"))
print(store.identity)
"""
    results = eight_at_once(start, code, path)

    assert [complaint for _, complaint in results] == [""] * 8
    assert len({said for said, _ in results}) == 1
    store = Store(path)
    assert len(store.tasks(TaskFilter())) == 8
    store.close()


def foreign_database(path: Path, *, version: int = 0) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos (id)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()


def newer_database(path: Path) -> None:
    Store(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def damaged_database(path: Path) -> None:
    store = Store(str(path))
    store.create_tasks([NewTask("x" * 500, "me") for _ in range(100)])
    store.close()
    whole = bytearray(path.read_bytes())
    whole[4096 : 5 * 4096] = os.urandom(4 * 4096)
    path.write_bytes(whole)


def cut_database(path: Path) -> None:
    damaged_database(path)
    os.truncate(path, 5000)


SPOILERS = {
    "no database at all": lambda path: path.write_bytes(b"<html>not found</html>" * 100),
    "another program's": foreign_database,
    "another program's with a version like ours": lambda path: foreign_database(path, version=1),
    "of a newer version": newer_database,
    "damaged": damaged_database,
    "cut": cut_database,
}


@pytest.mark.parametrize("read_only", [False, True], ids=["shared", "read-only"])
@pytest.mark.parametrize("spoiled", list(SPOILERS))
def test_a_file_that_is_not_ours_or_damaged_is_one_clear_error_and_left_alone(
    tmp_path: Path, spoiled: str, read_only: bool
) -> None:
    path = tmp_path / "tasks.db"
    SPOILERS[spoiled](path)
    before = path.read_bytes()

    with pytest.raises(StateError) as refused:
        Store(str(path), read_only=read_only)

    assert str(path) in refused.value.message
    assert "\n" not in refused.value.message
    assert refused.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True], ids=["shared", "read-only"])
@pytest.mark.parametrize("size", [None, 0], ids=["missing", "empty"])
def test_a_log_without_its_database_is_kept(tmp_path: Path, size: int | None, read_only: bool) -> None:
    """SQLite would delete it, and with it whatever had not reached the file."""
    path, log = tmp_path / "tasks.db", tmp_path / "tasks.db-wal"
    log.write_bytes(b"all our tasks")
    if size == 0:
        path.touch()

    with pytest.raises(StateError, match="missing or empty"):
        Store(str(path), read_only=read_only)

    assert log.read_bytes() == b"all our tasks"


def test_an_empty_file_is_a_store_whose_maker_was_stopped(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).touch()

    store = Store(path)
    store.create_task(NewTask("t", "me"))
    store.close()


@pytest.mark.parametrize("suffix", ["-shm", "-wal"])
def test_a_log_of_a_time_when_the_file_was_read_only_does_not_stay_so(
    path: str, store: Store, suffix: str
) -> None:
    """A backup tool's ``chmod 400`` for a moment; afterwards nobody thinks of the file beside it."""
    store.create_task(NewTask("t", "me"))
    os.chmod(path + suffix, 0o400)

    again = Store(path)
    again.create_task(NewTask("t", "me"))
    again.close()

    assert len(store.tasks(TaskFilter())) == 2


def test_a_file_that_is_read_only_on_purpose_is_left_so(path: str, store: Store) -> None:
    os.chmod(path, 0o400)
    os.chmod(path + "-shm", 0o400)

    if os.geteuid() == 0:
        Store(path).close()
    else:
        with pytest.raises(StateError, match=r"may not be written"):
            Store(path).create_task(NewTask("t", "me"))

    assert (mode(path), mode(path + "-shm")) == (0o400, 0o400)


def test_a_folder_in_its_place_is_a_clear_error(path: str) -> None:
    os.makedirs(path)

    with pytest.raises(StateError, match="task store"):
        Store(path)
    with pytest.raises(StateError, match="task store"):
        Store(path, read_only=True)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("I am a file")

    with pytest.raises(StateError, match=r"tasks\.db"):
        Store(str(tmp_path / "state" / "tasks.db"))


@pytest.mark.slow
def test_a_database_locked_for_too_long_is_unavailable_and_says_so(
    path: str, store: Store, hands: Hands
) -> None:
    """The wording is the public server's: clients know by it that repeating is worth while."""
    made = hands.task()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(ServerUnavailable, match="database is locked") as refused:
        store.update_task(made.id, {"status": "working"})
    began_s = time.monotonic()
    for _ in range(5):
        # Writes that wait in a line behind the first one do not wait in turn.
        with pytest.raises(ServerUnavailable, match="database is locked"):
            store.add_comment(made.id, "x", "me")
    waited_s = time.monotonic() - began_s
    still = hands.again(made)
    other.close()

    assert waited_s < 2 * database.BUSY_TIMEOUT_S, "six would have waited thirty seconds"
    assert not refused.value.maybe_applied
    assert still == made
    assert store.update_task(made.id, {"status": "working"}).status == "working"


@pytest.mark.slow
def test_who_let_go_of_the_database_is_waited_for_again(path: str, store: Store, hands: Hands) -> None:
    made = hands.task()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServerUnavailable):
        store.add_comment(made.id, "x", "me")
    other.execute("COMMIT")
    store.add_comment(made.id, "x", "me")

    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(5 * database.BUSY_AGAIN_S, other.execute, ("COMMIT",))
    release.start()
    said = store.add_comment(made.id, "y", "me")
    release.join()
    other.close()

    assert said.content == "y"


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_writes_into_a_file_that_is_gone_are_not_acknowledged(
    path: str, store: Store, hands: Hands, change: str
) -> None:
    made = hands.task()
    os.rename(path, path + ".old")
    if change == "replaced":
        Path(path).touch()

    with pytest.raises(ServerUnavailable):
        store.update_task(made.id, {"status": "working"})
    with pytest.raises(ServerUnavailable):
        store.check()


def test_a_full_disk_refuses_writes_and_keeps_what_was_there(path: str, store: Store, hands: Hands) -> None:
    """A limit on the size of files acts like a full disk."""
    made = hands.task("before")
    code = """
import resource, signal, sys
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for number in range(1000):
        store.create_task(NewTask("x" * 5000, "me"))
except ServerUnavailable as error:
    print(number, store.task(1).title, error.message)
"""

    acknowledged, title, message = run_python(code, path).split(" ", 2)

    assert title == "before"
    assert message.startswith("task store ")
    reopened = Store(path)
    tasks = reopened.tasks(TaskFilter())
    reopened.close()
    assert tasks[0] == made
    assert len(tasks) >= 1 + int(acknowledged)


def test_a_read_only_folder_is_a_clear_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "state").mkdir(mode=0o500)

    with pytest.raises(StateError, match="Permission denied"):
        Store(str(tmp_path / "state" / "tasks.db"))


def test_the_file_names_its_program_and_version(path: str, store: Store) -> None:
    connection = sqlite3.connect(path)
    facts = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    ]
    journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()

    assert facts == [APPLICATION_ID, len(MIGRATIONS)]
    assert journal == "wal"
